"""The growing table of n-grams that a vectorizer fills while it fits."""

from __future__ import annotations

import numpy as np

from kinfold.kernels.counting import count, merge, rehash
from kinfold.text.lexicon import empty_slots
from kinfold.types import Array, Ids1d, Ints1d, Keys1d


def _grown(old: Array, n: int, room: int) -> Array:
    new = np.empty(room, old.dtype)
    new[:n] = old[:n]
    return new


class NGramTable:
    """Every n-gram seen so far: its key, in how many texts it occurs, and where it was first seen.

    Attributes
    ----------
    keys : (n,) uint64
    frequency : (n,) int32
    starts, lengths : (n,) int64, int32
        As `kinfold.kernels.scan.word_keys` returns them.
    """

    def __init__(self) -> None:
        self.n = 0
        self.keys: Keys1d = np.empty(0, np.uint64)
        self.frequency: Ids1d = np.empty(0, np.int32)
        self.starts: Ints1d = np.empty(0, np.int64)
        self.lengths: Ids1d = np.empty(0, np.int32)
        self._slots = empty_slots(0)

    def __len__(self) -> int:
        """Return how many n-grams were seen."""
        return self.n

    def count(
        self, indptr: Ints1d, keys: Keys1d, starts: Ints1d, lengths: Ids1d, first_text: int, repeats: bool
    ) -> tuple[Ints1d, Ids1d]:
        """Enter the n-grams of some texts; return each text's entries as (indptr, entries)."""
        self._reserve(len(keys))
        out_indptr, out = np.zeros(len(indptr), np.int64), np.empty(len(keys), np.int32)
        self.n = count(indptr, keys, starts, lengths, first_text, repeats, *self._state(), out_indptr, out)
        return out_indptr, out[: out_indptr[-1]].copy()

    def add(self, other: NGramTable) -> Ids1d:
        """Enter another table's n-grams; return which entry each of them became."""
        self._reserve(len(other))
        out = np.empty(len(other), np.int32)
        n = other.n
        frequency, starts, lengths = other.frequency[:n], other.starts[:n], other.lengths[:n]
        self.n = merge(other.keys[:n], frequency, starts, lengths, *self._state(), out)
        return out

    def trimmed(self) -> NGramTable:
        """Cut the arrays to the entries there are; return self."""
        n = self.n
        self.keys, self.frequency = self.keys[:n], self.frequency[:n]
        self.starts, self.lengths = self.starts[:n], self.lengths[:n]
        return self

    def _state(self) -> tuple[Array, Keys1d, Ids1d, Ints1d, Ids1d, int]:
        return self._slots, self.keys, self.frequency, self.starts, self.lengths, self.n

    def _reserve(self, more: int) -> None:
        need = self.n + more
        if need > len(self.keys):
            room = max(need, 2 * len(self.keys))
            self.keys, self.frequency = _grown(self.keys, self.n, room), _grown(self.frequency, self.n, room)
            self.starts, self.lengths = _grown(self.starts, self.n, room), _grown(self.lengths, self.n, room)
        if 3 * need > 2 * len(self._slots):
            self._slots = empty_slots(need)
            rehash(self.keys, self.n, self._slots)
