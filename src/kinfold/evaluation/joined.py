"""Training and test rows in; their columns end to end, with numbers in place of texts and labels, out.

Rows are examples (`texts`) or pairs (`lefts`, `rights`), told by what columns they have. The N rows are those of
training, then those of the test. An *entity* is what the side of a pair is: its text, or the id given for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kinfold.data.splits import component_groups, text_groups, text_key
from kinfold.errors import DataError, InvalidParameterError
from kinfold.types import Ints1d

Bools1d: TypeAlias = NDArray[np.bool_]
#: The ids of the left and of the right sides of some pairs.
Sides: TypeAlias = tuple[Sequence[str], Sequence[str]]

#: A component that holds more of the test rows than this makes resampling by component say nothing.
_MOST_IN_ONE = 0.2


@dataclass(frozen=True)
class Joined:
    """The columns of training and test rows; `codes` are positions in `classes`, None where there are no labels."""

    columns: tuple[list[str], ...]  # one of texts, or two: lefts and rights
    text_keys: tuple[Ints1d, ...]  # (N,) each: equal where texts count as the same
    entities: tuple[list[str], ...]  # the columns, or the ids given for them
    entity_keys: tuple[Ints1d, ...]
    codes: Ints1d | None
    classes: tuple[str, ...]
    ids: list[str] | None
    groups: list[str] | None
    n_train: int

    @property
    def pairs(self) -> bool:
        """Whether the rows are pairs."""
        return len(self.columns) == 2

    @property
    def n(self) -> int:
        """The number of rows, N."""
        return len(self.columns[0])

    @property
    def n_test(self) -> int:
        """The number of test rows."""
        return self.n - self.n_train

    @property
    def in_test(self) -> Bools1d:
        """Which of the N rows are test rows."""
        return np.arange(self.n) >= self.n_train

    @property
    def labels(self) -> list[str]:
        """The N labels as text."""
        assert self.codes is not None
        return [self.classes[code] for code in self.codes.tolist()]

    @property
    def test_codes(self) -> Ints1d:
        """The labels of the test rows."""
        assert self.codes is not None
        return self.codes[self.n_train :]

    @cached_property
    def components(self) -> Ints1d:
        """The connected component of every row, (N,): of pairs by their entities, of texts by text and group."""
        if self.pairs:
            return component_groups(*self.entities)
        owners = [f"group {group}" if group else "" for group in self.groups or [""] * self.n]
        return component_groups(owners, [f"text {text_key(text)}" for text in self.columns[0]])

    def clusters(self) -> list[str] | None:
        """Return what test rows are resampled by, where they hang together: their group, or component of pairs."""
        if self.groups is not None:
            held = self.groups[self.n_train :]
            return [group or f" {i}" for i, group in enumerate(held)]  # a row without a group stands alone
        if not self.pairs:
            return None
        left, right = (column[self.n_train :] for column in self.entities)
        return pair_clusters(left, right)


def pair_clusters(lefts: Sequence[str], rights: Sequence[str]) -> list[str] | None:
    """Return what pairs are resampled by: the component of the graph that they make of what they pair.

    None where no two pairs hang together, and where one component holds so many that resampling would say nothing.
    """
    found = component_groups(lefts, rights)
    sizes = np.bincount(found, minlength=1)
    if sizes.max() > _MOST_IN_ONE * len(found) or sizes.max() <= 1:
        return None
    return [str(one) for one in found.tolist()]


def join(train: Any, test: Any, train_sides: Sides | None = None, test_sides: Sides | None = None) -> Joined:
    """Put training and test rows end to end.

    Raises
    ------
    DataError
        D-140: examples on one side and pairs on the other; D-141: no rows; D-142: labels on one side only, or a row
        without one; D-145: ids of sides that are not one for each row, or not there for both parts.
    """
    pairs = [_is_pairs(rows) for rows in (train, test)]
    if pairs[0] != pairs[1]:
        raise DataError(
            "training rows and test rows are not of one kind",
            seen=" and ".join("pairs" if one else "single texts" for one in pairs),
            fix="read both files in the same way",
            code="D-140",
        )
    if not len(train) or not len(test):
        raise DataError(
            "an audit needs training rows and test rows",
            seen=f"{len(train):,} and {len(test):,} rows",
            fix="give both, or one file to be split",
            code="D-141",
        )
    names = ("lefts", "rights") if pairs[0] else ("texts",)
    columns = tuple([*getattr(train, name), *getattr(test, name)] for name in names)
    keys = _keys(columns)
    entities = _entities(columns, len(train), train_sides, test_sides)
    codes, classes = _codes(train.labels, test.labels)
    return Joined(
        columns=columns,
        text_keys=keys,
        entities=entities,
        entity_keys=keys if entities is columns else _keys(entities),
        codes=codes,
        classes=classes,
        ids=_both(train.ids, test.ids),
        groups=_both(train.groups, test.groups),
        n_train=len(train),
    )


def _is_pairs(rows: Any) -> bool:
    if hasattr(rows, "lefts"):
        return True
    if hasattr(rows, "texts"):
        return False
    raise InvalidParameterError(
        "an audit takes Examples or Pairs", seen=type(rows).__name__, fix="read_table(...).rows", code="D-140"
    )


def _keys(columns: tuple[list[str], ...]) -> tuple[Ints1d, ...]:
    numbers = text_groups([text for column in columns for text in column])
    return tuple(np.split(numbers, len(columns)))


def _entities(
    columns: tuple[list[str], ...], n_train: int, train: Sides | None, test: Sides | None
) -> tuple[list[str], ...]:
    if train is None and test is None:
        return columns
    sizes = [[len(side) for side in sides] if sides is not None else [] for sides in (train, test)]
    n_test = len(columns[0]) - n_train
    if train is None or test is None or len(columns) == 1 or sizes != [[n_train] * 2, [n_test] * 2]:
        raise DataError(
            "the ids of the sides don't fit the pairs",
            seen=f"{sizes[0]} and {sizes[1]} ids for {n_train:,} and {n_test:,} rows",
            fix="give a left id and a right id for every training pair and every test pair",
            code="D-145",
        )
    return tuple([str(value) for value in (*a, *b)] for a, b in zip(train, test, strict=True))


def _codes(train: Sequence[Any] | None, test: Sequence[Any] | None) -> tuple[Ints1d | None, tuple[str, ...]]:
    if train is None and test is None:
        return None, ()
    if train is None or test is None or any(label is None for part in (train, test) for label in part):
        raise DataError(
            "some rows have labels and some have none",
            fix="give every row a label, or leave the labels out of both parts",
            code="D-142",
        )
    names = [label_name(label) for label in (*train, *test)]
    classes = tuple(sorted(set(names)))
    number = {name: k for k, name in enumerate(classes)}
    return np.array([number[name] for name in names], np.int64), classes


def label_name(label: Any) -> str:
    """Return a label as text: several of one row are one of their own."""
    return label if isinstance(label, str) else " | ".join(sorted(map(str, _several(label))))


def _several(label: Any) -> Iterable[Any]:
    return label if isinstance(label, tuple | list | set | frozenset) else (label,)


def _both(a: Sequence[str] | None, b: Sequence[str] | None) -> list[str] | None:
    return None if a is None or b is None else [*a, *b]
