"""Arguments of `kinfold search`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Reading):
    """Find the texts of an index that fit a query: their ids, scores and beginnings, the best first.

    Queries are arguments, or a table or lines from --queries; - is standard input, one query a line, each answered as
    it comes. What can't be a query is answered with what is wrong with it.
    """

    verb: ClassVar[str] = "search"

    index: Annotated[str, typer.Argument(metavar="INDEX", help="The index folder.")]
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY", help="What to find; - is standard input.")] = (
        None
    )
    queries: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read the queries from here; --text names their column.")
    ] = None
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="How many texts to find.")] = 10
    by: Annotated[
        str | None,
        typer.Option(
            metavar="WAY", help="bm25 (words), dense (vectors) or hybrid (both).", show_default="what the index serves"
        ),
    ] = None
    chars: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            show_default="80 in a table, else 200",
            help="Show so many characters of a text; 0: all of it.",
        ),
    ] = None
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write the answers here, whole or not at all.")
    ] = None
    answers: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="FORMAT", help="jsonl or csv.", show_default="by the ending of FILE, else a table"
        ),
    ] = None
    excel_safe: Annotated[
        bool, typer.Option("--excel-safe", help="Put ' before cells that a spreadsheet would run (CSV only).")
    ] = False
