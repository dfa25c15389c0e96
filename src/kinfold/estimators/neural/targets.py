"""Labels or numbers, one a row as they are read -> targets of a net; memory holds a few bytes a row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.text.tokenrows import ids_type
from kinfold.types import Array, Floats1d, Ints1d

_SEVERAL = (list, tuple, set, frozenset)


#: From so many rows on, those held out are drawn one by one; how many are looked at together, and a number to mix by.
_MANY, _BLOCK, _MIX = 1 << 20, 1 << 18, np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Targets:
    """What is to be answered.

    Attributes
    ----------
    values
        (N,) places among `classes`, of the smallest unsigned type; (N, C) uint8 where a row may have any number of
        labels; (N,) float32 standardised numbers where there are no classes.
    classes
        The labels, sorted; none for numbers.
    multilabel
        Whether a row may have any number of labels.
    mean, scale
        Of the numbers as they were given.
    """

    values: Array
    classes: tuple[str, ...] = ()
    multilabel: bool = False
    mean: float = 0.0
    scale: float = 1.0

    @property
    def n_outputs(self) -> int:
        """How many scores a row needs."""
        return max(1, len(self.classes))

    def members(self) -> Array:
        """Return which rows have which label, (N, C) uint8."""
        if self.multilabel:
            return self.values
        return np.asarray(self.values[:, None] == np.arange(len(self.classes)), np.uint8)


class Labels:
    """Takes labels one after the other: strings, or collections of strings."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._codes, self._n = array("i"), 0
        #: Where the labels of each row end, where a row may have any number of them.
        self._ends = array("q")
        self._multilabel: bool | None = None

    def add(self, label: Any) -> None:
        """Take the label of the next row.

        Raises
        ------
        DataError
            D-092: it is no label.
        """
        several = isinstance(label, _SEVERAL)
        if self._multilabel is None:
            self._multilabel = several
        parts = sorted(set(label)) if several and all(isinstance(x, str) for x in label) else [label]
        if several != self._multilabel or not all(isinstance(x, str) for x in parts):
            wanted = "a list of strings, as other labels are" if self._multilabel else "a string"
            raise DataError(
                f"The label of row {self._n} must be {wanted}.",
                seen=f"{type(label).__name__}: {str(label)[:40]!r}",
                fix="Write labels as text, for example [str(label) for label in labels].",
                code="D-092",
            )
        self._codes.extend(self._places.setdefault(str(x), len(self._places)) for x in parts)
        self._n += 1
        if several:
            self._ends.append(len(self._codes))

    def only(self) -> str | None:
        """Return the label, if all rows have the same."""
        return next(iter(self._places)) if len(self._places) == 1 and not self._multilabel else None

    def targets(self) -> Targets:
        """Return the targets of all rows.

        Raises
        ------
        DataError
            D-071: there is only one class. D-091: there are fewer rows than classes.
        """
        classes = sorted(self._places)
        multilabel, n_rows = bool(self._multilabel), self._n
        if len(classes) < (1 if multilabel else 2):
            seen = f"{n_rows} rows, all labelled {classes[0]!r}" if classes else f"{n_rows} rows, no label"
            raise DataError(
                "A classifier needs at least two labels.",
                seen=seen,
                fix="Check the label column, or add rows of another class.",
                code="D-071",
            )
        if n_rows < len(classes):
            raise DataError(
                "There are fewer rows than labels.",
                seen=f"{n_rows:,} rows, {len(classes):,} labels",
                fix="Name another label column, or give more rows of each label.",
                code="D-091",
            )
        return self._coded(classes)

    def targets_among(self, classes: tuple[str, ...], multilabel: bool) -> Targets:
        """Return the targets of rows that are held out, whose labels must be those of the rows learned from.

        Raises
        ------
        DataError
            D-090: a label is none of `classes`. D-094: no rows, or labels of another kind.
        """
        if not self._n or bool(self._multilabel) != multilabel:
            seen = "no rows" if not self._n else "several labels a row" if self._multilabel else "one label a row"
            raise DataError(
                "The validation rows are not like those to learn from.",
                seen=seen,
                fix="Give rows read in the same way.",
                code="D-094",
            )
        only = sorted(self._places.keys() - set(classes))
        if only:
            raise DataError(
                "There are labels that only the validation rows have.",
                seen=", ".join(map(repr, only[:10])),
                fix="Move rows of these labels to those learned from, or leave them out of both.",
                code="D-090",
            )
        return self._coded(list(classes))

    def _coded(self, classes: list[str]) -> Targets:
        place = {label: c for c, label in enumerate(classes)}
        kind = ids_type(len(classes))
        sorted_places = np.array([place[label] for label in self._places], kind)
        codes = sorted_places[np.frombuffer(self._codes, np.int32)] if self._codes else np.zeros(0, kind)
        if not self._multilabel:
            return Targets(codes, tuple(classes))
        ends = np.frombuffer(self._ends, np.int64)
        members = np.zeros((len(ends), len(classes)), np.uint8)
        members[np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0)), codes] = 1
        return Targets(members, tuple(classes), True)


