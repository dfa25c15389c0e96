"""A split that leaks in; one that does not, and what it costs, out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinfold.data.splits import split_indices
from kinfold.errors import DataError
from kinfold.evaluation.joined import Bools1d, Joined
from kinfold.evaluation.leaks import Leaks
from kinfold.types import Ints1d, Json

#: Name -> how the split was repaired.
HOW = {
    "components": "whole connected components of pairs on one side",
    "entities": "some sides held out: pairs of two of them are tested, pairs of two others learned from",
    "groups": "rows that share a group or a text on one side",
    "dropped": "rows that stand in training, or whose group does, left out of the test",
    "none": "nothing had to be changed",
}


@dataclass(frozen=True, slots=True)
class Repair:
    """Training and test rows that share nothing they should not, as row numbers among all rows, training first.

    `n_moved` rows changed sides, `n_dropped` are on neither; `note` says why not another way was taken.
    """

    how: str
    n_train: int
    n_test: int
    n_moved: int
    n_dropped: int
    note: str
    train: Ints1d = field(repr=False)
    test: Ints1d = field(repr=False)

    def apply(self, train: Any, test: Any) -> tuple[Any, Any]:
        """Return the repaired training and test rows, of the Examples or Pairs that were audited."""
        rows = type(train).concat([train, test])
        return rows.take(self.train), rows.take(self.test)

    def to_dict(self) -> dict[str, Json]:
        """Return what was done and what it costs."""
        rows = {"train": self.n_train, "test": self.n_test, "moved": self.n_moved, "dropped": self.n_dropped}
        return {"how": self.how, "rows": rows, "note": self.note}


def repair(rows: Joined, leaks: Leaks, seed: int = 0) -> Repair:
    """Repair a split.

    Pairs are dealt anew by connected components, or where one component holds too much of the rows, some entities are
    held out and the pairs across left out. Texts are dealt anew where groups are on both sides, so that rows with a
    group or a text in common are on one. Otherwise copies and near-duplicates of training rows are left out of the
    test, so that what was trained can be measured without training again.
    """
    leaked = leaks.leaked
    if rows.pairs:
        assert leaks.linked is not None
        if not leaks.linked.any() and not leaked.any():
            return _made("none", rows, ~rows.in_test, rows.in_test)
        return _pairs(rows, seed)
    if leaks.counts.get("groups"):
        return _grouped(rows, leaked, seed)
    if not leaked.any():
        return _made("none", rows, ~rows.in_test, rows.in_test)
    test = rows.in_test.copy()
    test[rows.n_train :] &= ~leaked
    return _made("dropped", rows, ~rows.in_test, test)


def _pairs(rows: Joined, seed: int) -> Repair:
    try:
        return _dealt(rows, "components", seed)
    except DataError:
        note = f"the largest component holds {np.bincount(rows.components).max():,} of {rows.n:,} rows"
    # A pair is tested if both its sides are held out: with a share f of the entities about f² of the pairs.
    share = math.sqrt(rows.n_test / rows.n)
    random = np.random.default_rng([seed, 5])
    held = random.random(2 * rows.n) < share
    left, right = (held[keys] for keys in rows.entity_keys)
    return _made("entities", rows, ~left & ~right, left & right, note)


def _grouped(rows: Joined, leaked: Bools1d, seed: int) -> Repair:
    try:
        return _dealt(rows, "groups", seed)
    except DataError as error:
        assert rows.groups is not None
        known = set(rows.groups[: rows.n_train]) - {""}
        test = rows.in_test.copy()
        test[rows.n_train :] &= ~leaked & [group not in known for group in rows.groups[rows.n_train :]]
        return _made("dropped", rows, ~rows.in_test, test, f"{error.what}: {error.seen}")


def _dealt(rows: Joined, how: str, seed: int) -> Repair:
    fractions = (rows.n_train / rows.n, rows.n_test / rows.n)
    labels = None if rows.codes is None else rows.labels
    components = rows.components
    try:
        train, _ = split_indices(labels, components, fractions, seed)
    except DataError as error:
        if labels is None or error.code != "S-05":
            raise
        train, _ = split_indices(None, components, fractions, seed)
    in_train = np.zeros(rows.n, np.bool_)
    in_train[train] = True
    return _made(how, rows, in_train, ~in_train)


def _made(how: str, rows: Joined, train: Bools1d, test: Bools1d, note: str = "") -> Repair:
    moved = (train & rows.in_test) | (test & ~rows.in_test)
    return Repair(
        how=how,
        n_train=int(train.sum()),
        n_test=int(test.sum()),
        n_moved=int(moved.sum()),
        n_dropped=int((~train & ~test).sum()),
        note=note,
        train=np.flatnonzero(train),
        test=np.flatnonzero(test),
    )
