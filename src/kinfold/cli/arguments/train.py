"""Arguments of `kinfold train classify`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import LabelledReading
from kinfold.cli.arguments.training import Assignments, Config, Output, Seed, Threads, WithParameters, model_option


class ClassifyCommand(WithParameters):
    """The command `kinfold train classify`."""

    task = "classify"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainClassify(LabelledReading):
    """Learn to label texts from a file of labelled texts, and save the model.

    DATA is a file (CSV, TSV, JSON lines, Parquet, fastText lines, packed or not), - for standard input,
    sample:reviews for a small data set that comes with kinfold, or fetch:NAME for a public one.
    """

    verb: ClassVar[str] = "train classify"
    command_class: ClassVar[type[Any]] = ClassifyCommand

    data: Annotated[str, typer.Argument(metavar="DATA", help="The labelled texts.")]
    output: Output
    model: Annotated[str | None, model_option("classify")] = None
    test: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Hold out this share of the rows and measure the model on them."),
    ] = None
    valid: Annotated[str | None, typer.Option(metavar="FILE", help="Measure the model on this file.")] = None
    set: Assignments = None
    config: Config = None
    seed: Seed = None
    threads: Threads = None
    update: Annotated[
        bool, typer.Option("--update", help="Go on from the model at MODEL with these rows, in place of a new one.")
    ] = False
