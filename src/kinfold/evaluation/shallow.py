"""Texts and numbers in, sparse features and a linear model of them out: what probes and the reference are made of.

Words are hashed, so that nothing has to be learned but weights. Numbers are cut into bins of equally many rows, so that
a linear model can follow any curve. The same rows give the same model.
"""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

from kinfold.data.splits import text_key
from kinfold.types import Floats2d, Ints1d

#: Columns of hashed words; bins of a number.
N_HASHED, N_BINS = 1 << 18, 12
#: Crossed words of a pair, at most, on each side.
_MOST_CROSSED = 24
_WORD = re.compile(r"\w+")


class Words:
    """The words of N texts as numbers, row by row: `ids` (W,) ascending and distinct in a row, `ends` (N,)."""

    def __init__(self, texts: Sequence[str], order: int = 1) -> None:
        known: dict[str, int] = {}
        ids, sizes = [], []
        for text in texts:
            words = _WORD.findall(text_key(text))
            if order == 2:
                words += [f"{a} {b}" for a, b in pairwise(words)]
            held = {known.setdefault(word, len(known)) for word in words}
            sizes.append(len(held))
            ids.extend(sorted(held))
        self.ids = np.array(ids, np.int64)
        self.sizes = np.array(sizes, np.int64)
        self.names = known

    def hashes(self, salt: str = "") -> Ints1d:
        """Return (V,) the column of every distinct word."""
        made = (zlib.crc32(f"{salt}{word}".encode("utf-8", "surrogatepass")) % N_HASHED for word in self.names)
        return np.fromiter(made, np.int64, len(self.names))


def word_features(texts: Sequence[str], order: int = 1) -> sparse.csr_matrix:
    """Return (N, `N_HASHED`) hashed words of texts, rows of length 1; with order 2 also two in a row."""
    words = Words(texts, order)
    return _unit_rows(words.hashes()[words.ids], words.sizes)


def pair_features(lefts: Sequence[str], rights: Sequence[str]) -> sparse.csr_matrix:
    """Return (N, F) hashed features of pairs: shared words, words of one side only, these crossed, and overlap."""
    n = len(lefts)
    both = Words([*lefts, *rights])
    cells = sparse.csr_matrix(
        (np.ones(len(both.ids)), both.ids, np.concatenate(([0], np.cumsum(both.sizes)))),
        shape=(2 * n, max(1, len(both.names))),
    )
    left, right = cells[:n], cells[n:]
    shared = left.multiply(right).tocsr()
    sides = [sparse.csr_matrix(side - shared) for side in (left, right)]
    for side in sides:
        side.eliminate_zeros()
        side.sort_indices()
    parts = [_hashed(shared, both.hashes("both ")), _hashed(sides[0] + sides[1], both.hashes("one "))]
    parts.append(_crossed(sides[0], sides[1], both.hashes("cross ")))
    return sparse.hstack([*parts, bins(overlaps(lefts, rights))]).tocsr()


def overlaps(lefts: Sequence[str], rights: Sequence[str]) -> Floats2d:
    """Return (N, 4): Jaccard of the words, the share of each side's words that are shared, and shared words."""
    made = np.zeros((len(lefts), 4))
    for i, (left, right) in enumerate(zip(lefts, rights, strict=True)):
        a, b = set(_WORD.findall(text_key(left))), set(_WORD.findall(text_key(right)))
        shared = len(a & b)
        made[i] = (shared / max(1, len(a | b)), shared / max(1, len(a)), shared / max(1, len(b)), shared)
    return made


def lengths(columns: Sequence[Sequence[str]]) -> Floats2d:
    """Return (N, F) the characters and words of each text; of pairs also their differences and sums."""
    each = [np.array([[len(text), len(text.split())] for text in column], np.float64) for column in columns]
    if len(each) == 1:
        return each[0]
    a, b = each
    return np.hstack([a, b, np.abs(a - b), a + b])


def bins(values: Floats2d) -> sparse.csr_matrix:
    """Return (N, F x `N_BINS`) which bin each number is in; bins hold about equally many rows, equal numbers one."""
    n, blocks = len(values), []
    for column in values.T:
        edges = np.unique(np.quantile(column, np.linspace(0, 1, N_BINS + 1)[1:-1]))
        which = np.searchsorted(edges, column, side="left")
        blocks.append(sparse.csr_matrix((np.ones(n), (np.arange(n), which)), shape=(n, N_BINS)))
    return sparse.hstack(blocks).tocsr()


def learned(features: sparse.csr_matrix, codes: Ints1d, n_train: int, n_classes: int, strength: float) -> Floats2d:
    """Return (n_test, C) probabilities of a logistic regression of the first `n_train` rows for the others.

    `strength` is the inverse of the penalty. Classes that no training row has get 0.
    """
    from sklearn.linear_model import LogisticRegression

    known = np.unique(codes[:n_train])
    out = np.zeros((features.shape[0] - n_train, n_classes))
    if len(known) == 1:
        out[:, known[0]] = 1.0
        return out
    features = features[:, np.flatnonzero(features[:n_train].getnnz(axis=0))]  # what no training row has weighs nothing
    model = LogisticRegression(C=strength, max_iter=100, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what has not converged after 100 steps is near enough
        model.fit(features[:n_train], codes[:n_train])
    out[:, known] = model.predict_proba(features[n_train:])
    return out


def _hashed(cells: sparse.csr_matrix, columns: Ints1d) -> sparse.csr_matrix:
    return _unit_rows(columns[cells.indices], np.diff(cells.indptr))


def _unit_rows(columns: Ints1d, sizes: Ints1d) -> sparse.csr_matrix:
    """Return hashed features with rows of length 1, from the columns of each row end to end."""
    values = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
    cells = (values, columns, np.concatenate(([0], np.cumsum(sizes))))
    made = sparse.csr_matrix(cells, shape=(len(sizes), N_HASHED))
    made.sum_duplicates()
    return made


def _crossed(a: sparse.csr_matrix, b: sparse.csr_matrix, columns: Ints1d) -> sparse.csr_matrix:
    """Return every word of one side with every word of the other, whichever side is which."""
    sizes = [np.minimum(np.diff(side.indptr), _MOST_CROSSED).astype(np.int64) for side in (a, b)]
    counts = sizes[0] * sizes[1]
    row = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    wide = np.maximum(sizes[1], 1)[row]
    first = columns[a.indices[a.indptr[row] + within // wide]] if len(row) else _none()
    second = columns[b.indices[b.indptr[row] + within % wide]] if len(row) else _none()
    low, high = np.minimum(first, second).astype(np.uint64), np.maximum(first, second).astype(np.uint64)
    mixed = (low * np.uint64(0x9E3779B97F4A7C15)) ^ (high * np.uint64(0xD1B54A32D192ED03))
    hashed = ((mixed ^ (mixed >> np.uint64(32))) % np.uint64(N_HASHED)).astype(np.int64)
    return _unit_rows(hashed, counts)


def _none() -> Ints1d:
    return np.zeros(0, np.int64)
