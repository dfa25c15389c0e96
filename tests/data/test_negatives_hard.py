"""Hard negatives: the model's best that are no links, the first ranks passed over if asked; bad answers refused."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.data.negatives import Negatives
from kinfold.data.positives import Positives
from kinfold.errors import DataError

N_LEFT, N_RIGHT = 6, 40
SCORES = np.random.default_rng(0).random((N_LEFT, N_RIGHT))
RANKED = np.argsort(-SCORES, axis=1)


def nearest(lefts, k):
    return RANKED[lefts, :k]


@pytest.fixture
def held():
    """Links to the model's first, second and fourth right of each left."""
    lefts = np.repeat(np.arange(N_LEFT), 3)
    return Positives.of_numbers(lefts, RANKED[:, [0, 1, 3]].ravel(), n_right=N_RIGHT)


def test_the_best_that_is_no_link(held):
    pairs = Negatives(held, "hard", nearest=nearest, n_best=1).epoch(0)
    assert np.array_equal(pairs[:, 0], held.lefts)
    assert np.array_equal(pairs[:, 1], RANKED[held.lefts, 2])


def test_all_of_the_best_are_drawn_evenly(held):
    pairs = Negatives(held, "hard", nearest=nearest, n_best=3, n_candidates=20).block(0, 0, 9000)
    first = pairs[pairs[:, 0] == 0, 1]
    counts = np.bincount(first, minlength=N_RIGHT)[RANKED[0]]
    assert (np.flatnonzero(counts) == [2, 4, 5]).all()
    assert np.abs(counts[[2, 4, 5]] / 500 - 1).max() < 0.2  # five standard deviations


def test_the_first_ranks_are_passed_over(held):
    pairs = Negatives(held, "hard", nearest=nearest, n_best=1, n_candidates=20, skip=0.25).epoch(0)
    assert np.array_equal(pairs[:, 1], RANKED[held.lefts, 5])


def test_the_model_is_asked_once_for_each_left_and_for_more_where_all_are_links(held):
    asked = []

    def watched(lefts, k):
        asked.append((lefts.tolist(), k))
        return nearest(lefts, k)

    pairs = Negatives(held, "hard", nearest=watched, n_best=1, n_candidates=2).epoch(0)
    assert asked == [(list(range(N_LEFT)), 2), (list(range(N_LEFT)), 8)]
    assert np.array_equal(pairs[:, 1], RANKED[held.lefts, 2])


def test_a_model_may_have_fewer_than_asked(held):
    def few(lefts, k):
        found = nearest(lefts, k).copy()
        found[:, 5:] = -1
        return found

    pairs = Negatives(held, "hard", nearest=few).block(0, 0, 300)
    assert {int(np.flatnonzero(RANKED[a] == b)[0]) for a, b in pairs} == {2, 4}


def test_of_one_set_nothing_is_its_own_negative():
    held = Positives.of_numbers([0, 1, 2], [1, 2, 3], n_left=9, symmetric=True)

    def itself_first(lefts, k):
        return (lefts[:, None] + np.arange(9)[:k]) % 9

    pairs = Negatives(held, "hard", nearest=itself_first, n_best=2).block(0, 0, 200)
    assert (pairs[:, 0] < pairs[:, 1]).all() and not held.contains(pairs[:, 0], pairs[:, 1]).any()


def test_nothing_left_after_the_ranks_passed_over(held):
    def links_and_few(lefts, k):
        found = np.full((len(lefts), k), -1)
        found[:, :5] = RANKED[lefts, :5]
        return found

    with pytest.raises(DataError, match="10 best passed over") as caught:
        Negatives(held, "hard", nearest=links_and_few, skip=0.25).epoch(0)
    assert caught.value.code == "D-112" and "skip" in caught.value.fix


@pytest.mark.parametrize(
    "answer",
    [
        lambda lefts, k: RANKED[lefts, : k - 1],
        lambda lefts, k: RANKED[lefts, :k].astype(float),
        lambda lefts, k: RANKED[lefts, :k] + N_RIGHT,
        lambda lefts, k: RANKED[lefts, :k] - 2,
        lambda lefts, k: RANKED[0, :k],
        lambda lefts, k: None,
    ],
)
def test_an_answer_that_can_not_be_used_is_refused(held, answer):
    with pytest.raises(DataError) as caught:
        Negatives(held, "hard", nearest=answer).epoch(0)
    assert caught.value.code == "D-114" and "6 by 40 numbers below 40" in caught.value.fix
