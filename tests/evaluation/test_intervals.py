from __future__ import annotations

import time

import numpy as np
import pytest
import sklearn.metrics as reference

from kinfold.errors import InvalidParameterError
from kinfold.evaluation import intervals, weighted
from kinfold.evaluation.coding import encode
from kinfold.evaluation.metrics import auc, statistics_for


def simulated(n, seed, classes=("a", "b"), shift=1.5):
    random = np.random.default_rng(seed)
    codes = random.integers(len(classes), size=n)
    scores = random.normal(size=(n, len(classes)))
    scores[np.arange(n), codes] += shift
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    return encode([classes[i] for i in codes], [classes[i] for i in p.argmax(axis=1)], p, classes)


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c", "d")])
def test_weighted_metrics_equal_scikit_learns_on_the_repeated_rows(classes):
    coded = simulated(60, 3, classes)
    positive = 1 if len(classes) == 2 else None
    weights = next(intervals.weight_blocks(60, 5, seed=9))
    found = {
        name: values
        for statistic in statistics_for(coded, positive)
        for name, values in zip(statistic.names, statistic.of(weights), strict=True)
    }
    for d in range(5):
        rows = np.repeat(np.arange(60), weights[:, d].astype(int))
        truth, said, p = coded.labels[rows], coded.answers[rows], coded.probabilities[rows]
        assert found["accuracy"][d] == pytest.approx(reference.accuracy_score(truth, said))
        assert found["macro_f1"][d] == pytest.approx(reference.f1_score(truth, said, average="macro"))
        assert found["log_loss"][d] == pytest.approx(reference.log_loss(truth, p))
        score, extra = (p[:, 1], {}) if positive else (p, {"multi_class": "ovr"})
        assert found["auc"][d] == pytest.approx(reference.roc_auc_score(truth, score, **extra))
        if positive:
            assert found["average_precision"][d] == pytest.approx(reference.average_precision_score(truth, score))


def test_the_same_seed_gives_the_same_draws_and_every_draw_has_n_rows():
    first, second, other = (np.hstack(list(intervals.weight_blocks(37, 50, seed=seed))) for seed in (1, 1, 2))
    assert first.shape == (37, 50) and (first.sum(axis=0) == 37).all()
    assert (first == second).all() and (first != other).any()


def test_blocks_bound_memory():
    widths = [block.shape[1] for block in intervals.weight_blocks(100_000, 100, seed=0)]
    assert sum(widths) == 100 and max(widths) <= 16


def test_whole_groups_are_drawn():
    groups = np.repeat(["x", "y", "z"], [5, 2, 1]).tolist()
    for weights in intervals.weight_blocks(8, 40, seed=0, groups=groups):
        assert (weights[:5] == weights[0]).all() and (weights[5:7] == weights[5]).all()
        assert (weights[[0, 5, 7]].sum(axis=0) == 3).all()


def test_groups_of_equal_rows_widen_the_interval():
    random = np.random.default_rng(0)
    values = np.repeat(random.random(30), 10)
    groups = np.repeat(np.arange(30), 10).astype(str).tolist()
    plain, grouped = intervals.mean_interval(values), intervals.mean_interval(values, groups=groups)
    assert grouped.high - grouped.low > 2 * (plain.high - plain.low)
    assert intervals.mean_interval(values, groups=["one"] * 300).low is None


def coverage(name, truth, n, positive=1, runs=150):
    held = 0
    for seed in range(runs):
        coded = simulated(n, seed)
        statistic = next(s for s in statistics_for(coded, positive) if name in s.names)
        k = statistic.names.index(name)
        drawn = intervals.draw([statistic], n, 300, seed=seed)[0][k]
        found = intervals.interval(float(statistic.value(n)[k]), drawn, reflected=statistic.reflected)
        assert found.low <= found.value <= found.high
        held += found.low <= truth <= found.high
    return held / runs


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "auc", "log_loss", "average_precision"])
def test_intervals_hold_the_true_value_about_as_often_as_they_say(name):
    large = simulated(400_000, 99)
    statistic = next(s for s in statistics_for(large, 1) if name in s.names)
    truth = float(statistic.value(len(large))[statistic.names.index(name)])
    assert 0.89 <= coverage(name, truth, 200) <= 0.99


def test_the_interval_of_a_calibration_error_reaches_down_to_none():
    held = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        stated = random.random(300)
        labels = np.where(random.random(300) < stated, "b", "a").tolist()
        coded = encode(labels, None, np.column_stack([1 - stated, stated]), ["a", "b"])
        statistic = weighted.miscalibration(coded, 1)
        drawn = intervals.draw([statistic], 300, 300, seed=seed)[0][0]
        found = intervals.interval(float(statistic.value(300)[0]), drawn, reflected=True)
        held += found.low <= 0.01
    assert held >= 90


def test_no_error_seen_is_not_certainty():
    coded = encode(["a", "b"] * 10, ["a", "b"] * 10)
    statistic = weighted.hits(coded)
    drawn = intervals.draw([statistic], 20, 200)[0][0]
    found = intervals.interval(1.0, drawn, rows=statistic.rows[0])
    assert found.high == 1.0 and found.low == pytest.approx(0.025 ** (1 / 20))
    none = intervals.interval(0.0, np.zeros(10), rows=20)
    assert none.low == 0.0 and none.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_what_is_undefined_says_so():
    missing = intervals.interval(float("nan"), np.full(10, np.nan), reason="one class")
    assert missing.to_dict() == {"value": None, "low": None, "high": None, "reason": "one class"}
    assert str(missing) == "undefined: one class"
    bare = intervals.interval(0.5, np.array([np.nan, np.nan, 0.5]))
    assert bare.low is None and "no interval" in str(bare)
    assert str(intervals.Interval(0.804, 0.78, 0.8284)) == "0.804 (0.780 to 0.828)"


def test_any_metric_can_be_resampled():
    coded = simulated(120, 4)
    labels = [coded.classes[i] for i in coded.labels]

    def metric(rows):
        return auc([labels[i] for i in rows], coded.probabilities[rows], coded.classes)

    slow = intervals.resampled_interval(metric, 120, n_draws=200, seed=5)
    statistic = weighted.ranking(coded, 1)
    fast = intervals.interval(float(statistic.value(120)[0]), intervals.draw([statistic], 120, 200, seed=5)[0][0])
    assert (slow.value, slow.low, slow.high) == pytest.approx((fast.value, fast.low, fast.high))
    with pytest.raises(InvalidParameterError):
        intervals.mean_interval([1.0], n_draws=0)


def test_many_rows_are_quick():
    coded = simulated(25_000, 6)
    start = time.perf_counter()
    intervals.draw(statistics_for(coded, 1), len(coded), 400)
    assert time.perf_counter() - start < 3  # 2,000 draws take five times as long
