"""Array aliases and small protocols that several rooms share; no logic.

Shape letters, the same everywhere: N rows, C classes, F features, B batch, T time, D embedding, V vocabulary,
K neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Bytes1d: TypeAlias = NDArray[np.uint8]
Ints1d: TypeAlias = NDArray[np.int64]
Ids1d: TypeAlias = NDArray[np.int32]
Ids2d: TypeAlias = NDArray[np.int32]
Keys1d: TypeAlias = NDArray[np.uint64]
Floats1d: TypeAlias = NDArray[np.float64]
Floats2d: TypeAlias = NDArray[np.float64]
Singles1d: TypeAlias = NDArray[np.float32]
Singles2d: TypeAlias = NDArray[np.float32]
Array: TypeAlias = NDArray[Any]

#: One label, or for a multi-label row the labels it has (none is a valid answer).
Label: TypeAlias = str | tuple[str, ...]
#: What JSON can hold.
Json: TypeAlias = Any
#: Name -> (numpy dtype, shape) of every array that a state must have.
Layout: TypeAlias = dict[str, tuple[str, tuple[int, ...]]]


@dataclass(frozen=True)
class State:
    """What something has learned, in forms that any program can read.

    Parameters
    ----------
    arrays
        Numbers, by name.
    vocabularies
        UTF-8 text with one entry a line, by name.
    values
        Labels, thresholds, counts and other small things, as JSON holds them.
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    vocabularies: dict[str, bytes] = field(default_factory=dict)
    values: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """A saved thing inside another, such as an encoder inside an index: class by name, parameters, state."""

    name: str
    params: dict[str, Any]
    state: State


class Savable(Protocol):
    """What `kinfold.save` and `kinfold.load` need: an estimator, or what outlives one."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return what it was made with, by name, as far as the state does not hold it."""

    def get_state(self) -> State:
        """Return what was learned."""

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return what has these parameters and has learned this."""

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return numbers (N, K) that tell whether a loaded copy answers as this one does."""


@runtime_checkable
class SavesParams(Protocol):
    """What has parameters that JSON can't hold as they are."""

    def saved_params(self) -> dict[str, Any]:
        """Return its parameters as a model folder holds them."""


@runtime_checkable
class HoldsModel(Protocol):
    """What keeps another saved thing inside, and has it built when it is first needed."""

    def held(self) -> Held | None:
        """Return what is inside, as it is saved; None for nothing."""

    def build_with(self, build: Callable[[Held], Any]) -> None:
        """Take over, after loading, what builds the thing inside: it looks up the class and checks everything."""


class Classifier(Protocol):
    """What evaluation needs of a classifier, and nothing more."""

    classes_: Sequence[str]

    def fit(self, texts: Sequence[str], labels: Sequence[Any]) -> Any:
        """Learn from texts and their labels; return self."""

    def predict(self, texts: Sequence[str]) -> Any:
        """Return one answer a text."""

    def predict_proba(self, texts: Sequence[str]) -> Floats2d:
        """Return (N, C) probabilities, columns in the order of `classes_`."""
