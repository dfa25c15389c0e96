"""`kinfold rank`: the words of a list, in the order of their likeness to a word."""

from __future__ import annotations

from typing import get_args

from kinfold.cli.arguments.rank import Rank
from kinfold.cli.console import Console
from kinfold.cli.vectors import asked, named, open_vectors, read_words
from kinfold.types import Json
from kinfold.vectors.ranking import Likeness, rank


def rank_words(options: Rank, console: Console) -> dict[str, Json]:
    """Do what `kinfold rank` does; return its JSON."""
    method: Likeness = named("--method", options.method, get_args(Likeness))
    among = read_words(options.among)
    vectors = open_vectors(options.model, console)
    query = asked(options.query, vectors)
    found = rank(vectors, query, among, method=method, k=options.k)
    console.out(str(found))
    return {"model": options.model, "query": options.query, "words": query, "method": method, **found.to_dict()}
