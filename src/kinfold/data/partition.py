"""Rows with labels and groups in, one side a row out: how `splits` deals rows to sides.

Groups of several rows are placed one by one, large ones first, where they do least harm to the wanted
counts (the chi-square distance of labels and rows; without labels this is the Sainte-Laguë rule, so that
large groups are spread fairly). Single rows then fill what is left, label by label from the rarest on: the
iterative stratification of Sechidis, Tsoumakas and Vlahavas (2011), done for all rows of a label at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinfold.types import Floats1d, Ints1d


class Marks(NamedTuple):
    """Which row has which label: parallel arrays sorted by row, and the number of labels (L)."""

    rows: Ints1d
    codes: Ints1d
    n_labels: int


def label_marks(labels: Sequence[Any] | NDArray[Any] | None, n_rows: int) -> Marks:
    """Return the marks of single labels, of tuples of labels, or of one common label when there are none.

    Labels that only one row has share one code: one row can't be spread over sides. It is always the last
    code, `n_labels - 1`, and may be empty. A row whose tuple is empty gets a code of its own kind.
    """
    rows = np.arange(n_rows, dtype=np.int64)
    if labels is None:
        return Marks(rows, np.zeros(n_rows, np.int64), 2)
    values = labels.tolist() if isinstance(labels, np.ndarray) else labels
    if any(isinstance(value, tuple) for value in values):
        lists = [dict.fromkeys(value) or {(): None} if isinstance(value, tuple) else {value: None} for value in values]
        rows = np.repeat(rows, [len(one) for one in lists])
        values = [label for one in lists for label in one]
    seen: dict[Any, int] = {}
    codes = np.fromiter((seen.setdefault(value, len(seen)) for value in values), np.int64, len(values))
    counts = np.bincount(codes, minlength=len(seen))
    renumbered = np.where(counts > 1, np.cumsum(counts > 1) - 1, (counts > 1).sum())
    return Marks(rows, renumbered[codes], int((counts > 1).sum()) + 1)


def assign_sides(
    marks: Marks, units: Ints1d, fractions: Floats1d, rng: np.random.Generator, *, keep_rare: bool
) -> Ints1d:
    """Return the side of every row, (N,); rows of one unit get one side.

    Parameters
    ----------
    marks
        The labels, from `label_marks`.
    units
        (N,) the unit of every row, numbered from 0 without gaps.
    fractions
        (S,) positive shares of the sides, summing to 1.
    rng
        Decides among equals.
    keep_rare
        Whether side 0 must have every label it can: labels of one row stay there, and of every other label at
        least one row where single rows have it.
    """
    sizes = np.bincount(units)
    board = _Board.empty(marks, len(units), fractions)
    sides = np.full(len(units), -1, dtype=np.int64)
    alone = sizes[units] == 1
    if not alone.all():
        placed = _place_groups(board, marks, units, sizes, rng, keep_rare)
        sides[~alone] = placed[units[~alone]]
    _place_singles(board, marks, alone, sides, rng, keep_rare)
    return sides


class _Board(NamedTuple):
    """How far each side is from its wanted counts: excess = placed - wanted, negative while there is room."""

    wanted: NDArray[np.float64]  # (S, L)
    excess: NDArray[np.float64]  # (S, L)
    wanted_rows: Floats1d  # (S,)
    excess_rows: Floats1d  # (S,)

    @classmethod
    def empty(cls, marks: Marks, n_rows: int, fractions: Floats1d) -> _Board:
        counts = np.bincount(marks.codes, minlength=marks.n_labels)
        wanted = fractions[:, None] * counts[None, :]  # (S, L)
        return cls(wanted, -wanted, fractions * n_rows, -fractions * n_rows)


def _place_groups(
    board: _Board, marks: Marks, units: Ints1d, sizes: Ints1d, rng: np.random.Generator, keep_rare: bool
) -> Ints1d:
    """Place every unit of several rows; return the side of every unit (-1: a single row), fill `board`."""
    inside = sizes[units[marks.rows]] > 1
    keys, counts = np.unique(units[marks.rows[inside]] * marks.n_labels + marks.codes[inside], return_counts=True)
    owners, codes = np.divmod(keys, marks.n_labels)
    starts = np.searchsorted(owners, np.arange(len(sizes) + 1))
    groups = np.flatnonzero(sizes > 1)
    # Random within a power of two: the order, and with it the split, depends on the seed even where every
    # group has a size of its own.
    order = groups[np.lexsort((rng.random(len(groups)), -np.floor(np.log2(sizes[groups]))))]
    tables = (starts.tolist(), codes.tolist(), counts.tolist(), sizes.tolist())
    home = marks.n_labels - 1 if keep_rare else -1
    chosen = _greedy(board, order.tolist(), tables, home, n_units_left=len(sizes))
    placed = np.full(len(sizes), -1, dtype=np.int64)
    placed[order] = chosen
    return placed


def _greedy(
    board: _Board,
    order: list[int],
    tables: tuple[list[int], list[int], list[int], list[int]],
    home: int,
    n_units_left: int,
) -> list[int]:
    # Plain lists: with a handful of labels a group, indexing numpy arrays one by one costs far more.
    starts, codes, counts, sizes = tables
    excess, over = board.excess.tolist(), board.excess_rows.tolist()
    weight = (1.0 / np.maximum(board.wanted, 1e-12)).tolist()
    row_weight = (1.0 / board.wanted_rows).tolist()
    sides = range(len(over))
    empty = set(sides)
    chosen = []
    for unit in order:
        size = sizes[unit]
        marks = [(codes[i], counts[i]) for i in range(starts[unit], starts[unit + 1])]
        if n_units_left <= len(empty):
            open_sides = sorted(empty)
        elif any(code == home for code, _ in marks):
            open_sides = [0]
        else:
            open_sides = [side for side in sides if over[side] + size / 2 <= 0]
        best, best_cost = 0, float("inf")
        for side in open_sides or sides:
            label_excess, label_weight = excess[side], weight[side]
            cost = size * (2 * over[side] + size) * row_weight[side]
            for code, count in marks:
                cost += count * (2 * label_excess[code] + count) * label_weight[code]
            if cost < best_cost:
                best, best_cost = side, cost
        over[best] += size
        for code, count in marks:
            excess[best][code] += count
        empty.discard(best)
        n_units_left -= 1
        chosen.append(best)
    board.excess[:], board.excess_rows[:] = excess, over
    return chosen


def _place_singles(
    board: _Board,
    marks: Marks,
    alone: NDArray[np.bool_],
    sides: Ints1d,
    rng: np.random.Generator,
    keep_rare: bool,
) -> None:
    """Deal the rows in `alone` to the sides, label by label, in place."""
    inside = alone[marks.rows]
    rows, codes = marks.rows[inside], marks.codes[inside]
    shuffled = rng.permutation(len(rows))
    by_label = shuffled[np.argsort(codes[shuffled], kind="stable")]
    starts = np.searchsorted(codes[by_label], np.arange(marks.n_labels + 1))
    left = np.bincount(codes, minlength=marks.n_labels)
    several = len(rows) > int(alone.sum())  # rows with more than one label
    row_starts = np.searchsorted(rows, np.arange(len(alone) + 1)) if several else np.empty(0, np.int64)
    carry = np.zeros(len(board.wanted_rows))
    pending = [int(code) for code in np.argsort(left, kind="stable") if left[code]]
    while pending:
        label = min(pending, key=left.__getitem__) if several else pending[0]
        pending.remove(label)
        mine = rows[by_label[starts[label] : starts[label + 1]]]
        mine = mine[sides[mine] < 0] if several else mine
        if not len(mine):
            continue
        rare = label == marks.n_labels - 1
        dealt = _quota(board, label, len(mine), carry, keep_rare, rare)
        sides[mine] = np.repeat(np.arange(len(dealt)), dealt)
        board.excess_rows[:] += dealt
        if several:
            spans = row_starts[mine + 1] - row_starts[mine]
            first = np.repeat(row_starts[mine] - np.cumsum(spans) + spans, spans)
            also, owner = first + np.arange(len(first)), np.repeat(sides[mine], spans)
            np.add.at(board.excess, (owner, codes[also]), 1)
            left -= np.bincount(codes[also], minlength=marks.n_labels)


def _quota(board: _Board, label: int, n: int, carry: Floats1d, keep_rare: bool, rare: bool) -> Ints1d:
    """Return how many of `n` rows of a label each side gets, (S,); what rounding owes a side is carried."""
    dealt = np.zeros(len(carry), dtype=np.int64)
    if rare and keep_rare:
        dealt[0] = n
        return dealt
    room = np.maximum(-board.excess[:, label], 0.0)
    room = room if room.sum() > 0 else board.wanted[:, label]
    ideal = n * room / room.sum()
    dealt += np.floor(ideal + 1e-9).astype(np.int64)
    owed = ideal + carry - dealt
    dealt[np.argsort(-owed, kind="stable")[: n - int(dealt.sum())]] += 1
    has_some = board.excess[0, label] + board.wanted[0, label] > 0.5
    if keep_rare and not dealt[0] and not has_some:
        dealt[int(np.argmax(dealt))] -= 1
        dealt[0] += 1
    carry += ideal - dealt
    return dealt
