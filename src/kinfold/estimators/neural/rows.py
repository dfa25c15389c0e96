"""Texts and labels, records, or arrays -> rows of ids or vectors with their targets, some of them held out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.labels import check_labels
from kinfold.estimators.neural.embedding import Given
from kinfold.estimators.neural.options import Options
from kinfold.estimators.neural.targets import Labels, Numbers, Targets, held_out, texts_of
from kinfold.text.normalize import check_texts
from kinfold.text.tokenrows import TokenRows, Written, read_rows, write_rows
from kinfold.text.vocabulary import Vocabulary
from kinfold.types import Array, Ints1d, Keys1d

#: Called as progress(what is being done, share of the whole that is done).
Progress: TypeAlias = Callable[[str, float], None]


class VectorRows:
    """Rows of vectors, all of the same length.

    Parameters
    ----------
    vectors
        (N, T, D) numbers; they may be mapped.
    fixed
        Whether other rows must have as many vectors to be of the same kind: pictures have one height.
    """

    def __init__(self, vectors: Array, *, fixed: bool = False) -> None:
        self.vectors, self.fixed = vectors, fixed

    def __len__(self) -> int:
        """Return N."""
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """The width of a vector."""
        return int(self.vectors.shape[2])

    @property
    def n_steps(self) -> int:
        """How many vectors a row has."""
        return int(self.vectors.shape[1])

    @property
    def lengths(self) -> Ints1d:
        """How many vectors each row has, (N,) int64."""
        return np.full(len(self.vectors), self.n_steps, np.int64)

    def lengths_of(self, rows: Ints1d) -> Ints1d:
        """Return how many vectors some rows have, (B,) int64."""
        return np.full(len(rows), self.n_steps, np.int64)

    def padded(self, rows: Ints1d) -> Array:
        """Return some rows, (B, T, D) float32."""
        return np.asarray(self.vectors[rows], np.float32)

    def keys(self) -> Keys1d:
        """Return a number for each row, equal for equal rows, (N,) uint64."""
        hashes = (hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=8).digest() for row in self.vectors)
        return np.frombuffer(b"".join(hashes), np.uint64)


Source: TypeAlias = TokenRows | VectorRows


@dataclass(frozen=True)
class Part:
    """Some rows of a source, (n,) int64, and the targets of all rows that the source has."""

    source: Source
    rows: Ints1d
    targets: Targets

    def members(self) -> Array:
        """Return which of these rows have which label, (n, C) uint8."""
        targets = self.targets
        return Targets(targets.values[self.rows], targets.classes, targets.multilabel).members()


@dataclass(frozen=True)
class Data:
    """What is learned from.

    Attributes
    ----------
    train, valid
        Rows to learn from, and rows that say when to stop and how sure answers are; None where there are none.
    vocabulary, rows_with
        Token <-> id, and in how many rows each id stands; None for rows of vectors.
    n_cut
        Texts that were cut because they are longer than what is looked at.
    """

    train: Part
    valid: Part | None
    vocabulary: Vocabulary | None
    rows_with: Ints1d | None
    n_cut: int


def read(
    options: Options,
    texts: Any,
    labels: Iterable[Any] | None,
    valid: Any,
    folder: Path,
    given: Given | None,
    report: Progress,
) -> Data:
    """Read rows once, and hold some out where `valid` gives none; see `TextClassifier.fit`.

    Raises
    ------
    DataError
        D-089: no text has a token that is known. D-093: an array that is no rows of vectors. Others for labels: see
        `kinfold.estimators.neural.targets`.
    """
    taken = new_taker(options)
    vocabulary, rows_with, n_cut = None, None, 0
    source: Source
    if is_array(texts):
        source = VectorRows(checked_array(texts), fixed=not options.spec.takes_ids)
        _take_all(taken, labels, len(source), options.task)
        keys = source.keys()
    else:
        written = write_rows(
            _texts(texts, labels, taken, options.task),
            folder,
            tokenizer=options.tokenizer(),
            min_count=options.min_count,
            max_tokens=options.max_tokens,
            alphabet=options.alphabet,
            longest=options.longest,
            more=None if given is None else given.more,
            progress=lambda what, share: report(what, 0.0),
        )
        source, keys = written.rows, written.keys
        vocabulary, rows_with, n_cut = written.vocabulary, written.rows_with, written.n_cut
        check_tokens(options, written)
    targets = taken.targets()
    apart = np.zeros(0, np.int64) if valid is not None else held_out(keys, targets, options.valid, options.random_state)
    stays = np.ones(len(source), bool)
    stays[apart] = False
    train = Part(source, np.flatnonzero(stays), targets)
    part = Part(source, apart, targets) if len(apart) else None
    if valid is not None:
        part = read_valid(options, valid, vocabulary, train)
    return Data(train, part, vocabulary, rows_with, n_cut)


def check_tokens(options: Options, written: Written) -> None:
    """Raise DataError D-089 if no text has a token that is known."""
    if len(written.rows) > 0 and written.n_empty == len(written.rows):
        raise DataError(
            "There is nothing to learn from: no text has a token that is known.",
            seen=f"{len(written.rows):,} texts, min_count={options.min_count!r}, alphabet={options.alphabet!r}",
            fix="Check the text column; a lower min_count, or another alphabet.",
            code="D-089",
        )


def read_valid(options: Options, valid: Any, vocabulary: Vocabulary | None, train: Part) -> Part:
    """Return the rows that a caller holds out: (texts, labels), or records."""
    texts, labels = valid if isinstance(valid, tuple) and len(valid) == 2 else (valid, None)
    taken = new_taker(options)
    source: Source
    if is_array(texts):
        source = VectorRows(checked_array(texts, train.source))
        _take_all(taken, labels, len(source), options.task)
    else:
        if vocabulary is None:
            raise DataError("The validation rows are texts, the others vectors.", fix="Give the same.", code="D-094")
        listed = list(_texts(texts, labels, taken, options.task))
        source = known_rows(options, vocabulary, listed)[0]
    if isinstance(taken, Labels):
        targets = taken.targets_among(train.targets.classes, train.targets.multilabel)
    else:
        targets = taken.targets_like(train.targets.mean, train.targets.scale)
    return Part(source, np.arange(len(source)), targets)


def known_rows(options: Options, vocabulary: Vocabulary, texts: Sequence[str]) -> tuple[TokenRows, Keys1d, int]:
    """Return rows of texts' ids, a key for each, and how many were cut."""
    return read_rows(texts, options.tokenizer(), vocabulary, drop=options.drops_unknown, longest=options.longest)


