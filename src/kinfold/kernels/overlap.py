"""Two texts as sets and as sequences of columns -> numbers that say how far they share them.

Rows are in compressed form: text `t` has the columns ``indptr[t]`` to ``indptr[t + 1] - 1``, sorted and distinct where
it is a set. A pair is two texts, (left, right). What is counted for each side stands in two columns of `out`: left and
right where pairs are directed, else the lower and the higher one. What can't be told, since a side has nothing, is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from kinfold.types import Array, Bytes1d, Floats1d, Ids1d, Ints1d

#: Columns that each kernel writes.
N_OVERLAPS, N_SHARES, N_SEQUENCES, N_EDITS = 12, 4, 13, 6
#: Bytes of a text that are edited at most.
LONGEST = 512


@njit(cache=True, nogil=True, inline="always")
def put_two(out: Array, p: int, c: int, left: float, right: float, directed: bool) -> None:
    """Write the numbers of both sides to columns `c` and `c + 1` of row `p`; NaN is lower than any number."""
    if directed or left <= right or math.isnan(left):
        out[p, c], out[p, c + 1] = left, right
    else:
        out[p, c], out[p, c + 1] = right, left


@njit(cache=True, nogil=True, inline="always")
def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else np.nan


@njit(cache=True, nogil=True)
def overlaps(
    pairs: Ints1d, indptr: Ints1d, columns: Ids1d, weights: Floats1d, directed: bool, out: Array, first: int
) -> None:
    """Write how far two sets overlap, to `N_OVERLAPS` columns of `out` from `first` on.

    In this order: Jaccard's share; share of each side's columns that the other has (2); the same three with columns
    counted by their `weights`; cosine of the weights; the heaviest shared column, and the heaviest one that only one
    side has (2); the sum of the weights that only one side has (2).
    """
    for p in range(pairs.shape[0]):
        i, i_end = indptr[pairs[p, 0]], indptr[pairs[p, 0] + 1]
        j, j_end = indptr[pairs[p, 1]], indptr[pairs[p, 1] + 1]
        n_left, n_right, n_shared = i_end - i, j_end - j, 0
        shared, shared_square, heaviest = 0.0, 0.0, 0.0
        only_left, only_right, top_left, top_right = 0.0, 0.0, 0.0, 0.0
        square_left, square_right = 0.0, 0.0
        while i < i_end or j < j_end:
            if j == j_end or (i < i_end and columns[i] < columns[j]):
                weight = weights[columns[i]]
                only_left += weight
                square_left += weight * weight
                top_left = max(top_left, weight)
                i += 1
            elif i == i_end or columns[j] < columns[i]:
                weight = weights[columns[j]]
                only_right += weight
                square_right += weight * weight
                top_right = max(top_right, weight)
                j += 1
            else:
                weight = weights[columns[i]]
                n_shared += 1
                shared += weight
                shared_square += weight * weight
                heaviest = max(heaviest, weight)
                i += 1
                j += 1
        out[p, first] = _share(n_shared, n_left + n_right - n_shared)
        put_two(out, p, first + 1, _share(n_shared, n_left), _share(n_shared, n_right), directed)
        out[p, first + 3] = _share(shared, shared + only_left + only_right)
        put_two(out, p, first + 4, _share(shared, shared + only_left), _share(shared, shared + only_right), directed)
        lengths = math.sqrt((shared_square + square_left) * (shared_square + square_right))
        out[p, first + 6] = _share(shared_square, lengths)
        out[p, first + 7] = heaviest
        put_two(out, p, first + 8, top_left, top_right, directed)
        put_two(out, p, first + 10, only_left, only_right, directed)


@njit(cache=True, nogil=True)
def shares(pairs: Ints1d, indptr: Ints1d, columns: Ids1d, directed: bool, out: Array, first: int) -> None:
    """Write how many columns both sets have, only one side has (2), and how far the sides differ in their number."""
    for p in range(pairs.shape[0]):
        i, i_end = indptr[pairs[p, 0]], indptr[pairs[p, 0] + 1]
        j, j_end = indptr[pairs[p, 1]], indptr[pairs[p, 1] + 1]
        n_left, n_right, n_shared = i_end - i, j_end - j, 0
        while i < i_end and j < j_end:
            if columns[i] == columns[j]:
                n_shared += 1
                i += 1
                j += 1
            elif columns[i] < columns[j]:
                i += 1
            else:
                j += 1
        out[p, first] = n_shared
        put_two(out, p, first + 1, n_left - n_shared, n_right - n_shared, directed)
        out[p, first + 3] = n_right - n_left if directed else abs(n_right - n_left)


@njit(cache=True, nogil=True)
def sequences(pairs: Ints1d, indptr: Ints1d, words: Ids1d, directed: bool, out: Array, first: int) -> None:
    """Write how far two sequences agree, to `N_SEQUENCES` columns of `out` from `first` on.

    In this order: length of the common beginning and of the common end; each as a share of the shorter side; whether
    the first, the first two and the last are equal; the longest common subsequence as a share of each side (2);
    Levenshtein's distance as a share of the longer side; both lengths (2) and the shorter as a share of the longer.
    """
    longest = 1
    for t in range(indptr.shape[0] - 1):
        longest = max(longest, indptr[t + 1] - indptr[t])
    edits, common = np.empty(longest + 1, np.int32), np.empty(longest + 1, np.int32)
    for p in range(pairs.shape[0]):
        left = words[indptr[pairs[p, 0]] : indptr[pairs[p, 0] + 1]]
        right = words[indptr[pairs[p, 1]] : indptr[pairs[p, 1] + 1]]
        n, m = left.shape[0], right.shape[0]
        low = min(n, m)
        head = 0
        while head < low and left[head] == right[head]:
            head += 1
        tail = 0
        while tail < low and left[n - 1 - tail] == right[m - 1 - tail]:
            tail += 1
        out[p, first], out[p, first + 1] = head, tail
        out[p, first + 2], out[p, first + 3] = _share(head, low), _share(tail, low)
        out[p, first + 4] = 1.0 if head > 0 else 0.0 if low else np.nan
        out[p, first + 5] = (1.0 if head > 1 else 0.0) if low > 1 else np.nan
        out[p, first + 6] = 1.0 if tail > 0 else 0.0 if low else np.nan
        for j in range(m + 1):
            edits[j], common[j] = j, 0
        for i in range(n):
            diagonal, old = edits[0], common[0]
            edits[0] = i + 1
            for j in range(m):
                above, kept = edits[j + 1], common[j + 1]
                if left[i] == right[j]:
                    edits[j + 1], common[j + 1] = diagonal, old + 1
                else:
                    edits[j + 1] = 1 + min(diagonal, min(above, edits[j]))
                    common[j + 1] = max(kept, common[j])
                diagonal, old = above, kept
        put_two(out, p, first + 7, _share(common[m], n), _share(common[m], m), directed)
        out[p, first + 9] = _share(edits[m], max(n, m))
        put_two(out, p, first + 10, float(n), float(m), directed)
        out[p, first + 12] = _share(low, max(n, m))


@njit(cache=True, nogil=True)
def edits(pairs: Ints1d, buf: Bytes1d, offsets: Ints1d, directed: bool, out: Array, first: int) -> None:
    """Write how far two texts agree byte by byte, to `N_EDITS` columns of `out` from `first` on.

    In this order: Levenshtein's distance and the longest common run, as shares of the longer side; the common beginning
    as a share of the shorter side; both lengths (2) and the shorter as a share of the longer. Only the first `LONGEST`
    bytes are compared.
    """
    changed, run = np.empty(LONGEST + 1, np.int32), np.empty(LONGEST + 1, np.int32)
    for p in range(pairs.shape[0]):
        a, b = offsets[pairs[p, 0]], offsets[pairs[p, 1]]
        n_all, m_all = offsets[pairs[p, 0] + 1] - a - 1, offsets[pairs[p, 1] + 1] - b - 1
        n, m = min(n_all, LONGEST), min(m_all, LONGEST)
        longest_run = 0
        for j in range(m + 1):
            changed[j], run[j] = j, 0
        for i in range(n):
            diagonal, before = changed[0], 0
            changed[0] = i + 1
            for j in range(m):
                above, kept = changed[j + 1], run[j + 1]
                if buf[a + i] == buf[b + j]:
                    changed[j + 1], run[j + 1] = diagonal, before + 1
                    longest_run = max(longest_run, before + 1)
                else:
                    changed[j + 1], run[j + 1] = 1 + min(diagonal, min(above, changed[j])), 0
                diagonal, before = above, kept
        head = 0
        while head < min(n, m) and buf[a + head] == buf[b + head]:
            head += 1
        out[p, first] = _share(changed[m], max(n, m))
        out[p, first + 1] = _share(longest_run, max(n, m))
        out[p, first + 2] = _share(head, min(n, m))
        put_two(out, p, first + 3, float(n_all), float(m_all), directed)
        out[p, first + 5] = _share(min(n_all, m_all), max(n_all, m_all))


@njit(cache=True, nogil=True)
def binned(rows: Array, edges: Array, first: int, out: Ids1d) -> None:
    """Write one column for each number of `rows` (n, F): which bin it falls into.

    Parameters
    ----------
    edges
        (F, B) in rising order: bin `k` has the numbers that are above `k` of them. NaN falls into bin ``B + 1``.
    first
        The first column; each feature has ``B + 2``.
    out
        (n * F,) int32.
    """
    n_edges = edges.shape[1]
    k = 0
    for r in range(rows.shape[0]):
        for f in range(rows.shape[1]):
            x = rows[r, f]
            low, high = 0, n_edges
            if math.isnan(x):
                low = n_edges + 1
            else:
                while low < high:
                    middle = (low + high) // 2
                    if edges[f, middle] < x:
                        low = middle + 1
                    else:
                        high = middle
            out[k] = first + f * (n_edges + 2) + low
            k += 1
