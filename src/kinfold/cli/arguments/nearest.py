"""Arguments of `kinfold nearest`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common
from kinfold.cli.arguments.vectors import Count, Unlike, Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest(Common):
    """Say which words are nearest to each QUERY, by the cosine of their vectors.

    Commas join several words into one query: their mean is asked. Where the model has replicas, each answer comes
    with its stability: the share of replicas that give it too.
    """

    verb: ClassVar[str] = "nearest"

    model: Vectors
    queries: Annotated[
        list[str],
        typer.Argument(metavar="QUERY", help="A word, or several joined by commas; - is standard input, one a line."),
    ]
    k: Count = 10
    unlike: Unlike = None
