"""Lefts in, for each a right out that it is not linked to, drawn by weight and never drawn in vain.

A draw among all rights that is repeated while it hits a link may not end where a left is linked to nearly all. Here
the weights of a left's links are taken out of the running sum of all weights beforehand, and one draw is enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinfold.data.pairspace import check_room
from kinfold.data.positives import Positives
from kinfold.types import Ints1d


@dataclass(frozen=True, eq=False)
class Partners:
    """For each left the rights that it is not linked to, with their weights; made by `of`.

    Parameters
    ----------
    free
        (n_left,) the weights of these rights, summed.
    total
        The weights of all rights, summed.
    sums
        (n_right + 1,) the weights of all rights before each.
    starts
        (n_left + 1,) where the barred rights of each left begin.
    taken
        (Q + 1,) the weights of the barred rights before each, all lefts one after the other.
    marks
        (Q,) what is drawn if it is the barred right's turn: free weights before it, and `total` for each left before.
    """

    free: Ints1d
    total: int
    sums: Ints1d
    starts: Ints1d
    taken: Ints1d
    marks: Ints1d

    @classmethod
    def of(cls, positives: Positives, weights: Ints1d) -> Partners:
        """Return the partners of every left, each right drawn in proportion to its weight (n_right,), whole numbers."""
        lefts, rights = positives.barred()  # (Q,), (Q,)
        total = int(weights.sum())
        check_room(positives.n_left * total, "draws")
        sums = np.concatenate([[0], np.cumsum(weights)])
        starts = np.concatenate([[0], np.cumsum(np.bincount(lefts, minlength=positives.n_left))])
        taken = np.concatenate([[0], np.cumsum(weights[rights])])
        before = taken[:-1] - taken[starts[lefts]]
        free = total - (taken[starts[1:]] - taken[starts[:-1]])
        return cls(free, total, sums, starts, taken, lefts * total + sums[rights] - before)

    def draw(self, lefts: Ints1d, rng: np.random.Generator) -> Ints1d:
        """Return a right (n,) for each of `lefts` (n,), none of which may have `free` of 0."""
        drawn = rng.integers(0, self.free[lefts])
        passed = np.searchsorted(self.marks, lefts * self.total + drawn, side="right")
        drawn += self.taken[passed] - self.taken[self.starts[lefts]]
        return np.searchsorted(self.sums, drawn, side="right") - 1
