"""A search index <-> what a model folder holds of it: each part's arrays under a prefix of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinfold.index.documents import Documents
from kinfold.index.exact import ExactIndex
from kinfold.index.strings import Strings
from kinfold.text.bm25 import BM25
from kinfold.types import Array, Json, Layout, State

#: Arrays of the vectors' index that are those of the documents.
_SHARED = ("ids", "id_ends")


def state_of(documents: Documents, words: BM25, dense: ExactIndex | None) -> State:
    """Return documents, words and vectors."""
    of_words = words.get_state()
    arrays: dict[str, Array] = {f"words_{name}": array for name, array in of_words.arrays.items()}
    held = documents.named()
    for name, strings in held.items():
        arrays |= {name: strings.data, f"{name}_ends": strings.ends}
    values: dict[str, Json] = {
        "n": len(documents.ids),
        "columns": list(documents.columns),
        "bytes": {name: len(strings.data) for name, strings in held.items()},
        "words": of_words.values,
        "dense": None,
    }
    if dense is not None:
        of_dense = dense.get_state()
        arrays |= {f"dense_{name}": array for name, array in of_dense.arrays.items() if name not in _SHARED}
        values["dense"] = of_dense.values
    return State(arrays, of_words.vocabularies, values)


def parts_of(state: State, word_params: dict[str, Any], metric: str) -> tuple[Documents, BM25, ExactIndex | None]:
    """Return what `state_of` was given."""
    arrays, values = state.arrays, state.values
    held = {name: Strings(arrays[name], arrays[f"{name}_ends"]) for name in values["bytes"]}
    columns = {name: held[f"column_{i}"] for i, name in enumerate(values["columns"])}
    documents = Documents(held["ids"], held["texts"], columns)
    of_words = State(_part(arrays, "words_"), dict(state.vocabularies), values["words"])
    words = BM25.from_state(word_params, of_words)
    if words.n_texts_ != len(documents.ids):
        raise ValueError("words and documents are not of one index")
    if values["dense"] is None:
        return documents, words, None
    own = {**_part(arrays, "dense_"), "ids": arrays["ids"], "id_ends": arrays["ids_ends"]}
    return documents, words, ExactIndex.from_state({"metric": metric}, State(own, {}, values["dense"]))


def layout_of(metric: str, values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
    words = BM25.layout({}, values["words"], vocabulary_sizes)
    layout: Layout = {f"words_{name}": shape for name, shape in words.items()}
    for name, n_bytes in values["bytes"].items():
        layout |= {name: ("uint8", (n_bytes,)), f"{name}_ends": ("int64", (values["n"],))}
    if values["dense"] is not None:
        dense = ExactIndex.layout({"metric": metric}, values["dense"], {})
        layout |= {f"dense_{name}": shape for name, shape in dense.items() if name not in _SHARED}
    return layout


def _part(named: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in named.items() if name.startswith(prefix)}
