"""The n-grams a vectorizer knows: key -> column, and column -> n-gram as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from kinfold.kernels.counting import look_up, rehash
from kinfold.kernels.scan import line_keys
from kinfold.types import Array, Bytes1d, Ids1d, Ints1d, Keys1d


def empty_slots(n_keys: int) -> Array:
    """Return an empty hash table that stays at most half full with `n_keys` keys."""
    return np.zeros((1 << max(4, (2 * n_keys - 1).bit_length()), 2), np.uint64)


class Lexicon:
    """An ordered set of n-grams; the place of one is its column.

    Parameters
    ----------
    lines
        (bytes,) uint8: the n-grams as UTF-8, each ended by a line feed.
    offsets
        (F + 1,) int64: n-gram `j` is ``lines[offsets[j]:offsets[j + 1] - 1]``.
    unit
        ``"word"``: an n-gram is words with one blank between them. ``"character"``: it is plain characters.
    """

    def __init__(self, lines: Bytes1d, offsets: Ints1d, unit: str) -> None:
        self.lines = lines
        self.offsets = offsets
        self.unit = unit
        self.keys: Keys1d = line_keys(lines, offsets, unit == "word")
        self._slots = empty_slots(len(self.keys))
        rehash(self.keys, len(self.keys), self._slots)

    @classmethod
    def from_text(cls, data: bytes, unit: str) -> Lexicon:
        """Read what `to_text` wrote."""
        lines = np.frombuffer(data, np.uint8)
        offsets = np.concatenate([[0], np.flatnonzero(lines == 0x0A) + 1]).astype(np.int64)
        return cls(lines, offsets, unit)

    def to_text(self) -> bytes:
        """Return the n-grams as UTF-8, one a line, in the order of their columns."""
        return self.lines.tobytes()

    def __len__(self) -> int:
        """Return F, the number of n-grams."""
        return len(self.offsets) - 1

    def __getitem__(self, column: int) -> str:
        """Return the n-gram of a column."""
        start, end = self.offsets[column], self.offsets[column + 1] - 1
        return self.lines[start:end].tobytes().decode()

    def __contains__(self, ngram: str) -> bool:
        """Return whether the n-gram has a column."""
        return self.columns([ngram])[0] >= 0

    def names(self, columns: Iterable[int]) -> list[str]:
        """Return the n-grams of some columns."""
        return [self[int(column)] for column in columns]

    def columns(self, ngrams: Sequence[str]) -> Ids1d:
        """Return the column of each n-gram, -1 where it has none; shape (n,) int32."""
        if not ngrams:
            return np.empty(0, np.int32)
        encoded = [ngram.encode() + b"\n" for ngram in ngrams]
        offsets = np.concatenate([[0], np.cumsum([len(line) for line in encoded])]).astype(np.int64)
        return self.look_up(line_keys(np.frombuffer(b"".join(encoded), np.uint8), offsets, self.unit == "word"))

    def look_up(self, keys: Keys1d) -> Ids1d:
        """Return the column of each key, -1 where it has none; shape (n,) int32."""
        out = np.empty(len(keys), np.int32)
        look_up(keys, self._slots, out)
        return out

    def extended(self, lines: Bytes1d, offsets: Ints1d) -> Lexicon:
        """Return a lexicon with more n-grams after the present ones."""
        shifted = offsets[1:] + self.offsets[-1]
        return Lexicon(np.concatenate([self.lines, lines]), np.concatenate([self.offsets, shifted]), self.unit)
