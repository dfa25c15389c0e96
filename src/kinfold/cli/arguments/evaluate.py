"""Arguments of `kinfold evaluate`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import LabelledReading, Left, Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(LabelledReading):
    """Measure a model on data it has not seen: metrics with intervals.

    For a classifier DATA is a file of labelled texts, and always answering the same stands beside it. For a matcher it
    is a file of labelled pairs; scores are also given by how many texts of a pair the model was trained on. For word
    vectors it is one gold file or more: likeness (two words and a score a line), measured by the rank correlation,
    or analogies (four words a line, sections begin with ": "), measured by the share that is right. For an index it
    is a table of queries with the ids of what each should find, ranked among all texts by every way that the index
    can be searched; the figures are kept in the index, and what is surely better is served from then on.
    """

    verb: ClassVar[str] = "evaluate"

    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="The model folder, or a file of vectors: word2vec, GloVe, .vec.")
    ]
    data: Annotated[list[str], typer.Argument(metavar="DATA", help="The labelled texts, or the gold files.")]
    report: Annotated[
        str | None, typer.Option(metavar="FILE.html", help="Write a page with all figures, curves and errors.")
    ] = None
    label_errors: Annotated[
        bool,
        typer.Option("--label-errors", help="List labels of DATA that look wrong, by training on parts of it."),
    ] = False
    positive: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The positive one of two classes.", show_default="the second")
    ] = None
    left: Left = None
    right: Right = None
    no_labels: Annotated[
        bool,
        typer.Option("--no-labels", help="Of pairs: all of them match; the right texts are ranked for each left one."),
    ] = False
    restrict: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Analogies: answers are among the N most frequent words only."),
    ] = None
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="Analogies: add or mul, as in kinfold analogy.")
    ] = None
    query: Annotated[
        str | None, typer.Option(metavar="COL", help="Index: column of the queries.", show_default="query")
    ] = None
    relevant: Annotated[
        str | None,
        typer.Option(
            metavar="COL",
            help="Index: column of the ids to be found, a list or parted by |.",
            show_default="relevant",
        ),
    ] = None
    own: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Index: column of the id under which the query itself is there: left out."),
    ] = None
    k: Annotated[
        int | None,
        typer.Option("-k", metavar="N", min=1, help="Index: places that count for those metrics.", show_default="10"),
    ] = None
    decide: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC",
            help="Index: what decides: mrr, map, or precision_at_N, recall_at_N, ndcg_at_N.",
            show_default="mrr",
        ),
    ] = None
    no_keep: Annotated[
        bool, typer.Option("--no-keep", help="Index: leave it as it is; its figures and what is served are not kept.")
    ] = False
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of the resampling.")] = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `read_table` that were given."""
        given = {"left": self.left, "right": self.right}
        return LabelledReading.reading(self) | {name: value for name, value in given.items() if value is not None}
