"""Word vectors <-> what a model folder holds of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kinfold.types import Array, Json, Layout, State
from kinfold.vectors.subwords import Subwords

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"\\.")


def state_of(vectors: WordVectors) -> State:
    """Return the words, vectors, counts, subwords and replicas."""
    arrays: dict[str, Array] = {"vectors": vectors.vectors}
    values: dict[str, Json] = {
        "dim": vectors.dim,
        "counted": vectors.counts is not None,
        "replicas": len(vectors.replicas),
        "subwords": None,
    }
    if vectors.counts is not None:
        arrays["counts"] = vectors.counts
    arrays |= {f"replica_{i}": replica.vectors for i, replica in enumerate(vectors.replicas)}
    if vectors.subwords is not None:
        arrays["buckets"] = vectors.subwords.buckets
        runs = {"shortest": vectors.subwords.shortest, "longest": vectors.subwords.longest}
        values["subwords"] = {**runs, "buckets": len(vectors.subwords.buckets)}
    return State(arrays, {"words": to_lines(vectors.words)}, values)


def parts_of(state: State) -> dict[str, Any]:
    """Return what the constructor of `WordVectors` takes."""
    arrays, runs = state.arrays, state.values["subwords"]
    subwords = None if runs is None else Subwords(arrays["buckets"], runs["shortest"], runs["longest"])
    words = from_lines(state.vocabularies["words"])
    return {"words": words, "vectors": arrays["vectors"], "counts": arrays.get("counts"), "subwords": subwords}


def replicas_of(state: State) -> list[Array]:
    """Return the vectors (V, D) of each replica."""
    return [state.arrays[f"replica_{i}"] for i in range(state.values["replicas"])]


def layout_of(values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
    n_words, dim = vocabulary_sizes["words"], values["dim"]
    tables = ["vectors", *(f"replica_{i}" for i in range(values["replicas"]))]
    layout: Layout = {name: ("float32", (n_words, dim)) for name in tables}
    if values["counted"]:
        layout["counts"] = ("int64", (n_words,))
    if values["subwords"] is not None:
        layout["buckets"] = ("float32", (values["subwords"]["buckets"], dim))
    return layout


def to_lines(words: Sequence[str]) -> bytes:
    r"""Return words as UTF-8, one a line; a line feed in one is written ``\n``."""
    escapes = str.maketrans(_ESCAPES)
    return "".join(word.translate(escapes) + "\n" for word in words).encode()


def from_lines(data: bytes) -> list[str]:
    """Read what `to_lines` wrote."""
    plain = {escaped: character for character, escaped in _ESCAPES.items()}
    lines = data.decode().split("\n")[:-1]
    return [_ESCAPED.sub(lambda found: plain.get(found[0], found[0]), line) for line in lines]
