"""Arguments of `kinfold train embed`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import MaxRejected, Reading
from kinfold.cli.arguments.training import Assignments, Config, Output, Seed, Threads, WithParameters, model_option


class EmbedCommand(WithParameters):
    """The command `kinfold train embed`."""

    task = "embed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainEmbed(Reading):
    """Learn a vector for each word of some texts, and save the model.

    DATA is one file or several: plain text with a sentence or paragraph a line, JSON lines, CSV, TSV, Parquet,
    packed or not; - is standard input, fetch:NAME a public data set. Files are read as they stream by: the
    texts need not fit into memory.
    """

    verb: ClassVar[str] = "train embed"
    command_class: ClassVar[type[Any]] = EmbedCommand

    data: Annotated[list[str], typer.Argument(metavar="DATA", help="The texts.")]
    output: Output
    model: Annotated[str | None, model_option("embed")] = None
    set: Assignments = None
    config: Config = None
    seed: Seed = None
    threads: Threads = None
    valid: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Hold out this share of the texts, and show the loss on them."),
    ] = None
    probe: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="Show the nearest words of WORD twenty times on the way; repeatable."),
    ] = None
    update: Annotated[
        bool, typer.Option("--update", help="Go on from the model at MODEL with these texts, in place of a new one.")
    ] = False
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from where a training of MODEL was stopped, if one was.")
    ] = False
    export: Annotated[
        str | None, typer.Option(metavar="FILE.vec", help="Write the vectors here too, for other programs.")
    ] = None
    max_rejected: MaxRejected = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `open_table` that were given."""
        limit = {} if self.max_rejected is None else {"max_rejected": self.max_rejected}
        return Reading.reading(self) | limit
