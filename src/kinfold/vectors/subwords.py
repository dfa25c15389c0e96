"""Vectors for words that were never seen: the mean of the vectors of their runs of characters.

Bojanowski et al. (2017), "Enriching word vectors with subword information".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinfold.kernels.runs import hash_runs
from kinfold.types import Ids1d, Ints1d, Singles1d, Singles2d


@dataclass(frozen=True)
class Subwords:
    """The learned vectors of runs of characters.

    Parameters
    ----------
    buckets
        (B, D) float32. A run of characters has the row that its hash modulo B gives; some share one.
    shortest, longest
        Characters of a run. A word is taken with ``<`` before and ``>`` after it.
    """

    buckets: Singles2d
    shortest: int
    longest: int

    def vector(self, word: str) -> Singles1d:
        """Return the mean of the vectors of a word's runs (D,); zeros if it is shorter than any."""
        rows, _ = runs([word], self.shortest, self.longest, len(self.buckets))
        if len(rows) == 0:
            return np.zeros(self.buckets.shape[1], np.float32)
        return self.buckets[rows].mean(axis=0, dtype=np.float32)


def runs(words: Sequence[str], shortest: int, longest: int, n_buckets: int) -> tuple[Ids1d, Ints1d]:
    """Return the buckets of each word's runs of characters as (rows, starts).

    Word `i` has ``rows[starts[i]:starts[i + 1]]``; the whole word, with its marks, is no run of its own.
    """
    marked = [f"<{word}>".encode("utf-8", "surrogatepass") for word in words]
    ends = np.cumsum([0, *map(len, marked)], dtype=np.int64)
    return hash_runs(np.frombuffer(b"".join(marked), np.uint8), ends, shortest, longest, n_buckets)
