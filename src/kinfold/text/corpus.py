"""Sentences -> a file of word ids that is mapped into memory: what word vectors are learned from.

Memory holds the distinct words and one batch of sentences; the tokens themselves are on disk, four bytes each.
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kinfold.errors import DataError, MachineError
from kinfold.kernels.scan import line_keys
from kinfold.text.normalize import check_texts
from kinfold.text.table import NGramTable
from kinfold.text.tokenizers import Tokenizer
from kinfold.types import Array, Bytes1d, Ids1d, Ids2d, Ints1d, Keys1d

#: A text that a tokenizer cuts, or the tokens of one.
Sentence = str | Sequence[str]
#: Called as progress(what is being done, share of it that is done or None where that can't be known).
Progress = Callable[[str, float | None], None]
#: What ends a sentence in a file of ids.
END = -1
#: The files of ids.
TOKENS, HELD_OUT = "tokens.ids", "held-out.ids"

#: Sentences, or tokens, or characters taken together.
_SENTENCES, _SIZE = 4096, 1 << 21
#: Ids read at a time when words that are too rare are dropped.
_BLOCK = 1 << 21
_DROPPED = -2
_SAID_EVERY = 1 << 22
_GOLDEN, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True)
class Corpus:
    """Sentences as ids of their words.

    Attributes
    ----------
    words
        The words, the most frequent first, ties in the order of the alphabet; the place of one is its id.
    counts : (V,) int64
        How often each occurs, in `tokens` and wherever else it was counted.
    tokens, held_out : (T,) int32
        Maps of files: the sentences' words, each sentence followed by `END`. Words that are not among `words` are left
        out.
    n_tokens, n_dropped
        Words in `tokens`, and words that were read but left out for being too rare.
    """

    words: list[str]
    counts: Ints1d
    tokens: Ids1d
    held_out: Ids1d
    n_tokens: int
    n_dropped: int

    def release(self) -> None:
        """Give the memory that the maps take back; what is read again comes from the files."""
        for ids in (self.tokens, self.held_out):
            held = ids.base.obj if isinstance(ids.base, memoryview) else ids.base
            if isinstance(held, mmap.mmap):
                held.madvise(mmap.MADV_DONTNEED)


def write_corpus(
    sentences: Iterable[Sentence],
    folder: Path,
    *,
    tokenizer: Tokenizer | None,
    min_count: int,
    max_words: int | None = None,
    held_out: float = 0.0,
    seed: int = 0,
    known: Mapping[str, int] | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Read sentences once, write their ids to files in `folder`, and return them mapped.

    Parameters
    ----------
    tokenizer
        What cuts a sentence that is text; None: at white space, and the text stays as it is.
    min_count, max_words
        Leave out words that occur less often; keep only that many, the most frequent, besides those `known`.
    held_out, seed
        Share of the sentences that go to `Corpus.held_out` in place of `Corpus.tokens`. Which ones depends on the seed
        and on a sentence's words alone: copies of one stay together.
    known
        Words that stay whatever their count, with how often they were counted before.

    Raises
    ------
    DataError
        T-001: a sentence is neither text nor a sequence of tokens, or a token is empty or holds a line feed.
        T-002: there is not one word that occurs `min_count` times.
    MachineError
        M-012: the files can't be written.
    """
    reading = Reading(known or {})
    raw, raw_held_out = folder / "read.ids", folder / "read-held-out.ids"
    with writing(folder):
        kept, apart = raw.open("wb"), raw_held_out.open("wb")
    with kept, apart:
        for batch in _batches(sentences):
            cut = _cut(batch, tokenizer, reading.n_sentences)
            with writing(folder):
                reading.add(cut, (kept, apart), held_out, seed)
            reading.say(progress)
    order = reading.order(min_count, max_words)
    words = reading.words(order)
    if not words:
        raise DataError(
            f"No word occurs {min_count:,} times, so there is nothing to learn from.",
            seen=f"{reading.n_read:,} words, {len(reading.table):,} of them different",
            fix="Give more text, or a lower min_count.",
            code="T-002",
        )
    renumbered = np.full(len(reading.table) + 1, _DROPPED, np.int32)
    renumbered[order] = np.arange(len(order), dtype=np.int32)
    renumbered[-1] = END  # the id -1 counts from the end
    with writing(folder):
        n_tokens = _renumber(raw, folder / TOKENS, renumbered)
        n_held_out = _renumber(raw_held_out, folder / HELD_OUT, renumbered)
    counts = reading.counts[order]
    return open_corpus(folder, words, counts, n_tokens, reading.n_read - n_tokens - n_held_out)


