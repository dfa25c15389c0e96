"""What a column counts: inverse document frequency and naive-Bayes log-count ratios."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kinfold.errors import InvalidParameterError
from kinfold.types import Array, Floats1d


def idf(document_frequency: Array, n_texts: int, *, smooth: bool = True) -> Floats1d:
    """Return ``log((n + 1) / (df + 1)) + 1``, or without `smooth` ``log(n / df) + 1``; shape (F,).

    The same as scikit-learn's `TfidfTransformer`.
    """
    extra = 1.0 if smooth else 0.0
    with np.errstate(divide="ignore"):
        return np.log((n_texts + extra) / (np.asarray(document_frequency, np.float64) + extra)) + 1.0


def tfidf(
    counts: sparse.csr_array, weights: Floats1d, *, sublinear: bool = False, norm: str | None = "l2"
) -> sparse.csr_array:
    """Return counts times `weights` (F,), each row scaled to length one; shape (N, F) float64.

    Parameters
    ----------
    sublinear
        Use ``1 + log(count)`` in place of the count.
    norm
        ``"l2"``, ``"l1"`` or None: what of a row is one. A row without known n-grams stays zero.
    """
    if norm not in ("l2", "l1", None):
        raise InvalidParameterError('`norm` must be "l2", "l1" or None.', seen=f"norm={norm!r}")
    data = 1.0 + np.log(counts.data) if sublinear else counts.data.astype(np.float64)
    data = data * weights[counts.indices]
    if norm is not None:
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        size = data * data if norm == "l2" else np.abs(data)
        length = np.bincount(row, size, counts.shape[0])
        length = np.sqrt(length) if norm == "l2" else length
        data = data / np.where(length > 0, length, 1.0)[row]
    return sparse.csr_array((data, counts.indices, counts.indptr), shape=counts.shape)


def log_count_ratio(inside: Array, outside: Array, smoothing: float = 1.0) -> Floats1d:
    """Return the naive-Bayes weight of each column: ``log(p / |p|_1) - log(q / |q|_1)``, shape (F,).

    Parameters
    ----------
    inside, outside
        (F,) in how many texts of the class, and of the rest, each n-gram occurs.
    smoothing
        Added to both counts.

    Notes
    -----
    Wang and Manning (2012), "Baselines and bigrams: simple, good sentiment and topic classification".
    """
    p = smoothing + np.asarray(inside, np.float64)
    q = smoothing + np.asarray(outside, np.float64)
    return np.log(p / p.sum()) - np.log(q / q.sum())
