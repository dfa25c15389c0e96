"""Word vectors <-> what a model folder holds of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kinfold.types import Array, Json, Layout, State

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"\\.")


def state_of(vectors: WordVectors) -> State:
    """Return the words, vectors and counts."""
    arrays: dict[str, Array] = {"vectors": vectors.vectors}
    if vectors.counts is not None:
        arrays["counts"] = vectors.counts
    values = {"dim": vectors.dim, "counted": vectors.counts is not None}
    return State(arrays, {"words": to_lines(vectors.words)}, values)


def parts_of(state: State) -> dict[str, Any]:
    """Return what the constructor of `WordVectors` takes."""
    words = from_lines(state.vocabularies["words"])
    return {"words": words, "vectors": state.arrays["vectors"], "counts": state.arrays.get("counts")}


def layout_of(values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
    n_words = vocabulary_sizes["words"]
    layout: Layout = {"vectors": ("float32", (n_words, values["dim"]))}
    return layout | ({"counts": ("int64", (n_words,))} if values["counted"] else {})


def to_lines(words: Sequence[str]) -> bytes:
    r"""Return words as UTF-8, one a line; a line feed in one is written ``\n``."""
    escapes = str.maketrans(_ESCAPES)
    return "".join(word.translate(escapes) + "\n" for word in words).encode()


def from_lines(data: bytes) -> list[str]:
    """Read what `to_lines` wrote."""
    plain = {escaped: character for character, escaped in _ESCAPES.items()}
    lines = data.decode().split("\n")[:-1]
    return [_ESCAPED.sub(lambda found: plain.get(found[0], found[0]), line) for line in lines]
