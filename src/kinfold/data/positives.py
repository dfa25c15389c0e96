"""Links known to be there in, a set of them out that is quickly asked whether it holds a pair.

Pairs are numbered (`kinfold.data.pairspace`), and a pair is looked up by a search in the sorted numbers: memory is
proportional to the number of links, whatever the number of pairs that there could be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kinfold.data.faults import count, fault, shown
from kinfold.data.pairspace import Ends, PairSpace
from kinfold.types import Array, Ints1d

_FIX_IDS = "give an id for both ends of every link, as text"


@dataclass(frozen=True, eq=False)
class Positives:
    """Links that are there, each once; made by `of_numbers` or `of_ids`. The arrays can't be written to.

    Parameters
    ----------
    space
        The pairs that there can be.
    lefts, rights
        (P,) the ends of the links, in the order they were given; left < right if they are symmetric.
    keys
        (P,) the numbers of the links in `space`, ascending.
    n_duplicates
        Links given again (in either order if they are symmetric) and left out.
    n_selves
        Links of something with itself, left out where lefts and rights are one set.
    n_lookalikes
        Ids that differ from another only by leading zeros. They are kept apart.
    warnings
        What the reader should know of the ids, one sentence each.
    left_ids, right_ids
        The ids in the order of their numbers; None if numbers were given.
    """

    space: PairSpace
    lefts: Ints1d
    rights: Ints1d
    keys: Ints1d
    n_duplicates: int = 0
    n_selves: int = 0
    n_lookalikes: int = 0
    warnings: tuple[str, ...] = ()
    left_ids: tuple[str, ...] | None = None
    right_ids: tuple[str, ...] | None = None

    @classmethod
    def of_numbers(
        cls,
        lefts: ArrayLike,
        rights: ArrayLike,
        *,
        n_left: int | None = None,
        n_right: int | None = None,
        shared: bool = False,
        symmetric: bool = False,
    ) -> Positives:
        """Return the links between numbered things.

        Parameters
        ----------
        lefts, rights
            (n,) whole numbers from 0.
        n_left, n_right
            How many there are of each, those without a link included; by default as many as the largest number needs.
        shared
            Both sides are the same things, as in a graph whose links have a direction: nothing is linked to itself.
        symmetric
            Links have no direction. Implies `shared`.

        Raises
        ------
        DataError
            D-110: no link, arrays that are not two lists of as many whole numbers, or a number out of range.
            D-111: more pairs are possible than 64-bit integers number.
        InvalidParameterError
            Counts that can't be.
        """
        left, right = _numbers(lefts, "lefts"), _numbers(rights, "rights")
        _check_lengths(len(left), len(right))
        most_left, most_right = max(int(left.max()) + 1, 1), max(int(right.max()) + 1, 1)
        if shared or symmetric:
            most_left = most_right = max(most_left, most_right)
            n_left, n_right = n_left if n_left is not None else n_right, n_right if n_right is not None else n_left
        space = PairSpace(
            most_left if n_left is None else int(n_left),
            most_right if n_right is None else int(n_right),
            shared=shared,
            symmetric=symmetric,
        )
        _check_range(left, space.n_left, "left")
        _check_range(right, space.n_right, "right")
        return _gathered(space, left, right)

    @classmethod
    def of_ids(
        cls,
        lefts: Sequence[str],
        rights: Sequence[str],
        *,
        left_ids: Iterable[str] | None = None,
        right_ids: Iterable[str] | None = None,
        shared: bool = False,
        symmetric: bool = False,
    ) -> Positives:
        """Return the links between things known by their ids, which are text: '7' is not '007'.

        Parameters
        ----------
        lefts, rights
            n ids each.
        left_ids, right_ids
            All ids that there are, each once, those without a link included; they are numbered in this order. By
            default those of the links, numbered as they first occur. Of one set, either may be given.
        shared, symmetric
            As in `of_numbers`; both sides then have the same ids.

        Raises
        ------
        DataError
            D-110: no link, lists of unequal length, an id that is empty or no text, or one that is not among all ids.
            D-111: as in `of_numbers`.
        """
        _check_lengths(len(lefts), len(rights))
        left_ids = None if left_ids is None else list(left_ids)
        right_ids = None if right_ids is None else list(right_ids)
        if shared or symmetric:
            known = left_ids if left_ids is not None else right_ids
            both = _numbering([*lefts, *rights], known, "ids")
            tables = both, both
        else:
            tables = _numbering(lefts, left_ids, "lefts"), _numbering(rights, right_ids, "rights")
        left, right = (
            np.fromiter((table[one] for one in ids), np.int64, len(ids))
            for table, ids in zip(tables, (lefts, rights), strict=True)
        )
        space = PairSpace(len(tables[0]), len(tables[1]), shared=shared, symmetric=symmetric)
        alike = _lookalikes(tables[0]) + (_lookalikes(tables[1]) if tables[0] is not tables[1] else [])
        return _gathered(space, left, right, alike, tuple(tables[0]), tuple(tables[1]))

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        kind = "symmetric, " if self.symmetric else ""
        return f"Positives({count(len(self), 'link')}, {kind}{self.n_left:,} lefts, {self.n_right:,} rights)"

    @property
    def n_left(self) -> int:
        """How many lefts there are."""
        return self.space.n_left

    @property
    def n_right(self) -> int:
        """How many rights there are."""
        return self.space.n_right

    @property
    def symmetric(self) -> bool:
        """Whether links have no direction."""
        return self.space.symmetric

    @property
    def n_free(self) -> int:
        """How many pairs are no links."""
        return self.space.size - len(self)

    @property
    def pairs(self) -> Ends:
        """(P, 2) the links, in the order they were given."""
        return np.stack([self.lefts, self.rights], axis=1)

    def contains(self, lefts: ArrayLike, rights: ArrayLike) -> Array:
        """Return (n,) whether each pair is a link; a thing with itself, in one set, is none.

        Raises
        ------
        DataError
            D-110: arrays of unequal length, or numbers out of range.
        """
        left, right = _numbers(lefts, "lefts"), _numbers(rights, "rights")
        if len(left) != len(right):
            _check_lengths(len(left), len(right))
        if not len(left):
            return np.zeros(0, np.bool_)
        _check_range(left, self.n_left, "left")
        _check_range(right, self.n_right, "right")
        keys = self.space.numbers(left, right)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found: Array = self.keys[places] == keys
        return found & (left != right) if self.space.one_set else found

    def degrees(self) -> tuple[Ints1d, Ints1d]:
        """Return how many links each left (n_left,) and right (n_right,) has; both alike if links are symmetric."""
        left = np.bincount(self.lefts, minlength=self.n_left)
        right = np.bincount(self.rights, minlength=self.n_right)
        return (left + right, left + right) if self.symmetric else (left, right)

    def barred(self) -> tuple[Ints1d, Ints1d]:
        """Return the ends of all pairs that are no negatives, by left, then by right.

        These are the links, in both directions if they are symmetric, and in one set each thing with itself.
        """
        lefts, rights = [self.lefts], [self.rights]
        if self.symmetric:
            lefts, rights = [*lefts, self.rights], [*rights, self.lefts]
        if self.space.one_set:
            own = np.arange(self.n_left)
            lefts, rights = [*lefts, own], [*rights, own]
        keys = np.concatenate(lefts) * self.n_right + np.concatenate(rights)
        keys.sort()
        left, right = np.divmod(keys, self.n_right)
        return left, right

    def left_name(self, number: int) -> str:
        """Return how a message names a left: by its id if it has one."""
        return str(number) if self.left_ids is None else repr(shown(self.left_ids[number], 40))

    def right_name(self, number: int) -> str:
        """Return how a message names a right."""
        return str(number) if self.right_ids is None else repr(shown(self.right_ids[number], 40))


def _gathered(
    space: PairSpace,
    lefts: Ints1d,
    rights: Ints1d,
    alike: Sequence[tuple[str, ...]] = (),
    left_ids: tuple[str, ...] | None = None,
    right_ids: tuple[str, ...] | None = None,
) -> Positives:
    """Leave out duplicates and links of a thing with itself, and sort the numbers."""
    n_given = len(lefts)
    if space.one_set:
        apart = lefts != rights
        lefts, rights = lefts[apart], rights[apart]
    n_selves = n_given - len(lefts)
    if not len(lefts):
        seen = count(n_given, "link")
        raise fault("D-110", "all links are of a thing with itself", seen=seen, fix="link different things")
    keys, first = np.unique(space.numbers(lefts, rights), return_index=True)
    first.sort()
    pairs = space.written(lefts[first], rights[first])  # (P, 2)
    left, right = (np.ascontiguousarray(pairs[:, side]) for side in (0, 1))
    for array in (left, right, keys):
        array.flags.writeable = False
    n_alike = sum(map(len, alike))
    warnings: tuple[str, ...] = ()
    if n_alike:
        sample = "; ".join(", ".join(repr(shown(one, 40)) for one in group) for group in alike[:3])
        warnings = (f"D-115: {count(n_alike, 'id')} differ only by leading zeros ({sample}) and are kept apart",)
    n_twice = n_given - n_selves - len(keys)
    return Positives(space, left, right, keys, n_twice, n_selves, n_alike, warnings, left_ids, right_ids)


def _lookalikes(ids: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups of ids that are one id but for leading zeros."""
    groups: dict[str, list[str]] = defaultdict(list)
    for one in ids:
        groups[one.lstrip("0")].append(one)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _numbering(used: Sequence[str], known: list[str] | None, side: str) -> dict[str, int]:
    """Return id -> number."""
    for i, one in enumerate(used if known is None else [*known, *used]):
        if not isinstance(one, str) or not one:
            where = f"link {i + 1:,}" if known is None else f"id {i + 1:,}"
            raise fault("D-110", f"an id among the {side} is empty or no text", seen=f"{one!r}, {where}", fix=_FIX_IDS)
    table = {one: i for i, one in enumerate(dict.fromkeys(used if known is None else known))}
    if known is not None:
        if len(table) < len(known):
            twice = Counter(known).most_common(1)[0][0]
            raise fault("D-110", f"an id is listed twice among all {side}", seen=repr(shown(twice)), fix="list it once")
        missing = next((one for one in used if one not in table), None)
        if missing is not None:
            fix = f"list it, or leave the list of all {side} out"
            raise fault("D-110", f"a link has an id that is not among all {side}", seen=repr(shown(missing)), fix=fix)
    return table


def _numbers(values: ArrayLike, name: str) -> Ints1d:
    array = np.asarray(values)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise fault(
            "D-110",
            f"the {name} are not a list of whole numbers",
            seen=f"shape {array.shape}, {array.dtype}",
            fix="give numbers from 0, or ids to `Positives.of_ids`",
        )
    return array.astype(np.int64)


def _check_lengths(n_left: int, n_right: int) -> None:
    if n_left != n_right:
        seen = f"{count(n_left, 'left')} and {count(n_right, 'right')}"
        raise fault("D-110", "there are not as many lefts as rights", seen=seen, fix="give both ends of every link")
    if not n_left:
        raise fault("D-110", "there are no links", fix="give at least one")


def _check_range(numbers: Ints1d, n: int, side: str) -> None:
    wrong = (numbers < 0) | (numbers >= n)
    if wrong.any():
        row = int(np.argmax(wrong))
        seen = f"{side} {numbers[row]:,} of pair {row + 1:,}; there are {n:,}, numbered from 0"
        fix = f"a larger `n_{side}`, or mend the number"
        raise fault("D-110", f"the number of a {side} is out of range", seen=seen, fix=fix)
