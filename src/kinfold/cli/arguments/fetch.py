"""Arguments of `kinfold fetch`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Common):
    """Get a public data set and print where it is: cached, checked against its SHA-256, its licence shown."""

    verb: ClassVar[str] = "fetch"

    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A name that --list shows.")] = None
    list: Annotated[bool, typer.Option("--list", help="List the data sets there are.")] = False
    cache: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Keep it here.", show_default="KINFOLD_CACHE, or ~/.cache")
    ] = None
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False
