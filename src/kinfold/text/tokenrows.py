"""Texts -> rows of token ids that are padded into batches: in memory, or in a file.

Reading is in pieces: memory holds the distinct tokens, one batch of texts, and a few numbers a row; the ids themselves
are on disk, one to four bytes each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinfold.errors import DataError
from kinfold.text.corpus import Reading, Tokens, writing
from kinfold.text.tokenizers import Cut, Tokenizer
from kinfold.text.vocabulary import UNK, Vocabulary
from kinfold.types import Array, Ids1d, Ints1d, Keys1d

#: Called as progress(what is being done, share of it that is done or None where that can't be known).
Progress = Callable[[str, float | None], None]
#: The file of ids.
IDS = "rows.ids"

#: Texts, or their characters, taken together.
_TEXTS, _CHARACTERS = 4096, 1 << 21
#: Ids renumbered at a time.
_BLOCK = 1 << 21
#: A text is cut here, in characters for each token that is looked at, so that 10 MB of it are never cut into tokens.
_CHARACTERS_A_TOKEN, _LEAST_CHARACTERS = 16, 4096
_DROPPED = -1
_GOLDEN, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


class FiledIds:
    """Ids in a file, read where they are asked for.

    The file is not mapped: a map shows whole regions of a file for every row that is touched, so that rows read in a
    random order would soon hold all of it in memory.

    Parameters
    ----------
    path
        The file.
    kind
        The type of an id.
    """

    def __init__(self, path: Path, kind: type[np.unsignedinteger]) -> None:
        self._file, self._kind = os.open(path, os.O_RDONLY), np.dtype(kind)

    def __getitem__(self, part: slice) -> Array:
        """Return the ids from ``part.start`` to ``part.stop``."""
        size = self._kind.itemsize
        return np.frombuffer(os.pread(self._file, (part.stop - part.start) * size, part.start * size), self._kind)

    def __del__(self) -> None:
        """Close the file, if it could be opened."""
        if "_file" in vars(self):
            os.close(self._file)


class TokenRows:
    """Rows of ids.

    Parameters
    ----------
    ids
        (T,) unsigned: the rows' ids back to back, in memory or in a file.
    starts
        (N + 1,) int64: row `i` is ``ids[starts[i]:starts[i + 1]]``.
    """

    def __init__(self, ids: Array | FiledIds, starts: Ints1d) -> None:
        self.ids, self.starts = ids, starts

    def __len__(self) -> int:
        """Return N."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints1d:
        """How many ids each row has, (N,) int64."""
        return np.diff(self.starts)

    def lengths_of(self, rows: Ints1d) -> Ints1d:
        """Return how many ids some rows have, (B,) int64."""
        return self.starts[rows + 1] - self.starts[rows]

    def padded(self, rows: Ints1d) -> Array:
        """Return some rows side by side, (B, T) int64, each with zeros after its end up to the longest."""
        starts, ends = self.starts[rows], self.starts[rows + 1]
        lengths = ends - starts
        out = np.zeros((len(rows), int(lengths.max(initial=0))), np.int64)
        for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            out[i, : end - start] = self.ids[start:end]
        return out


@dataclass(frozen=True)
class Written:
    """What was read.

    Attributes
    ----------
    rows
        The ids, in the file.
    vocabulary
        Token <-> id.
    rows_with : (V,) int64
        In how many rows each id's token stands; 0 for ids that are no tokens, or stand in no row.
    keys : (N,) uint64
        Equal for rows of equal tokens.
    n_cut
        Rows that were cut because they are longer than what is looked at.
    n_empty
        Rows without a token that has an id of its own.
    """

    rows: TokenRows
    vocabulary: Vocabulary
    rows_with: Ints1d
    keys: Keys1d
    n_cut: int
    n_empty: int


