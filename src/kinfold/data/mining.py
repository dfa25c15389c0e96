"""Lefts and a model in, for each a right out that the model holds for good and that is no link.

What a model ranks high and is no link is what it has most to learn from; what it ranks highest of all may be a link
that nobody has noted, so that the first ranks can be passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from kinfold.data.faults import fault
from kinfold.data.positives import Positives
from kinfold.types import Array, Floats1d, Ints1d

#: Lefts (m,) and k -> rights (m, k), best first, -1 where there are no more.
Nearest: TypeAlias = Callable[[Ints1d, int], Array]


def mined(
    positives: Positives,
    nearest: Nearest,
    lefts: Ints1d,
    turns: Floats1d,
    n_candidates: int,
    n_best: int,
    n_skipped: int,
) -> Ints1d:
    """Return a right (n,) for each left (n,), one of the best that are no links.

    Parameters
    ----------
    positives, nearest
        The links, and the model.
    lefts
        (n,) what rights are wanted for.
    turns
        (n,) numbers from 0, below 1: which of the best is taken.
    n_candidates
        How many the model is asked for at first; four times as many where none of them will do, and so on.
    n_best
        How many are chosen from.
    n_skipped
        Ranks passed over, from the best on.

    Raises
    ------
    DataError
        D-112: a left has no right that will do. D-114: the model's answer can't be used.
    """
    rights = np.full(len(lefts), -1, np.int64)
    k = min(max(n_candidates, 1), positives.n_right)
    waiting = np.arange(len(lefts))
    while len(waiting):
        # Each left once: a model is asked no more than it must be.
        wanted, back = np.unique(lefts[waiting], return_inverse=True)
        found = _checked(nearest(wanted, k), len(wanted), k, positives.n_right)  # (m, k)
        fit = _fitting(positives, wanted, found)  # (m, k)
        fit[:, :n_skipped] = False
        order = np.cumsum(fit, axis=1)  # (m, k): 1 for the best that will do, 2 for the next
        n_fit = np.minimum(order[:, -1], n_best)[back]  # (w,)
        pick = 1 + (turns[waiting] * n_fit).astype(np.int64)
        places = np.argmax(order[back] >= pick[:, None], axis=1)  # (w,)
        has = n_fit > 0
        rights[waiting[has]] = found[back, places][has]
        waiting = waiting[~has]
        if len(waiting) and k == positives.n_right:
            raise fault(
                "D-112",
                "the model names no right but links",
                seen=f"for {positives.left_name(int(lefts[waiting[0]]))}; the {n_skipped:,} best passed over",
                fix="a lower `skip`, or let `nearest` name every right",
            )
        k = min(4 * k, positives.n_right)
    return rights


def _fitting(positives: Positives, lefts: Ints1d, found: Ints1d) -> Array:
    """Return (m, k) whether each right is there, no link of its left, and not the left itself."""
    there = found >= 0
    row, column = np.nonzero(there)
    fit = np.zeros(found.shape, np.bool_)
    fit[row, column] = ~positives.contains(lefts[row], found[row, column])
    return fit & (found != lefts[:, None]) if positives.space.one_set else fit


def _checked(answer: Array, m: int, k: int, n_right: int) -> Ints1d:
    found = np.asarray(answer)
    whole = found.ndim == 2 and found.dtype.kind in "iu"
    if not whole or found.shape != (m, k) or found.min() < -1 or found.max() >= n_right:
        numbers = f", from {found.min()} to {found.max()}" if whole and found.size else ""
        raise fault(
            "D-114",
            "`nearest` gave no rights for the lefts it was asked for",
            seen=f"shape {found.shape}, {found.dtype}{numbers}",
            fix=f"return {m:,} by {k:,} numbers below {n_right:,}, the best first; -1 where there are no more",
        )
    return found.astype(np.int64)
