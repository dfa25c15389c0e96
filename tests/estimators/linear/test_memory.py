from __future__ import annotations

import numpy as np
import pytest

from kinfold.estimators.linear.features import Design
from kinfold.estimators.linear.memory import Memory


def some_memory(sizes=(400, 150, 4), seed=0):
    """Rows whose columns tell which row they were."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    members = np.repeat(np.eye(len(sizes), dtype=np.uint8), sizes, axis=0)[rng.permutation(n)]
    lengths = rng.integers(0, 3, (n, 2))
    ends = lengths.reshape(-1).cumsum().reshape(n, 2)
    bounds = np.stack([ends - lengths, ends], axis=2)
    indices = np.repeat(np.arange(n), lengths.sum(axis=1)).astype(np.int32)
    return Memory(Design(bounds, indices, n), members, np.ones(n))


def dense(design):
    out = np.zeros((len(design), design.n_columns))
    for i, row in enumerate(design.bounds):
        for first, last in row:
            out[i, design.indices[first:last]] += 1
    return out


def test_weights_add_up_and_rare_classes_stay():
    memory = some_memory()
    thin = memory.thinned(100, seed=0)
    assert 100 <= len(thin) <= 115
    for c, size in enumerate((400, 150, 4)):
        rows = thin.members[:, c] > 0
        assert thin.stands_for[rows].sum() == pytest.approx(size)
        assert rows.sum() >= min(size, 10)
    assert (thin.members[:, 2] > 0).sum() == 4


def test_rows_keep_their_columns():
    memory = some_memory()
    thin = memory.thinned(60, seed=1)
    all_rows = dense(memory.design)
    for row, member in zip(dense(thin.design), thin.members, strict=True):
        known = np.flatnonzero(row)
        if len(known):
            assert (row == all_rows[known[0]]).all() and (member == memory.members[known[0]]).all()
    assert len(thin.design.indices) == thin.design.known().sum(), "nothing of other rows is kept"


def test_thinning_again_and_with_new_rows():
    memory = some_memory().thinned(80, seed=0)
    new = some_memory((30, 0, 20), seed=3)
    wider = Design(new.design.bounds, new.design.indices, memory.design.n_columns)
    both = memory.with_rows(wider, new.members)
    assert len(both) == len(memory) + 50 and both.stands_for.sum() == pytest.approx(604)
    thin = both.thinned(50, seed=0)
    sums = [(thin.members[:, c] * thin.stands_for).sum() for c in range(3)]
    assert np.allclose(sums, [430, 150, 24])


def test_rows_that_stand_for_more_are_kept_more_often():
    memory = some_memory((200, 200, 0))
    heavy = Memory(memory.design, memory.members, np.where(np.arange(400) % 2, 9.0, 1.0))
    kept = [dense(heavy.thinned(80, seed).design).argmax(axis=1) % 2 for seed in range(20)]
    assert np.mean(np.concatenate(kept)) > 0.7


def test_rows_without_a_label_are_a_class_of_their_own():
    memory = some_memory((60, 40, 3))
    members = memory.members.copy()
    members[members[:, 1] > 0] = 0
    thin = Memory(memory.design, members, memory.stands_for).thinned(50, seed=0)
    none = ~thin.members.any(axis=1)
    assert thin.stands_for[none].sum() == pytest.approx(40)


def test_seeds_and_sizes():
    memory = some_memory()
    one, same, other = (memory.thinned(50, seed) for seed in (0, 0, 1))
    assert (one.design.indices == same.design.indices).all()
    assert len(one.design.indices) != len(other.design.indices) or (one.design.indices != other.design.indices).any()
    assert len(memory.thinned(0, 0)) == 0
    assert len(memory.thinned(10_000, 0)) == len(memory)
    assert memory.thinned(10_000, 0).stands_for.tolist() == [1.0] * len(memory)
