"""Counts of lefts and rights in, all pairs that there can be out, numbered from 0 without gaps.

Three kinds: lefts and rights of two sets; of one set, directed, nobody with itself; of one set, undirected. A number
for each pair makes membership a search in sorted integers, and a uniform draw one draw of an integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kinfold.data.faults import fault
from kinfold.errors import InvalidParameterError
from kinfold.types import Ints1d

#: (n, 2): the left and the right of each pair.
Ends: TypeAlias = NDArray[np.int64]
_MOST = int(np.iinfo(np.int64).max)


def check_room(n: int, what: str) -> None:
    """Raise DataError D-111 if `n` is beyond 64-bit integers; `what` says what is counted."""
    if n > _MOST:
        raise fault(
            "D-111",
            f"there are too many {what} to be numbered",
            seen=f"{n:,}; 64-bit integers go to {_MOST:,}",
            fix="number the ids from 0 without gaps, or leave out those that can't occur",
        )


@dataclass(frozen=True, slots=True)
class PairSpace:
    """All pairs of a left and a right that there can be.

    Parameters
    ----------
    n_left, n_right
        How many there are of each; numbered from 0.
    shared
        Lefts and rights are the same things: nothing is paired with itself. Needs `n_left` = `n_right`.
    symmetric
        (a, b) is (b, a), and a < b where a pair is written. Implies `shared`.

    Raises
    ------
    InvalidParameterError
        A count below 1, or two counts where one set is meant.
    DataError
        D-111: there are more pairs than 64-bit integers.
    """

    n_left: int
    n_right: int
    shared: bool = False
    symmetric: bool = False

    def __post_init__(self) -> None:
        if self.n_left < 1 or self.n_right < 1:
            raise InvalidParameterError(
                "`n_left` and `n_right` must be whole numbers from 1.",
                seen=f"n_left={self.n_left}, n_right={self.n_right}",
                fix="Say how many lefts and rights there are.",
            )
        if self.one_set and self.n_left != self.n_right:
            raise InvalidParameterError(
                "Lefts and rights are one set, so that `n_left` and `n_right` must be equal.",
                seen=f"n_left={self.n_left}, n_right={self.n_right}",
                fix="Give the size of the set for both, or leave out `shared` and `symmetric`.",
            )
        check_room(self.n_left * self.n_right, "pairs of a left and a right")

    @property
    def one_set(self) -> bool:
        """Whether lefts and rights are the same things."""
        return self.shared or self.symmetric

    @property
    def size(self) -> int:
        """How many pairs there can be."""
        pairs = self.n_left * (self.n_right - 1 if self.one_set else self.n_right)
        return pairs // 2 if self.symmetric else pairs

    def written(self, lefts: Ints1d, rights: Ints1d) -> Ends:
        """Return the pairs (n, 2) as they are written: the smaller number first if they are symmetric."""
        if self.symmetric:
            lefts, rights = np.minimum(lefts, rights), np.maximum(lefts, rights)
        return np.stack([lefts, rights], axis=1)  # (n, 2)

    def numbers(self, lefts: Ints1d, rights: Ints1d) -> Ints1d:
        """Return the number (n,) of each pair; in one set lefts and rights must differ."""
        if self.symmetric:
            low, high = np.minimum(lefts, rights), np.maximum(lefts, rights)
            # One of two neighbours is even: halved first, so that the product stays within 64 bits.
            return np.where(high % 2 == 0, high // 2 * (high - 1), (high - 1) // 2 * high) + low
        if self.shared:
            return lefts * (self.n_right - 1) + rights - (rights > lefts)
        return lefts * self.n_right + rights

    def ends(self, numbers: Ints1d) -> Ends:
        """Return the pairs (n, 2) that have these numbers."""
        if self.symmetric:
            # The root is off by one at most; whole numbers then decide.
            high = (np.sqrt(2.0 * numbers + 0.25) + 0.5).astype(np.int64)
            low = numbers - self.numbers(np.zeros_like(high), high)
            high = high - (low < 0) + (low >= high)
            return np.stack([numbers - self.numbers(np.zeros_like(high), high), high], axis=1)  # (n, 2)
        lefts, rights = np.divmod(numbers, self.n_right - 1 if self.shared else self.n_right)
        if self.shared:
            rights = rights + (rights >= lefts)
        return np.stack([lefts, rights], axis=1)  # (n, 2)
