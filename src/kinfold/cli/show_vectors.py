"""`kinfold show` of word vectors: what only the vectors themselves can say."""

from __future__ import annotations

import hashlib
import os

from kinfold.cli.arguments.show import Show
from kinfold.cli.console import Console
from kinfold.cli.show import size_text, write_rows
from kinfold.cli.vectors import open_vectors
from kinfold.types import Json
from kinfold.vectors.words import WordVectors


def show_file(options: Show, console: Console) -> dict[str, Json]:
    """Show a file of vectors; return the JSON of that."""
    vectors = open_vectors(options.model, console)
    with open(options.model, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    found: dict[str, Json] = {
        "model": options.model,
        "class": type(vectors).__name__,
        "task": "embed",
        "words": len(vectors),
        "dim": vectors.dim,
        "sha256": sha256,
        "bytes": os.path.getsize(options.model),
    }
    listed = [
        ("model", options.model),
        ("vectors", f"{len(vectors):,} words, {vectors.dim:,} numbers each"),
        ("sha256", sha256),
        ("size", size_text(found["bytes"])),
    ]
    write_rows(listed, console)
    return found | (_first(vectors, options.top, console) if options.top else {})


def first_words(options: Show, console: Console) -> dict[str, Json]:
    """Show the first words of a model folder, with their counts where these are known; return the JSON of that."""
    return _first(open_vectors(options.model, console), options.top, console)


def _first(vectors: WordVectors, top: int, console: Console) -> dict[str, Json]:
    counts = None if vectors.counts is None else vectors.counts[:top].tolist()
    words = vectors.words[:top]
    for i, word in enumerate(words):
        console.out(f"  {word}" if counts is None else f"  {word}  {counts[i]:,}")
    return {"first": words, "counts": counts}
