"""Pairs of rows: some of them, and more that are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.neural.rows import Source
from kinfold.types import Array, Ints1d, Keys1d, Singles1d

#: (epoch, from 1) -> places (n, 2) of pairs that do not match; the same number of them each time.
Draw = Callable[[int], Array]


@dataclass(frozen=True)
class PairPart:
    """Pairs of rows of a source.

    Attributes
    ----------
    source
        The rows.
    keys
        (R,) a number for each row, equal for equal rows.
    pairs
        (n, 2) int64 places of the two sides.
    matches
        (n,) 1 where they match, else 0.
    """

    source: Source
    keys: Keys1d
    pairs: Ints1d
    matches: Singles1d

    def __len__(self) -> int:
        """Return n."""
        return len(self.pairs)

    @classmethod
    def unlabelled(cls, source: Source, keys: Keys1d, pairs: Ints1d) -> PairPart:
        """Return pairs (n, 2) of which nothing else is known."""
        return cls(source, keys, pairs, np.zeros(len(pairs), np.float32))

    def take(self, chosen: Array) -> PairPart:
        """Return some of the pairs."""
        return PairPart(self.source, self.keys, self.pairs[chosen], self.matches[chosen])


def with_drawn(part: PairPart, drawn: Array) -> PairPart:
    """Return the pairs of a part and drawn ones, which do not match."""
    pairs = np.concatenate([part.pairs, checked_places(drawn, len(part.source))])
    return PairPart(part.source, part.keys, pairs, np.concatenate([part.matches, np.zeros(len(drawn), np.float32)]))


def checked_places(pairs: Any, n_rows: int) -> Ints1d:
    """Return pairs that are given as places among `n_rows` rows, (n, 2) int64; raises D-155 for others."""
    places = np.asarray(pairs)
    right = places.ndim == 2 and places.shape[1:] == (2,) and places.dtype.kind in "iu"
    if not right or (len(places) and (int(places.min()) < 0 or int(places.max()) >= n_rows)):
        raise DataError(
            "Pairs of items are places: whole numbers of shape (n, 2), from 0 and below the number of items.",
            seen=f"shape {places.shape}, {places.dtype}, {n_rows:,} items",
            fix="Give the places of both sides among the items.",
            code="D-155",
        )
    return places.astype(np.int64)
