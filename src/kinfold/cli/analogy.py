"""`kinfold analogy`: what is to C as B is to A."""

from __future__ import annotations

from kinfold.cli.arguments.analogy import Analogy
from kinfold.cli.console import Console
from kinfold.cli.vectors import asked, named, open_vectors
from kinfold.types import Json
from kinfold.vectors.analogies import METHODS


def analogy(options: Analogy, console: Console) -> dict[str, Json]:
    """Do what `kinfold analogy` does; return its JSON."""
    method = named("--method", options.method, METHODS)
    vectors = open_vectors(options.model, console)
    a, b, c = (asked(side, vectors) for side in (options.a, options.b, options.c))
    found = vectors.analogy(a, b, c, options.k, method=method)
    console.out(str(found))
    return {"model": options.model, "a": a, "b": b, "c": c, "method": method, **found.to_dict()}
