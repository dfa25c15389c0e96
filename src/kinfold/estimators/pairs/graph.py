"""Pairs as a graph of what they pair -> parts that share nothing: pairs to hold out, folds; and what is odd in it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kinfold.types import Array, Ints1d, Keys1d

#: What `oddities` counts.
EQUAL, TWICE, EMPTY = "equal sides", "of two labels", "a side empty"


def components(pairs: Ints1d, keys: Keys1d) -> Ints1d:
    """Return the number (n,) of each pair's component in the graph that pairs (n, 2) make of rows.

    Parameters
    ----------
    keys
        A number for each row; equal ones are one row, and 0 is a text without words, which connects nothing.
    """
    _, same = np.unique(keys, return_inverse=True)
    sides, blank = same[pairs], keys[pairs] == 0
    left = np.where(blank[:, 0], sides[:, 1], sides[:, 0])
    right = np.where(blank[:, 1], left, sides[:, 1])
    size = len(keys)
    graph = coo_array((np.ones(len(pairs), np.int8), (left, right)), shape=(size, size))
    _, of_row = connected_components(graph, directed=False)
    return np.unique(of_row[left], return_inverse=True)[1].astype(np.int64)


def dealt(component: Ints1d, n_folds: int, seed: int) -> Ints1d:
    """Return a fold (n,) for each pair: a component is in one, as long as it is not larger than a fold.

    Large components are dealt first, each to the smallest fold; a pair of one that is larger than a fold is dealt by
    itself, since nothing could be learned without it.
    """
    random, n = np.random.default_rng(seed), len(component)
    sizes = np.bincount(component, minlength=1)
    order = random.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of, filled = np.full(len(sizes), -1, np.int64), np.zeros(n_folds, np.int64)
    several = order[(sizes[order] > 1) & (sizes[order] * n_folds <= max(n, n_folds))]
    for one in several.tolist():
        smallest = int(filled.argmin())
        fold_of[one] = smallest
        filled[smallest] += sizes[one]
    fold: Ints1d = fold_of[component]
    rest = random.permutation(np.flatnonzero(fold < 0))
    # What is left are single pairs: they fill the folds up to one size.
    wanted = np.maximum(-(-n // n_folds) - filled, 0)
    fold[rest] = np.repeat(np.arange(n_folds), wanted)[: len(rest)] if len(rest) else 0
    return fold


def held_out(component: Ints1d, matches: Array, share: float, seed: int) -> Array:
    """Return which pairs (n,) bool to hold out.

    Whole components, drawn at random, as long as they are small; where these are too few, single pairs of the others
    fill what is missing. A class that would be held out whole stays.
    """
    n = len(component)
    chosen = np.zeros(n, bool)
    if share == 0 or n < 2:
        return chosen
    random, wanted = np.random.default_rng(seed), round(share * n)
    sizes = np.bincount(component)
    order = random.permutation(len(sizes))
    order = order[(sizes[order] > 0) & (sizes[order] <= max(1, wanted // 4))]
    chosen = np.isin(component, order[np.cumsum(sizes[order]) <= wanted])
    missing = wanted - int(chosen.sum())
    if missing > wanted // 4:
        chosen[random.permutation(np.flatnonzero(~chosen))[:missing]] = True
    for match in (0, 1):
        of_class = matches == match
        if of_class.any() and not (of_class & ~chosen).any():
            chosen[of_class] = False
    return chosen


def oddities(keys: Keys1d, matches: Array) -> dict[str, int]:
    """Return how many pairs have equal sides, stand there with both labels, or have an empty side.

    Parameters
    ----------
    keys
        (n, 2) a number for each side, as `components` has them.
    matches
        (n,) which pairs match.
    """
    low, high = keys.min(axis=1), keys.max(axis=1)
    _, group = np.unique(np.stack([low, high], 1), axis=0, return_inverse=True)
    n, n_matching = np.bincount(group), np.bincount(group, matches)
    mixed = (n_matching > 0) & (n_matching < n)
    return {
        EQUAL: int((low == high).sum()),
        TWICE: int(mixed[group].sum()),
        EMPTY: int((keys == 0).any(axis=1).sum()),
    }
