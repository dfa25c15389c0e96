"""Which other rights of a batch are known to match a left, so that they are no negatives of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.pairs.graph import components
from kinfold.estimators.pairs.parts import PairPart
from kinfold.types import Array, Ints1d

#: (B,) which pairs a batch has -> (B, B) bool: whether the left of the one is known to match the right of the other.
Same = Callable[[Ints1d], Array]


class Listed:
    """Two texts match where a pair of them does, or where they are the same text.

    Parameters
    ----------
    part
        Pairs that all match.
    """

    def __init__(self, part: PairPart) -> None:
        self._sides = part.keys[part.pairs]
        self._codes = np.unique(_mixed(self._sides[:, 0], self._sides[:, 1]))

    def __call__(self, chosen: Ints1d) -> Array:
        """Return which rights of these pairs match which lefts, (B, B) bool."""
        lefts, rights = self._sides[chosen, :1], self._sides[None, chosen, 1]
        codes = _mixed(lefts, rights)  # (B, B)
        places = np.searchsorted(self._codes, codes).clip(max=len(self._codes) - 1)
        # A text matches itself, whoever's right it is.
        return (self._codes[places] == codes) | (lefts == rights)


class Connected:
    """Two texts match where a chain of matches leads from the one to the other.

    Parameters
    ----------
    part
        As `Listed` has it.

    Raises
    ------
    DataError
        D-157: one chain leads through all texts.
    """

    def __init__(self, part: PairPart) -> None:
        self._component = components(part.pairs, part.keys)
        if not self._component.any():
            raise DataError(
                "A chain of matches leads from each text to each other, so that none is a negative.",
                seen=f"{len(part):,} matches, all connected",
                fix="Leave `transitive` out; or look for wrong matches that connect what is different.",
                code="D-157",
            )

    def __call__(self, chosen: Ints1d) -> Array:
        """Return which rights of these pairs match which lefts, (B, B) bool."""
        component = self._component[chosen]
        # Both sides of a pair are in its component.
        return component[:, None] == component[None]


def _mixed(lefts: Array, rights: Array) -> Array:
    """Return one number of two, the same when they change places."""
    low, high = np.minimum(lefts, rights), np.maximum(lefts, rights)
    return low * np.uint64(0x9E3779B97F4A7C15) ^ high