def open_corpus(folder: Path, words: list[str], counts: Ints1d, n_tokens: int, n_dropped: int) -> Corpus:
    """Return the corpus that `write_corpus` left in `folder`."""
    return Corpus(words, counts, _mapped(folder / TOKENS), _mapped(folder / HELD_OUT), n_tokens, n_dropped)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Raise MachineError M-012 where the block is refused by the disk; `folder` is what it writes to."""
    try:
        yield
    except OSError as error:
        raise MachineError(
            f"{folder}: what a training keeps on disk can't be written.",
            seen=str(error.strerror or error),
            fix="A text's ids take four bytes a word; TMPDIR, or a checkpoint folder, may be on a larger disk.",
            code="M-012",
        ) from error


@dataclass(frozen=True)
class Tokens:
    """Tokens of a batch: `indptr` (N + 1,), their hashes (T,), and where they stand in `data`: spans (T, 2)."""

    data: bytes
    indptr: Ints1d
    hashes: Keys1d
    spans: Array


class Reading:
    """The distinct words so far, numbered as they came, and how often each occurs."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self.table = NGramTable()
        self.counts: Ints1d = np.zeros(0, np.int64)
        self.n_read = self.n_sentences = self._said = 0
        self._text, self._ends = bytearray(), array("q", [0])
        self._n_known = len(known)
        if known:
            self.enter(_cut([list(known)], None, 0))
            self.counts = np.array(list(known.values()), np.int64)

    def add(self, cut: Tokens, files: tuple[BinaryIO, BinaryIO], held_out: float, seed: int) -> None:
        """Number a batch's tokens, and write them to the first file, or those of sentences held out to the second."""
        entries = self.enter(cut)
        indptr = cut.indptr
        apart = _chosen(cut, held_out, seed)  # (N,) bool
        of_token = np.repeat(apart, np.diff(indptr))  # (T,)
        kept = np.bincount(entries[~of_token], minlength=len(self.table))
        self.counts = np.concatenate([self.counts, np.zeros(len(self.table) - len(self.counts), np.int64)]) + kept
        ended = np.insert(entries, indptr[1:], np.int32(END))  # (T + N,)
        of_token = np.insert(of_token, indptr[1:], apart)
        for file, chosen in zip(files, (~of_token, of_token), strict=True):
            file.write(ended[chosen].tobytes())
            file.flush()
        self.n_read += len(entries)
        self.n_sentences += len(indptr) - 1

    def say(self, progress: Progress | None) -> None:
        """Tell how much was read, now and then."""
        if progress is not None and self.n_read - self._said >= _SAID_EVERY:
            self._said = self.n_read
            progress(f"reading: {self.n_read / 1e6:.0f} M words", None)

    def order(self, min_count: int, max_words: int | None) -> Ints1d:
        """Return the entries to keep, the most frequent first, ties in the order of the alphabet."""
        kept = self.counts >= min_count
        kept[: self._n_known] = True
        found = np.flatnonzero(kept)
        named = np.array([self._bytes(entry) for entry in found.tolist()], object)
        order = found[np.lexsort((_ranks(named), -self.counts[found]))]
        if max_words is None:
            return order
        new = order >= self._n_known
        return order[~new | (np.cumsum(new) <= max_words - self._n_known)]

    def words(self, order: Ints1d) -> list[str]:
        """Return the words of entries."""
        return [self._bytes(entry).decode() for entry in order.tolist()]

    def _bytes(self, entry: int) -> bytes:
        return bytes(self._text[self._ends[entry] : self._ends[entry + 1]])

    def enter(self, cut: Tokens, first_text: int = 0) -> Ids1d:
        """Return the number of each token of a batch, (T,); `table` counts in how many texts one stands."""
        before = len(self.table)
        lengths = (cut.spans[:, 1] - cut.spans[:, 0]).astype(np.int32)
        _, entries = self.table.count(cut.indptr, cut.hashes, cut.spans[:, 0].copy(), lengths, first_text, True)
        for entry in range(before, len(self.table)):
            start = int(self.table.starts[entry])
            self._text += cut.data[start : start + int(self.table.lengths[entry])]
            self._ends.append(len(self._text))
        return entries


