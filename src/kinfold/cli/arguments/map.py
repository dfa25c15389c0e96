"""Arguments of `kinfold map`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common
from kinfold.cli.arguments.training import Threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Common):
    """Draw words where near ones are alike, those of a net by what they speak for; or, with --world, countries."""

    verb: ClassVar[str] = "map"

    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A model folder, of word vectors or of a net; or a file of vectors."),
    ]
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE", help="What to write: .html, .png, .svg or .csv by its ending."),
    ]
    words: Annotated[
        str | None, typer.Option(metavar="FILE", help="The words to draw, one a line; with --world the countries.")
    ] = None
    classes: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A word and its class a line, parted by a tab or a comma."),
    ] = None
    count: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="How many words to draw where none are named: the most frequent; of a classifier the strongest.",
        ),
    ] = None
    label: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            help="Of a classifier: colour words by what they do for it.",
            show_default="the second of two",
        ),
    ] = None
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="tsne or pca; with --world cosine or dot.", show_default="tsne; with --world cosine"
        ),
    ] = None
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of all that is random.", show_default="0")] = None
    threads: Threads = None
    world: Annotated[bool, typer.Option("--world", help="Draw the countries of the world, coloured by --query.")] = (
        False
    )
    query: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="What the countries are compared with; commas join several words."),
    ] = None
    scale: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the countries' colours: linear, or quantile for as many countries of each.",
            show_default="linear",
        ),
    ] = None
