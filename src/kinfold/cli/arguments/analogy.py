"""Arguments of `kinfold analogy`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common
from kinfold.cli.arguments.vectors import Count, Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Analogy(Common):
    """Say what is to C as B is to A; commas join several words into one side, of which the mean is taken."""

    verb: ClassVar[str] = "analogy"

    model: Vectors
    a: Annotated[str, typer.Argument(metavar="A", help="Such as man.")]
    b: Annotated[str, typer.Argument(metavar="B", help="Such as woman.")]
    c: Annotated[str, typer.Argument(metavar="C", help="Such as king.")]
    k: Count = 10
    method: Annotated[
        str,
        typer.Option(metavar="NAME", help="add: the vectors are added; mul: their cosines are multiplied."),
    ] = "add"