def _ranks(named: Array) -> Ints1d:
    ranks = np.empty(len(named), np.int64)
    ranks[np.argsort(named, kind="stable")] = np.arange(len(named))
    return ranks


def _chosen(cut: Tokens, share: float, seed: int) -> Array:
    """Return which sentences are held out, by a hash of their words; (N,) bool."""
    if share == 0:
        return np.zeros(len(cut.indptr) - 1, bool)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(cut.hashes * _MIX, dtype=np.uint64)])
    mixed = (sums[cut.indptr[1:]] - sums[cut.indptr[:-1]] + np.uint64(seed)) * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53 < share


def _batches(sentences: Iterable[Sentence]) -> Iterator[list[Sentence]]:
    batch: list[Sentence] = []
    size = 0
    for sentence in sentences:
        batch.append(sentence)
        size += len(sentence) if isinstance(sentence, Sequence) else 0
        if len(batch) == _SENTENCES or size >= _SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _cut(batch: list[Sentence], tokenizer: Tokenizer | None, first: int) -> Tokens:
    """Cut a batch of sentences into words; `first` is the number of its first sentence."""
    if all(isinstance(sentence, str) for sentence in batch) and tokenizer is not None:
        cut = tokenizer.cut(check_texts(batch))  # type: ignore[arg-type]
        return Tokens(cut.data, cut.indptr, cut.hashes, cut.spans[:, :2])
    split = [_listed(sentence, tokenizer, first + row) for row, sentence in enumerate(batch)]
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(tokens) for tokens in split], dtype=np.int64)])
    try:
        data = "\n".join([*chain.from_iterable(split), ""]).encode()
    except (TypeError, UnicodeEncodeError):
        raise _odd_token(split, first) from None
    buf: Bytes1d = np.frombuffer(data, np.uint8)
    offsets = np.concatenate([np.zeros(1, np.int64), np.flatnonzero(buf == 0x0A) + 1]).astype(np.int64)
    if len(offsets) != indptr[-1] + 1 or (np.diff(offsets) == 1).any():
        raise _odd_token(split, first)
    spans: Ids2d = np.stack([offsets[:-1], offsets[1:] - 1], axis=1)
    return Tokens(data, indptr, line_keys(buf, offsets, False), spans)


def _odd_token(split: list[Sequence[str]], first: int) -> DataError:
    """Return the error that names the first token that is no word."""
    tokens = ((row, token) for row, tokens in enumerate(split) for token in tokens)
    row, token = next((row, token) for row, token in tokens if not _is_word(token))
    return DataError(
        f"Sentence {first + row:,} has a token that can't be a word.",
        seen=ascii(token)[:60],
        why="A word is text that UTF-8 can hold, not empty, without a line feed.",
        fix="Leave such tokens out of the sentence.",
        code="T-001",
    )


def _is_word(token: object) -> bool:
    return isinstance(token, str) and token != "" and not any(c == "\n" or "\ud800" <= c <= "\udfff" for c in token)


def _listed(sentence: Sentence, tokenizer: Tokenizer | None, number: int) -> Sequence[str]:
    if isinstance(sentence, str):
        return sentence.split() if tokenizer is None else tokenizer(sentence)
    if not isinstance(sentence, Sequence) or isinstance(sentence, bytes):
        raise DataError(
            f"Sentence {number:,} is neither a text nor a sequence of tokens.",
            seen=f"{type(sentence).__name__}: {str(sentence)[:40]!r}",
            fix="Give texts, or lists of tokens.",
            code="T-001",
        )
    return sentence


def _renumber(source: Path, target: Path, renumbered: Ids1d) -> int:
    """Write a file of ids with other numbers, without the dropped; remove the source; return how many are words."""
    n = 0
    with source.open("rb") as old, target.open("wb") as new:
        while len(read := np.fromfile(old, np.int32, _BLOCK)):
            ids = renumbered[read]
            ids = ids[ids != _DROPPED]
            n += int((ids >= 0).sum())
            new.write(ids.tobytes())
    source.unlink()
    return n


def _mapped(path: Path) -> Ids1d:
    if path.stat().st_size == 0:
        return np.zeros(0, np.int32)
    with path.open("rb") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.int32)
