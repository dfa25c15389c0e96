"""Convolutions over tokens as sums of table rows, and the largest of each feature over a row.

A convolution over one-hot or embedded tokens is, at each position, a sum of as many rows of a table as the window is
wide: `table` (U, K, F) holds for each distinct token what it adds when it stands at each of the K places of the window.
`places` (B, T) int32 are rows of it; only the first `lengths[b]` of a row are read, and what stands behind is zeros.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.kernels.tiles import FAST
from kinfold.types import Array, Ids1d, Ints1d


@njit(**FAST)
def gather_row(table: Array, bias: Array, places: Ids1d, length: int, left: int, step: int, out: Array) -> None:
    """Write one row of the convolution to the first `length` of `out` (T, F)."""
    n_wide, n_features = table.shape[1], table.shape[2]
    for t in range(length):
        row = out[t]
        for j in range(n_features):
            row[j] = bias[j]
        for k in range(n_wide):
            s = t + (k - left) * step
            if 0 <= s < length:
                added = table[places[s], k]
                for j in range(n_features):
                    row[j] += added[j]


@njit(**FAST)
def gather(
    table: Array, bias: Array, places: Array, lengths: Ints1d, left: int, step: int, first: int, last: int, out: Array
) -> None:
    """Write rows `first` to `last` of the convolution (B, T, F); `left` places stand before, `step` apart."""
    for b in range(first, last):
        gather_row(table, bias, places[b], lengths[b], left, step, out[b])
        out[b, lengths[b] :] = np.float32(0)


@njit(**FAST)
def gather_back(
    d_out: Array,
    places: Array,
    lengths: Ints1d,
    left: int,
    step: int,
    first: int,
    last: int,
    d_table: Array,
    d_bias: Array,
) -> None:
    """Add what a change of the convolution (B, T, F) changes in features `first` to `last` of table and bias."""
    n_wide = d_table.shape[1]
    total = d_bias[first:last]
    for b in range(d_out.shape[0]):
        length = lengths[b]
        for t in range(length):
            change = d_out[b, t, first:last]
            for j in range(last - first):
                total[j] += change[j]
            for k in range(n_wide):
                s = t + (k - left) * step
                if 0 <= s < length:
                    row = d_table[places[b, s], k, first:last]
                    for j in range(last - first):
                        row[j] += change[j]


@njit(**FAST)
def largest(values: Array, lengths: Ints1d, first: int, last: int, out: Array, where: Array) -> None:
    """Write the largest of each feature over the positions of rows `first` to `last`, and its first position.

    `values` (B, T, F); `out` (B, F) and `where` (B, F) int32.
    """
    n_features = values.shape[2]
    for b in range(first, last):
        best, place = out[b], where[b]
        row = values[b, 0]
        for j in range(n_features):
            best[j] = row[j]
            place[j] = 0
        for t in range(1, lengths[b]):
            row = values[b, t]
            now = np.int32(t)
            for j in range(n_features):
                more = row[j] > best[j]
                best[j] = row[j] if more else best[j]
                place[j] = now if more else place[j]