def new_taker(options: Options) -> Labels | Numbers:
    """Return what takes the targets of the task."""
    return Labels() if options.task == "classify" else Numbers()


def is_array(texts: Any) -> bool:
    """Return whether these are rows of vectors, not texts."""
    return isinstance(texts, np.ndarray) and texts.dtype.kind in "fiub"


def checked_array(vectors: Array, like: Source | None = None) -> Array:
    """Return rows of vectors (N, T, D) as they are.

    Raises
    ------
    DataError
        D-093: they have another rank, or another width than `like`, or another height where that is fixed, or a number
        that is not finite.
    """
    right = vectors.ndim == 3 and vectors.shape[1] > 0 and vectors.shape[2] > 0
    if like is not None:
        wanted = (like.n_steps if like.fixed else vectors.shape[1], like.dim) if isinstance(like, VectorRows) else ()
        right = right and vectors.shape[1:] == wanted
    if not right or any(not np.isfinite(vectors[i : i + 1024]).all() for i in range(0, len(vectors), 1024)):
        raise DataError(
            "An array must hold rows of vectors: shape (N, T, D), all finite, D as in training, of pictures T too.",
            seen=f"shape {vectors.shape}, {vectors.dtype}",
            fix="Give texts, or vectors such as an image's rows.",
            code="D-093",
        )
    return vectors


def _texts(texts: Any, labels: Iterable[Any] | None, taken: Labels | Numbers, task: str) -> Iterable[str]:
    if labels is None:
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            check_texts(texts)
        return texts_of(texts, taken)
    listed = check_texts(texts)
    _take_all(taken, labels, len(listed), task)
    return listed


def _take_all(taken: Labels | Numbers, labels: Iterable[Any] | None, n_rows: int, task: str) -> None:
    column = list(() if labels is None else labels)
    if task == "classify":
        column = list(check_labels(column, n_rows)[0])
    if len(column) != n_rows:
        raise DataError(
            "There must be one target a row.",
            seen=f"{n_rows} rows, {len(column)} targets",
            fix="Read both from the same rows.",
            code="D-095",
        )
    for label in column:
        taken.add(label)
