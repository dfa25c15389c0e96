"""Texts -> counts of n-grams of words or of characters, exact or hashed."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np
from scipy import sparse

from kinfold.errors import DataError, InvalidParameterError, NotFittedError
from kinfold.kernels.counting import distinct_rows, gather_rows
from kinfold.kernels.scan import LENGTH_MASK, character_keys, join_words, pad_characters, word_keys
from kinfold.kernels.threads import in_threads, thread_count
from kinfold.text.characters import character_classes
from kinfold.text.lexicon import Lexicon
from kinfold.text.normalize import Normalizer, check_texts, to_buffer
from kinfold.text.rows import Rows, concatenate
from kinfold.text.table import NGramTable
from kinfold.types import Array, Bytes1d, Ids1d, Ints1d, Keys1d

#: What an n-gram can be a run of.
UNITS = ("word", "character", "character_across")
#: Bytes of text whose keys are made at a time; bounds the memory a thread needs.
CHUNK = 1 << 18
_SMALL_CHUNK = 1 << 14
#: Texts turned into one buffer at a time when transforming.
_BATCH = 4096
_NO_COLUMNS = np.empty(0, np.int32)


class NGramVectorizer:
    """Counts n-grams of words, or of characters within words.

    Parameters
    ----------
    unit
        ``"word"``: runs of tokens of `kinfold.text.tokenizers.WordTokenizer`. ``"character"``: runs of characters
        within what stands between white space, with one blank on either side (scikit-learn's ``char_wb``).
        ``"character_across"``: runs of characters across words, white space read as one blank.
    orders
        Shortest and longest n-gram.
    min_df
        Leave out n-grams that fewer texts have.
    max_features
        Keep only that many n-grams, those in most texts.
    n_bits
        None: each n-gram is a column of its own, and can be named. A number: columns are ``2 ** n_bits`` hash
        values; nothing is learned, memory is bounded, and n-grams can't be named.
    binary
        Count an n-gram at most once a text.
    symbols
        Whether tokens that are no words count (``unit="word"``).
    normalizer
        What is done to each text first.
    n_threads
        Threads to use; None for all processors. The result does not depend on it.

    Attributes
    ----------
    vocabulary_ : Lexicon or None
        The n-grams, those in most texts first; None when hashed.
    document_frequency_ : (F,) int32
        In how many of the fitted texts each column occurs.
    n_texts_ : int
        How many texts were fitted.
    """

    def __init__(
        self,
        *,
        unit: str = "word",
        orders: tuple[int, int] = (1, 3),
        min_df: int = 2,
        max_features: int | None = None,
        n_bits: int | None = None,
        binary: bool = False,
        symbols: bool = True,
        normalizer: Normalizer | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.unit = unit
        self.orders = orders
        self.min_df = min_df
        self.max_features = max_features
        self.n_bits = n_bits
        self.binary = binary
        self.symbols = symbols
        self.normalizer = normalizer or Normalizer(collapse_spaces=unit == "character_across")
        self.n_threads = n_threads

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn the n-grams of `texts`; raise DataError if there are none."""
        self.fit_transform(texts)
        return self

    def fit_transform(self, texts: Sequence[str]) -> sparse.csr_array:
        """Learn the n-grams of `texts` and return their counts, shape (N, F) float64; raise DataError if all are 0."""
        rows = self.fit_rows(texts)
        if not len(rows.indices):
            raise self.nothing_left(texts)
        return rows.to_scipy()

    def transform(self, texts: Sequence[str]) -> sparse.csr_array:
        """Return the counts of known n-grams, shape (N, F) float64."""
        return self.rows(texts).to_scipy()

    def inverse_transform(self, rows: Rows | sparse.csr_array) -> list[list[str]]:
        """Return the n-grams that each row has."""
        lexicon = self._lexicon()
        return [lexicon.names(rows.indices[a:b]) for a, b in zip(rows.indptr[:-1], rows.indptr[1:], strict=True)]

    @property
    def n_columns(self) -> int:
        """F, the number of columns."""
        return 1 << self.n_bits if self.n_bits is not None else len(self._lexicon())

    def fit_rows(self, texts: Sequence[str]) -> Rows:
        """Learn the n-grams of `texts`, which may be none, and return their rows."""
        self._check_parameters()
        texts = check_texts(texts)
        if self.n_bits is not None:
            self.vocabulary_: Lexicon | None = None
            rows = self.rows(texts)
            self.document_frequency_: Ids1d = np.bincount(rows.indices, minlength=self.n_columns).astype(np.int32)
        else:
            buf, offsets = to_buffer(texts, self.normalizer)
            shards, table = self._count(buf, offsets)
            order = self._choose(table.keys, table.frequency)
            self.vocabulary_ = self._name(buf, table, order)
            self.document_frequency_ = table.frequency[order]
            columns = np.full(len(table), -1, np.int32)
            columns[order] = np.arange(len(order), dtype=np.int32)
            rows = self._gather(shards, columns, len(order))
        self.n_texts_ = len(texts)
        return rows

    def rows(self, texts: Sequence[str]) -> Rows:
        """Return the rows of known n-grams."""
        texts = check_texts(texts)
        return concatenate([self.rows_in(*to_buffer(batch, self.normalizer)) for batch in batches(texts)])

    def rows_in(self, buf: Bytes1d, offsets: Ints1d, *, sort: bool = True) -> Rows:
        """Return the rows of texts that lie in a buffer as `to_buffer` makes it.

        Parameters
        ----------
        sort
            False: columns of a row come in the order they first occur, which is quicker. Only if `binary`.
        """
        if self.n_bits is None:
            self._lexicon()

        def rows_of(chunk: tuple[int, int]) -> Rows:
            indptr, keys, _, _ = self._keys(buf, offsets[chunk[0] : chunk[1] + 1])
            columns = self._columns(keys)
            if sort or not self.binary:
                return self._sorted_rows(indptr, columns, _NO_COLUMNS, self.n_columns)
            out_indptr, out = np.zeros(len(indptr), np.int64), np.empty(len(columns), np.int32)
            n = distinct_rows(indptr, columns, out_indptr, out)
            return Rows(out_indptr, out[:n], None, self.n_columns)

        # A row is the work of microseconds: a chunk for each thread where there are few.
        n_threads = thread_count(self.n_threads)
        size = min(CHUNK, max(_SMALL_CHUNK, -(-len(buf) // n_threads)))
        chunks = _chunks(offsets, size) or [(0, 0)]
        return concatenate(in_threads(rows_of, chunks, n_threads))

    def extend(self, texts: Sequence[str]) -> int:
        """Learn the n-grams of more texts, after the known ones; return how many columns were added.

        Frequencies of known n-grams grow; a new one must occur in `min_df` of the new texts.
        """
        if self.n_bits is not None:
            more = np.bincount(self.rows(texts).indices, minlength=self.n_columns).astype(np.int32)
            self.document_frequency_ = self.document_frequency_ + more
            self.n_texts_ += len(texts)
            return 0
        lexicon = self._lexicon()
        buf, offsets = to_buffer(texts, self.normalizer)
        _, table = self._count(buf, offsets)
        known = lexicon.look_up(table.keys)
        old = self.document_frequency_.copy()
        old[known[known >= 0]] += table.frequency[known >= 0]
        frequency = np.where(known >= 0, 0, table.frequency)
        order = self._choose(table.keys, frequency)
        added = self._name(buf, table, order)
        self.vocabulary_ = lexicon.extended(added.lines, added.offsets)
        self.document_frequency_ = np.concatenate([old, frequency[order]])
        self.n_texts_ += len(texts)
        return len(order)

    def locate(self, text: str) -> tuple[str, Ids1d, Array]:
        """Return a text as it is read, and the column and place of each n-gram occurrence in it.

        Returns
        -------
        text : str
            Normalised.
        columns : (k,) int32
            -1 for an unknown n-gram.
        spans : (k, 2) int64
            First character and the one after the last, in the normalised text.
        """
        buf, offsets = to_buffer([text], self.normalizer)
        _, keys, starts, lengths = self._keys(buf, offsets)
        # Character number of each byte: how many characters start before it.
        character = np.concatenate([[0], np.cumsum((buf & 0xC0) != 0x80)])
        ends = starts + (lengths & LENGTH_MASK)
        return (
            bytes(buf[:-1]).decode(),
            self._columns(keys),
            np.stack([character[starts], character[ends]], axis=1),
        )

    def restore(self, lexicon: Lexicon | None, document_frequency: Ids1d, n_texts: int) -> Self:
        """Set what `fit` learned, as read from a saved model."""
        self.vocabulary_, self.document_frequency_, self.n_texts_ = lexicon, document_frequency, n_texts
        return self

    def copy(self) -> NGramVectorizer:
        """Return a vectorizer that knows the same n-grams and can learn more by itself."""
        return copy(self)

    def name(self, column: int) -> str:
        """Return the n-gram of a column, or its number where columns are hash values."""
        return f"#{column}" if self.n_bits is not None else self._lexicon()[column]

    def _check_parameters(self) -> None:
        low, high = self.orders
        wrong = {
            "unit": self.unit not in UNITS and f"must be one of {', '.join(UNITS)}",
            "orders": not 1 <= low <= high <= 20 and "must be (shortest, longest) with 1 <= shortest <= longest <= 20",
            "min_df": self.min_df < 1 and "must be 1 or more",
            "n_bits": self.n_bits is not None and not 1 <= self.n_bits <= 30 and "must be None or 1 to 30",
            "normalizer": self.unit == "character_across"
            and not self.normalizer.collapse_spaces
            and "must have collapse_spaces=True for n-grams across words",
            "max_features": self.max_features is not None and self.max_features < 1 and "must be None or 1 or more",
        }
        for name, problem in wrong.items():
            if problem:
                raise InvalidParameterError(f"`{name}` {problem}.", seen=f"{name}={getattr(self, name)!r}")

    def _lexicon(self) -> Lexicon:
        lexicon = getattr(self, "vocabulary_", None)
        if lexicon is None:
            raise NotFittedError(
                "This vectorizer has no vocabulary.",
                why="It was not fitted, or hashes its n-grams.",
                fix="Call fit first; use n_bits=None where n-grams must be named.",
            )
        return lexicon

    def _keys(self, buf: Bytes1d, offsets: Ints1d) -> tuple[Ints1d, Keys1d, Ints1d, Array]:
        low, high = self.orders
        if self.unit == "word":
            return word_keys(buf, offsets, character_classes(), self.symbols, low, high)
        return character_keys(buf, offsets, character_classes(), self.unit == "character_across", low, high)

    def _columns(self, keys: Keys1d) -> Ids1d:
        if self.n_bits is None:
            return self._lexicon().look_up(keys)
        return (keys >> np.uint64(64 - self.n_bits)).astype(np.int32)

    def _sorted_rows(self, indptr: Ints1d, entries: Ids1d, columns: Ids1d, n_columns: int) -> Rows:
        out_indptr, out = np.zeros(len(indptr), np.int64), np.empty(len(entries), np.int32)
        counts = np.empty(0 if self.binary else len(entries), np.float32)
        n = gather_rows(indptr, entries, columns, not self.binary, out_indptr, out, counts)
        return Rows(out_indptr, out[:n].copy(), None if self.binary else counts[:n].copy(), n_columns)

    def _count(self, buf: Bytes1d, offsets: Ints1d) -> tuple[list[tuple[Ints1d, Ids1d]], NGramTable]:
        """Return a table of all n-grams, and for each stretch of texts (indptr, entries of the table)."""
        n_threads = thread_count(self.n_threads)
        shards = _chunks(offsets, max(CHUNK, -(-len(buf) // n_threads)))
        counted = in_threads(lambda shard: self._count_shard(buf, offsets[shard[0] : shard[1] + 1]), shards, n_threads)
        table, indptr, entries = counted[0] if counted else (NGramTable(), np.zeros(1, np.int64), _NO_COLUMNS)
        rows = [(indptr, entries)]
        rows += [(indptr, table.add(other)[entries]) for other, indptr, entries in counted[1:]]
        return rows, table.trimmed()

    def _count_shard(self, buf: Bytes1d, offsets: Ints1d) -> tuple[NGramTable, Ints1d, Ids1d]:
        table = NGramTable()
        indptrs, outs, done = [np.zeros(1, np.int64)], [_NO_COLUMNS], 0
        for first, last in _chunks(offsets, CHUNK):
            indptr, entries = table.count(*self._keys(buf, offsets[first : last + 1]), first, not self.binary)
            indptrs.append(indptr[1:] + done)
            outs.append(entries)
            done += len(entries)
        return table, np.concatenate(indptrs), np.concatenate(outs)

    def _choose(self, keys: Keys1d, frequency: Ids1d) -> Ints1d:
        """Return the entries to keep in the order of their columns: those in most texts first."""
        kept = np.flatnonzero(frequency >= self.min_df)
        return kept[np.lexsort((keys[kept], -frequency[kept]))][: self.max_features]

    def _name(self, buf: Bytes1d, table: NGramTable, order: Ints1d) -> Lexicon:
        starts, lengths = table.starts[order], table.lengths[order]
        if self.unit == "word":
            lines, offsets = join_words(buf, starts, lengths, character_classes(), self.symbols)
        else:
            lines, offsets = pad_characters(buf, starts, lengths)
        return Lexicon(lines, offsets, self.unit)

    def _gather(self, shards: list[tuple[Ints1d, Ids1d]], columns: Ids1d, n_columns: int) -> Rows:
        def rows_of(shard: tuple[Ints1d, Ids1d]) -> Rows:
            return self._sorted_rows(*shard, columns, n_columns)

        return concatenate(in_threads(rows_of, shards, thread_count(self.n_threads)))

    def nothing_left(self, texts: Sequence[str]) -> DataError:
        """Return the error that says that no n-gram is in enough of the texts."""
        empty = sum(not text.strip() for text in texts)
        return DataError(
            f"Nothing is left to learn from in {len(texts)} texts.",
            seen=f"{empty} empty texts; no {self.unit} n-gram of {self.orders[0]} to {self.orders[1]} occurs in "
            f"{self.min_df} texts",
            fix="Lower min_df, allow shorter n-grams, or check that the right column was read.",
            code="D-065",
        )


def batches(texts: Sequence[str]) -> list[Sequence[str]]:
    """Cut texts into stretches that are turned into a buffer at a time; at least one."""
    return [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)] or [texts]


def _chunks(offsets: Ints1d, size: int) -> list[tuple[int, int]]:
    """Cut texts into runs of at least one text, if there is any, and about `size` bytes: (first, last + 1) each."""
    n_texts = len(offsets) - 1
    cuts, first = [], 0
    while first < n_texts:
        last = int(np.searchsorted(offsets, offsets[first] + size, side="right")) - 1
        last = min(max(last, first + 1), n_texts)
        cuts.append((first, last))
        first = last
    return cuts or [(0, 0)]