def write_rows(
    texts: Iterable[str],
    folder: Path,
    *,
    tokenizer: Tokenizer,
    min_count: int = 1,
    max_tokens: int | None = None,
    alphabet: str | None = None,
    longest: int | None = None,
    more: Callable[[list[str]], Sequence[str]] | None = None,
    progress: Progress | None = None,
) -> Written:
    """Read texts once, write their ids to a file in `folder`, and return them there.

    Parameters
    ----------
    tokenizer
        What cuts a text.
    min_count, max_tokens
        Tokens that occur less often are unknown; keep only that many, the most frequent.
    alphabet
        The tokens there are, in the order of their ids; what is not among them leaves the text. None: those found.
    longest
        Tokens of a text that are looked at; None for all.
    more
        Given the tokens found that stay, returns those that get an id as well.

    Raises
    ------
    DataError
        A text is no string.
    MachineError
        M-012: the file can't be written.
    """
    reading, raw = Reading({}), folder / "read.ids"
    lengths: list[Array] = []
    keys: list[Keys1d] = []
    n_cut = 0
    with writing(folder):
        file = raw.open("wb")
    with file:
        for batch in _batches(texts):
            cut, n_longer = cut_texts(batch, tokenizer, longest, reading.n_sentences)
            entries = reading.enter(Tokens(cut.data, cut.indptr, cut.hashes, cut.spans[:, :2]), reading.n_sentences)
            counts = np.bincount(entries, minlength=len(reading.table))
            counts[: len(reading.counts)] += reading.counts
            reading.counts = counts
            reading.n_read += len(entries)
            reading.n_sentences += len(batch)
            n_cut += n_longer
            lengths.append(np.diff(cut.indptr).astype(np.int32))
            keys.append(keys_of(cut))
            with writing(folder):
                file.write(entries.tobytes())
                file.flush()
            reading.say(progress)
    places, vocabulary = _vocabulary(reading, min_count, max_tokens, alphabet, more)
    starts = np.concatenate([np.zeros(1, np.int32), *lengths]).cumsum(dtype=np.int64)
    lengths.clear()
    with writing(folder):
        ends, n_empty = _renumber(raw, folder / IDS, starts, places, ids_type(len(vocabulary)))
        del starts
    rows_with = np.zeros(len(vocabulary), np.int64)
    named = np.flatnonzero(places > UNK)
    rows_with[places[named]] = reading.table.frequency[named]
    rows = open_rows(folder, ends, len(vocabulary))
    return Written(rows, vocabulary, rows_with, np.concatenate([np.zeros(0, np.uint64), *keys]), n_cut, n_empty)


def open_rows(folder: Path, starts: Ints1d, n_ids: int) -> TokenRows:
    """Return the rows that `write_rows` left in `folder`, of which these are the starts and the number of ids."""
    return TokenRows(FiledIds(folder / IDS, ids_type(n_ids)), starts)


def read_rows(
    texts: Sequence[str],
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    *,
    drop: bool = False,
    longest: int | None = None,
) -> tuple[TokenRows, Keys1d, int]:
    """Return rows in memory of texts' ids in a vocabulary, a key for each as `Written.keys`, and how many were cut.

    `drop` leaves unknown tokens out of the rows, where else they are `UNK`.
    """
    ids, lengths, keys = [], [np.zeros(1, np.int64)], [np.zeros(0, np.uint64)]
    n_cut = done = 0
    for batch in _batches(texts):
        cut, n_longer = cut_texts(batch, tokenizer, longest, done)
        done += len(batch)
        of_batch, starts = vocabulary.ids_of_keys(cut.hashes), cut.indptr
        if drop:
            of_batch, starts = _without(of_batch, starts, UNK)
        ids.append(of_batch.astype(ids_type(len(vocabulary))))
        lengths.append(np.diff(starts))
        keys.append(keys_of(cut))
        n_cut += n_longer
    flat = np.concatenate([np.zeros(0, ids_type(len(vocabulary))), *ids])
    return TokenRows(flat, np.concatenate(lengths).cumsum(dtype=np.int64)), np.concatenate(keys), n_cut


def ids_type(n_ids: int) -> type[np.unsignedinteger]:
    """Return the smallest type that holds so many ids."""
    return np.uint8 if n_ids <= 1 << 8 else np.uint16 if n_ids <= 1 << 16 else np.uint32


