"""Arguments of `kinfold curve`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import LabelledReading
from kinfold.cli.arguments.training import Seed, Threads
from kinfold.cli.settings import MODELS

#: The model that others may overtake, and the one that may where none is named.
BASE, NET = "linear", "gru"
#: What says that no other model is wanted.
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve(LabelledReading):
    """Say what more labelled texts would bring, and whether another model would pay off.

    Models learn from growing parts of DATA and are measured on the same held-out rows: what twice the rows would
    bring, from how many rows on one model overtakes the other, and the minutes that takes.
    """

    verb: ClassVar[str] = "curve"

    data: Annotated[str, typer.Argument(metavar="DATA", help="The labelled texts.")]
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"One of {', '.join(MODELS['classify'])}.", show_default=BASE)
    ] = None
    net: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=NET,
            help=f"A model that may overtake it, of the same names; repeatable; {NONE} for none.",
        ),
    ] = None
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="[MODEL.]NAME=VALUE",
            help="Set a parameter of a model, as in kinfold train classify; without MODEL of the first; repeatable.",
        ),
    ] = None
    test: Annotated[
        str | None,
        typer.Option(metavar="SHARE|FILE", help="Measure on this share of the rows, or on a file.", show_default="0.3"),
    ] = None
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,N", help="Rows to learn from, three sizes or more.", show_default="all, half of them, ..."
        ),
    ] = None
    seeds: Annotated[int | None, typer.Option(metavar="N", help="Trainings a size, at least 3.", show_default="3")] = (
        None
    )
    minutes: Annotated[
        float | None, typer.Option(metavar="N", help="Leave out sizes that would take longer than this in all.")
    ] = None
    rows: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Say also what N rows would bring, up to 4 times those measured; repeatable."),
    ] = None
    metric: Annotated[str | None, typer.Option(metavar="NAME", help="What to measure.", show_default="accuracy")] = None
    positive: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The positive one of two classes.", show_default="the second")
    ] = None
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a page (.html) or a picture (.svg) with the curves.")
    ] = None
    seed: Seed = None
    threads: Threads = None

    def asked_sizes(self) -> list[str] | None:
        """Return the sizes as they were written."""
        return None if self.sizes is None else [size.strip() for size in self.sizes.split(",")]

    def models(self) -> list[str]:
        """Return the names of the models, the first of which the others may overtake."""
        nets = [NET] if self.net is None else [name for name in self.net if name != NONE]
        return [self.model or BASE, *nets]
