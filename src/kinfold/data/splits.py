"""Records in, parts of them out: seeded splits and folds that keep what belongs together on one side.

Rows with the same text (same letters after Unicode composition, whatever their case and spacing) are one
group in every random split, so that no text a model learned from is among those it is judged on.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kinfold.data.moments import time_ranks, time_sides
from kinfold.data.partition import assign_sides, label_marks
from kinfold.data.records import Examples, Pairs
from kinfold.errors import DataError, InvalidParameterError
from kinfold.types import Ints1d

By = Literal["group", "component", "time"] | None
Labels = Sequence[Any] | NDArray[Any] | None
Records = TypeVar("Records", Examples, Pairs)


def split(
    examples: Records,
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    *,
    seed: int = 0,
    stratify: bool = True,
    by: By = None,
) -> tuple[Records, ...]:
    """Cut records into parts that share no text.

    Parameters
    ----------
    examples
        `Examples` or `Pairs`.
    fractions
        The share of each part, the training part first; they sum to 1.
    seed
        The same seed gives the same parts.
    stratify
        Keep the shares of the labels in every part as they are in the whole; with several labels a row, from
        the rarest label on. Labels of one row stay in the first part. Records without labels are dealt at
        random.
    by
        None: at random; rows with equal text (for pairs: the same two texts, in either order) stay together.
        ``"group"``: rows with the same `examples.groups` stay together; a row without a group stands alone.
        The groups alone decide: a text that occurs in two groups may come to be in two parts.
        ``"component"``: pairs only; pairs that share a text, directly or through others, stay together.
        ``"time"``: the latest rows go into the last part; rows of one moment stay together. Neither `seed`
        nor `stratify` has an effect, and a text that recurs may be in two parts.

    Returns
    -------
    tuple of Examples or Pairs
        One for each fraction, in the order the rows had.

    Raises
    ------
    InvalidParameterError
        The fractions don't sum to 1, or `by` names something the records don't have.
    DataError
        Too few rows, a group too large for any part, or a part that would be empty.
    """
    shares = _checked_fractions(fractions)
    if by == "time":
        sides = time_sides(_ranks(examples), np.cumsum(shares)[:-1])
        return tuple(examples.take(np.flatnonzero(sides == side).tolist()) for side in range(len(shares)))
    labels = examples.labels if stratify else None
    parts = _deal(labels, _units(examples, by), shares, seed, keep_rare=True, unit_name=_unit_name(by))
    return tuple(examples.take(part.tolist()) for part in parts)


def folds(
    examples: Examples | Pairs, n: int = 10, *, seed: int = 0, stratify: bool = True, by: By = None
) -> Iterator[tuple[Ints1d, Ints1d]]:
    """Yield (train, test) row numbers `n` times; see `split` for `stratify` and `by`.

    Every row is in exactly one test part. With ``by="time"`` the rows are cut into n + 1 stretches, and each
    of the last n is tested after training on all that came before it: the first stretch is never tested.

    Raises
    ------
    InvalidParameterError
        `n` is below 2, or `by` names something the records don't have.
    DataError
        Fewer rows or groups than folds, or a group so large that training without it is hopeless.
    """
    if by == "time":
        _checked_n(n)
        sides = time_sides(_ranks(examples), np.arange(1, n + 1) / (n + 1))
        return ((np.flatnonzero(sides < k), np.flatnonzero(sides == k)) for k in range(1, n + 1))
    labels = examples.labels if stratify else None
    return iter(_fold_parts(labels, _units(examples, by), n, seed, _unit_name(by)))


def split_indices(
    labels: Labels,
    groups: Labels = None,
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
) -> tuple[Ints1d, ...]:
    """Return the row numbers of each part, ascending, for plain arrays.

    Parameters
    ----------
    labels
        (N,) labels to stratify by, tuples where a row has several; None for none.
    groups
        (N,) anything hashable; rows of one group stay together. None: every row stands alone.
    fractions, seed
        As in `split`.
    """
    units = _plain_units(labels, groups)
    return _deal(labels, units, _checked_fractions(fractions), seed, keep_rare=True, unit_name="group")


def fold_indices(labels: Labels, groups: Labels = None, n: int = 10, seed: int = 0) -> list[tuple[Ints1d, Ints1d]]:
    """Return `n` pairs (train, test) of ascending row numbers for plain arrays; see `split_indices`."""
    return _fold_parts(labels, _plain_units(labels, groups), n, seed, "group")


def text_groups(texts: Sequence[str]) -> Ints1d:
    """Return (N,) numbers that are equal where the texts are, but for case, spacing and Unicode form."""
    return _numbered([text_key(text) for text in texts])


def component_groups(lefts: Sequence[str], rights: Sequence[str]) -> Ints1d:
    """Return (N,) the connected component of every pair in the graph whose nodes are the texts.

    An empty text links nothing. Texts are compared as in `text_groups`.
    """
    n = len(lefts)
    keys = [text_key(text) for text in lefts]
    keys += [text_key(text) for text in rights]
    nodes = _numbered(keys)
    left, right = nodes[:n], nodes[n:]
    blank = np.fromiter((not key for key in keys), np.bool_, 2 * n)
    left, right = np.where(blank[:n], right, left), np.where(blank[n:], left, right)
    size = int(nodes.max(initial=-1)) + 1
    graph = coo_array((np.ones(n, np.int8), (left, right)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    return np.unique(component[left], return_inverse=True)[1].astype(np.int64)


def text_key(text: str) -> str:
    """Return what two texts share that count as the same: composed (NFC), case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _deal(
    labels: Labels, units: Ints1d, shares: NDArray[np.float64], seed: int, *, keep_rare: bool, unit_name: str
) -> tuple[Ints1d, ...]:
    n, n_sides = len(units), len(shares)
    sizes = np.bincount(units) if n else np.zeros(0, np.int64)
    least = math.ceil(1 / shares.min() - 1e-9)
    if n < least or len(sizes) < n_sides:
        raise DataError(
            f"too few rows for {n_sides} parts: at least {least} rows in {n_sides} {unit_name}s are needed",
            seen=f"{n} rows in {len(sizes)} {unit_name}s; parts {_percent(shares)}",
            why="the smallest part would be empty",
            fix="add rows, or ask for fewer or larger parts",
            code="S-03",
        )
    # For folds the largest share is that of the training rows, all folds but one.
    room = float(shares.max()) if keep_rare else 1 - float(shares.min())
    if sizes.max() > room * n + max(1.0, 0.02 * n):
        raise DataError(
            f"one {unit_name} is larger than any part may be",
            seen=f"{sizes.max():,} of {n:,} rows in one {unit_name}; the largest part is to have {room:.0%}, "
            f"{math.floor(room * n):,} rows; the next {unit_name} has {np.sort(sizes)[-2]:,}",
            why=f"rows of one {unit_name} stay on one side",
            fix="make the training part larger, look for a value that links what should be apart (a "
            "placeholder such as 'unknown'), or split without it",
            code="S-04",
        )
    rng = np.random.default_rng(_checked_seed(seed))
    sides = assign_sides(label_marks(labels, n), units, shares, rng, keep_rare=keep_rare)
    parts = tuple(np.flatnonzero(sides == side) for side in range(n_sides))
    if not all(len(part) for part in parts):
        raise DataError(
            "one part would be empty",
            seen=f"parts of {', '.join(f'{len(part):,}' for part in parts)} rows for {_percent(shares)}",
            why="most labels have a single row, and those stay in the training part"
            if labels is not None
            else f"there are few {unit_name}s and they are large",
            fix="check that the label column holds labels and not ids, or pass stratify=False",
            code="S-05",
        )
    return parts


