"""Arguments of `kinfold members`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common
from kinfold.cli.arguments.training import Threads
from kinfold.cli.arguments.vectors import Unlike, Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Members(Common):
    """Find the other members of a class from a few of them, likeliest first, with an estimate of how good that is."""

    verb: ClassVar[str] = "members"

    model: Vectors
    seeds: Annotated[
        list[str] | None, typer.Argument(metavar="SEED", help="Words of the class, such as france peru.")
    ] = None
    like_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Words of the class, one a line, beside the SEEDs.")
    ] = None
    unlike: Unlike = None
    unlike_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Words that are not of the class, one a line.")
    ] = None
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="How many words to answer with.")] = 50
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE.csv", help="Write the answers here as a table too.")
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of all that is random.")] = 0
    threads: Threads = None
