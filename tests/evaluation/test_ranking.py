from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as reference

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation import ranking

LISTS = [[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_by_hand():
    assert ranking.mrr(LISTS) == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert ranking.mean_average_precision(LISTS) == pytest.approx(((1 / 2 + 2 / 4) / 2 + 1 + 0) / 3)
    assert ranking.mean_average_precision(LISTS, [4, 1, 2]) == pytest.approx(((1 / 2 + 2 / 4) / 4 + 1 + 0) / 3)
    assert ranking.recall_at_k(LISTS, k=2) == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert ranking.recall_at_k(LISTS, [4, 1, 1], k=4) == pytest.approx((2 / 4 + 1 + 0) / 3)
    assert ranking.precision_at_k(LISTS, k=2) == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert ranking.precision_at_k([[1]], k=10) == pytest.approx(0.1)
    assert ranking.ndcg_at_k([[0, 1]], [1], k=10) == pytest.approx(1 / np.log2(3))


@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_agrees_with_scikit_learn(k):
    random = np.random.default_rng(0)
    gains = random.integers(0, 4, (30, 12))
    scores = np.tile(np.arange(12, 0, -1), (30, 1))
    assert ranking.ndcg_at_k(gains, k=k) == pytest.approx(reference.ndcg_score(gains, scores, k=k))


def test_average_precision_agrees_with_scikit_learn():
    random = np.random.default_rng(1)
    rows = random.random((20, 15)) < 0.3
    rows[:, 0] |= ~rows.any(axis=1)
    expected = [reference.average_precision_score(row, np.arange(15, 0, -1)) for row in rows]
    assert ranking.mean_average_precision(rows) == pytest.approx(np.mean(expected))


def test_lists_may_differ_in_length():
    assert ranking.per_query("recall_at_10", [[1], [0, 1, 1], []], [2, 2, 1]).tolist() == [0.5, 1.0, 0.0]


@pytest.mark.parametrize("name", ["mrr_at", "recall_at_0", "ndcg_at_x", ""])
def test_unknown_names_list_the_known_ones(name):
    with pytest.raises(InvalidParameterError, match="no ranking metric") as caught:
        ranking.per_query(name, LISTS)
    assert "ndcg_at_10" in caught.value.fix


def test_counts_that_do_not_fit():
    with pytest.raises(DataError):
        ranking.mrr(LISTS, [1, 1])
    with pytest.raises(DataError):
        ranking.mrr(LISTS, [1, 1, 0])
    with pytest.raises(DataError):
        ranking.mrr([])
