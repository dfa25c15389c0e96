"""Pairs of rows: some of them, more that are drawn, some to hold out, and what is odd among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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

    def take(self, chosen: Array) -> PairPart:
        """Return some of the pairs."""
        return PairPart(self.source, self.keys, self.pairs[chosen], self.matches[chosen])


def with_drawn(part: PairPart, drawn: Array) -> PairPart:
    """Return the pairs of a part and drawn ones, which do not match."""
    pairs = np.concatenate([part.pairs, checked_places(drawn, len(part.source))])
    return PairPart(part.source, part.keys, pairs, np.concatenate([part.matches, np.zeros(len(drawn), np.float32)]))


def held_out(part: PairPart, share: float, seed: int) -> Array:
    """Return which pairs (n,) bool to hold out.

    Whole components of rows that pairs connect, drawn at random, as long as they are small; where a few are too large
    for that, pairs of them fill what is missing. Classes that would be lost to either side stay to learn from.
    """
    n = len(part)
    chosen = np.zeros(n, bool)
    if share == 0 or n < 2:
        return chosen
    # Equal rows are one row.
    _, same = np.unique(part.keys, return_inverse=True)
    sides = same[part.pairs]
    size = len(part.keys)
    graph = coo_array((np.ones(n, np.int8), (sides[:, 0], sides[:, 1])), shape=(size, size))
    _, of_row = connected_components(graph, directed=False)
    component = of_row[sides[:, 0]]
    random, wanted = np.random.default_rng(seed), round(share * n)
    sizes = np.bincount(component)
    order = random.permutation(len(sizes))
    order = order[(sizes[order] > 0) & (sizes[order] <= max(1, wanted // 4))]
    taken = order[np.cumsum(sizes[order]) <= wanted]
    chosen = np.isin(component, taken)
    missing = wanted - int(chosen.sum())
    if missing > wanted // 4:
        rest = np.flatnonzero(~chosen)
        chosen[random.permutation(rest)[:missing]] = True
    for match in (0.0, 1.0):
        of_class = part.matches == match
        if of_class.any() and not (of_class & ~chosen).any():
            chosen[of_class] = False
    return chosen


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


def counts_of(part: PairPart) -> dict[str, int]:
    """Return what is odd among the pairs."""
    keys = part.keys[part.pairs]
    low, high = keys.min(axis=1), keys.max(axis=1)
    _, group = np.unique(np.stack([low, high], 1), axis=0, return_inverse=True)
    least = np.ones(int(group.max()) + 1, np.float32)
    most = np.zeros(len(least), np.float32)
    np.minimum.at(least, group, part.matches)
    np.maximum.at(most, group, part.matches)
    lengths = part.source.lengths_of(part.pairs.ravel())
    return {
        "equal sides": int((low == high).sum()),
        "of two labels": int((least != most)[group].sum()),
        "a side empty": int((lengths.reshape(-1, 2) == 0).any(axis=1).sum()),
    }
