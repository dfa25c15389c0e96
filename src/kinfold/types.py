"""Array aliases and small protocols that several rooms share; no logic.

Shape letters, the same everywhere: N rows, C classes, F features, B batch, T time, D embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes1d: TypeAlias = NDArray[np.uint8]
Ints1d: TypeAlias = NDArray[np.int64]
Ids1d: TypeAlias = NDArray[np.int32]
Keys1d: TypeAlias = NDArray[np.uint64]
Floats1d: TypeAlias = NDArray[np.float64]
Floats2d: TypeAlias = NDArray[np.float64]
Array: TypeAlias = NDArray[Any]

#: One label, or for a multi-label row the labels it has (none is a valid answer).
Label: TypeAlias = str | tuple[str, ...]
#: What JSON can hold.
Json: TypeAlias = Any


class Classifier(Protocol):
    """What evaluation needs of a classifier, and nothing more."""

    classes_: Sequence[str]

    def fit(self, texts: Sequence[str], labels: Sequence[Any]) -> Any:
        """Learn from texts and their labels; return self."""

    def predict(self, texts: Sequence[str]) -> Any:
        """Return one answer a text."""

    def predict_proba(self, texts: Sequence[str]) -> Floats2d:
        """Return (N, C) probabilities, columns in the order of `classes_`."""