def _fold_parts(labels: Labels, units: Ints1d, n: int, seed: int, unit_name: str) -> list[tuple[Ints1d, Ints1d]]:
    shares = np.full(_checked_n(n), 1 / n)
    parts = _deal(labels, units, shares, seed, keep_rare=False, unit_name=unit_name)
    inside = np.zeros(len(units), dtype=np.bool_)
    result = []
    for part in parts:
        inside[part] = True
        result.append((np.flatnonzero(~inside), part))
        inside[part] = False
    return result


def _units(examples: Examples | Pairs, by: str | None) -> Ints1d:
    if by not in _UNITS:
        raise InvalidParameterError(
            "by must be None, 'group', 'component' or 'time'",
            seen=repr(by),
            fix="choose one of them",
            code="S-02",
        )
    return _UNITS[by](examples)


def _random_units(examples: Examples | Pairs) -> Ints1d:
    if isinstance(examples, Examples):
        return text_groups(examples.texts)
    n = len(examples)
    nodes = text_groups([*examples.lefts, *examples.rights])
    low, high = np.minimum(nodes[:n], nodes[n:]), np.maximum(nodes[:n], nodes[n:])
    return np.unique(low * (2 * n) + high, return_inverse=True)[1].astype(np.int64)


def _group_units(examples: Examples | Pairs) -> Ints1d:
    groups = examples.groups
    if groups is None:
        raise InvalidParameterError(
            "by='group' needs a group for every row",
            seen=f"{type(examples).__name__} without groups",
            fix="name the column when reading: read_table(path, group='COLUMN')",
            code="S-02",
        )
    return _numbered([group if group else (row,) for row, group in enumerate(groups)])


