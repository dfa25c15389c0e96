"""What the verbs of word vectors share."""

from typing import Annotated

import typer

#: What MODEL is wherever word vectors are asked.
Vectors = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model folder, or a file of vectors: word2vec, GloVe, .vec.")
]
Count = Annotated[int, typer.Option("-k", metavar="N", min=1, help="How many words to answer with.")]
Unlike = Annotated[
    list[str] | None, typer.Option(metavar="WORD", help="A word that answers should not be like; repeatable.")
]
