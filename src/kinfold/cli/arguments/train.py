"""Arguments of `kinfold train classify` and `kinfold train regress`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import LabelledReading
from kinfold.cli.arguments.training import (
    Assignments,
    Config,
    Output,
    Resume,
    Seed,
    Test,
    Threads,
    Valid,
    WithParameters,
    model_option,
)


class ClassifyCommand(WithParameters):
    """The command `kinfold train classify`."""

    task = "classify"


class RegressCommand(WithParameters):
    """The command `kinfold train regress`."""

    task = "regress"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainLabelled(LabelledReading):
    """What learning from a labelled file takes."""

    data: Annotated[str, typer.Argument(metavar="DATA", help="The labelled texts.")]
    output: Output
    test: Test = None
    valid: Valid = None
    set: Assignments = None
    config: Config = None
    seed: Seed = None
    threads: Threads = None
    resume: Resume = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainClassify(TrainLabelled):
    """Learn to label texts from a file of labelled texts, and save the model.

    DATA is a file (CSV, TSV, JSON lines, Parquet, fastText lines, packed or not), - for standard input,
    sample:reviews for a small data set that comes with kinfold, or fetch:NAME for a public one. The linear model comes
    first; the others are nets, which need the extra deep.
    """

    verb: ClassVar[str] = "train classify"
    command_class: ClassVar[type[Any]] = ClassifyCommand

    model: Annotated[str | None, model_option("classify")] = None
    update: Annotated[
        bool, typer.Option("--update", help="Go on from the model at MODEL with these rows, in place of a new one.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRegress(TrainLabelled):
    """Learn to tell a number from a text, from a file whose label column holds numbers, and save the model.

    DATA is as for kinfold train classify. The models are nets, which need the extra deep.
    """

    verb: ClassVar[str] = "train regress"
    command_class: ClassVar[type[Any]] = RegressCommand

    model: Annotated[str | None, model_option("regress")] = None
