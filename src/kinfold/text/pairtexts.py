"""Distinct texts -> what features of pairs are made of: their words in order and as sets, runs of words and characters.

Each text is cut once, however many pairs it stands in; memory is a few hundred bytes a text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinfold.kernels.counting import gather_rows
from kinfold.kernels.scan import tokenize_all
from kinfold.text.characters import character_classes
from kinfold.text.ngrams import NGramVectorizer
from kinfold.text.normalize import Normalizer, to_buffer
from kinfold.text.rows import Rows
from kinfold.text.table import NGramTable
from kinfold.types import Array, Bytes1d, Ids1d, Ints1d, Keys1d

#: Hashed columns of runs of two words, and of characters; a power of two.
WORD_BITS, CHARACTER_BITS = 20, 20
#: Hashed columns of the runs of characters inside a word, and their lengths: they say how alike two words are.
_INSIDE_BITS, _INSIDE = 24, (2, 3)
#: Symbols that are words: what they stand beside is another thing without them.
_TELLING = frozenset("#%&@")
#: Words that say no, in English.
NEGATIONS = (
    *("no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without", "cannot", "cant"),
    *(
        "dont",
        "doesnt",
        "didnt",
        "wont",
        "wouldnt",
        "shouldnt",
        "couldnt",
        "isnt",
        "arent",
        "wasnt",
        "werent",
        "havent",
    ),
)
_NONE: Ids1d = np.empty(0, np.int32)
_BLANK = 0x20
_GOLDEN, _MIX_1, _MIX_2 = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


@dataclass(frozen=True)
class PairTexts:
    """Distinct texts, cut.

    Attributes
    ----------
    words, keys
        The V distinct words, and the hash (V,) uint64 of each.
    ordered
        The words of each text in order, repeats and all.
    sets, runs, characters
        The distinct words of each text, the hashed runs of two words, and of characters; columns sorted.
    numbers, negations, capitals
        Words with a digit in them, words that say no, and words written with a capital further on than at the start.
    inside
        The hashed runs of characters inside each word.
    buf, offsets
        The texts as lower-case UTF-8 without punctuation, each followed by one separator.
    """

    words: list[str]
    keys: Keys1d
    ordered: Rows
    sets: Rows
    runs: Rows
    characters: Rows
    numbers: Rows
    negations: Rows
    capitals: Rows
    inside: Rows
    buf: Bytes1d
    offsets: Ints1d

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self.ordered)

    def digests(self) -> Keys1d:
        """Return a number (N,) for each text, the same for texts of the same words in the same order; 0 without any."""
        indptr = self.ordered.indptr
        place = np.arange(len(self.ordered.indices), dtype=np.uint64) - np.repeat(
            indptr[:-1].astype(np.uint64), np.diff(indptr)
        )
        with np.errstate(over="ignore"):
            mixed = _mixed(self.keys[self.ordered.indices] + place * _GOLDEN)
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        return sums[indptr[1:]] - sums[indptr[:-1]]


def cut_pair_texts(
    texts: Sequence[str],
    *,
    lowercase: bool = True,
    strip_html: bool = True,
    characters: tuple[int, int] = (3, 4),
    negations: Sequence[str] = NEGATIONS,
) -> PairTexts:
    """Cut texts.

    Parameters
    ----------
    texts
        N texts, best distinct ones.
    lowercase, strip_html
        Whether words that differ in case alone are one; see `kinfold.text.normalize.Normalizer`.
    characters
        Shortest and longest run of characters.
    negations
        The words that say no; a word that ends in ``n't`` does as well.
    """
    cased = Normalizer(lowercase=False, strip_html=strip_html)
    # A character more or less in lower case would be another word: both are cut from the same composed text.
    plain = [cased(text) for text in texts]
    normalizer = Normalizer(compose=False, strip_html=False, lowercase=lowercase)
    buf, offsets = to_buffer(plain, normalizer)
    classes = character_classes()
    indptr, spans, hashes = tokenize_all(buf, offsets, classes, True, False)
    table = NGramTable()
    starts, lengths = spans[:, 0].copy(), (spans[:, 1] - spans[:, 0]).astype(np.int32)
    _, entries = table.count(indptr, hashes, starts, lengths, 0, True)
    table = table.trimmed()
    named = [
        buf[a : a + n].tobytes().decode() for a, n in zip(table.starts.tolist(), table.lengths.tolist(), strict=True)
    ]
    kept = np.array([_is_word(word) for word in named], bool)  # (V,)
    capital = _capitals(plain, indptr, hashes) if lowercase else _capitalised(named)[entries]
    of_token = kept[entries] if len(entries) else np.zeros(0, bool)
    blanked = _blanked(buf, spans[~of_token])
    ordered = _filtered(indptr, entries, of_token, len(named))
    sets = _sorted(ordered)
    denied = frozenset(negations)
    negation = np.array([word in denied or word.endswith(("n't", "n’t")) for word in named], bool)
    number = np.array([any(character.isdecimal() for character in word) for word in named], bool)
    grams = NGramVectorizer(unit="character", orders=characters, n_bits=CHARACTER_BITS, binary=True, n_threads=1)
    inside = NGramVectorizer(unit="character", orders=_INSIDE, n_bits=_INSIDE_BITS, binary=True, n_threads=1)
    return PairTexts(
        words=named,
        keys=table.keys,
        ordered=ordered,
        sets=sets,
        runs=_runs(ordered, table.keys),
        characters=grams.rows_in(blanked, offsets),
        numbers=_chosen(sets, number),
        negations=_chosen(sets, negation),
        capitals=_sorted(_filtered(indptr, entries, of_token & capital, len(named))),
        inside=inside.rows_in(*to_buffer(named, replace(normalizer, lowercase=False))),
        buf=blanked,
        offsets=offsets,
    )


def run_columns(first: Keys1d, second: Keys1d) -> Ids1d:
    """Return the hashed columns (n,) of runs of two words, by the words' hashes."""
    with np.errstate(over="ignore"):
        mixed = _mixed(first * _GOLDEN + second)
    return (mixed >> np.uint64(64 - WORD_BITS)).astype(np.int32)


