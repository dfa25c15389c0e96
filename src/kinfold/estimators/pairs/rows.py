"""Pairs, as texts or as places in a list of items -> places of pairs in one source of rows; some of them held out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.neural.embedding import Given
from kinfold.estimators.neural.rows import (
    Progress,
    Source,
    VectorRows,
    check_tokens,
    checked_array,
    is_array,
    known_rows,
)
from kinfold.estimators.pairs.graph import components, held_out, oddities
from kinfold.estimators.pairs.options import PairOptions
from kinfold.estimators.pairs.parts import Draw, PairPart, checked_places, with_drawn
from kinfold.estimators.pairs.sides import PairLabels, Sides, nothing, sides_of, unequal
from kinfold.text.normalize import check_texts
from kinfold.text.tokenrows import write_rows
from kinfold.text.vocabulary import Vocabulary
from kinfold.types import Array, Ints1d, Singles1d

#: What pairs are called where their labels don't say.
DIFFERENT, SAME = "different", "same"


@dataclass(frozen=True)
class PairData:
    """What is learned from.

    Attributes
    ----------
    train, valid
        Pairs to learn from, and pairs that say when to stop and how sure answers are; None where there are none.
    classes
        What pairs that do not match are called, and those that do.
    vocabulary, rows_with
        Token <-> id, and in how many rows each id stands; None for rows of vectors.
    n_cut
        Rows that were cut because they are longer than what is looked at.
    counts
        What was found: pairs of equal sides, pairs that stand there twice with different labels, sides without a token.
    """

    train: PairPart
    valid: PairPart | None
    classes: tuple[str, str]
    vocabulary: Vocabulary | None
    rows_with: Ints1d | None
    n_cut: int
    counts: dict[str, int] = field(default_factory=dict)


def read(
    options: PairOptions,
    pairs: Any,
    labels: Iterable[Any] | None,
    items: Any,
    valid: Any,
    draw: Draw | None,
    folder: Path,
    given: Given | None,
    report: Progress,
) -> PairData:
    """Read pairs once, and hold some out where `valid` gives none; see `PairMatcher.fit`."""
    taken, vocabulary, rows_with, n_cut = Sides(), None, None, 0
    source: Source
    if is_array(items) or _arrays(pairs):
        vectors = items if is_array(items) else _beside(pairs)
        source = VectorRows(checked_array(vectors), fixed=not options.spec.takes_ids)
        keys = source.keys()
        n = len(source) // 2
        places = checked_places(np.stack([np.arange(n), n + np.arange(n)], 1) if items is None else pairs, len(source))
        taken.given = _labels(labels, len(places))
    else:
        texts: Iterable[str] = taken.texts(sides_of(pairs, labels)) if items is None else check_texts(items)
        written = write_rows(
            texts,
            folder,
            tokenizer=options.tokenizer(),
            min_count=options.min_count,
            max_tokens=options.max_tokens,
            alphabet=options.alphabet,
            longest=options.longest,
            more=None if given is None else given.more,
            progress=lambda what, share: report(what, 0.0),
        )
        check_tokens(options, written)
        source, keys = written.rows, written.keys
        vocabulary, rows_with, n_cut = written.vocabulary, written.rows_with, written.n_cut
        if items is not None:
            places = checked_places(pairs, len(source))
            taken.given = _labels(labels, len(places))
        else:
            places = taken.placed()
    classes, matches = _matches(options, PairLabels(taken.given), draw is not None)
    whole = PairPart(source, keys, places, matches)
    counts = oddities(keys[places], matches)
    if valid is not None:
        held: PairPart | None = read_valid(options, valid, vocabulary, classes, whole)
        train = whole
    else:
        apart = held_out(components(places, keys), matches, float(options.valid), int(options.random_state))
        train, held = whole.take(~apart), whole.take(apart) if apart.any() else None
    if draw is not None and held is not None and not (held.matches == 0).any():
        # Pairs of no epoch: those to judge by are drawn once.
        held = with_drawn(held, draw(0)[: len(held)])
    return PairData(train, held, classes, vocabulary, rows_with, n_cut, counts)


def read_valid(
    options: PairOptions, valid: Any, vocabulary: Vocabulary | None, classes: tuple[str, str], train: PairPart
) -> PairPart:
    """Return the pairs that a caller holds out: (pairs, labels), or records; places where the others are places."""
    pairs, labels = valid if isinstance(valid, tuple) and len(valid) == 2 and not _arrays(valid) else (valid, None)
    if isinstance(pairs, np.ndarray) and pairs.dtype.kind in "iu":
        places = checked_places(pairs, len(train.source))
        return PairPart(train.source, train.keys, places, _known_matches(labels, classes, len(places)))
    part, found = known_pairs(options, vocabulary, pairs, labels, train.source)
    return PairPart(part.source, part.keys, part.pairs, _known_matches(found, classes, len(part)))


def known_pairs(
    options: PairOptions, vocabulary: Vocabulary | None, pairs: Any, labels: Any, like: Source
) -> tuple[PairPart, list[Any] | None]:
    """Return pairs of texts or vectors as rows of a known vocabulary, and their labels where they have any."""
    if _arrays(pairs) or vocabulary is None:
        if not _arrays(pairs) or vocabulary is not None:
            raise DataError(
                "The pairs are not of the kind the model was fitted with.",
                seen="vectors, not texts" if vocabulary is not None else "texts, not vectors",
                fix="Give the same kind.",
                code="D-093",
            )
        vectors = VectorRows(_beside([checked_array(side, like) for side in pairs]))
        n = len(vectors) // 2
        places = np.stack([np.arange(n), n + np.arange(n)], 1)
        return PairPart.unlabelled(vectors, vectors.keys(), places), labels
    taken = Sides()
    texts = list(taken.texts(sides_of(pairs, labels)))
    rows, keys, _ = known_rows(options, vocabulary, texts)
    part = PairPart.unlabelled(rows, keys, taken.placed())
    return part, None if all(label is None for label in taken.given) else taken.given


def _matches(options: PairOptions, labels: PairLabels, draws: bool) -> tuple[tuple[str, str], Singles1d]:
    """Return what pairs are called, and which match; labels may be left out where nothing but matches is needed."""
    if not labels.n:
        raise nothing()
    labels.all_or_none()
    only = labels.only()
    if labels.n_missing or only is not None:
        if not (options.in_batch or draws):
            raise DataError(
                "All pairs are alike, so that there is nothing to tell them from.",
                seen=f"{labels.n:,} pairs, {'no label' if only is None else f'all labelled {only!r}'}",
                fix="Give pairs of another label, or negatives=; or loss='softmax', which takes those of the batch.",
                code="D-153",
            )
        return (DIFFERENT, SAME) if only is None else (f"not {only}", only), np.ones(labels.n, np.float32)
    classes, matches = labels.two(options.match)
    return classes, matches.astype(np.float32)


def _known_matches(labels: Any, classes: tuple[str, str], n: int) -> Singles1d:
    """Return which pairs match, by labels that must be known; without any all do."""
    return np.ones(n, np.float32) if labels is None else PairLabels(labels).among(classes).astype(np.float32)


def _beside(sides: Any) -> Array:
    """Return both sides' rows (N, T, D), one side after the other."""
    left, right = sides
    return np.concatenate([left, checked_array(right, VectorRows(checked_array(left), fixed=True))])


def _labels(labels: Iterable[Any] | None, n: int) -> list[Any]:
    """Return one label a pair, None for each where there are none."""
    listed = [None] * n if labels is None else list(labels)
    if len(listed) != n:
        raise unequal(n, len(listed))
    return listed


def _arrays(pairs: Any) -> bool:
    return isinstance(pairs, tuple) and len(pairs) == 2 and all(is_array(side) for side in pairs)
