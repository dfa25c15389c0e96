"""Regression trees as plain arrays: rows in, sums of leaves out; and what each feature added on a row's way down.

The nodes of all trees stand one after the other; tree `t` has the nodes ``starts[t]`` to ``starts[t + 1] - 1``, its
root first. A node's children stand after it, so that every way down ends.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from kinfold.types import Array, Floats1d, Ids1d, Ints1d


@njit(cache=True, nogil=True)
def add_trees(
    rows: Array,
    starts: Ints1d,
    features: Ids1d,
    thresholds: Floats1d,
    lefts: Ids1d,
    rights: Ids1d,
    missing_left: Array,
    values: Floats1d,
    out: Floats1d,
) -> None:
    """Add the leaf of every tree, in their order, to `out` (N,).

    Parameters
    ----------
    rows
        (N, F); NaN is what is missing.
    features
        (M,) what a node looks at; -1: it is a leaf.
    thresholds
        (M,) a row goes left where its feature is not above it.
    lefts, rights
        (M,) the children.
    missing_left
        (M,) uint8: whether a row goes left whose feature is missing.
    values
        (M,) what a leaf adds.
    """
    for r in range(rows.shape[0]):
        total = out[r]
        for t in range(starts.shape[0] - 1):
            node = starts[t]
            while features[node] >= 0:
                x = np.float64(rows[r, features[node]])
                left = missing_left[node] != 0 if math.isnan(x) else x <= thresholds[node]
                node = lefts[node] if left else rights[node]
            total += values[node]
        out[r] = total


@njit(cache=True, nogil=True)
def add_ways(
    row: Array,
    starts: Ints1d,
    features: Ids1d,
    thresholds: Floats1d,
    lefts: Ids1d,
    rights: Ids1d,
    missing_left: Array,
    values: Floats1d,
    out: Floats1d,
) -> float:
    """Add to `out` (F,) what each feature changed on one row's way down all trees; return the sum of the roots.

    `values` are those of all nodes, a node's being the mean of the leaves below it, so that the roots and all changes
    sum to what `add_trees` adds (Saabas 2014).
    """
    total = 0.0
    for t in range(starts.shape[0] - 1):
        node = starts[t]
        total += values[node]
        while features[node] >= 0:
            x = np.float64(row[features[node]])
            left = missing_left[node] != 0 if math.isnan(x) else x <= thresholds[node]
            after = lefts[node] if left else rights[node]
            out[features[node]] += values[after] - values[node]
            node = after
    return total
