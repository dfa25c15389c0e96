"""Links and the pairs there can be: numbered without gaps, merged and counted, looked up; bad links are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.data.pairspace import PairSpace
from kinfold.data.partners import Partners
from kinfold.data.positives import Positives
from kinfold.data.shuffled import shuffled
from kinfold.errors import DataError, InvalidParameterError

KINDS = [(4, 7, {}), (7, 4, {}), (5, 5, {"shared": True}), (6, 6, {"symmetric": True})]


def possible(n_left, n_right, kind):
    """All pairs that there can be, by two loops."""
    pairs = [(a, b) for a in range(n_left) for b in range(n_right) if a != b or not kind]
    return [(a, b) for a, b in pairs if a < b or "symmetric" not in kind]


@pytest.mark.parametrize(("n_left", "n_right", "kind"), KINDS)
def test_every_pair_has_a_number_and_every_number_a_pair(n_left, n_right, kind):
    space = PairSpace(n_left, n_right, **kind)
    pairs = space.ends(np.arange(space.size))
    assert sorted(map(tuple, pairs.tolist())) == possible(n_left, n_right, kind)
    assert np.array_equal(space.numbers(pairs[:, 0], pairs[:, 1]), np.arange(space.size))
    if space.symmetric:
        assert np.array_equal(space.numbers(pairs[:, 1], pairs[:, 0]), np.arange(space.size))


@pytest.mark.parametrize("kind", [{}, {"shared": True}, {"symmetric": True}])
def test_numbers_are_exact_in_the_largest_space(kind):
    n = 3_037_000_499  # its square is the largest below 2**63
    space = PairSpace(n, n, **kind)
    ends = np.array([[0, n - 1], [n - 2, n - 1], [1, 2], [n // 2, n // 2 + 1], [0, 1]])
    numbers = space.numbers(ends[:, 0], ends[:, 1])
    assert np.array_equal(space.ends(numbers), ends)
    last = np.array([space.size - 1, space.size - 2])
    assert np.array_equal(space.numbers(*space.ends(last).T), last)


def test_a_space_that_can_not_be():
    with pytest.raises(DataError, match="too many") as caught:
        PairSpace(2**32, 2**32)
    assert caught.value.code == "D-111" and "18,446,744,073,709,551,616" in caught.value.seen
    for n_left, n_right, kind in [(0, 3, {}), (3, 4, {"shared": True}), (3, 4, {"symmetric": True})]:
        with pytest.raises(InvalidParameterError):
            PairSpace(n_left, n_right, **kind)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=1, max_size=40), st.sampled_from([0, 1, 2]))
@settings(max_examples=60, deadline=None)
def test_links_are_what_a_set_of_them_would_be(pairs, which):
    kind = ({}, {"shared": True}, {"symmetric": True})[which]
    links = [(a, b) for a, b in pairs if a != b or not kind]
    if not links:
        with pytest.raises(DataError):
            Positives.of_numbers(*np.array(pairs).T, **kind)
        return
    n_left, n_right = (6, 9) if not kind else (9, 9)
    held = Positives.of_numbers(*np.array(pairs).T, n_left=n_left, n_right=n_right, **kind)
    known = list(dict.fromkeys((min(p), max(p)) if which == 2 else p for p in links))
    assert list(map(tuple, held.pairs.tolist())) == known
    assert held.n_selves == len(pairs) - len(links)
    assert held.n_duplicates == len(links) - len(known)
    a, b = (one.ravel() for one in np.meshgrid(np.arange(n_left), np.arange(n_right)))
    there = {*known, *((b, a) for a, b in known)} if which == 2 else set(known)
    assert held.contains(a, b).tolist() == [pair in there for pair in zip(a.tolist(), b.tolist(), strict=True)]
    left, right = held.degrees()
    assert left.tolist() == [sum(pair[0] == i for pair in there) for i in range(n_left)]
    assert right.tolist() == [sum(pair[1] == i for pair in there) for i in range(n_right)]
    own = {(i, i) for i in range(n_left)} if kind else set()
    assert list(zip(*(one.tolist() for one in held.barred()), strict=True)) == sorted(there | own)


def test_ids_that_differ_by_zeros_are_different_and_counted():
    held = Positives.of_ids(["7", "007", "8", "7"], ["x", "x", "00", "x"])
    assert held.left_ids == ("7", "007", "8") and held.right_ids == ("x", "00")
    assert len(held) == 3 and held.n_duplicates == 1
    assert held.n_lookalikes == 2
    assert held.warnings == ("D-115: 2 ids differ only by leading zeros ('7', '007') and are kept apart",)
    assert not Positives.of_ids(["7", "70"], ["x", "x"]).warnings
    one_set = Positives.of_ids(["7", "1"], ["07", "2"], symmetric=True)
    assert one_set.n_lookalikes == 2 and one_set.left_ids == ("7", "1", "07", "2")
    assert Positives.of_ids(["7"], ["07"]).n_lookalikes == 0  # of two sets


def test_ids_without_a_link_can_be_named():
    held = Positives.of_ids(["b"], ["y"], left_ids=["a", "b"], right_ids=iter(["x", "y", "z"]))
    assert (held.n_left, held.n_right) == (2, 3)
    assert held.pairs.tolist() == [[1, 1]] and held.left_name(1) == "'b'" and held.right_name(2) == "'z'"
    one_set = Positives.of_ids(["b"], ["c"], right_ids=["a", "b", "c"], shared=True)
    assert (one_set.n_left, one_set.pairs.tolist()) == (3, [[1, 2]])
    assert Positives.of_numbers([0], [1], n_right=9, symmetric=True).n_left == 9


def test_the_arrays_can_not_be_written_to():
    held = Positives.of_numbers([0, 1], [1, 0])
    for array in (held.lefts, held.rights, held.keys):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Positives.of_numbers([], []), "no links"),
        (lambda: Positives.of_ids([], []), "no links"),
        (lambda: Positives.of_numbers([0, 1], [1]), "2 lefts and 1 right"),
        (lambda: Positives.of_ids(["a"], ["b", "c"]), "1 left and 2 rights"),
        (lambda: Positives.of_numbers([0, 5], [1, 1], n_left=5), "left 5 of pair 2; there are 5"),
        (lambda: Positives.of_numbers([0, 1], [1, -3]), "right -3 of pair 2"),
        (lambda: Positives.of_numbers([-1], [0]), "left -1 of pair 1"),
        (lambda: Positives.of_numbers([0.5], [1.0]), "float64"),
        (lambda: Positives.of_numbers([[0]], [[1]]), r"shape \(1, 1\)"),
        (lambda: Positives.of_numbers([True], [False]), "bool"),
        (lambda: Positives.of_numbers([2, 3], [2, 3], symmetric=True), "2 links"),
        (lambda: Positives.of_ids(["a", ""], ["b", "c"]), "'', link 2"),
        (lambda: Positives.of_ids(["a", 7], ["b", "c"]), "7, link 2"),
        (lambda: Positives.of_ids(["a"], ["b"], left_ids=["b"]), "'a'"),
        (lambda: Positives.of_ids(["a"], ["b"], left_ids=["a", "b", "a"]), "listed twice"),
        (lambda: Positives.of_numbers([0], [1]).contains([0, 1], [0]), "2 lefts and 1 right"),
        (lambda: Positives.of_numbers([0], [1]).contains([1], [0]), "left 1 of pair 1"),
    ],
)
def test_links_that_can_not_be_used_are_refused(make, said):
    with pytest.raises(DataError, match=said) as caught:
        make()
    assert caught.value.code == "D-110" and caught.value.fix


def test_nothing_is_contained_in_nothing():
    assert Positives.of_numbers([0], [1]).contains([], []).shape == (0,)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 64, 1000])
def test_an_order_that_is_not_held_is_one(n):
    places = shuffled(np.arange(n), n, [3, 1])
    assert np.array_equal(np.sort(places), np.arange(n))
    assert np.array_equal(shuffled(np.arange(n)[::-1], n, [3, 1]), places[::-1])
    if n > 3:
        assert not np.array_equal(shuffled(np.arange(n), n, [3, 2]), places)


def test_an_order_that_is_not_held_favours_no_place():
    counts = np.bincount([shuffled(np.array([2]), 11, [seed])[0] for seed in range(2200)], minlength=11)
    assert ((counts - 200) ** 2 / 200).sum() < 35  # chi-square of 10 degrees of freedom: 1 in 8,000


@pytest.mark.parametrize("kind", [{}, {"shared": True}, {"symmetric": True}])
def test_a_partner_is_drawn_by_weight_among_those_that_are_free(kind):
    held = Positives.of_numbers([0, 0, 0, 1, 2], [1, 3, 4, 2, 0], n_left=6, n_right=6, **kind)
    weights = np.array([3, 1, 0, 2, 5, 4])
    partners = Partners.of(held, weights)
    rng = np.random.default_rng(0)
    for left in range(6):
        pair = np.full(6, left), np.arange(6)
        barred = held.contains(*pair) | (np.arange(6) == left if kind else False)
        expected = np.where(barred, 0, weights)
        assert partners.free[left] == expected.sum()
        n = 400 * int(expected.sum())
        counts = np.bincount(partners.draw(np.full(n, left), rng), minlength=6)
        assert (counts[expected == 0] == 0).all()
        apart = (counts - 400 * expected)[expected > 0] ** 2 / (400 * expected[expected > 0])
        assert apart.sum() < 25  # at most 5 degrees of freedom: 1 in 7,000
