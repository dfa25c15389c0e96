"""`kinfold nearest`: the words nearest to others."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from kinfold.cli.arguments.nearest import Nearest
from kinfold.cli.console import Console
from kinfold.cli.faults import as_json
from kinfold.cli.vectors import asked, open_vectors
from kinfold.data.faults import fault
from kinfold.errors import DataError
from kinfold.types import Json
from kinfold.vectors.words import WordVectors


def nearest(options: Nearest, console: Console) -> dict[str, Json]:
    """Do what `kinfold nearest` does; return its JSON."""
    vectors = open_vectors(options.model, console)
    if options.queries == ["-"]:
        answers = list(_each_line(vectors, options, console))
    else:
        answers = [_answer(vectors, query, options, console) for query in options.queries]
    return {"model": options.model, "k": options.k, "queries": answers}


def _answer(vectors: WordVectors, query: str, options: Nearest, console: Console) -> dict[str, Json]:
    words = asked(query, vectors)
    found = vectors.most_similar(words, options.unlike or (), options.k)
    if len(options.queries) > 1 or options.queries == ["-"]:
        console.out(f"{query}:")
    console.out(str(found))
    return {"query": query, "words": words, **found.to_dict()}


def _each_line(vectors: WordVectors, options: Nearest, console: Console) -> Iterator[dict[str, Json]]:
    """Yield an answer a line of standard input, as it comes; a line that can't be answered is answered with why."""
    answered, last = 0, fault("D-003", "<stdin> is empty", seen="no line with a word", fix="give queries, one a line")
    if sys.stdin.isatty():
        console.say("one query a line; Ctrl-D ends")
    for line in sys.stdin.buffer:
        query = line.decode("utf-8", "replace").strip()
        if not query:
            continue
        try:
            yield _answer(vectors, query, options, console)
            answered += 1
        except DataError as error:
            last = error
            console.warn("  ".join(part for part in (error.what, error.fix) if part))
            yield {"query": query, "error": as_json(error)}
    if not answered:
        raise last
