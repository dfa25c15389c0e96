"""Arguments of `kinfold show`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class Show(Common):
    """Say what a model is, what it was trained on, how good and how big it is."""

    verb: ClassVar[str] = "show"

    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model folder, or a file of vectors.")]
    top: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="List N n-grams that speak most for each label, or the first N words."),
    ] = 0
