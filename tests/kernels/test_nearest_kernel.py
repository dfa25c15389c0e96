"""The lists of the best against sorting everything, with products as wrong as they may be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinfold.kernels.nearest import (
    EPSILON,
    NOBODY,
    bound_nearness,
    empty_lists,
    keep_best,
    keep_best_analogies,
    order_best,
    slack_of,
)

#: Kernels are compiled by the first example.
PROPERTY = settings(deadline=None, derandomize=True)


def rows_of_length_1(rng, n, dim):
    rows = rng.normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def sorted_best(scores, own, k):
    """Return ids and scores of the k best of a row, by sorting: the highest first, ties by id."""
    order = [i for i in np.lexsort((np.arange(len(scores)), -scores)) if i not in own and np.isfinite(scores[i])]
    return order[:k]


def searched(queries, table, own, k, block, off=0.0, seed=0):
    scores, ids = empty_lists(len(queries), k)
    rng = np.random.default_rng(seed)
    for first in range(0, len(table), block):
        products = queries @ table[first : first + block].T
        products += rng.uniform(-off, off, products.shape).astype(np.float32)
        keep_best(products, first, queries, table, own, slack_of(table.shape[1]), scores, ids)
    order_best(scores, ids)
    return ids, scores


@pytest.mark.parametrize("block", [1, 7, 64, 150, 1000])
@pytest.mark.parametrize("k", [1, 3, 40])
def test_the_best_are_those_of_sorting(block, k):
    rng = np.random.default_rng(block)
    table, queries = rows_of_length_1(rng, 333, 17), rows_of_length_1(rng, 9, 17)
    table[[3, 200]] = 0  # no direction
    table[50:60] = table[40:50]  # ties
    own = rng.integers(-1, 333, (9, 2)).astype(np.int32)
    ids, scores = searched(queries, table, own, k, block)
    exact = (queries.astype(np.float64) @ table.astype(np.float64).T).astype(np.float32)
    exact[:, [3, 200]] = np.nan
    for i in range(9):
        assert ids[i].tolist() == sorted_best(exact[i], own[i], k)
        np.testing.assert_allclose(scores[i], exact[i, ids[i]], rtol=0, atol=1e-7)


def test_what_a_product_is_off_by_changes_nothing():
    rng = np.random.default_rng(1)
    table = rows_of_length_1(rng, 500, 30)
    table[100:400] = table[0] + rng.normal(0, 1e-7, (300, 30)).astype(np.float32)  # closer than products can tell
    queries, own = table[:20], np.full((20, 1), -1, np.int32)
    plain = searched(queries, table, own, 12, 500)
    # slack_of bounds the sum of the error of the product and of what is added here.
    for seed in range(5):
        wrong = searched(queries, table, own, 12, 100, off=slack_of(30) / 3, seed=seed)
        np.testing.assert_array_equal(wrong[0], plain[0])
        np.testing.assert_array_equal(wrong[1], plain[1])


def test_a_place_that_nothing_takes_stays_with_nobody():
    table = np.eye(3, dtype=np.float32)
    ids, scores = searched(table, table, np.arange(3, dtype=np.int32)[:, None], 5, 2)
    assert ids.tolist() == [[1, 2, NOBODY, NOBODY, NOBODY], [0, 2] + 3 * [NOBODY], [0, 1] + 3 * [NOBODY]]
    assert np.isneginf(scores[:, 2:]).all() and (scores[:, :2] == 0).all()


@PROPERTY
@given(
    arrays(np.int8, (40, 3), elements=st.integers(-2, 2)),
    arrays(np.int8, (3, 3), elements=st.integers(-2, 2)),
    st.integers(1, 45),
    st.integers(1, 50),
)
def test_many_ties(table, queries, k, block):
    table, queries = table.astype(np.float32) / 4, queries.astype(np.float32) / 4
    own = np.array([[0], [-1], [7]], np.int32)
    ids, scores = searched(queries, table, own, k, block)
    exact = queries @ table.T  # quarters: exact in any order
    exact[:, ~table.any(axis=1)] = np.nan
    for i in range(3):
        best = sorted_best(exact[i], own[i], k)
        assert ids[i].tolist() == best + (k - len(best)) * [NOBODY]
        assert scores[i, : len(best)].tolist() == np.clip(exact[i, best], -1, 1).tolist()


@pytest.mark.parametrize("multiplied", [False, True])
@pytest.mark.parametrize("block", [5, 64, 1000])
def test_analogies_are_those_of_sorting(multiplied, block):
    rng = np.random.default_rng(block)
    table = rows_of_length_1(rng, 300, 11)
    table[70] = 0
    table[90:120] = table[60:90]
    table[33] = -table[2]  # its nearness to row 2 is 0
    asked = rng.integers(0, 40, (25, 3)).astype(np.int32)
    asked[0] = [2, 5, 6]
    sides, own = table[:40], np.column_stack([asked, np.full(25, -1)]).astype(np.int32)
    scores, ids = empty_lists(25, 6)
    for first in range(0, 300, block):
        products = sides @ table[first : first + block].T
        products += rng.uniform(-1, 1, products.shape).astype(np.float32) * np.float32(slack_of(11) / 3)
        over = bound_nearness(products, slack_of(11)) if multiplied else products
        keep_best_analogies(products, over, first, asked, sides, table, own, slack_of(11), multiplied, scores, ids)
    order_best(scores, ids)
    cosines = sides.astype(np.float64) @ table.astype(np.float64).T
    near = np.maximum(0, (1 + cosines) / 2)
    for i, (a, b, c) in enumerate(asked):
        product = near[b] * near[c] / (near[a] + EPSILON)
        exact = (product if multiplied else cosines[b] - cosines[a] + cosines[c]).astype(np.float32)
        exact[70] = np.nan
        np.testing.assert_allclose(scores[i], exact[ids[i]], rtol=2e-7, atol=1e-7)
        assert ids[i].tolist() == sorted_best(exact, own[i], 6)


def test_order_is_by_score_then_by_id():
    scores = np.array([[1, 3, 2, 3, -np.inf]], np.float32)
    lists = empty_lists(1, 5)
    products = scores[:, :4] / 4
    table = products.T.copy()
    keep_best(products, 0, np.ones((1, 1), np.float32), table, np.full((1, 1), -1, np.int32), 1e-6, *lists)
    order_best(*lists)
    assert lists[1].tolist() == [[1, 3, 2, 0, NOBODY]]
    assert lists[0].tolist() == [[0.75, 0.75, 0.5, 0.25, -np.inf]]
