"""Pairs as a graph of texts -> parts of pairs that share no text: rows to hold out, and folds."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kinfold.types import Array, Ints1d, Keys1d


def components(pairs: Ints1d, digests: Keys1d) -> Ints1d:
    """Return the number (n,) of each pair's component in the graph that pairs (n, 2) make of texts.

    Parameters
    ----------
    digests
        A number for each text; equal ones are one text, and 0 is a text without words, which connects nothing.
    """
    _, same = np.unique(digests, return_inverse=True)
    sides, blank = same[pairs], digests[pairs] == 0
    left = np.where(blank[:, 0], sides[:, 1], sides[:, 0])
    right = np.where(blank[:, 1], left, sides[:, 1])
    size = len(digests)
    graph = coo_array((np.ones(len(pairs), np.int8), (left, right)), shape=(size, size))
    _, of_text = connected_components(graph, directed=False)
    return np.unique(of_text[left], return_inverse=True)[1].astype(np.int64)


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
    """Return which pairs (n,) bool to hold out, dealt as `dealt` does; a class that would be held out whole stays."""
    n = len(component)
    if share == 0 or n < 2:
        return np.zeros(n, bool)
    n_parts = max(2, round(1 / share))
    held = dealt(component, n_parts, seed) == 0
    for match in (0, 1):
        of_class = matches == match
        if of_class.any() and not (of_class & ~held).any():
            held[of_class] = False
    return held
