"""Runs of characters of words -> the buckets their hashes fall into."""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Bytes1d, Ids1d, Ints1d

_OFFSET, _PRIME = np.uint32(2166136261), np.uint32(16777619)


@njit(cache=True, nogil=True, inline="always")
def _stirred(value: int, byte: int) -> np.uint32:
    """Return one step of FNV-1a, on a byte taken as a signed number."""
    return np.uint32((np.uint64(value) ^ np.uint64(np.uint32(np.int8(byte)))) * np.uint64(_PRIME))


@njit(cache=True, nogil=True)
def hash_runs(text: Bytes1d, ends: Ints1d, shortest: int, longest: int, n_buckets: int) -> tuple[Ids1d, Ints1d]:
    """Return the bucket of each run of `shortest` to `longest` characters of each word, and where each word's begin.

    Word `i` is ``text[ends[i]:ends[i + 1]]``, UTF-8. A run that is the whole word is left out. The hash is FNV-1a over
    the run's bytes, each taken as a signed number, as fastText has it.
    """
    n_words = ends.shape[0] - 1
    starts = np.zeros(n_words + 1, np.int64)
    rows = np.empty(max(16, (longest - shortest + 1) * text.shape[0]), np.int32)
    n = 0
    for w in range(n_words):
        begin, end = ends[w], ends[w + 1]
        for i in range(begin, end):
            if text[i] & 0xC0 == 0x80:
                continue
            value, at, characters = _OFFSET, i, 0
            while at < end and characters < longest:
                value = _stirred(value, text[at])
                at += 1
                while at < end and text[at] & 0xC0 == 0x80:
                    value = _stirred(value, text[at])
                    at += 1
                characters += 1
                if characters >= shortest and not (i == begin and at == end):
                    rows[n] = np.int64(value) % n_buckets
                    n += 1
        starts[w + 1] = n
    return rows[:n].copy(), starts
