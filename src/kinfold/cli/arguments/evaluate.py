"""Arguments of `kinfold evaluate`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import LabelledReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(LabelledReading):
    """Measure a model on labelled texts it has not seen: metrics with intervals, beside always answering the same."""

    verb: ClassVar[str] = "evaluate"

    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model folder.")]
    data: Annotated[str, typer.Argument(metavar="DATA", help="The labelled texts.")]
    report: Annotated[
        str | None, typer.Option(metavar="FILE.html", help="Write a page with all figures, curves and errors.")
    ] = None
    label_errors: Annotated[
        bool,
        typer.Option("--label-errors", help="List labels of DATA that look wrong, by training on parts of it."),
    ] = False
    positive: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The positive one of two classes.", show_default="the second")
    ] = None
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of the resampling.")] = None