def _component_units(examples: Examples | Pairs) -> Ints1d:
    if not isinstance(examples, Pairs):
        raise InvalidParameterError(
            "by='component' is for pairs",
            seen=f"{type(examples).__name__}",
            fix="leave `by` out: rows with equal texts stay together anyway",
            code="S-02",
        )
    return component_groups(examples.lefts, examples.rights)


_UNITS: dict[str | None, Callable[[Examples | Pairs], Ints1d]] = {
    None: _random_units,
    "group": _group_units,
    "component": _component_units,
}


def _unit_name(by: str | None) -> str:
    return {None: "distinct text", "group": "group", "component": "component"}.get(by, "group")


def _plain_units(labels: Labels, groups: Labels) -> Ints1d:
    if labels is None and groups is None:
        raise InvalidParameterError(
            "labels and groups are both missing",
            seen="None, None",
            fix="pass at least one, so that the number of rows is known",
            code="S-02",
        )
    if labels is not None and groups is not None and len(labels) != len(groups):
        raise InvalidParameterError(
            "labels and groups differ in length",
            seen=f"{len(labels)} labels, {len(groups)} groups",
            fix="pass one of each per row",
            code="S-02",
        )
    if groups is None:
        return np.arange(len(labels if labels is not None else ()), dtype=np.int64)
    return _numbered(groups.tolist() if isinstance(groups, np.ndarray) else groups)


def _numbered(values: Sequence[Any]) -> Ints1d:
    seen: dict[Any, int] = {}
    return np.fromiter((seen.setdefault(value, len(seen)) for value in values), np.int64, len(values))


def _ranks(examples: Examples | Pairs) -> Ints1d:
    if examples.times is None:
        raise InvalidParameterError(
            "by='time' needs a time for every row",
            seen=f"{type(examples).__name__} without times",
            fix="name the column when reading: read_table(path, time='COLUMN')",
            code="S-02",
        )
    return time_ranks(examples.times)


def _checked_fractions(fractions: Sequence[float]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.array(fractions, dtype=np.float64)
    if shares.ndim != 1 or len(shares) < 2 or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise InvalidParameterError(
            "fractions must be two or more positive numbers that sum to 1",
            seen=f"{tuple(fractions)}, sum {shares.sum():g}",
            why="every row goes to exactly one part",
            fix="for example (0.8, 0.1, 0.1)",
            code="S-01",
        )
    total: np.float64 = shares.sum()
    return np.divide(shares, total)


def _checked_n(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 2:
        raise InvalidParameterError(
            "n, the number of folds, must be a whole number of at least 2",
            seen=repr(n),
            fix="for example 10",
            code="S-01",
        )
    return int(n)


def _checked_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidParameterError(
            "seed must be a whole number of at least 0", seen=repr(seed), fix="for example 0", code="S-01"
        )
    return int(seed)


def _percent(shares: NDArray[np.float64]) -> str:
    return " / ".join(f"{share:.3g}" for share in shares)