def cut_texts(texts: list[str], tokenizer: Tokenizer, longest: int | None, first: int = 0) -> tuple[Cut, int]:
    """Cut texts into tokens, none of more than `longest`; return how many were longer, too.

    Raises
    ------
    DataError
        One is no string; `first` is the number of the first in the message.
    """
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"Text {first + row} is no string.",
                seen=f"{type(text).__name__}: {str(text)[:40]!r}",
                fix="Turn it into a string, or leave the row out.",
            )
    if longest is None:
        return tokenizer.cut(texts), 0
    most = max(_LEAST_CHARACTERS, _CHARACTERS_A_TOKEN * longest)
    longer = np.array([len(text) > most for text in texts], bool)
    cut = tokenizer.cut([text[:most] for text in texts] if longer.any() else texts)
    lengths = np.diff(cut.indptr)
    longer |= lengths > longest
    if (lengths > longest).any():
        kept = np.arange(len(cut.hashes)) - np.repeat(cut.indptr[:-1], lengths) < longest  # (T,)
        indptr = np.concatenate([[0], np.minimum(lengths, longest)]).cumsum(dtype=np.int64)
        cut = Cut(cut.data, indptr, cut.spans[kept], cut.hashes[kept])
    return cut, int(longer.sum())


def keys_of(cut: Cut) -> Keys1d:
    """Return a number for each text, equal for equal tokens in the same order, (N,) uint64."""
    lengths = np.diff(cut.indptr)
    place = (np.arange(len(cut.hashes)) - np.repeat(cut.indptr[:-1], lengths)).astype(np.uint64)
    mixed = (cut.hashes ^ (place * _GOLDEN)) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _GOLDEN
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    return sums[cut.indptr[1:]] - sums[cut.indptr[:-1]]


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text) if isinstance(text, str) else 0
        if len(batch) == _TEXTS or size >= _CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _vocabulary(
    reading: Reading,
    min_count: int,
    max_tokens: int | None,
    alphabet: str | None,
    more: Callable[[list[str]], Sequence[str]] | None,
) -> tuple[Ids1d, Vocabulary]:
    """Return the id of each entry, (n,) int32, and the tokens by their ids."""
    n = len(reading.table)
    if alphabet is not None:
        vocabulary = Vocabulary(list(dict.fromkeys(alphabet)))
        ids = vocabulary.ids(reading.words(np.arange(n)))
        return np.where(ids == UNK, np.int32(_DROPPED), ids), vocabulary
    order = reading.order(min_count, max_tokens)
    words = reading.words(order)
    vocabulary = Vocabulary([*words, *(more(words) if more is not None else ())])
    places = np.full(n, UNK, np.int32)
    places[order] = vocabulary.ids(words)
    return places, vocabulary


def _renumber(
    source: Path, target: Path, starts: Ints1d, places: Ids1d, kind: type[np.unsignedinteger]
) -> tuple[Ints1d, int]:
    """Write a file of entries as ids, without the dropped; remove the source; return the starts and the empty rows."""
    lengths: list[Array] = [np.zeros(1, np.int32)]
    n_empty = row = 0
    with source.open("rb") as old, target.open("wb") as new:
        while row < len(starts) - 1:
            # Whole rows: as many as fit into a block, one at least.
            after = max(row + 1, int(np.searchsorted(starts, starts[row] + _BLOCK, side="right")) - 1)
            ids = places[np.fromfile(old, np.int32, int(starts[after] - starts[row]))]
            ids, at = _without(ids, starts[row : after + 1] - starts[row], _DROPPED)
            new.write(ids.astype(kind).tobytes())
            known = np.concatenate([[0], np.cumsum(ids > UNK)])
            n_empty += int((known[at[1:]] == known[at[:-1]]).sum())
            lengths.append(np.diff(at).astype(np.int32))
            row = after
    source.unlink()
    return np.concatenate(lengths).cumsum(dtype=np.int64), n_empty


def _without(ids: Ids1d, starts: Ints1d, dropped: int) -> tuple[Ids1d, Ints1d]:
    """Return rows without the ids that equal `dropped`, and where they start then."""
    kept = ids != dropped
    if kept.all():
        return ids, starts
    return ids[kept], np.concatenate([[0], np.cumsum(kept)])[starts]
