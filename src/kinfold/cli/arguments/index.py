"""Arguments of `kinfold index`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import MaxRejected, Reading
from kinfold.cli.signatures import parameters

_INDEX = parameters("index.search", "SearchIndex")


def _default(name: str) -> str:
    return str(_INDEX[name].default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Reading):
    """Take texts in, to be searched by their words, by the vectors that a model gives them, or by both.

    The words (BM25) are always there. With --model every text is encoded too, and the model is kept inside the index:
    the two can't be parted or mixed up.
    """

    verb: ClassVar[str] = "index"

    data: Annotated[str, typer.Argument(metavar="DATA", help="The texts: a table, or one a line; - is standard input.")]
    output: Annotated[str, typer.Option("-o", "--output", metavar="INDEX", help="The index folder to write.")]
    id: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Column of the ids; without it the numbers of the records are ids."),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="What gives texts their vectors: a net, a matcher, word vectors, or a file of vectors.",
        ),
    ] = None
    by: Annotated[
        str | None,
        typer.Option(
            metavar="WAY", help="How to search where a search does not say: bm25, dense or hybrid.", show_default="bm25"
        ),
    ] = None
    k1: Annotated[
        float | None,
        typer.Option(
            metavar="X", show_default=_default("k1"), help="BM25: how much a word still counts that comes again."
        ),
    ] = None
    b: Annotated[
        float | None,
        typer.Option(metavar="X", show_default=_default("b"), help="BM25: how much length counts against a text."),
    ] = None
    k3: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            show_default="in full",
            help="BM25: how much a word still counts that comes again in a query; 0, not at all.",
        ),
    ] = None
    symbols: Annotated[
        bool, typer.Option("--symbols/--no-symbols", help="BM25: marks and emoji count as words do.")
    ] = True
    stop_words: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="BM25: words of queries that count nothing: how,the,a."),
    ] = None
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Vectors: cosine, dot or euclidean.", show_default="that of the matcher, else cosine"
        ),
    ] = None
    fusion: Annotated[
        str | None,
        typer.Option(
            metavar="RULE", show_default=_default("fusion"), help="Hybrid: lists are joined by rank or by score."
        ),
    ] = None
    weight: Annotated[
        float | None,
        typer.Option(
            metavar="X", show_default=_default("weight"), help="Hybrid: how much the vectors count, from 0 to 1."
        ),
    ] = None
    sides: Annotated[
        str | None,
        typer.Option(
            metavar="SIDES",
            show_default="left-right for a directed matcher",
            help="The sides of queries and texts to a directed matcher: left-right, right-left, or same.",
        ),
    ] = None
    max_rejected: MaxRejected = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `open_table` that were given."""
        given = {"id": self.id, "max_rejected": self.max_rejected}
        return Reading.reading(self) | {name: value for name, value in given.items() if value is not None}

    def searching(self) -> dict[str, Any]:
        """Return the arguments of `SearchIndex` that were given."""
        names = ("k1", "b", "k3", "symbols", "metric", "fusion", "weight", "sides")
        given = {name: getattr(self, name) for name in names} | {"served": self.by}
        if self.stop_words is not None:
            given["stop_words"] = [word.strip() for word in self.stop_words.split(",") if word.strip()]
        return {name: value for name, value in given.items() if value is not None}
