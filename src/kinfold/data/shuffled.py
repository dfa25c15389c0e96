"""Row numbers in, their places in a seeded order of 0 to n - 1 out, without the order ever being held.

A Feistel network is a bijection of 2 ** (2 h) numbers whatever its round function is; a number that leads beyond n is
sent through again until it lies within (Black and Rogaway, Ciphers with arbitrary finite domains, 2002).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinfold.types import Ints1d

_ROUNDS = 8
_A, _B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


def shuffled(rows: Ints1d, n: int, seed: Sequence[int]) -> Ints1d:
    """Return where `rows` stand in an order of the numbers from 0 to `n` - 1: different rows, different places.

    Parameters
    ----------
    rows
        (m,) numbers from 0, below `n`.
    n
        How many there are.
    seed
        The same numbers give the same order.
    """
    keys = np.random.default_rng(list(seed)).integers(0, 2**64, _ROUNDS, dtype=np.uint64)
    half = max(1, ((n - 1).bit_length() + 1) // 2)
    places = _through(rows.astype(np.uint64), keys, half)
    beyond = np.flatnonzero(places >= n)
    while len(beyond):
        places[beyond] = _through(places[beyond], keys, half)
        beyond = beyond[places[beyond] >= n]
    return places.astype(np.int64)


def _through(numbers: NDArray[np.uint64], keys: NDArray[np.uint64], half: int) -> NDArray[np.uint64]:
    width, mask = np.uint64(half), np.uint64((1 << half) - 1)
    high, low = numbers >> width, numbers & mask
    for key in keys:
        # The last steps of SplitMix64 (Steele, Lea and Flood 2014), which spread every bit over all.
        mixed = low + key
        mixed = (mixed ^ (mixed >> _S30)) * _A
        mixed = (mixed ^ (mixed >> _S27)) * _B
        high, low = low, high ^ ((mixed ^ (mixed >> _S31)) & mask)
    return (high << width) | low
