"""MODEL of the verbs of word vectors -> the vectors: of a model folder, or of a file of another program."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

from kinfold.cli.console import Console
from kinfold.cli.model import load_model
from kinfold.data.faults import shown
from kinfold.data.records import Examples
from kinfold.data.table import open_table
from kinfold.errors import InvalidParameterError
from kinfold.vectors.formats import read_vectors
from kinfold.vectors.words import WordVectors

T = TypeVar("T", bound=str)


def open_vectors(path: str, console: Console, *, limit: int | None = None) -> WordVectors:
    """Return the vectors that MODEL holds, with progress shown; those of a folder stay on disk until they are used.

    Parameters
    ----------
    limit
        Only the first so many words; None for all.

    Raises
    ------
    InvalidParameterError
        U-012: the folder holds a model of another task.
    ArtifactError, DataError
        There is no model, or no file of vectors, or it is damaged.
    """
    if not os.path.isdir(path):
        return _read(path, console, limit)
    model = load_model(path, console, task="embed", mmap=True)
    vectors: WordVectors = model if isinstance(model, WordVectors) else model.vectors_
    if limit is None:
        return vectors
    counts = None if vectors.counts is None else vectors.counts[:limit]
    return WordVectors(vectors.words[:limit], vectors.vectors[:limit], counts, subwords=vectors.subwords)


def _read(path: str, console: Console, limit: int | None) -> WordVectors:
    with console.progress() as report:
        report(f"reading {os.path.basename(path)}", None)
        file = read_vectors(path, limit=limit, progress=report)
    account = file.account
    console.say(f"{account.source} ({account.format}): {account}")
    for note in account.notes:
        console.warn(note)
    return WordVectors(file.words, file.vectors)


def asked(query: str, vectors: WordVectors) -> list[str]:
    """Return the words of a query: itself where it is a word, else what its commas part."""
    parts = [part.strip() for part in query.split(",")]
    return [query] if query in vectors or not all(parts) else parts


def read_lines(path: str) -> list[str]:
    """Return the lines of a file of words that are not blank, without blanks around them; ``-`` is standard input."""
    with open_table(path, format="text") as reader:
        rows = (block.rows for block in reader)
        return [text.strip() for part in rows if isinstance(part, Examples) for text in part.texts]


def read_words(path: str) -> list[str]:
    """Return the words of a file, one a line, each once."""
    return list(dict.fromkeys(read_lines(path)))


def named(option: str, value: str, names: Sequence[T]) -> T:
    """Return the one of `names` that an option names; what names none is refused before a model is opened."""
    found = next((name for name in names if name == value), None)
    if found is None:
        listed = " or ".join(map(str, names))
        raise InvalidParameterError(f"{option} is {listed}", seen=shown(value), code="U-013")
    return found