class Numbers:
    """Takes numbers one after the other."""

    def __init__(self) -> None:
        self._values = array("d")

    def add(self, label: Any) -> None:
        """Take the number of the next row.

        Raises
        ------
        DataError
            D-095: it is no finite number.
        """
        try:
            # Columns of a file are text.
            value = float(label) if isinstance(label, Real | str) and not isinstance(label, bool) else np.nan
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise DataError(
                f"The target of row {len(self._values)} is no finite number.",
                seen=f"{type(label).__name__}: {str(label)[:40]!r}",
                fix="Give numbers such as 2.5, or leave the row out.",
                code="D-095",
            )
        self._values.append(value)

    def targets(self) -> Targets:
        """Return the targets of all rows, standardised.

        Raises
        ------
        DataError
            D-095: all numbers are the same, or there are fewer than two.
        """
        values = self._all()
        spread = float(values.std()) if len(values) > 1 else 0.0
        if not (0.0 < spread < np.inf):
            raise DataError(
                "There is nothing to learn: the targets don't differ, or are beyond all bounds.",
                seen=f"{len(values):,} rows, {'all ' + str(values[0]) if len(values) else 'no target'}",
                fix="Check the target column.",
                code="D-095",
            )
        return self._scaled(float(values.mean()), spread)

    def targets_like(self, mean: float, scale: float) -> Targets:
        """Return the targets of rows that are held out; raises D-094 if there are none."""
        if not len(self._values):
            raise DataError("There are no validation rows.", fix="Give some, or valid=None.", code="D-094")
        return self._scaled(mean, scale)

    def _all(self) -> Floats1d:
        return np.array(self._values, np.float64)

    def _scaled(self, mean: float, scale: float) -> Targets:
        return Targets(((self._all() - mean) / scale).astype(np.float32), mean=mean, scale=scale)


def texts_of(records: Iterable[Any], taken: Labels | Numbers) -> Iterator[str]:
    """Yield the text of each record, and give its label to `taken`.

    Raises
    ------
    DataError
        D-092: something is no record with a text and a label.
    """
    for row, record in enumerate(records):
        try:
            text, label = record.text, record.label
        except AttributeError:
            label = None
        if label is None:
            raise DataError(
                f"Row {row} is no record with a text and a label.",
                seen=f"{type(record).__name__}: {str(record)[:40]!r}",
                fix="Give fit(texts, labels), or records as kinfold.open_table yields them.",
                code="D-092",
            )
        taken.add(label)
        yield text


def held_out(keys: Array, targets: Targets, share: float, seed: int) -> Ints1d:
    """Return rows to hold out, sorted: classes spread evenly, rows of equal keys on one side.

    The last rows of a class are never held out; with few rows there may be none. Of very many rows each text is drawn
    by itself, so that memory holds no order of them: the classes are then as even as chance makes them.
    """
    if share == 0:
        return np.zeros(0, np.int64)
    if len(keys) > _MANY:
        out = _drawn(keys, share, seed)
        if targets.classes:
            for c in np.flatnonzero(_sums(targets, ~out) == 0).tolist():
                out[targets.values[:, c] > 0 if targets.multilabel else targets.values == c] = False
        return np.flatnonzero(out)
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    n_groups = len(first)
    rng = np.random.default_rng(seed)
    order = rng.permutation(n_groups)
    if targets.classes:
        members = targets.values if targets.multilabel else None
        sizes = np.bincount(targets.values, minlength=len(targets.classes)) if members is None else members.sum(axis=0)
        if members is None:
            rarest = targets.values[first]
        else:
            rarest = np.where(members[first] > 0, sizes.astype(np.int64), len(keys) + 1).argmin(axis=1)
        # One class after the other, so that each gives its share.
        order = order[np.argsort(rarest[order], kind="stable")]
    begin = rng.random()
    steps = np.floor((np.arange(n_groups + 1) + begin) * share)
    chosen = np.zeros(n_groups, bool)
    chosen[order] = np.diff(steps) > 0
    if chosen.all():
        chosen[:] = False
    out = chosen[group]
    if targets.classes:
        left = _sums(targets, ~out)
        for c in np.flatnonzero(left == 0).tolist():
            of_class = targets.values[:, c] > 0 if targets.multilabel else targets.values == c
            chosen[np.unique(group[of_class & out])] = False
        out = chosen[group]
    return np.flatnonzero(out)


def _drawn(keys: Array, share: float, seed: int) -> Array:
    """Return whether each row is drawn, (N,) bool, by its key and the seed alone."""
    begin, factor = np.random.default_rng(seed).integers(1 << 63, 1 << 64, 2, np.uint64, endpoint=False)
    out = np.zeros(len(keys), bool)
    for at in range(0, len(keys), _BLOCK):
        mixed = (keys[at : at + _BLOCK] ^ begin) * (factor | np.uint64(1))
        mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
        out[at : at + _BLOCK] = (mixed >> np.uint64(11)) * 2.0**-53 < share
    return out


def _sums(targets: Targets, rows: Array) -> Ints1d:
    """Return how many of some rows each class has, (C,)."""
    if targets.multilabel:
        return np.asarray(targets.values[rows].sum(axis=0, dtype=np.int64))
    return np.bincount(targets.values[rows], minlength=len(targets.classes))
