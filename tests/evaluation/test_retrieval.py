"""Ranks among all candidates against sorting by hand; filters, exposure, and which search is served."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation import ranking, retrieval
from kinfold.evaluation.retrieval import LEAST, Ranks, choose, limit_exposure, rank_all

PROPERTY = settings(deadline=None, derandomize=True, max_examples=80)
NAMES = ["mrr", "map", "precision_at_3", "recall_at_3", "ndcg_at_3"]


def of(scores):
    return lambda first, end: np.asarray(scores)[first:end]


def by_sorting(line, relevant):
    """Return ranks where of equal scores those that are not relevant go first."""
    order = sorted(range(len(line)), key=lambda i: (-line[i], i in relevant))
    return [order.index(i) + 1 for i in sorted(relevant, key=order.index)]


@PROPERTY
@given(data=st.data())
def test_ranks_are_those_of_sorting(data):
    n = data.draw(st.integers(1, 12))
    scores = np.array(data.draw(st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=1, max_size=5)))
    relevant = [data.draw(st.sets(st.integers(0, n - 1), min_size=1)) for _ in scores]
    found = rank_all(of(scores), [list(one) for one in relevant])
    for ranks, line, wanted in zip(found.ranks, scores, relevant, strict=True):
        assert ranks.tolist() == by_sorting(line.tolist(), wanted)
    assert found.n_candidates.tolist() == [n] * len(scores)


def test_metrics_agree_with_those_of_whole_lists():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20, 15))
    relevant = [rng.choice(15, rng.integers(1, 5), replace=False) for _ in scores]
    found = rank_all(of(scores), relevant)
    lists = [np.isin(np.argsort(-line), one).astype(float) for line, one in zip(scores, relevant, strict=True)]
    counts = [len(one) for one in relevant]
    for name in NAMES:
        np.testing.assert_allclose(found.per_query(name), ranking.per_query(name, lists, counts))
    values = found.metrics(NAMES, n_draws=200)
    assert list(values) == NAMES
    assert all(one.low <= one.value <= one.high for one in values.values())


def test_averaged_ties_are_the_average_over_all_orders():
    rng = np.random.default_rng(1)
    line, relevant = np.array([3, 1, 1, 1, 1, 0, 1]), [1, 4, 5]
    found = rank_all(of([line]), [relevant], ties="mean").ranks[0]
    drawn = []
    for _ in range(4000):
        order = np.lexsort((rng.random(7), -line))
        drawn.append(np.sort(np.argsort(order)[relevant]) + 1)
    np.testing.assert_allclose(found, np.mean(drawn, axis=0), atol=0.1)
    assert found.tolist() == [3, 5, 7]
    assert rank_all(of([line]), [relevant]).ranks[0].tolist() == [5, 6, 7]


def test_a_system_that_says_nothing_is_not_rewarded():
    scores = np.zeros((3, 100))
    relevant = [[0], [50], [99]]
    assert rank_all(of(scores), relevant).per_query("mrr").tolist() == [0.01] * 3
    assert rank_all(of(scores), relevant, ties="mean").ranks[0].tolist() == [50.5]


def test_filters_take_candidates_away():
    scores = [[5, 4, 3, 2, 1], [1, 2, 3, 4, 5]]
    may = np.array([[False, True, True, True, True], [True, True, True, False, False]])
    found = rank_all(of(scores), [[2], [0]], allowed=lambda query: may[query])
    assert [ranks.tolist() for ranks in found.ranks] == [[2], [3]] and found.n_candidates.tolist() == [4, 3]
    with pytest.raises(DataError, match="filter") as caught:
        rank_all(of(scores), [[0], [0]], allowed=lambda query: may[query])
    assert caught.value.code == "D-134"
    with pytest.raises(DataError, match="filter"):
        rank_all(of(scores), [[0], [0]], allowed=lambda query: np.ones(3, bool))


def test_scores_are_asked_for_in_blocks(monkeypatch):
    monkeypatch.setattr(retrieval, "_CELLS", 70)
    scores = np.random.default_rng(2).normal(size=(23, 20))
    asked = []

    def counted(first, end):
        asked.append(end - first)
        return scores[first:end]

    relevant = [[i % 20] for i in range(23)]
    found = rank_all(counted, relevant, n_candidates=20)
    assert max(asked) == 3 and sum(asked) == 23
    whole = rank_all(of(scores), relevant)
    assert all(np.array_equal(a, b) for a, b in zip(found.ranks, whole.ranks, strict=True))


@pytest.mark.parametrize(
    ("scores", "relevant"),
    [
        ([[1.0, 2.0]], [[]]),
        ([[1.0, 2.0]], [[2]]),
        ([[1.0, 2.0]], [[-1]]),
        ([[1.0, np.nan]], [[0]]),
        ([1.0, 2.0], [[0]]),
    ],
)
def test_what_can_not_be_ranked(scores, relevant):
    with pytest.raises(DataError) as caught:
        rank_all(of(scores), relevant)
    assert caught.value.code == "D-134"


def test_what_is_unknown():
    with pytest.raises(InvalidParameterError) as ties:
        rank_all(of([[1.0]]), [[0]], ties="best")
    assert ties.value.code == "U-034"
    for name in ("hits", "recall_at_0", "recall_at_x", "recall"):
        with pytest.raises(InvalidParameterError) as metric:
            rank_all(of([[1.0]]), [[0]]).per_query(name)
        assert metric.value.code == "E-007"


def test_each_item_is_shown_to_so_many():
    rows = np.array([[0, 1, 2], [0, 1, 2], [0, 2, -1]])
    scores = np.array([[0.9, 0.5, 0.1], [0.8, 0.7, 0.2], [0.95, 0.3, np.nan]], np.float32)
    shown, of_shown = limit_exposure(rows, scores, k=2, most=1)
    assert shown.tolist() == [[-1, -1], [1, -1], [0, 2]]
    np.testing.assert_allclose(of_shown[2], [0.95, 0.3])
    shown, _ = limit_exposure(rows, scores, k=1, most=2)
    assert shown.tolist() == [[0], [1], [0]]
    assert limit_exposure(rows, scores, k=3, most=3)[0].tolist() == rows.tolist()


@PROPERTY
@given(data=st.data())
def test_limits_hold_whatever_the_scores(data):
    n, p = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 6))
    rows = np.array([data.draw(st.permutations(range(8)))[:p] for _ in range(n)])
    scores = np.array(data.draw(st.lists(st.lists(st.integers(0, 5), min_size=p, max_size=p), min_size=n, max_size=n)))
    k, most = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    shown, of_shown = limit_exposure(rows, scores.astype(np.float32), k, most)
    counts = np.bincount(shown[shown >= 0], minlength=8)
    assert counts.max(initial=0) <= most
    for user in range(n):
        line = shown[user][shown[user] >= 0]
        assert len(set(line.tolist())) == len(line) and set(line.tolist()) <= set(rows[user].tolist())
        assert (np.diff(of_shown[user][: len(line)]) <= 0).all()
        if len(line) < k:  # whoever lacks something found everything else taken
            left = set(rows[user].tolist()) - set(line.tolist())
            assert all(counts[item] == most for item in left)


def ranks(values):
    return Ranks(tuple(np.array([float(value)]) for value in values), np.full(len(values), 100), "worst")


def test_the_better_one_is_served_only_where_it_is_surely_better():
    rng = np.random.default_rng(3)
    plain = rng.integers(1, 20, 400)
    better = choose({"bm25": ranks(plain), "hybrid": ranks(np.maximum(1, plain - 3))})
    assert better.served == "hybrid" and better.difference.winner == "hybrid"
    worse = choose({"hybrid": ranks(plain + 3), "bm25": ranks(plain)})
    assert worse.served == "bm25" and worse.difference.winner == "bm25"
    tie = choose({"bm25": ranks(plain), "hybrid": ranks(rng.permutation(plain))})
    assert tie.served == "bm25" and tie.difference.winner is None and "a tie" in str(tie)
    assert choose({"bm25": ranks(plain), "hybrid": ranks(plain)}).served == "bm25"
    assert better.metrics["hybrid"]["mrr"].value > better.metrics["bm25"]["mrr"].value
    assert better.to_dict()["served"] == "hybrid" and "hybrid is served" in str(better)


def test_the_comparison_is_paired_and_by_groups():
    rng = np.random.default_rng(4)
    plain = rng.integers(2, 50, 300)
    slightly = ranks(np.where(rng.random(300) < 0.3, plain - 1, plain))
    assert choose({"bm25": ranks(plain), "hybrid": slightly}).served == "hybrid"  # no query is worse
    copies = {"bm25": ranks([9] * 280 + [2] * 20), "hybrid": ranks([8] * 280 + [9] * 20)}
    assert choose(copies).served == "bm25"
    twice = ["same"] * 280 + [f"q{i}" for i in range(20)]
    assert choose(copies, groups=twice).difference.interval.low < choose(copies).difference.interval.low


def test_few_queries_and_few_groups_decide_nothing():
    rng = np.random.default_rng(5)
    plain = rng.integers(4, 50, LEAST)
    surely = {"bm25": ranks(plain), "hybrid": ranks(plain - 3)}
    assert choose(surely).served == "hybrid" and choose(surely).to_dict()["units"] == LEAST
    few = choose({name: ranks([one[0] for one in of.ranks[1:]]) for name, of in surely.items()})
    assert few.served == "bm25" and few.difference.winner == "hybrid" and not few.decides
    assert str(few) == f"{LEAST - 1} queries can't decide, {LEAST} or more can; bm25 is served"
    grouped = choose(surely, groups=[f"g{i % 2}" for i in range(LEAST)])
    assert grouped.served == "bm25" and str(grouped).startswith("2 groups can't decide")


def test_calls_that_mean_nothing():
    one = ranks([1, 2])
    for systems in ({"bm25": one}, {"a": one, "b": one}, {"bm25": one, "b": one, "c": one}):
        with pytest.raises(InvalidParameterError) as caught:
            choose(systems)
        assert caught.value.code == "U-034"
    with pytest.raises(DataError) as sizes:
        choose({"bm25": one, "hybrid": ranks([1, 2, 3])})
    assert sizes.value.code == "D-134"
    with pytest.raises(InvalidParameterError):
        limit_exposure(np.zeros((1, 1), int), np.zeros((1, 1)), 0, 1)
