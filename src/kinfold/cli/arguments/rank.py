"""Arguments of `kinfold rank`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common
from kinfold.cli.arguments.vectors import Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank(Common):
    """Put the words of a list in the order of their likeness to QUERY."""

    verb: ClassVar[str] = "rank"

    model: Vectors
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A word, or several joined by commas.")]
    among: Annotated[str, typer.Option(metavar="FILE", help="The words to rank, one a line; - is standard input.")]
    method: Annotated[
        str, typer.Option(metavar="NAME", help="cosine, or dot: longer vectors reach further to either side.")
    ] = "cosine"
    k: Annotated[
        int | None, typer.Option("-k", metavar="N", min=1, help="Show the first N only.", show_default="all")
    ] = None
