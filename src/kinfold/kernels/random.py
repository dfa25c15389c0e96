"""Random orders inside kernels: Marsaglia's xorshift of 64 bits, times a constant as Vigna's xorshift64* has it."""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Ints1d

_S12, _S25, _S27 = np.uint64(12), np.uint64(25), np.uint64(27)
_STAR = np.uint64(2685821657736338717)


@njit(cache=True, nogil=True, inline="always")
def draw_next(order: Ints1d, position: int, end: int, state: np.uint64) -> np.uint64:
    """Swap one of the entries from `position` to `end`, drawn at random, into `position`: a step of a shuffle.

    Parameters
    ----------
    order
        Changed in place.
    position, end
        What the entry is drawn from: the one at `position`, and those after it before `end`.
    state
        Of the generator; not 0.

    Returns
    -------
    state
        Of the generator, for the next step.

    Notes
    -----
    Vigna, An experimental exploration of Marsaglia's xorshift generators, scrambled, ACM Transactions on Mathematical
    Software 42 (2016). The remainder favours the first entries by less than one part in 2 ** 64 / (end - position).
    """
    state ^= state >> _S12
    state ^= state << _S25
    state ^= state >> _S27
    other = position + np.int64((state * _STAR) % np.uint64(end - position))
    drawn = order[other]
    order[other] = order[position]
    order[position] = drawn
    return state
