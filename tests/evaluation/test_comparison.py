from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from kinfold.errors import InvalidParameterError
from kinfold.evaluation.comparison import compare, compare_predictions, mcnemar


def answers_right(labels, share, random):
    right = random.random(len(labels)) < share
    return [label if held else ("b" if label == "a" else "a") for label, held in zip(labels, right, strict=True)]


def test_equals_are_rarely_called_different():
    better = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        labels = random.choice(["a", "b"], 250).tolist()
        predictions = {name: answers_right(labels, 0.8, random) for name in ("one", "two")}
        found = compare_predictions(labels, predictions, n_draws=500, seed=seed).differences[0]
        better += found.winner is not None
    assert better <= 10


def test_equals_by_log_loss_are_rarely_called_different():
    better = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        truth = random.integers(2, size=200)
        scores = {}
        for name in ("one", "two"):
            p = 1 / (1 + np.exp(-(2 * truth - 1 + random.normal(size=200))))
            scores[name] = np.column_stack([1 - p, p])
        labels = np.array(["a", "b"])[truth].tolist()
        found = compare_predictions(labels, scores, classes=["a", "b"], n_draws=500, seed=seed)
        assert found.metric == "log_loss"
        better += found.differences[0].winner is not None
    assert better <= 14


def test_five_equals_are_rarely_called_different():
    better = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        labels = random.choice(["a", "b"], 200).tolist()
        predictions = {name: answers_right(labels, 0.8, random) for name in "vwxyz"}
        found = compare_predictions(labels, predictions, n_draws=400, seed=seed)
        assert len(found.differences) == 10
        better += any(d.winner for d in found.differences)
    assert better <= 6


def test_a_large_difference_is_found_and_said():
    random = np.random.default_rng(0)
    labels = random.choice(["a", "b"], 1000).tolist()
    predictions = {"good": answers_right(labels, 0.9, random), "poor": answers_right(labels, 0.7, random)}
    found = compare_predictions(labels, predictions)
    one = found.differences[0]
    assert one.winner == "good" and one.interval.low > 0 and one.mcnemar < 0.001
    assert str(one).startswith("good beats poor by ") and "points" in str(one)
    flipped = compare_predictions(labels, dict(reversed(predictions.items()))).differences[0]
    assert flipped.winner == "good" and flipped.interval.high < 0
    assert str(flipped).split(" by ")[1] == str(one).split(" by ")[1]


def test_a_tie_is_written_as_a_tie():
    labels = ["a", "b"] * 20
    found = compare_predictions(labels, {"x": labels, "y": labels})
    assert found.differences[0].winner is None and found.differences[0].mcnemar == 1.0
    assert "x and y: a tie" in str(found)
    json.dumps(found.to_dict())


def test_what_could_have_been_found_shrinks_with_rows():
    random = np.random.default_rng(1)
    sizes = []
    for n in (100, 1600):
        labels = random.choice(["a", "b"], n).tolist()
        predictions = {name: answers_right(labels, 0.8, random) for name in ("x", "y")}
        sizes.append(compare_predictions(labels, predictions).detectable)
    assert sizes[0] == pytest.approx(4 * sizes[1], rel=0.25)
    assert sizes[1] == pytest.approx((1.96 + 0.8416) * (2 * 0.8 * 0.2 / 1600) ** 0.5, rel=0.2)


def test_a_difference_of_the_detectable_size_is_found_about_four_times_in_five():
    found = 0
    n = 600
    size = (1.96 + 0.8416) * ((0.8 * 0.2 + 0.875 * 0.125) / n) ** 0.5
    for seed in range(150):
        random = np.random.default_rng(seed)
        labels = random.choice(["a", "b"], n).tolist()
        predictions = {"x": answers_right(labels, 0.8 + size, random), "y": answers_right(labels, 0.8, random)}
        found += compare_predictions(labels, predictions, n_draws=400, seed=seed).differences[0].winner == "x"
    assert 0.68 <= found / 150 <= 0.9


@pytest.mark.parametrize(("a", "b"), [(0, 0), (3, 9), (12, 2), (40, 61)])
def test_mcnemar_is_a_sign_test(a, b):
    expected = stats.binomtest(a, a + b).pvalue if a + b else 1.0
    assert mcnemar(a, b) == pytest.approx(expected)


def test_classifiers_are_compared_on_the_same_rows(toy_classifier, rows_of):
    train, test = rows_of(300, seed=1), rows_of(300, seed=2)
    good = toy_classifier().fit(train.texts, train.labels)
    poor = toy_classifier().fit(train.texts[:12], train.labels[:12])
    assert compare({"good": good, "poor": poor}, test).differences[0].winner == "good"
    by_auc = compare({"good": good, "poor": poor}, test, metric="auc")
    assert by_auc.metric == "auc" and by_auc.differences[0].mcnemar is None
    by_loss = compare({"good": good, "poor": poor}, test, metric="log_loss")
    assert by_loss.differences[0].winner == "good" and by_loss.differences[0].interval.value < 0
    assert "good beats poor by" in by_loss._repr_html_()


def test_groups_replace_rows(toy_classifier, rows_of, plain_rows):
    train, test = rows_of(300, seed=1), rows_of(100, seed=2)
    grouped = plain_rows(test.texts * 3, test.labels * 3, [str(i) for i in range(100)] * 3)
    systems = {
        "good": toy_classifier().fit(train.texts, train.labels),
        "poor": toy_classifier().fit(train.texts[:40], train.labels[:40]),
    }
    by_group = compare(systems, grouped)
    by_row = compare(systems, grouped, by_group=False)
    assert by_group.n_groups == 100 and by_group.differences[0].mcnemar is None
    assert by_group.detectable > 1.4 * by_row.detectable


def test_several_labels_are_compared_by_micro_f1(toy_classifier, rows_of):
    train, test = (rows_of(200, ("alpha", "beta"), seed=s, several=True) for s in (1, 2))
    model = toy_classifier().fit(train.texts, train.labels)
    assert compare({"x": model, "y": model}, test, n_draws=100).metric == "f1"


def test_what_can_not_be_compared():
    with pytest.raises(InvalidParameterError, match="at least two"):
        compare_predictions(["a"], {"x": ["a"]})
    with pytest.raises(InvalidParameterError, match="can't be compared by auc") as caught:
        compare_predictions(["a", "b"], {"x": ["a", "b"], "y": ["a", "b"]}, metric="auc")
    assert "accuracy" in caught.value.fix
