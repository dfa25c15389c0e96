"""Arguments of `kinfold train classify`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand

from kinfold.cli.arguments.common import LabelledReading
from kinfold.cli.settings import DEFAULT_MODEL, MODELS, default_text
from kinfold.cli.signatures import parameters


class WithParameters(TyperCommand):
    """A command whose help ends with the parameters of each model, read from its source."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what `--set` takes."""
        for name, where in MODELS.items():
            rows = [(f"{p.name}={default_text(p.default)}", p.about) for p in parameters(*where).values()]
            with formatter.section(f"Parameters of --model {name}, for --set, with their defaults"):
                formatter.write_dl(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainClassify(LabelledReading):
    """Learn to label texts from a file of labelled texts, and save the model.

    DATA is a file (CSV, TSV, JSON lines, Parquet, fastText lines, packed or not), - for standard input,
    sample:reviews for a small data set that comes with kinfold, or fetch:NAME for a public one.
    """

    verb: ClassVar[str] = "train classify"
    command_class: ClassVar[type[Any]] = WithParameters

    data: Annotated[str, typer.Argument(metavar="DATA", help="The labelled texts.")]
    output: Annotated[str, typer.Option("-o", "--output", metavar="MODEL", help="The model folder to write.")]
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"One of {', '.join(MODELS)}.", show_default=DEFAULT_MODEL)
    ] = None
    test: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Hold out this share of the rows and measure the model on them."),
    ] = None
    valid: Annotated[str | None, typer.Option(metavar="FILE", help="Measure the model on this file.")] = None
    set: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the model (see below); repeatable."),
    ] = None
    config: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Parameters from a file; --set goes before it.")
    ] = None
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of all that is random.")] = None
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads to use.")] = None
    update: Annotated[
        bool, typer.Option("--update", help="Go on from the model at MODEL with these rows, in place of a new one.")
    ] = False
