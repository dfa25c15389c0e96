"""The k best of many scores: blocks of matrix products in, one short list a row out, the same whatever the blocks.

A product of float32 matrices is fast and inexact, and which of its last bits are wrong depends on how it was cut into
blocks. So it only says who may be among the best: whatever is within `slack`, a bound of that error, of the worst one
kept is scored again, in float64 and in one fixed order, and only that score counts. Equal scores go by the lower id.

A list of K is a heap whose root is the worst one kept, until `order_best` sorts it. Rows that are zero have no
direction and are never kept.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kinfold.types import Ids1d, Singles1d, Singles2d

Ids2d: TypeAlias = NDArray[np.int32]

#: The id of a place in a list that nothing has taken; it gives way to any other.
NOBODY = 2**31 - 1
#: What keeps the divisor of a product of nearnesses from being zero.
EPSILON = 0.001
#: So many products are compared with the worst one kept before any of them is looked at.
STRIDE = 64


def empty_lists(n: int, k: int) -> tuple[Singles2d, Ids2d]:
    """Return scores (N, K) and ids (N, K) of lists that hold nobody."""
    return np.full((n, k), -np.inf, np.float32), np.full((n, k), NOBODY, np.int32)


def slack_of(dim: int) -> float:
    """Return a bound of the error of a float32 product of two vectors of this width and length 1, summed anyhow."""
    return float((dim + 2) * 2.0**-23)


@njit(cache=True, nogil=True)
def keep_best(
    products: Singles2d,
    first: int,
    queries: Singles2d,
    table: Singles2d,
    own: Ids2d,
    slack: float,
    scores: Singles2d,
    ids: Ids2d,
) -> None:
    """Put the best of a block into the lists, by their cosine.

    Parameters
    ----------
    products
        (N, M) float32, about the product of each query with the rows `first` to `first` + M of the table.
    first
        The row of the table that the block begins with.
    queries, table
        (N, D) and (V, D) float32, rows of length 1 or 0.
    own
        (N, S) rows that are not taken for this query; -1 for none.
    slack
        How far a product may be from the true one.
    scores, ids
        (N, K) heaps, changed in place.
    """
    n, m = products.shape
    for i in range(n):
        line = products[i]
        limit = np.float32(scores[i, 0] - slack)
        for start in range(0, m, STRIDE):
            end = start + STRIDE
            if end <= m and not reaches(line, np.uint64(start), limit):
                continue
            for j in range(start, min(end, m)):
                row = first + j
                if line[j] < limit or _holds(own[i], row):
                    continue
                score = np.float32(min(1.0, max(-1.0, dot(queries[i], table[row]))))
                if worse(scores[i, 0], ids[i, 0], score, row) and not _is_zero(table[row]):
                    sink(scores[i], ids[i], score, row)
                    limit = np.float32(scores[i, 0] - slack)


@njit(cache=True, nogil=True)
def bound_nearness(products: Singles2d, slack: float) -> Singles2d:
    """Turn products (S, M) into the most that each nearness can be; return the most that one over it can be (S, M)."""
    over = np.empty_like(products)
    half, apart = np.float32(0.5), np.float32(slack)
    least = np.float32(1e-9)
    for i in range(products.shape[0]):
        for j in range(products.shape[1]):
            near = half + half * products[i, j]
            products[i, j] = max(near + apart, np.float32(0))
            over[i, j] = np.float32(1) / max(near - apart + np.float32(EPSILON), least)
    return over


@njit(cache=True, nogil=True)
def keep_best_analogies(
    products: Singles2d,
    over: Singles2d,
    first: int,
    asked: Ids2d,
    sides: Singles2d,
    table: Singles2d,
    own: Ids2d,
    slack: float,
    multiplied: bool,
    scores: Singles2d,
    ids: Ids2d,
) -> None:
    """Put the best answers of a block into the lists: what is to c as b is to a.

    Parameters
    ----------
    products
        (S, M) float32, about the product of each side with the rows `first` to `first` + M of the table; if
        `multiplied`, what `bound_nearness` made of it.
    over
        What counts against a: `products` again, or if `multiplied`, what `bound_nearness` returned.
    first
        The row of the table that the block begins with.
    asked
        (N, 3) rows of `sides`: a, b and c of each question.
    sides, table
        (S, D) and (V, D) float32, rows of length 1 or 0.
    own
        (N, O) rows of the table that are no answer to this question; -1 for none.
    slack
        How far a product may be from the true one.
    multiplied
        Score by the nearness to b times that to c over that to a, each (1 + cosine) / 2; else by the sum of the
        cosines with b and c less that with a.
    scores, ids
        (N, K) heaps, changed in place.
    """
    m = products.shape[1]
    for i in range(len(asked)):
        a, b, c = asked[i]
        with_b, with_c, against = products[b], products[c], over[a]
        limit = _limit(scores[i, 0], slack, multiplied)
        for start in range(0, m, STRIDE):
            end = start + STRIDE
            near = end > m
            if not near and multiplied:
                near = _product_reaches(with_b, with_c, against, np.uint64(start), limit)
            elif not near:
                near = _sum_reaches(with_b, with_c, against, np.uint64(start), limit)
            if not near:
                continue
            for j in range(start, min(end, m)):
                row = first + j
                most = with_b[j] * with_c[j] * against[j] if multiplied else with_b[j] + with_c[j] - against[j]
                if most < limit or _holds(own[i], row):
                    continue
                score = np.float32(_score(sides[a], sides[b], sides[c], table[row], multiplied))
                if worse(scores[i, 0], ids[i, 0], score, row) and not _is_zero(table[row]):
                    sink(scores[i], ids[i], score, row)
                    limit = _limit(scores[i, 0], slack, multiplied)


@njit(cache=True, nogil=True)
def order_best(scores: Singles2d, ids: Ids2d) -> None:
    """Sort the lists (N, K) in place: the best first, equal ones by id; those of nobody last."""
    n, k = scores.shape
    for i in range(n):
        for last in range(k - 1, 0, -1):
            score, row = scores[i, last], ids[i, last]
            scores[i, last], ids[i, last] = scores[i, 0], ids[i, 0]
            sink(scores[i, :last], ids[i, :last], score, row)


@njit(cache=True, nogil=True)
def reaches(line: Singles1d, start: int, limit: np.float32) -> bool:
    """Return whether any of `STRIDE` products is at least the limit.

    A loop of known length over unsigned places, which need no look at what is negative, becomes vector code.
    """
    hits = np.int32(0)
    for j in range(STRIDE):
        hits += np.int32(line[start + np.uint64(j)] >= limit)
    return hits > 0


@njit(cache=True, nogil=True)
def _sum_reaches(with_b: Singles1d, with_c: Singles1d, against: Singles1d, start: int, limit: np.float32) -> bool:
    hits = np.int32(0)
    for j in range(STRIDE):
        place = start + np.uint64(j)
        hits += np.int32(with_b[place] + with_c[place] - against[place] >= limit)
    return hits > 0


@njit(cache=True, nogil=True)
def _product_reaches(with_b: Singles1d, with_c: Singles1d, against: Singles1d, start: int, limit: np.float32) -> bool:
    hits = np.int32(0)
    for j in range(STRIDE):
        place = start + np.uint64(j)
        hits += np.int32(with_b[place] * with_c[place] * against[place] >= limit)
    return hits > 0


@njit(cache=True, nogil=True)
def _limit(worst: np.float32, slack: float, multiplied: bool) -> np.float32:
    """Return what a score's bound must reach for the score to be the worst one kept, or better."""
    return np.float32(worst * (1 - 1e-5)) if multiplied else np.float32(worst - 4 * slack)


