"""The k best rows of a whole table for each query, by product, cosine or distance: exact, whatever the blocks.

As in `kinfold.kernels.nearest`, a float32 product only says which rows may be among the best. What it leaves is scored
again in float64, in one fixed order, and rounded once; equal scores go by the lower row. A distance counts as a score
with its sign turned, so that the highest is the best everywhere.

The square of a distance is |q|² - 2 (q·x - |x|²/2). `halves` holds |x|²/2 of every row, so that one pass over products
tells who may be near.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.kernels.nearest import STRIDE, dot, reaches, sink, slack_of, worse
from kinfold.types import Array, Floats2d, Ids2d, Singles1d, Singles2d

#: Metrics.
DOT, COSINE, EUCLIDEAN = 0, 1, 2
#: Rows whose products with a few queries are made before they are looked at; they stay in the nearest cache.
_BLOCK = 256
#: A score is rounded to float32 once: half of its last place, for the square of a distance twice as much.
_ROUNDED = 2.0**-22
#: More than any product of the smallest numbers can be off by.
_TINY = 1e-37


def bounds_of(queries: Singles2d, longest: float, metric: int) -> Floats2d:
    """Return (N, 2) float64: the square of each query's length, and how far a product with any row may be off.

    Parameters
    ----------
    queries
        (N, D) float32.
    longest
        The length of the longest row of the table.
    metric
        `DOT`, `COSINE` or `EUCLIDEAN`.
    """
    squares = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)  # (N,)
    largest = np.sqrt(squares) * longest + (longest * longest if metric == EUCLIDEAN else 0)  # (N,)
    slack = slack_of(queries.shape[1] + 2) * largest + _TINY
    return np.stack([squares, slack], axis=1)  # (N, 2)


@njit(cache=True, nogil=True)
def halves_of(table: Singles2d) -> Singles1d:
    """Return half the square of each row's length, (V,) float32."""
    out = np.empty(len(table), np.float32)
    for i in range(len(table)):
        out[i] = np.float32(dot(table[i], table[i]) / 2)
    return out


@njit(cache=True, nogil=True)
def keep_in_block(
    products: Singles2d,
    first: int,
    queries: Singles2d,
    table: Singles2d,
    halves: Singles1d,
    metric: int,
    bounds: Floats2d,
    scores: Singles2d,
    ids: Ids2d,
) -> None:
    """Put the best of a block into the lists.

    Parameters
    ----------
    products
        (N, M) float32, about the product of each query with the rows `first` to `first` + M of the table.
    first
        The row of the table that the block begins with.
    queries, table
        (N, D) and (V, D) float32; for cosines rows of length 1 or 0.
    halves
        What `halves_of` returns; read for distances only.
    metric
        `DOT`, `COSINE` or `EUCLIDEAN`.
    bounds
        What `bounds_of` returns.
    scores, ids
        (N, K) heaps, changed in place.
    """
    n, m = products.shape
    for i in range(n):
        line = products[i]
        if metric == EUCLIDEAN:
            for j in range(m):
                line[j] -= halves[first + j]
        limit = _limit(metric, scores[i, 0], bounds[i])
        for start in range(0, m, STRIDE):
            end = start + STRIDE
            if end <= m and not reaches(line, np.uint64(start), limit):
                continue
            for j in range(start, min(end, m)):
                if line[j] < limit:
                    continue
                score = _score(metric, queries[i], table[first + j])
                if worse(scores[i, 0], ids[i, 0], score, first + j):
                    sink(scores[i], ids[i], score, first + j)
                    limit = _limit(metric, scores[i, 0], bounds[i])


@njit(cache=True, nogil=True)
def keep_in_rows(
    first: int,
    end: int,
    queries: Singles2d,
    table: Singles2d,
    halves: Singles1d,
    metric: int,
    bounds: Floats2d,
    scores: Singles2d,
    ids: Ids2d,
) -> None:
    """Put the best of the rows `first` to `end` into the lists: each row is read once, for all of a few queries.

    The other parameters are those of `keep_in_block`.
    """
    n = len(queries)
    space = np.empty(n * _BLOCK, np.float32)
    for start in range(first, end, _BLOCK):
        m = min(_BLOCK, end - start)
        products = space[: n * m].reshape((n, m))
        for j in range(m):
            for i in range(n):
                products[i, j] = _product(queries[i], table[start + j])
        keep_in_block(products, start, queries, table, halves, metric, bounds, scores, ids)


@njit(cache=True, nogil=True)
def merge_lists(scores: Singles2d, ids: Ids2d, other_scores: Array, other_ids: Array) -> None:
    """Put what other lists (N, K) hold into heaps (N, K)."""
    for i in range(len(scores)):
        for j in range(other_scores.shape[1]):
            if worse(scores[i, 0], ids[i, 0], other_scores[i, j], other_ids[i, j]):
                sink(scores[i], ids[i], other_scores[i, j], other_ids[i, j])


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _product(left: Singles1d, right: Singles1d) -> np.float32:
    """Return about the product of two vectors, summed in whatever order is quickest."""
    total = np.float32(0)
    for j in range(len(left)):
        total += left[j] * right[j]
    return total


@njit(cache=True, nogil=True)
def _limit(metric: int, worst: np.float32, bound: Array) -> np.float32:
    """Return what a product, less half a square for distances, must reach for the row to be among the best."""
    score = np.float64(worst)
    if metric == EUCLIDEAN:
        limit = (bound[0] - score * score * (1 + _ROUNDED)) / 2 - bound[1] - bound[0] * _ROUNDED
    else:
        limit = score - bound[1] - abs(score) * _ROUNDED
    return np.float32(limit)


@njit(cache=True, nogil=True)
def _score(metric: int, query: Singles1d, row: Singles1d) -> np.float32:
    if metric == EUCLIDEAN:
        return np.float32(-np.sqrt(_square(query, row)))
    product = dot(query, row)
    if metric == COSINE:
        product = min(1.0, max(-1.0, product))
    return np.float32(product)


@njit(cache=True, nogil=True)
def _square(left: Singles1d, right: Singles1d) -> float:
    """Return the square of the distance in float64: four sums at once, always the same four."""
    a = b = c = d = 0.0
    whole = len(left) & ~3
    for j in range(0, whole, 4):
        a += (np.float64(left[j]) - np.float64(right[j])) ** 2
        b += (np.float64(left[j + 1]) - np.float64(right[j + 1])) ** 2
        c += (np.float64(left[j + 2]) - np.float64(right[j + 2])) ** 2
        d += (np.float64(left[j + 3]) - np.float64(right[j + 3])) ** 2
    for j in range(whole, len(left)):
        a += (np.float64(left[j]) - np.float64(right[j])) ** 2
    return (a + b) + (c + d)
