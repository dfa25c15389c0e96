"""The encoder of an index as part of what is saved: its state among the index's own, under a prefix.

An index without the encoder that made its vectors is of no use, and with another one it answers wrongly. So the encoder
is saved inside: one folder is moved, hashed and replaced as a whole. It is built when a search by vectors first needs
it, since that may take a package that a search by words does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from kinfold.types import Array, Held, Json, Layout, SavesParams, State

T = TypeVar("T")
_PREFIX = "encoder_"
#: What an encoder needs to be saved; anything else that encodes is given to the index anew.
_SAVABLE = ("get_params", "get_state", "from_state", "layout", "probe_outputs")


def held_of(encoder: Any) -> Held | None:
    """Return an encoder as it is saved; None for one that can't be."""
    if encoder is None or not all(hasattr(encoder, name) for name in _SAVABLE):
        return None
    params = encoder.saved_params() if isinstance(encoder, SavesParams) else encoder.get_params(deep=False)
    return Held(type(encoder).__name__, params, encoder.get_state())


def with_held(state: State, held: Held | None) -> State:
    """Return the state of an index with that of its encoder in it."""
    if held is None:
        return State(state.arrays, state.vocabularies, state.values | {"encoder": None})
    inner = held.state
    described: dict[str, Json] = {
        "class": held.name,
        "params": held.params,
        "values": inner.values,
        "arrays": {name: [array.dtype.name, list(array.shape)] for name, array in inner.arrays.items()},
        "vocabularies": list(inner.vocabularies),
    }
    arrays: dict[str, Array] = state.arrays | {_PREFIX + name: array for name, array in inner.arrays.items()}
    vocabularies = state.vocabularies | {_PREFIX + name: data for name, data in inner.vocabularies.items()}
    return State(arrays, vocabularies, state.values | {"encoder": described})


def split_held(state: State) -> tuple[State, Held | None]:
    """Return what `with_held` was given."""
    described = state.values.get("encoder")
    if described is None:
        return state, None
    inner = State(
        {name: state.arrays[_PREFIX + name] for name in described["arrays"]},
        {name: state.vocabularies[_PREFIX + name] for name in described["vocabularies"]},
        described["values"],
    )
    return State(_without(state.arrays), _without(state.vocabularies), state.values), Held(
        described["class"], described["params"], inner
    )


def held_layout(values: Mapping[str, Json]) -> Layout:
    """Return the arrays of an encoder inside; whether they fit its class is checked when it is built."""
    described = values.get("encoder")
    if described is None:
        return {}
    return {_PREFIX + name: (dtype, tuple(shape)) for name, (dtype, shape) in described["arrays"].items()}


def _without(named: Mapping[str, T]) -> dict[str, T]:
    return {name: value for name, value in named.items() if not name.startswith(_PREFIX)}