def _is_word(word: str) -> bool:
    """Return whether a token says something: punctuation alone does not, a sign such as + or an emoji does."""
    return word in _TELLING or not all(unicodedata.category(character)[0] == "P" for character in word)


def _capitals(plain: list[str], indptr: Ints1d, hashes: Keys1d) -> Array:
    """Return which tokens (T,) bool lower case changed, those that start a text left out."""
    buf, offsets = to_buffer(plain, Normalizer(compose=False, strip_html=False, lowercase=False))
    as_written, _, others = tokenize_all(buf, offsets, character_classes(), True, False)
    n, n_others = np.diff(indptr), np.diff(as_written)
    # Lower case may cut a rare text elsewhere, where nothing is told.
    same = n == n_others
    capital = np.zeros(len(hashes), bool)
    ours, theirs = np.repeat(same, n), np.repeat(same, n_others)
    capital[ours] = hashes[ours] != others[theirs]
    capital[indptr[:-1][n > 0]] = False
    return capital


def _capitalised(named: list[str]) -> Array:
    return np.array([word != word.lower() for word in named], bool)


def _blanked(buf: Bytes1d, spans: Array) -> Bytes1d:
    """Return the texts with blanks in place of these spans."""
    inside = np.zeros(len(buf) + 1, np.int8)
    inside[spans[:, 0]] += 1
    inside[spans[:, 1]] -= 1  # no two tokens start, or end, at one place
    return np.where(np.cumsum(inside[:-1], dtype=np.int8) > 0, np.uint8(_BLANK), buf).astype(np.uint8)


def _filtered(indptr: Ints1d, columns: Ids1d, kept: Array, n_columns: int) -> Rows:
    """Return the rows of the kept entries, in their order."""
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    return Rows(before[indptr], columns[kept], None, n_columns)


def _chosen(rows: Rows, of_column: Array) -> Rows:
    """Return the rows of some columns alone."""
    kept = of_column[rows.indices] if len(rows.indices) else np.zeros(0, bool)
    return _filtered(rows.indptr, rows.indices, kept, rows.n_columns)


def _sorted(rows: Rows) -> Rows:
    """Return rows with their columns sorted, each once."""
    indptr, out = np.zeros(len(rows.indptr), np.int64), np.empty(len(rows.indices), np.int32)
    n = gather_rows(rows.indptr, rows.indices, _NONE, False, indptr, out, np.empty(0, np.float32))
    return Rows(indptr, out[:n].copy(), None, rows.n_columns)


def _runs(ordered: Rows, keys: Keys1d) -> Rows:
    """Return the hashed runs of two words of each text."""
    indptr, ids = ordered.indptr, ordered.indices
    n = np.maximum(np.diff(indptr) - 1, 0)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(n)])
    within = np.ones(max(0, len(ids) - 1), bool)
    borders = indptr[1:-1]
    within[borders[(borders > 0) & (borders < len(ids))] - 1] = False
    columns = run_columns(keys[ids[:-1]][within], keys[ids[1:]][within])
    return _sorted(Rows(starts, columns, None, 1 << WORD_BITS))


def _mixed(x: Keys1d) -> Keys1d:
    """Spread the bits of hashes (the finaliser of splitmix64)."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * _MIX_1
        x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))
