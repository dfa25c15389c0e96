"""Arguments of `kinfold predict`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import Left, Reading, Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict(Reading):
    """Label texts or pairs from a file or from standard input: one answer a record, in the order of the input.

    A matcher reads pairs: two columns, or of standard input two texts a line with a tab between them. A record that
    can't be used is answered with what is wrong with it. Where giving no answer is best, the label is null.
    """

    verb: ClassVar[str] = "predict"

    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model folder.")]
    data: Annotated[str, typer.Argument(metavar="DATA", help="The texts; - is standard input, one a line.")] = "-"
    left: Left = None
    right: Right = None
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write the answers here, whole or not at all.")
    ] = None
    answers: Annotated[
        str | None,
        typer.Option("--as", metavar="FORMAT", help="jsonl or csv.", show_default="by the ending of FILE, else jsonl"),
    ] = None
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of every label.")] = False
    id: Annotated[str | None, typer.Option(metavar="COL", help="Column of ids to repeat beside the answers.")] = None
    excel_safe: Annotated[
        bool, typer.Option("--excel-safe", help="Put ' before cells that a spreadsheet would run (CSV only).")
    ] = False
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads to use.")] = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `open_table` that were given."""
        given = {"left": self.left, "right": self.right}
        return Reading.reading(self) | {name: value for name, value in given.items() if value is not None}
