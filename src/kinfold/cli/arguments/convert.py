"""Arguments of the verbs of `kinfold convert`."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from kinfold.cli.arguments.common import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertVectors(Common):
    """Write word vectors in another format, for other programs or to be opened faster.

    A model folder is opened without reading it whole; a file of vectors is read to its end each time.
    """

    verb: ClassVar[str] = "convert vectors"

    model: Annotated[
        str, typer.Argument(metavar="INPUT", help="A file of vectors (word2vec, GloVe, .vec), or a model folder.")
    ]
    output: Annotated[str, typer.Option("-o", "--output", metavar="OUT", help="What to write.")]
    format: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="word2vec (text, as .vec), word2vec-binary, glove, or model for a model folder.",
            show_default="by the ending of OUT",
        ),
    ] = None
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first N words.")] = None
