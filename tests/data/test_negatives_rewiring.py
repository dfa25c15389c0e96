"""Degree-preserving negatives: degrees exact, nothing repeated, found wherever they exist, and well mixed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from kinfold.data import rewiring
from kinfold.data.negatives import Negatives
from kinfold.data.positives import Positives
from kinfold.data.rewiring import rewired
from kinfold.errors import DataError

KINDS = [{}, {"shared": True}, {"symmetric": True}]


def assert_rewired(held: Positives, pairs: np.ndarray) -> None:
    assert not held.contains(pairs[:, 0], pairs[:, 1]).any()
    assert len(np.unique(held.space.numbers(pairs[:, 0], pairs[:, 1]))) == len(pairs) == len(held)
    left = np.bincount(pairs[:, 0], minlength=held.n_left)
    right = np.bincount(pairs[:, 1], minlength=held.n_right)
    if held.symmetric:
        left = right = left + right
        assert (pairs[:, 0] < pairs[:, 1]).all()
    elif held.space.one_set:
        assert (pairs[:, 0] != pairs[:, 1]).all()
    wanted = held.degrees()
    assert np.array_equal(left, wanted[0]) and np.array_equal(right, wanted[1])


def exists(held: Positives) -> bool:
    """Whether some set of pairs that are no links has the degrees, by trying them all."""
    space = held.space
    free = np.delete(np.arange(space.size), held.keys)
    ends = space.ends(free)
    n = len(held)
    if len(free) < n:
        return False
    marks = np.zeros((len(free), held.n_left + held.n_right), np.int64)
    marks[np.arange(len(free)), ends[:, 0]] += 1
    marks[np.arange(len(free)), ends[:, 1] + (0 if space.symmetric else held.n_left)] += 1
    left, right = held.degrees()
    wanted = np.concatenate([left, np.zeros(held.n_right, np.int64) if space.symmetric else right])
    chosen = np.array(list(combinations(range(len(free)), n)))
    return bool((marks[chosen].sum(1) == wanted).all(1).any())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("power", "n"), [(1, 600), (3, 1500), (8, 900), (1, 9000)])
def test_degrees_are_exact_on_even_and_on_skewed_graphs(kind, power, n):
    rng = np.random.default_rng(n + power)
    lefts, rights = ((1 - rng.random(n) ** (1 / power)) * 200).astype(int), (rng.random(n) * 200).astype(int)
    held = Positives.of_numbers(lefts, rights, n_left=200, n_right=200, **kind)
    for seed in range(3):
        assert_rewired(held, rewired(held, np.random.default_rng(seed)))


@pytest.mark.parametrize(("kind", "shape"), list(zip(KINDS, [(4, 5), (5, 5), (6, 6)], strict=True)))
def test_what_exists_is_found_and_what_does_not_is_said(kind, shape):
    outcomes = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(3, 8))
        lefts, rights = rng.integers(0, shape[0], n), rng.integers(0, shape[1], n)
        if kind and (lefts == rights).all():
            continue
        held = Positives.of_numbers(lefts, rights, n_left=shape[0], n_right=shape[1], **kind)
        try:
            pairs = rewired(held, np.random.default_rng(seed))
        except DataError as error:
            assert error.code == "D-113" and error.seen and error.fix
            assert "not proven" not in error.seen
            assert not exists(held), held.pairs.tolist()
            outcomes.append(False)
        else:
            assert_rewired(held, pairs)
            outcomes.append(True)
    assert 10 < sum(outcomes) < len(outcomes) - 10, "both happen"


def test_a_case_that_chance_does_not_find_is_mended():
    # The links leave exactly one arrangement: right i + 25 for left i, and so round, of 50.
    n = 50
    lefts = np.repeat(np.arange(n), n // 2)
    rights = (lefts + np.tile(np.arange(n // 2), n)) % n
    held = Positives.of_numbers(lefts, rights)
    pairs = rewired(held, np.random.default_rng(0))
    assert_rewired(held, pairs)
    free = {(i, (i + j) % n) for i in range(n) for j in range(n // 2, n)}
    assert set(map(tuple, pairs.tolist())) == free


def test_a_symmetric_case_with_one_arrangement_is_mended():
    # Two complete groups of even size have but the links across left, all of which are needed.
    n = 13
    whole = [(a, b) for a, b in combinations(range(2 * n), 2) if (a < n) == (b < n)]
    across = np.array([(a, n + b) for a in range(n) for b in range(n) if a != b])
    held = Positives.of_numbers(*across.T, symmetric=True)
    pairs = rewired(held, np.random.default_rng(1))
    assert_rewired(held, pairs)
    assert set(map(tuple, pairs.tolist())) <= {*whole, *((i, n + i) for i in range(n))}


def test_an_integer_programme_stands_behind_the_paths(monkeypatch):
    monkeypatch.setattr(rewiring, "_ROUNDS", 0)
    monkeypatch.setattr(rewiring, "_PATHS", 0)
    rng = np.random.default_rng(0)
    held = Positives.of_numbers(rng.integers(0, 40, 250), rng.integers(0, 40, 250), symmetric=True)
    assert_rewired(held, rewired(held, np.random.default_rng(0), mixing=0))
    links = [(0, 3), (1, 5), (0, 4), (0, 8), (1, 6), (3, 5), (4, 5), (1, 8)]
    with pytest.raises(DataError, match="all 13 pairs that are no links, of 7 ids, tried"):
        rewired(Positives.of_numbers(*np.array(links).T, symmetric=True), np.random.default_rng(0))
    monkeypatch.setattr(rewiring, "_MOST_SOLVED", 100)
    with pytest.raises(DataError, match="not proven") as caught:
        rewired(held, np.random.default_rng(0))
    assert caught.value.code == "D-113"


@pytest.mark.parametrize("kind", KINDS)
def test_all_linked_to_all_is_refused(kind):
    a, b = (one.ravel() for one in np.meshgrid(np.arange(5), np.arange(5)))
    with pytest.raises(DataError, match="5 lefts with more links than pairs left") as caught:
        Negatives(Positives.of_numbers(a, b, **kind), "degree-preserving")
    assert caught.value.code == "D-113" and "0 others left" in caught.value.seen


def test_ids_that_are_too_many_together_are_named():
    # Each id could be served alone; a0 to a2 need six partners among three rights that take one each.
    lefts = ["a0", "a0", "a1", "a1", "a2", "a2", "b", "c", "d"]
    rights = ["x", "y", "x", "y", "x", "y", "p", "q", "r"]
    held = Positives.of_ids(lefts, rights)
    with pytest.raises(DataError, match="together") as caught:
        rewired(held, np.random.default_rng(0))
    assert caught.value.code == "D-113"
    assert all(name in caught.value.seen for name in ("'a0'", "'a1'", "'a2'")) and "'b'" not in caught.value.seen


@pytest.mark.parametrize("kind", KINDS)
def test_homophily_falls_to_chance_and_popularity_tells_nothing(kind):
    rng = np.random.default_rng(8)
    n, groups = 1500, 10
    side = rng.integers(0, groups, n)
    weight = rng.pareto(2, n) + 0.5
    a, b = (rng.choice(n, 60_000, p=weight / weight.sum()) for _ in range(2))
    kept = (side[a] == side[b]) | (rng.random(60_000) < 0.05)
    held = Positives.of_numbers(a[kept], b[kept], n_left=n, n_right=n, **kind)
    pairs = Negatives(held, "degree-preserving", seed=3).epoch(0)
    assert_rewired(held, pairs)
    left, right = held.degrees()
    alike = (side[held.lefts] == side[held.rights]).mean()
    expected = sum(left[side == g].sum() * right[side == g].sum() for g in range(groups)) / left.sum() / right.sum()
    got = (side[pairs[:, 0]] == side[pairs[:, 1]]).mean()
    # Below what chance would be, as the links themselves, which are alike, are refused.
    free = 1 - held.n_free / held.space.size
    assert alike > 0.6 and expected - 10 * free * alike < got < expected + 0.02
    both = np.concatenate([held.pairs, pairs])
    popular = left[both[:, 0]] + right[both[:, 1]]
    order = np.argsort(popular, kind="stable")
    _, first, counts = np.unique(popular[order], return_index=True, return_counts=True)
    ranks = np.empty(len(both))
    ranks[order] = np.repeat(first + (counts - 1) / 2, counts)
    m = len(pairs)
    auc = (ranks[:m].sum() - m * (m - 1) / 2) / m**2
    assert abs(auc - 0.5) < 0.02


def test_every_arrangement_is_reached():
    # Two lefts and two rights a link each, and a third left: the pairs of four arrangements, mixed or not.
    held = Positives.of_numbers([0, 1, 2, 3], [0, 1, 2, 3])
    seen = [tuple(rewired(held, np.random.default_rng(seed))[:, 1].tolist()) for seed in range(900)]
    counts = np.unique(np.array(seen), axis=0, return_counts=True)[1]
    assert len(counts) == 9, "the derangements of four"
    assert ((counts - 100) ** 2 / 100).sum() < 30  # 8 degrees of freedom: 1 in 5,000


def test_mixing_changes_what_a_repair_left():
    held = Positives.of_numbers(np.arange(300) % 30, np.arange(300) // 10, n_left=30, n_right=30)
    as_dealt = rewired(held, np.random.default_rng(0), mixing=0)
    assert_rewired(held, as_dealt)
    mixed = rewired(held, np.random.default_rng(0), mixing=10)
    assert (as_dealt != mixed).any(1).mean() > 0.5
