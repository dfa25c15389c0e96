"""Arguments of `kinfold explain`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain(Common):
    """Say which words of a text led to its label: what each added to the score, or what the score loses without it.

    Of a matcher: what features and words of two texts added to the log-odds that they match.
    """

    verb: ClassVar[str] = "explain"

    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model folder.")]
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text; - is standard input, one text a line.")]
    right: Annotated[
        str | None,
        typer.Argument(
            metavar="RIGHT", help="Of a matcher: the right text, TEXT is the left; of - a tab parts the two of a line."
        ),
    ] = None
    label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Explain this label.", show_default="the likeliest")
    ] = None
    top: Annotated[int, typer.Option(metavar="N", min=0, help="How many n-grams or words to list.")] = 10
    html: Annotated[str | None, typer.Option(metavar="FILE.html", help="Write the shaded text as a page.")] = None
