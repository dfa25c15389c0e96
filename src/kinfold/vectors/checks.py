"""What word vectors are made of, checked: words, vectors and counts in; the same, ready for use, or D-064, out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from kinfold.errors import DataError
from kinfold.types import Ints1d, Singles2d
from kinfold.vectors.tables import shown

#: Rows looked at together, so that a table larger than the memory is never copied whole.
_BLOCK_ROWS = 8192


def numbered(words: list[str]) -> dict[str, int]:
    """Return word -> row of words that are distinct, not empty and can be written as UTF-8."""
    if not words:
        raise DataError("There are no words.", fix="give at least one word and its vector", code="D-064")
    try:
        "".join(words).encode()
    except TypeError:
        odd = next(word for word in words if not isinstance(word, str))
        raise DataError("The words of word vectors are strings.", seen=repr(odd)[:60], code="D-064") from None
    except UnicodeEncodeError as error:
        seen = ascii(error.object[error.start : error.end])[:60]
        raise DataError("A word can't be written as UTF-8.", seen=seen, code="D-064") from None
    ids = {word: i for i, word in enumerate(words)}
    if len(ids) != len(words) or "" in ids:
        odd = next(word for i, word in enumerate(words) if not word or ids[word] != i)
        seen = repr(shown(odd))
        raise DataError("The words of word vectors must be distinct, and none empty.", seen=seen, code="D-064")
    return ids


def checked_vectors(vectors: ArrayLike, words: list[str]) -> Singles2d:
    """Return finite vectors (V, D) as float32 that can't be written to, without a copy where they are float32."""
    given = np.asarray(vectors)
    if given.dtype.kind not in "fiu" or given.ndim != 2 or len(given) != len(words) or not given.shape[1]:
        raise DataError(
            "Word vectors are numbers (V, D), one row a word.",
            seen=f"{given.dtype} {given.shape} for {len(words):,} words",
            code="D-064",
        )
    with np.errstate(over="ignore"):  # what float32 can't hold becomes infinite, and is refused below
        kept = given.astype(np.float32, copy=False).view()
    kept.flags.writeable = False
    for first in range(0, len(kept), _BLOCK_ROWS):
        finite = np.isfinite(kept[first : first + _BLOCK_ROWS]).all(axis=1)  # (rows,)
        if not finite.all():
            row = first + int(np.argmin(finite))
            raise DataError(
                f"The vector of {shown(words[row])!r} holds a number that is not finite.",
                seen=f"row {row:,}",
                fix="train again with a lower learning rate, or leave the word out",
                code="D-064",
            )
    return kept


def checked_counts(counts: ArrayLike, n_words: int) -> Ints1d:
    """Return whole numbers from 0, one a word, as int64."""
    given = np.asarray(counts)
    if given.dtype.kind not in "iu" or given.shape != (n_words,) or (given < 0).any():
        raise DataError(
            "Counts are whole numbers from 0, one a word.",
            seen=f"{given.dtype} {given.shape} for {n_words:,} words",
            code="D-064",
        )
    return given.astype(np.int64)