@njit(cache=True, nogil=True)
def _score(a: Singles1d, b: Singles1d, c: Singles1d, answer: Singles1d, multiplied: bool) -> float:
    with_a, with_b, with_c = dot(a, answer), dot(b, answer), dot(c, answer)
    if not multiplied:
        return with_b + with_c - with_a
    near_a, near_b, near_c = max(0.0, 1 + with_a) / 2, max(0.0, 1 + with_b) / 2, max(0.0, 1 + with_c) / 2
    return near_b * near_c / (near_a + EPSILON)


@njit(cache=True, nogil=True)
def dot(left: Singles1d, right: Singles1d) -> float:
    """Return the product of two vectors in float64: four sums at once, always the same four."""
    a = b = c = d = 0.0
    whole = len(left) & ~3
    for j in range(0, whole, 4):
        a += np.float64(left[j]) * np.float64(right[j])
        b += np.float64(left[j + 1]) * np.float64(right[j + 1])
        c += np.float64(left[j + 2]) * np.float64(right[j + 2])
        d += np.float64(left[j + 3]) * np.float64(right[j + 3])
    for j in range(whole, len(left)):
        a += np.float64(left[j]) * np.float64(right[j])
    return (a + b) + (c + d)


@njit(cache=True, nogil=True)
def _is_zero(row: Singles1d) -> bool:
    for one in row:  # noqa: SIM110 numba has no any() of a generator
        if one != 0:
            return False
    return True


@njit(cache=True, nogil=True)
def _holds(listed: Ids1d, row: int) -> bool:
    for one in listed:  # noqa: SIM110 numba has no any() of a generator
        if one == row:
            return True
    return False


@njit(cache=True, nogil=True)
def worse(score: np.float32, row: int, other_score: np.float32, other_row: int) -> bool:
    """Return whether one comes after another: a lower score, or the same one and a higher id."""
    return score < other_score or (score == other_score and row > other_row)


@njit(cache=True, nogil=True)
def sink(scores: Singles1d, ids: Ids1d, score: np.float32, row: int) -> None:
    """Put one into a heap whose root is free."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= len(scores):
            break
        if child + 1 < len(scores) and worse(scores[child + 1], ids[child + 1], scores[child], ids[child]):
            child += 1
        if not worse(scores[child], ids[child], score, row):
            break
        scores[place], ids[place] = scores[child], ids[child]
        place = child
    scores[place], ids[place] = score, row
