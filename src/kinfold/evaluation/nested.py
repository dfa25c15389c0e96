"""Rows in; test rows that share nothing with the others, and orders of the others whose beginnings are subsets, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.data.splits import split_indices, text_groups, text_key
from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.scoring import Rows, groups_of, labels_of
from kinfold.types import Ints1d, Label

#: The smallest subset: this many rows, and this many a class.
FEWEST, FEWEST_A_CLASS = 32, 4
#: Sizes, each twice the one before, with which a curve is drawn: at least, and at most where none are asked for.
LEAST_SIZES, MOST_SIZES = 3, 6
#: Fewer test rows than this say next to nothing.
FEWEST_TEST = 30


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows to learn from and fixed rows to measure on.

    `units` numbers what belongs together among the rows to learn from; `n_shared` counts rows that were left out since
    their text or group is among the test rows; `test_groups` is the group of each test row where whole groups are to
    be drawn.
    """

    texts: list[str]
    labels: list[Label]
    units: Ints1d
    test_texts: list[str]
    test_labels: list[Label]
    test_groups: list[str] | None
    n_shared: int

    @property
    def n_classes(self) -> int:
        """How many labels the rows to learn from have."""
        return len({name for label in self.labels for name in _names(label)})


def part(examples: Rows, test: Rows | float, *, by_group: bool, seed: int) -> Parts:
    """Return the rows in two parts that share no text, and no group where there are groups.

    Raises
    ------
    InvalidParameterError
        U-019: the share of test rows is not between 0 and 1.
    DataError
        D-101: next to no rows are left on one side.
    """
    texts, labels = labels_of(examples)
    groups = groups_of(examples, by_group)
    if isinstance(test, int | float):
        if not 0 < test < 1:
            raise InvalidParameterError(
                "the share of test rows is above 0 and below 1", seen=str(test), fix="use 0.3", code="U-019"
            )
        train_rows, test_rows = _split(texts, labels, groups, float(test), seed)
        test_texts, test_labels = ([values[i] for i in test_rows] for values in (texts, labels))
        test_groups = None if groups is None else [groups[i] for i in test_rows]
    else:
        train_rows = np.arange(len(texts))
        test_texts, test_labels = labels_of(test)
        test_groups = groups_of(test, by_group)
    known = {text_key(text) for text in test_texts}
    known_groups = {group for group in test_groups or () if group}
    kept = [i for i in train_rows if text_key(texts[i]) not in known and not (groups and groups[i] in known_groups)]
    if len(test_texts) < FEWEST_TEST or not kept:
        raise DataError(
            f"a curve needs rows to learn from and at least {FEWEST_TEST} rows to measure on, which share no text",
            seen=f"{len(kept):,} rows to learn from, {len(test_texts):,} to measure on, and "
            f"{len(train_rows) - len(kept):,} that had a text or group of the latter",
            fix="add rows, or name other test rows",
            code="D-101",
        )
    return Parts(
        texts=[texts[i] for i in kept],
        labels=[labels[i] for i in kept],
        units=text_groups([texts[i] for i in kept]) if groups is None else _numbers([groups[i] for i in kept]),
        test_texts=test_texts,
        test_labels=test_labels,
        test_groups=test_groups if test_groups is not None and any(test_groups) else None,
        n_shared=len(train_rows) - len(kept),
    )


def doubling_sizes(
    n_rows: int, n_classes: int, sizes: Sequence[int] | None = None, *, most: int = MOST_SIZES
) -> tuple[int, ...]:
    """Return the sizes of the subsets, ascending: those asked for, or all rows, half of them, and so on.

    Raises
    ------
    InvalidParameterError
        U-019: fewer than three sizes were asked for, one twice, or one that there are not rows for.
    DataError
        D-100: there are too few rows for three sizes.
    """
    least = max(FEWEST, FEWEST_A_CLASS * n_classes)
    if sizes is not None:
        asked = sorted(sizes)
        if len(set(asked)) < LEAST_SIZES or len(set(asked)) < len(asked) or asked[0] < least or asked[-1] > n_rows:
            raise InvalidParameterError(
                f"a curve takes {LEAST_SIZES} sizes or more, each once, of {least:,} to {n_rows:,} rows, all there are",
                seen=", ".join(f"{size:,}" for size in asked),
                fix="leave the sizes out: they double up to all rows",
                code="U-019",
            )
        return tuple(asked)
    found = [n_rows]
    while len(found) < most and found[-1] // 2 >= least:
        found.append(found[-1] // 2)
    if len(found) < LEAST_SIZES:
        raise DataError(
            "there are too few rows for a curve",
            seen=f"{n_rows:,} rows to learn from, of {n_classes} classes",
            why=f"it takes {LEAST_SIZES} sizes, each twice the one before, the smallest of {least:,} rows",
            fix=f"get at least {least * 2 ** (LEAST_SIZES - 1):,} rows to learn from, or hold out fewer",
            code="D-100",
        )
    return tuple(reversed(found))


def nested_order(labels: Sequence[Label], units: Ints1d, seed: int) -> Ints1d:
    """Return the numbers of all rows in an order whose every beginning has the labels in their shares.

    What belongs together stays together: only where a subset ends may it be cut.
    """
    random = np.random.default_rng(seed)
    counts = Counter(name for label in labels for name in _names(label))
    order = random.permutation(len(labels))
    members: dict[int, list[int]] = {}
    for row in order:
        members.setdefault(int(units[row]), []).append(int(row))
    strata: dict[str, list[int]] = {}
    for unit, rows in members.items():
        # A unit counts by the rarest label of its first row.
        names = _names(labels[rows[0]])
        strata.setdefault(min(names, key=lambda name: (counts[name], name)) if names else "", []).append(unit)
    place: dict[int, float] = {}
    for stratum in sorted(strata):
        inside = strata[stratum]
        total, before, start = sum(len(members[unit]) for unit in inside), 0, random.random()
        for unit in inside:
            place[unit] = (before + start) / total
            before += len(members[unit])
    ordered = sorted(members, key=place.__getitem__)
    return np.array([row for unit in ordered for row in members[unit]], np.int64)


def _split(
    texts: list[str], labels: list[Label], groups: list[str] | None, share: float, seed: int
) -> tuple[Ints1d, Ints1d]:
    units: Any = text_groups(texts) if groups is None else _numbers(groups)
    train, test = split_indices(labels, units, (1 - share, share), seed)
    return train, test


def _numbers(groups: list[str]) -> Ints1d:
    """Return a number for each group; a row without one stands alone."""
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(group or row, len(seen)) for row, group in enumerate(groups)], np.int64)


def _names(label: Label) -> tuple[str, ...]:
    return label if isinstance(label, tuple) else (label,)
