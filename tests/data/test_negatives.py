"""Negatives: never a link, pure functions of a seed, drawn as each sampler promises, in bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.data.negatives import SAMPLERS, Negatives
from kinfold.data.positives import Positives
from kinfold.errors import DataError, InvalidParameterError

KINDS = [{}, {"shared": True}, {"symmetric": True}]


def links(n_left: int, n_right: int, n: int, seed: int, **kind: bool) -> Positives:
    """Links in which few lefts and rights have most."""
    rng = np.random.default_rng(seed)
    lefts, rights = (rng.power(2, n) * n_left).astype(int), (rng.power(3, n) * n_right).astype(int)
    return Positives.of_numbers(lefts, rights, n_left=n_left, n_right=n_right, **kind)


def options(name: str, held: Positives) -> dict[str, object]:
    def by_number(lefts, k):
        return np.broadcast_to(np.arange(held.n_right)[::-1][:k], (len(lefts), k))

    return {"nearest": by_number} if name == "hard" else {}


def assert_negatives(held: Positives, pairs: np.ndarray) -> None:
    assert pairs.dtype == np.int64 and pairs.shape[1] == 2
    assert not held.contains(pairs[:, 0], pairs[:, 1]).any()
    if held.symmetric:
        assert (pairs[:, 0] < pairs[:, 1]).all()
    elif held.space.one_set:
        assert (pairs[:, 0] != pairs[:, 1]).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SAMPLERS)
def test_no_sampler_draws_a_link_and_blocks_are_pure(name, kind):
    held = links(60, 60, 150, seed=1, **kind)
    drawn = Negatives(held, name, seed=5, **options(name, held))
    there = [drawn.block(epoch, index, 64) for epoch in (0, 1) for index in range(4)]
    for pairs in there:
        assert pairs.shape == (64, 2)
        assert_negatives(held, pairs)
    again = Negatives(held, name, seed=5, **options(name, held))
    back = [again.block(epoch, index, 64) for epoch in (1, 0) for index in (3, 2, 1, 0)]
    assert all(np.array_equal(one, other) for one, other in zip(there, back[::-1], strict=True))
    other = Negatives(held, name, seed=6, **options(name, held))
    assert not np.array_equal(other.block(0, 0, 64), there[0])
    assert not np.array_equal(there[4], there[0]), "another epoch"
    assert not np.array_equal(there[1], there[0]), "another block"


@pytest.mark.parametrize("name", SAMPLERS)
def test_blocks_and_epochs_are_made_of_block(name):
    held = links(40, 40, 90, seed=2)
    drawn = Negatives(held, name, seed=0, **options(name, held))
    blocks = list(drawn.blocks(3, 25, size=10))
    assert [len(one) for one in blocks] == [10, 10, 5]
    assert np.array_equal(blocks[2], drawn.block(3, 2, 10)[:5])
    assert not list(drawn.blocks(3, 0))
    assert np.array_equal(drawn.epoch(2), drawn.block(2, 0, len(held)))


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=45),
    st.sampled_from(KINDS),
    st.sampled_from(["random", "popularity", "requester-fixed"]),
    st.integers(0, 99),
)
@settings(max_examples=120, deadline=None)
def test_any_links_give_negatives_or_a_reason(pairs, kind, name, seed):
    try:
        held = Positives.of_numbers(*np.array(pairs).T, **kind)
        drawn = Negatives(held, name, seed=seed)
    except DataError as error:
        assert error.code in ("D-110", "D-112") and error.seen
        return
    assert_negatives(held, drawn.block(0, 0, 50))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("distinct", [False, True])
def test_random_is_uniform_over_all_pairs_that_are_no_links(kind, distinct):
    held = links(8, 8, 25, seed=3, **kind)
    n_free, per = held.n_free, 200
    if distinct:  # one pair of each order
        pairs = np.concatenate([Negatives(held, seed=s, distinct=True).block(0, 0, 1) for s in range(40 * n_free)])
        per = 40
    else:
        pairs = Negatives(held, seed=0).block(0, 0, per * n_free)
    counts = np.bincount(held.space.numbers(pairs[:, 0], pairs[:, 1]), minlength=held.space.size)
    assert (counts[held.keys] == 0).all()
    free = np.delete(counts, held.keys)
    assert len(free) == n_free
    spread = ((free - per) ** 2 / per).sum()
    assert spread < (n_free - 1) + 5 * np.sqrt(2 * (n_free - 1)), "chi-square, five standard deviations"


def test_random_ends_where_one_pair_in_a_million_is_free():
    a, b = (one.ravel() for one in np.meshgrid(np.arange(1000), np.arange(1000)))
    held = Positives.of_numbers(np.delete(a, 123_456), np.delete(b, 123_456))
    assert (Negatives(held).block(0, 0, 100) == [a[123_456], b[123_456]]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_distinct_pairs_come_once_and_end(kind):
    held = links(12, 12, 60, seed=4, **kind)
    drawn = Negatives(held, seed=1, distinct=True)
    n = held.n_free
    pairs = np.concatenate([drawn.block(0, index, 1) for index in range(n)])
    assert len(np.unique(held.space.numbers(pairs[:, 0], pairs[:, 1]))) == n
    with pytest.raises(DataError, match=f"{n + 1} asked for; {n} pairs") as caught:
        drawn.block(0, n, 1)
    assert caught.value.code == "D-112"
    assert Negatives(held, seed=1).block(0, 0, n + 1).shape == (n + 1, 2)


def test_popularity_draws_both_sides_by_their_degrees():
    held = links(40, 60, 120, seed=5)
    pairs = Negatives(held, "popularity", seed=2).block(0, 0, 400_000)
    left, right = held.degrees()
    shares = np.outer(left, right) * ~held.contains(*(one.ravel() for one in np.indices((40, 60)))).reshape(40, 60)
    for side in (0, 1):
        got = np.bincount(pairs[:, side], minlength=shares.shape[side]) / len(pairs)
        wanted = shares.sum(1 - side) / shares.sum()
        assert np.abs(got - wanted).max() < 5 * np.sqrt(wanted.max() / len(pairs))
    assert (left[pairs[:, 0]] > 0).all() and (right[pairs[:, 1]] > 0).all()
    by_degree = np.corrcoef(np.bincount(pairs[:, 0], minlength=40), left)[0, 1]
    assert by_degree > 0.95


@pytest.mark.parametrize("name", ["requester-fixed", "degree-preserving", "hard"])
def test_rows_keep_the_left_of_their_link_and_begin_anew(name):
    held = links(25, 50, 80, seed=6)
    drawn = Negatives(held, name, seed=0, **options(name, held))
    n = len(held)
    assert np.array_equal(drawn.epoch(0)[:, 0], held.lefts)
    assert np.array_equal(drawn.block(0, 3, 50)[:, 0], held.lefts[(150 + np.arange(50)) % n])


def test_requester_fixed_draws_rights_evenly():
    held = Positives.of_numbers([0, 0, 0, 1], [0, 2, 4, 1], n_right=7)
    pairs = Negatives(held, "requester-fixed").block(0, 0, 40_000)
    counts = np.bincount(pairs[pairs[:, 0] == 0, 1], minlength=7)
    assert (counts[[0, 2, 4]] == 0).all()
    assert np.abs(counts[[1, 3, 5, 6]] / 7500 - 1).max() < 0.06  # five standard deviations


def test_requester_fixed_keeps_either_end_of_a_symmetric_link():
    held = Positives.of_numbers([0, 0, 0], [1, 2, 3], n_left=40, symmetric=True)
    pairs = Negatives(held, "requester-fixed").block(0, 0, 3000)
    with_hub = (pairs[:, 0] == 0).mean()
    assert 0.45 < with_hub < 0.58, "the hub is an end of every link, and kept for half of them"


@pytest.mark.parametrize("name", ["random", "popularity", "requester-fixed", "hard", "degree-preserving"])
def test_a_user_in_every_pair_is_named(name):
    ids = [f"u{i}" for i in range(6)]
    held = Positives.of_ids(["hub"] * 6, ids)
    with pytest.raises(DataError) as caught:
        Negatives(held, name, **options(name, held))
    assert caught.value.code == ("D-113" if name == "degree-preserving" else "D-112")
    assert caught.value.fix
    if name in ("requester-fixed", "hard", "degree-preserving"):
        assert "'hub'" in caught.value.seen


def test_one_user_linked_to_everything_is_named_among_others():
    held = Positives.of_ids(["a", "b", "hub", "hub", "hub"], ["x", "y", "x", "y", "z"])
    with pytest.raises(DataError, match="'hub'") as caught:
        Negatives(held, "requester-fixed")
    assert caught.value.code == "D-112" and "'a'" not in caught.value.seen
    assert_negatives(held, Negatives(held, "random").block(0, 0, 20))


@pytest.mark.parametrize(
    ("sampler", "given", "said"),
    [
        ("rare", {}, "'requester-fixed'"),
        (None, {}, "`sampler`"),
        ("popularity", {"distinct": True}, "no such option"),
        ("random", {"nearest": print}, "`distinct`"),
        ("random", {"distinct": 1}, "True or False"),
        ("hard", {}, "needs `nearest`"),
        ("hard", {"nearest": 3}, "a function"),
        ("hard", {"nearest": print, "skip": 1.0}, "`skip`"),
        ("hard", {"nearest": print, "n_best": 0}, "`n_best`"),
        ("hard", {"nearest": print, "n_candidates": 2.5}, "`n_candidates`"),
        ("random", {"seed": -1}, "`seed`"),
    ],
)
def test_what_can_not_be_asked_for_is_refused(sampler, given, said):
    with pytest.raises(InvalidParameterError, match=said):
        Negatives(Positives.of_numbers([0, 1], [1, 0]), sampler, **given)


def test_blocks_are_numbered_from_0_and_not_empty():
    drawn = Negatives(Positives.of_numbers([0, 1], [1, 0]))
    for numbers in [(-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0.5, 1)]:
        with pytest.raises(InvalidParameterError):
            drawn.block(*numbers)


@pytest.mark.parametrize("name", SAMPLERS)
def test_memory_does_not_grow_with_what_is_drawn(name):
    held = links(400, 500, 2000, seed=7)
    drawn = Negatives(held, name, **options(name, held))

    def peak(n_blocks: int) -> int:
        tracemalloc.start()
        for pairs in drawn.blocks(0, n_blocks * 1000, size=1000):
            assert len(pairs) == 1000
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(150) < 1.05 * peak(3) + 20_000
