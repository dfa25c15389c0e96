"""A shuffle is one: every order is as likely, and it is the same wherever it runs."""

import itertools
from collections import Counter

import numpy as np
from numba import njit

from kinfold.kernels.random import draw_next


@njit
def shuffled(n, seed, times):
    out = np.empty((times, n), np.int64)
    state = np.uint64(2 * seed + 1)
    for row in range(times):
        out[row] = np.arange(n)
        for position in range(n):
            state = draw_next(out[row], position, n, state)
    return out


def in_python(n, seed):
    """The same by whole numbers without a size."""
    state, order, mask = 2 * seed + 1, list(range(n)), (1 << 64) - 1
    for position in range(n):
        state ^= state >> 12
        state = (state ^ (state << 25)) & mask
        state ^= state >> 27
        other = position + (state * 2685821657736338717 & mask) % (n - position)
        order[position], order[other] = order[other], order[position]
    return order


def test_it_draws_what_the_method_says():
    for n, seed in itertools.product((1, 2, 7, 100), (0, 1, 2**31)):
        assert shuffled(n, seed, 1)[0].tolist() == in_python(n, seed)


def test_every_order_is_as_likely():
    counts = Counter(map(tuple, shuffled(4, 3, 24_000).tolist()))
    assert len(counts) == 24
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 53  # chi-squared, 23 degrees: one in 2,500
