"""The words of two texts -> how well each finds its like on the other side: soft alignment.

A word's best match is the most similar word of the other side; equal words have similarity 1. Texts are sets of words
as in `kinfold.kernels.overlap`; what is written for each side stands as there.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from kinfold.kernels.overlap import put_two
from kinfold.types import Array, Floats1d, Ids1d, Ints1d, Singles2d

#: Columns that each kernel writes.
N_ALIGNED, N_MEANS = 6, 1


@njit(cache=True, nogil=True)
def _alike(a: int, b: int, indptr: Ints1d, grams: Ids1d) -> float:
    """Return Dice's share of the n-grams of two words."""
    i, i_end, j, j_end = indptr[a], indptr[a + 1], indptr[b], indptr[b + 1]
    total = (i_end - i) + (j_end - j)
    shared = 0
    while i < i_end and j < j_end:
        if grams[i] == grams[j]:
            shared += 1
            i += 1
            j += 1
        elif grams[i] < grams[j]:
            i += 1
        else:
            j += 1
    return 2.0 * shared / total if total else 0.0


@njit(cache=True, nogil=True, fastmath=True)
def _cosine(a: int, b: int, unit: Singles2d) -> float:
    total = np.float32(0)
    for d in range(unit.shape[1]):
        total += unit[a, d] * unit[b, d]
    return total


@njit(cache=True, nogil=True)
def aligned(
    pairs: Ints1d,
    indptr: Ints1d,
    columns: Ids1d,
    weights: Floats1d,
    gram_ptr: Ints1d,
    grams: Ids1d,
    unit: Singles2d,
    known: Array,
    directed: bool,
    out: Array,
    first: int,
) -> None:
    """Write how well the words of two texts are matched, to `N_ALIGNED` columns of `out` from `first` on.

    In this order: the weighted mean of each side's best matches (2); the worst of a side's best matches (2); the
    heaviest loss of a side, the weight of a word times what its best match lacks of 1 (2).

    Parameters
    ----------
    gram_ptr, grams
        The n-grams of each word, sorted: similarity is Dice's share. Used where `unit` has no columns.
    unit, known
        (V, D) float32 vectors of length one, and (V,) uint8 whether a word has one: similarity is the cosine, and a
        word without a vector is like itself only.
    """
    longest = 1
    for t in range(indptr.shape[0] - 1):
        longest = max(longest, indptr[t + 1] - indptr[t])
    best = np.empty(longest, np.float64)
    by_vectors = unit.shape[1] > 0
    for p in range(pairs.shape[0]):
        a, a_end = indptr[pairs[p, 0]], indptr[pairs[p, 0] + 1]
        b, b_end = indptr[pairs[p, 1]], indptr[pairs[p, 1] + 1]
        if a == a_end or b == b_end:
            out[p, first : first + N_ALIGNED] = np.nan
            continue
        best[: b_end - b] = 0.0
        total_left, mean_left, worst_left, loss_left = 0.0, 0.0, 1.0, 0.0
        for i in range(a, a_end):
            one, top = columns[i], 0.0
            for j in range(b, b_end):
                other = columns[j]
                if one == other:
                    found = 1.0
                elif not by_vectors:
                    found = _alike(one, other, gram_ptr, grams)
                elif known[one] and known[other]:
                    found = min(1.0, max(0.0, _cosine(one, other, unit)))
                else:
                    found = 0.0
                top = max(top, found)
                best[j - b] = max(best[j - b], found)
            weight = weights[one]
            total_left += weight
            mean_left += weight * top
            worst_left = min(worst_left, top)
            loss_left = max(loss_left, weight * (1.0 - top))
        total_right, mean_right, worst_right, loss_right = 0.0, 0.0, 1.0, 0.0
        for j in range(b, b_end):
            weight, top = weights[columns[j]], best[j - b]
            total_right += weight
            mean_right += weight * top
            worst_right = min(worst_right, top)
            loss_right = max(loss_right, weight * (1.0 - top))
        put_two(out, p, first, mean_left / total_left, mean_right / total_right, directed)
        put_two(out, p, first + 2, worst_left, worst_right, directed)
        put_two(out, p, first + 4, loss_left, loss_right, directed)


@njit(cache=True, nogil=True)
def mean_cosines(
    pairs: Ints1d,
    indptr: Ints1d,
    columns: Ids1d,
    weights: Floats1d,
    unit: Singles2d,
    known: Array,
    out: Array,
    first: int,
) -> None:
    """Write the cosine of the weighted means of the vectors of two texts; NaN where a side has no word with one."""
    dim = unit.shape[1]
    sums = np.empty((2, dim), np.float64)
    for p in range(pairs.shape[0]):
        sums[:] = 0.0
        for side in range(2):
            for k in range(indptr[pairs[p, side]], indptr[pairs[p, side] + 1]):
                word = columns[k]
                if known[word]:
                    for d in range(dim):
                        sums[side, d] += weights[word] * unit[word, d]
        dot, square_left, square_right = 0.0, 0.0, 0.0
        for d in range(dim):
            dot += sums[0, d] * sums[1, d]
            square_left += sums[0, d] * sums[0, d]
            square_right += sums[1, d] * sums[1, d]
        lengths = math.sqrt(square_left * square_right)
        out[p, first] = dot / lengths if lengths > 0.0 else np.nan
