"""A word that is unknown in, the known words spelled most like it out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinfold.errors import DataError
from kinfold.vectors.tables import shown

#: Longer words are not compared letter by letter: they are no slips of a hand.
MAX_LENGTH = 64
#: Between words that are written apart, joined or hyphenated, in one vocabulary or another.
_JOINTS = str.maketrans("", "", " _-'’.")


def unknown(word: str, words: Sequence[str]) -> DataError:
    """Return the error to raise for a word that is not among `words`."""
    near = nearest_spellings(str(word), words)
    offered = " or ".join(repr(shown(one)) for one in near)
    return DataError(
        f"The word {shown(str(word))!r} is not among the {len(words):,} words of these vectors.",
        seen=repr(shown(str(word))),
        fix=f"Did you mean {offered}?" if near else "Train on texts that hold it, or ask with another word.",
        code="D-060",
    )


def nearest_spellings(word: str, words: Sequence[str], n: int = 3) -> list[str]:
    """Return up to `n` of `words` that may be what was meant, the likeliest first.

    First those that differ only in case, accents, and how parts are joined ("New York", "new_york"); then those that
    the fewest slips make: a letter more, less or other, or two letters exchanged, as few as one in three letters.
    Equally likely ones keep the order of `words`, which by custom is that of frequency.

    Parameters
    ----------
    word
        What was asked for.
    words
        What is known.
    n
        How many to offer.
    """
    folded = _folded(word)
    length = len(word)
    same = [known for known in words if abs(len(known) - length) <= 4 and known != word and _folded(known) == folded]
    if len(same) >= n or not folded or len(folded) > MAX_LENGTH:
        return same[:n] if folded else []
    most = max(1, min(3, len(folded) // 3))
    lowered = word.lower()
    close = [known for known in words if abs(len(known) - length) <= most]
    distances = slips(lowered, [known.lower() for known in close])
    order = np.argsort(distances, kind="stable")[: 2 * n + len(same)]
    near = [close[i] for i in order.tolist() if distances[i] <= most and close[i] not in same and close[i] != word]
    return [*same, *near][:n]


def slips(word: str, others: Sequence[str]) -> NDArray[np.int16]:
    """Return how many slips lead from a word to each of the others, (N,).

    The distance of optimal string alignment, one column of its table for all the others at a time.

    Parameters
    ----------
    word
        Not empty.
    others
        N words; their length bounds the memory.
    """
    if not others:
        return np.zeros(0, np.int16)
    lengths = np.fromiter(map(len, others), np.int64, len(others))  # (N,)
    width = max(1, int(lengths.max()))
    letters = np.array(others, f"<U{width}").view(np.uint32).reshape(len(others), width)  # (N, L)
    letters = np.ascontiguousarray(letters.T)  # (L, N)
    # rows[j] is the distance from the first i letters of `word` to the first j letters of each of the others.
    rows = np.repeat(np.arange(width + 1, dtype=np.int16)[:, None], len(others), axis=1)  # (L + 1, N)
    before = rows
    for i, letter in enumerate(map(ord, word)):
        after = np.empty_like(rows)
        after[0] = i + 1
        other = letters != letter  # (L, N)
        for j in range(width):
            best = np.minimum(rows[j] + other[j], np.minimum(rows[j + 1], after[j]) + 1)
            if i and j:
                exchanged = (letters[j - 1] == letter) & (letters[j] == ord(word[i - 1]))
                best = np.where(exchanged, np.minimum(best, before[j - 1] + 1), best)
            after[j + 1] = best
        before, rows = rows, after
    return rows[lengths, np.arange(len(others))]


def _folded(word: str) -> str:
    """Return a word without case, accents and joints."""
    plain = word.casefold().translate(_JOINTS)
    if plain.isascii():
        return plain
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
