"""Pairs of texts -> hashed columns of what they share, of what only one has, and of what stands against or beside what.

Texts are sets of tokens as in `kinfold.kernels.overlap`. A column is the upper bits of a 64-bit hash of the tokens' own
hashes, so that nothing is learned and memory is bounded.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Floats1d, Ids1d, Ints1d, Keys1d

#: What a column is about; each kind has a hash of its own.
SHARED, LEFT_ONLY, RIGHT_ONLY, CROSSED, BESIDE_LEFT, BESIDE_RIGHT, RUN_SHARED, RUN_LEFT, RUN_RIGHT = range(9)
#: What stands against a token where the other side has nothing left: no token has this hash.
NOTHING = np.uint64(0x6A09E667F3BCC909)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_BITS = np.uint64(64)


@njit(cache=True, nogil=True)
def cross_column(first: np.uint64, second: np.uint64, kind: int, n_bits: int) -> int:
    """Return the column of two hashes in this order; of one, where the second is 0."""
    x = (first + np.uint64(kind + 1)) * _GOLDEN + second
    x ^= x >> _S30
    x *= _MIX_1
    x ^= x >> _S27
    x *= _MIX_2
    x ^= x >> _S31
    return np.int64(x >> (_BITS - np.uint64(n_bits)))


@njit(cache=True, nogil=True)
def _keep_heaviest(columns: Ids1d, n: int, weights: Floats1d, keys: Keys1d, most: int) -> int:
    """Move the `most` heaviest columns to the front, ties by their keys; return how many are kept."""
    if n <= most:
        return n
    for k in range(most):
        best = k
        for i in range(k + 1, n):
            one, other = columns[i], columns[best]
            heavier = weights[one] > weights[other]
            if heavier or (weights[one] == weights[other] and keys[one] < keys[other]):
                best = i
        columns[k], columns[best] = columns[best], columns[k]
    return most


@njit(cache=True, nogil=True)
def parted(
    left: int, right: int, indptr: Ints1d, columns: Ids1d, shared: Ids1d, lefts: Ids1d, rights: Ids1d
) -> tuple[int, int, int]:
    """Write what both sets have, and what only one has; return how many of each."""
    i, i_end, j, j_end = indptr[left], indptr[left + 1], indptr[right], indptr[right + 1]
    n, n_left, n_right = 0, 0, 0
    while i < i_end or j < j_end:
        if j == j_end or (i < i_end and columns[i] < columns[j]):
            lefts[n_left] = columns[i]
            n_left += 1
            i += 1
        elif i == i_end or columns[j] < columns[i]:
            rights[n_right] = columns[j]
            n_right += 1
            j += 1
        else:
            shared[n] = columns[i]
            n += 1
            i += 1
            j += 1
    return n, n_left, n_right


@njit(cache=True, nogil=True)
def _space(indptr: Ints1d) -> tuple[Ids1d, Ids1d, Ids1d]:
    """Return room for the parts of any two sets."""
    longest = 1
    for t in range(indptr.shape[0] - 1):
        longest = max(longest, indptr[t + 1] - indptr[t])
    return np.empty(longest, np.int32), np.empty(longest, np.int32), np.empty(longest, np.int32)


@njit(cache=True, nogil=True)
def count_crosses(pairs: Ints1d, indptr: Ints1d, columns: Ids1d, most: int, bounds: Ints1d) -> int:
    """Write where the columns of each pair stand that `cross` writes, (N, 4 or more, 2); return how many there are."""
    shared, lefts, rights = _space(indptr)
    n = 0
    for p in range(pairs.shape[0]):
        same, n_left, n_right = parted(pairs[p, 0], pairs[p, 1], indptr, columns, shared, lefts, rights)
        few_left, few_right = min(n_left, most), min(n_right, most)
        crossed = max(few_left, 1) * max(few_right, 1) if n_left + n_right else 0
        beside = min(same, most) * (few_left + few_right)
        for b, more in enumerate((same, n_left + n_right, crossed, beside)):
            bounds[p, b, 0] = n
            n += more
            bounds[p, b, 1] = n
    return n


@njit(cache=True, nogil=True)
def _beside(out: Ids1d, n: int, shared: Keys1d, alone: Keys1d, kind: int, n_bits: int) -> int:
    """Write the columns of each token that both have with each that one side has alone from `n` on; return the end."""
    first = np.int64(3) << n_bits
    for k in range(len(shared)):
        for i in range(len(alone)):
            out[n] = first + cross_column(shared[k], alone[i], kind, n_bits)
            n += 1
    return n


@njit(cache=True, nogil=True)
def cross(
    pairs: Ints1d,
    indptr: Ints1d,
    columns: Ids1d,
    keys: Keys1d,
    weights: Floats1d,
    most: int,
    directed: bool,
    n_bits: int,
    bounds: Ints1d,
    out: Ids1d,
) -> None:
    """Write the hashed columns of each pair, in four blocks: shared, different, crossed, and beside.

    Parameters
    ----------
    keys, weights
        (V,) the hash and the weight of each token.
    most
        Only so many of the tokens that one side has alone, and of those both have, are crossed, the heaviest.
    directed
        Whether it matters on which side a token stands.
    n_bits
        Each block has ``2 ** n_bits`` columns of its own; those of block `b` follow those of ``b - 1``.
    bounds
        As `count_crosses` wrote them.
    out
        The columns.
    """
    shared, lefts, rights = _space(indptr)
    zero = np.uint64(0)
    size = np.int64(1) << n_bits
    for p in range(pairs.shape[0]):
        same, n_left, n_right = parted(pairs[p, 0], pairs[p, 1], indptr, columns, shared, lefts, rights)
        n = bounds[p, 0, 0]
        for k in range(same):
            out[n + k] = cross_column(keys[shared[k]], zero, SHARED, n_bits)
        n += same
        for k in range(n_left):
            out[n + k] = size + cross_column(keys[lefts[k]], zero, LEFT_ONLY, n_bits)
        n += n_left
        for k in range(n_right):
            kind = RIGHT_ONLY if directed else LEFT_ONLY
            out[n + k] = size + cross_column(keys[rights[k]], zero, kind, n_bits)
        n += n_right
        n_left = _keep_heaviest(lefts, n_left, weights, keys, most)
        n_right = _keep_heaviest(rights, n_right, weights, keys, most)
        if n_left + n_right == 0:
            continue
        for i in range(max(n_left, 1)):
            a = keys[lefts[i]] if n_left else NOTHING
            for j in range(max(n_right, 1)):
                b = keys[rights[j]] if n_right else NOTHING
                low, high = (a, b) if directed or a < b else (b, a)
                out[n] = 2 * size + cross_column(low, high, CROSSED, n_bits)
                n += 1
        same = _keep_heaviest(shared, same, weights, keys, most)
        n = _beside(out, n, keys[shared[:same]], keys[lefts[:n_left]], BESIDE_LEFT, n_bits)
        right_kind = BESIDE_RIGHT if directed else BESIDE_LEFT
        _beside(out, n, keys[shared[:same]], keys[rights[:n_right]], right_kind, n_bits)


@njit(cache=True, nogil=True)
def count_runs(pairs: Ints1d, indptr: Ints1d, columns: Ids1d, first: int, bounds: Ints1d) -> int:
    """Write where the columns of each pair stand that `cross_runs` writes, from `first` on, (N, 2); return how many."""
    shared, lefts, rights = _space(indptr)
    n = first
    for p in range(pairs.shape[0]):
        same, n_left, n_right = parted(pairs[p, 0], pairs[p, 1], indptr, columns, shared, lefts, rights)
        bounds[p, 0] = n
        n += same + n_left + n_right
        bounds[p, 1] = n
    return n - first


@njit(cache=True, nogil=True)
def cross_runs(pairs: Ints1d, indptr: Ints1d, columns: Ids1d, directed: bool, n_bits: int, out: Ids1d) -> None:
    """Write the hashed columns, in a fifth block, of runs of words: those of both texts, and those that one has."""
    shared, lefts, rights = _space(indptr)
    block, zero, n = np.int64(4) << n_bits, np.uint64(0), 0
    right_kind = RUN_RIGHT if directed else RUN_LEFT
    for p in range(pairs.shape[0]):
        same, n_left, n_right = parted(pairs[p, 0], pairs[p, 1], indptr, columns, shared, lefts, rights)
        for k in range(same):
            out[n + k] = block + cross_column(np.uint64(shared[k]), zero, RUN_SHARED, n_bits)
        n += same
        for k in range(n_left):
            out[n + k] = block + cross_column(np.uint64(lefts[k]), zero, RUN_LEFT, n_bits)
        n += n_left
        for k in range(n_right):
            out[n + k] = block + cross_column(np.uint64(rights[k]), zero, right_kind, n_bits)
        n += n_right
