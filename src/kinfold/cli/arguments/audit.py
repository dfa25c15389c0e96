"""Arguments of `kinfold audit`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import LabelledReading
from kinfold.cli.arguments.training import Seed
from kinfold.cli.signatures import parameters

_AUDIT = parameters("evaluation.audit", "audit")
#: The share of rows that is tested where one file is given.
SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(LabelledReading):
    """Say whether a score can be believed: what is on both sides of a split, and models that must fail.

    TRAIN and TEST are files of texts, or of pairs where --left and --right name their columns. Without TEST the rows of
    TRAIN are split at random, as one would without much thought, and that split is audited.
    """

    verb: ClassVar[str] = "audit"

    train: Annotated[str, typer.Argument(metavar="TRAIN", help="The rows that were learned from, or all rows.")]
    test_data: Annotated[str | None, typer.Argument(metavar="TEST", help="The rows to be tested on.")] = None
    left: Annotated[str | None, typer.Option(metavar="COL", help="Column of the left texts of pairs.")] = None
    right: Annotated[str | None, typer.Option(metavar="COL", help="Column of the right texts of pairs.")] = None
    id: Annotated[str | None, typer.Option(metavar="COL", help="Column of the ids of rows.")] = None
    left_id: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Column of ids of the left sides; without it their text tells them."),
    ] = None
    right_id: Annotated[str | None, typer.Option(metavar="COL", help="Column of ids of the right sides.")] = None
    no_labels: Annotated[bool, typer.Option("--no-labels", help="There are none: look for leaks only.")] = False
    directed: Annotated[bool, typer.Option("--directed", help="A pair with its sides exchanged is another pair.")] = (
        False
    )
    test: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Of the rows, where there is no TEST.", show_default=f"{SHARE:g}"),
    ] = None
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            show_default=f"{_AUDIT['threshold'].default:g}",
            help="Likeness from which on texts are near-duplicates, up to 1.",
        ),
    ] = None
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", show_default=str(_AUDIT["metric"].default), help="Of the headline: accuracy or auc."
        ),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model whose score is meant.", show_default="a plain linear one"),
    ] = None
    report: Annotated[str | None, typer.Option(metavar="FILE.html", help="Write a page with all figures.")] = None
    repaired: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="Write a split without leaks: PREFIX-train.csv and PREFIX-test.csv."),
    ] = None
    seed: Seed = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `read_table` that were given."""
        given = {"left": self.left, "right": self.right, "id": self.id}
        found = LabelledReading.reading(self) | {name: value for name, value in given.items() if value is not None}
        return found | ({"label": None} if self.no_labels else {})
