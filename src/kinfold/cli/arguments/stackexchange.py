"""Arguments of `kinfold convert stackexchange`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertStackexchange(Common):
    """Write what a Stack Exchange dump holds as JSON lines, which every other command reads.

    Questions and answers are written as they are read, however large the dump; pairs and duplicates hold its texts in
    memory. Bodies are plain text.
    """

    verb: ClassVar[str] = "convert stackexchange"

    input: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="The dump: its folder, its Posts.xml (also as gz, bz2, xz or zip), its 7z archive, - for posts, or "
            "sample:household.",
        ),
    ]
    output: Annotated[str, typer.Option("-o", "--output", metavar="OUT", help="The file to write.")]
    what: Annotated[
        str,
        typer.Option(
            metavar="WHAT", help="questions, answers, pairs (a question and an answer) or duplicates (two questions)."
        ),
    ] = "pairs"
    answer: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH",
            show_default="best",
            help="Of pairs: the best answer, by its score, or the accepted one.",
        ),
    ] = None
    part: Annotated[
        str | None,
        typer.Option(
            metavar="PART",
            show_default="both",
            help="Of pairs and duplicates: what stands for a question: its title, its body, or both.",
        ),
    ] = None
    code: Annotated[str, typer.Option(metavar="RULE", help="Of bodies: keep blocks of code, or drop them.")] = "keep"
    allow_truncated: Annotated[
        bool, typer.Option("--allow-truncated", help="Keep the posts before the damage in a cut file.")
    ] = False
