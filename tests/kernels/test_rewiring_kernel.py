"""Exchanges of ends: the set of what is taken stays exact, ends stay where they should, bad pairs are mended."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.kernels.rewiring import DONE, STUCK, augment, bar, enter_pairs, mix, settle

KINDS = [(False, False), (True, False), (True, True)]


def board(n: int, n_pairs: int, one_set: bool, symmetric: bool, slots: int = 256):
    rng = np.random.default_rng(n_pairs)
    lefts, rights = rng.integers(0, n, 12), rng.integers(0, n, 12)
    taken = np.full(slots, -1)
    bar(lefts, rights, taken, n, symmetric)
    ends, good = rng.integers(0, n, 2 * n_pairs), np.zeros(n_pairs, bool)
    n_bad = enter_pairs(ends, good, taken, n, one_set, symmetric)
    return ends, good, taken, n_bad, numbered(lefts, rights, n, symmetric)


def numbered(lefts, rights, n, symmetric):
    if symmetric:
        lefts, rights = np.minimum(lefts, rights), np.maximum(lefts, rights)
    return set((lefts * n + rights).tolist())


def assert_exact(ends, good, taken, barred, n, symmetric):
    """What is taken is what is barred and the good pairs, each once."""
    pairs = ends.reshape(-1, 2)[good]
    held = numbered(pairs[:, 0], pairs[:, 1], n, symmetric)
    assert len(held) == good.sum() and not held & barred
    assert sorted(taken[taken >= 0].tolist()) == sorted(held | barred)


@pytest.mark.parametrize(("one_set", "symmetric"), KINDS)
@pytest.mark.parametrize("slots", [64, 256])  # 64: nearly full, so that runs of slots are long and wrap around
def test_exchanges_keep_the_set_exact(one_set, symmetric, slots):
    n = 15
    ends, good, taken, n_bad, barred = board(n, 45, one_set, symmetric, slots)
    assert n_bad == (~good).sum() > 0
    assert_exact(ends, good, taken, barred, n, symmetric)
    state = np.array([77], np.uint64)
    before = ends.copy()
    assert settle(ends, good, taken, n, one_set, symmetric, state, 500) == (~good).sum() < n_bad
    assert_exact(ends, good, taken, barred, n, symmetric)
    between = ends.copy()
    assert mix(ends, good, taken, n, one_set, symmetric, state, 2000) > 100
    assert_exact(ends, good, taken, barred, n, symmetric)
    assert (between != ends).mean() > 0.2
    for one in (between, ends):
        if symmetric:
            assert np.array_equal(np.bincount(one, minlength=n), np.bincount(before, minlength=n))
        else:
            assert np.array_equal(one[0::2], before[0::2])
            assert np.array_equal(np.sort(one[1::2]), np.sort(before[1::2]))
    pairs = ends.reshape(-1, 2)[good]
    assert not one_set or (pairs[:, 0] != pairs[:, 1]).all()


def test_paths_mend_what_one_exchange_can_not():
    # Left i may go to right i or i + 1 alone; all stand one too far but the last, which has nowhere to go.
    n = 6
    taken = np.full(128, -1)
    barred = np.array([(i, j) for i in range(n) for j in range(n) if j not in (i, i + 1)])
    bar(barred[:, 0].copy(), barred[:, 1].copy(), taken, n, False)
    ends, good = np.stack([np.arange(n), (np.arange(n) + 1) % n], 1).ravel(), np.zeros(n, bool)
    assert enter_pairs(ends, good, taken, n, False, False) == 1 and not good[n - 1]
    needs, via = np.eye(n, dtype=np.int64)[0], np.empty(n, np.int64)
    assert augment(ends, good, taken, n, False, False, needs, np.arange(n), via) == DONE
    assert good.all() and not needs.any()
    assert np.array_equal(ends[1::2], np.arange(n))
    assert_exact(ends, good, taken, numbered(barred[:, 0], barred[:, 1], n, False), n, False)


def test_lefts_that_have_too_few_rights_are_told():
    # Lefts 0 to 2 may go to rights 0 and 1 alone; left 3 to right 3.
    n = 4
    taken = np.full(64, -1)
    barred = np.array([(i, j) for i in range(n) for j in range(n) if (i < 3) != (j < 2)])
    bar(barred[:, 0].copy(), barred[:, 1].copy(), taken, n, False)
    ends, good = np.stack([np.arange(n), [0, 1, 2, 3]], 1).ravel(), np.zeros(n, bool)
    enter_pairs(ends, good, taken, n, False, False)
    assert good.tolist() == [True, True, False, True]
    needs, via = np.array([0, 0, 1, 0]), np.empty(n, np.int64)
    assert augment(ends, good, taken, n, False, False, needs, np.arange(n), via) == STUCK
    assert (via != -2).tolist() == [True, True, True, False]
