"""Arguments of `kinfold compare`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import LabelledReading, Left, Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(LabelledReading):
    """Compare two or more models on the same labelled texts or pairs; a difference that may be luck is called a tie."""

    verb: ClassVar[str] = "compare"

    paths: Annotated[
        list[str], typer.Argument(metavar="MODELS DATA", help="Two model folders or more, then the labelled texts.")
    ]
    left: Left = None
    right: Right = None
    metric: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to compare them by.", show_default="accuracy")
    ] = None
    positive: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The positive one of two classes.", show_default="the second")
    ] = None
    agreement: Annotated[
        str | None,
        typer.Option(metavar="FILE.html", help="Write where the models agree, and the texts on which they do not."),
    ] = None
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of the resampling.")] = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `read_table` that were given."""
        given = {"left": self.left, "right": self.right}
        return LabelledReading.reading(self) | {name: value for name, value in given.items() if value is not None}
