"""Rows: which columns each text has and how often; the sparse matrix that passes between text and estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinfold.types import Array, Ids1d, Ints1d


@dataclass(frozen=True)
class Rows:
    """A sparse matrix (N, F) in row order, columns of a row sorted and distinct.

    Parameters
    ----------
    indptr
        (N + 1,) int64: row `i` is ``indices[indptr[i]:indptr[i + 1]]``.
    indices
        (K,) int32 columns.
    counts
        (K,) float32, or None where every count is one.
    n_columns
        F.
    """

    indptr: Ints1d
    indices: Ids1d
    counts: Array | None
    n_columns: int

    def __len__(self) -> int:
        """Return N."""
        return len(self.indptr) - 1

    def take(self, rows: Ints1d | Sequence[int]) -> Rows:
        """Return the chosen rows, in the order given."""
        chosen = np.asarray(rows, np.int64)
        lengths = (self.indptr[1:] - self.indptr[:-1])[chosen]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        at = np.arange(indptr[-1]) + np.repeat(self.indptr[chosen] - indptr[:-1], lengths)
        counts = None if self.counts is None else self.counts[at]
        return Rows(indptr, self.indices[at], counts, self.n_columns)

    def to_scipy(self) -> sparse.csr_array:
        """Return the matrix (N, F) with float64 counts."""
        data = np.ones(len(self.indices)) if self.counts is None else self.counts.astype(np.float64)
        return sparse.csr_array((data, self.indices, self.indptr), shape=(len(self), self.n_columns))


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0] + [len(part.indices) for part in parts[:-1]])
    indptr = np.concatenate([[0]] + [part.indptr[1:] + start for part, start in zip(parts, starts, strict=True)])
    counts = None if parts[0].counts is None else np.concatenate([part.counts for part in parts])
    return Rows(indptr, np.concatenate([part.indices for part in parts]), counts, parts[0].n_columns)
