from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as reference

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation import metrics


def simulated(n=200, classes=("a", "b"), seed=0, ties=False):
    random = np.random.default_rng(seed)
    codes = random.integers(len(classes), size=n)
    scores = random.normal(size=(n, len(classes)))
    scores[np.arange(n), codes] += 1
    if ties:
        scores = np.round(scores)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    return [classes[i] for i in codes], p, [classes[i] for i in p.argmax(axis=1)]


@pytest.mark.parametrize("ties", [False, True])
def test_two_classes_agree_with_scikit_learn(ties):
    labels, p, answers = simulated(ties=ties)
    truth = np.array(labels) == "b"
    assert metrics.accuracy(labels, answers) == pytest.approx(reference.accuracy_score(labels, answers))
    for ours, theirs in (
        (metrics.precision, reference.precision_score),
        (metrics.recall, reference.recall_score),
        (metrics.f1, reference.f1_score),
    ):
        assert ours(labels, answers) == pytest.approx(theirs(labels, answers, pos_label="b"))
        assert ours(labels, answers, positive="a") == pytest.approx(theirs(labels, answers, pos_label="a"))
    assert metrics.macro_f1(labels, answers) == pytest.approx(reference.f1_score(labels, answers, average="macro"))
    assert metrics.auc(labels, p, ["a", "b"]) == pytest.approx(reference.roc_auc_score(truth, p[:, 1]))
    assert metrics.average_precision(labels, p, ["a", "b"]) == pytest.approx(
        reference.average_precision_score(truth, p[:, 1])
    )
    assert metrics.log_loss(labels, p, ["a", "b"]) == pytest.approx(reference.log_loss(labels, p))


@pytest.mark.parametrize("ties", [False, True])
def test_many_classes_agree_with_scikit_learn(ties):
    classes = ["a", "b", "c", "d", "e"]
    labels, p, answers = simulated(300, classes, seed=3, ties=ties)
    for ours, theirs in (
        (metrics.precision, reference.precision_score),
        (metrics.recall, reference.recall_score),
        (metrics.f1, reference.f1_score),
        (metrics.macro_f1, reference.f1_score),
    ):
        assert ours(labels, answers) == pytest.approx(theirs(labels, answers, average="macro"))
    expected = reference.roc_auc_score(labels, p, multi_class="ovr", labels=classes)
    assert metrics.auc(labels, p, classes) == pytest.approx(expected)
    truth = np.array(labels)[:, None] == np.array(classes)
    assert metrics.average_precision(labels, p, classes) == pytest.approx(
        reference.average_precision_score(truth, p, average="macro")
    )
    assert metrics.log_loss(labels, p, classes) == pytest.approx(reference.log_loss(labels, p, labels=classes))


def test_several_labels_agree_with_scikit_learn():
    random = np.random.default_rng(5)
    truth, classes = random.random((150, 4)) < 0.4, ["a", "b", "c", "d"]
    p = np.clip(0.5 * truth + 0.6 * random.random((150, 4)), 0.01, 0.99)
    said = p > 0.5
    labels = [tuple(c for c, held in zip(classes, row, strict=True) if held) for row in truth]
    answers = [tuple(c for c, held in zip(classes, row, strict=True) if held) for row in said]
    assert metrics.accuracy(labels, answers) == pytest.approx(reference.accuracy_score(truth, said))
    for ours, theirs in (
        (metrics.precision, reference.precision_score),
        (metrics.recall, reference.recall_score),
        (metrics.f1, reference.f1_score),
    ):
        assert ours(labels, answers) == pytest.approx(theirs(truth, said, average="micro"))
    assert metrics.macro_f1(labels, answers) == pytest.approx(reference.f1_score(truth, said, average="macro"))
    assert metrics.auc(labels, p, classes) == pytest.approx(reference.roc_auc_score(truth, p))
    assert metrics.average_precision(labels, p, classes) == pytest.approx(reference.average_precision_score(truth, p))
    cells = reference.log_loss(truth.ravel(), p.ravel())
    assert metrics.log_loss(labels, p, classes) == pytest.approx(cells)


def test_labels_the_classifier_never_learned_count_as_wrong():
    labels, answers = ["a", "b", "new", "new"], ["a", "b", "a", "b"]
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    assert metrics.accuracy(labels, answers) == 0.5
    assert metrics.macro_f1(labels, answers) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert metrics.recall(labels, answers) == pytest.approx(2 / 3)
    assert metrics.auc(labels, p, ["a", "b"]) == pytest.approx((1 + 1 + 0.5) / 3)  # "new" is all ties
    assert metrics.average_precision(labels, p, ["a", "b"]) == pytest.approx((1 + 1 + 0.5) / 3)
    worst = -math.log(np.finfo(float).eps)
    assert metrics.log_loss(labels, p, ["a", "b"]) == pytest.approx((-math.log(0.9) - math.log(0.8) + 2 * worst) / 4)


def test_rows_of_one_class_leave_ranking_undefined_without_a_crash():
    p = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert math.isnan(metrics.auc(["a", "a"], p, ["a", "b"]))
    assert math.isnan(metrics.average_precision(["a", "a"], p, ["a", "b"]))
    assert metrics.average_precision(["b", "b"], p, ["a", "b"]) == 1.0
    assert math.isnan(metrics.precision(["a", "b"], ["a", "a"]))
    assert math.isnan(metrics.recall(["a", "a"], ["a", "b"]))
    assert metrics.accuracy(["a"], ["a"]) == 1.0


def test_an_abstention_is_wrong():
    assert metrics.accuracy(["a", "b", "b"], ["a", None, "b"]) == pytest.approx(2 / 3)
    assert metrics.recall(["a", "b", "b"], ["a", None, "b"]) == 0.5
    assert metrics.precision(["a", "b", "b"], ["a", None, "b"]) == 1.0
    assert metrics.accuracy([("a",), ()], [("a",), None]) == 0.5


def test_calibration_error_by_hand():
    stated = np.repeat([0.1, 0.4, 0.8], [40, 40, 40])
    outcome = np.concatenate([np.arange(40) < 4, np.arange(40) < 28, np.arange(40) < 32])
    p, labels = np.column_stack([1 - stated, stated]), ["b" if held else "a" for held in outcome]
    assert metrics.calibration_error(labels, p, ["a", "b"]) == pytest.approx((0 + 0.3 + 0) / 3)
    assert metrics.calibration_error(labels, p, ["a", "b"], positive="a") == pytest.approx(0.1)
    assert metrics.calibration_error(labels, p, ["a", "b"], bins=1) == pytest.approx(
        abs(stated.mean() - outcome.mean())
    )


def test_calibration_error_of_true_probabilities_is_small():
    random = np.random.default_rng(1)
    stated = random.random(20_000)
    labels = np.where(random.random(20_000) < stated, "b", "a").tolist()
    assert metrics.calibration_error(labels, np.column_stack([1 - stated, stated]), ["a", "b"]) < 0.012


def test_series():
    from scipy import stats

    random = np.random.default_rng(2)
    a, b = random.integers(0, 9, 80), random.integers(0, 9, 80)
    assert metrics.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert math.isnan(metrics.spearman([1, 1], [1, 2]))
    assert metrics.mse([1, 2], [1, 4]) == 2.0
    assert metrics.nats_per_char([3.0, 1.0], [2, 6]) == 0.5
    assert metrics.bits_per_char(8 * math.log(2), 4) == pytest.approx(2.0)
    assert math.isnan(metrics.bits_per_char(0.0, 0))
    with pytest.raises(DataError):
        metrics.mse([1, 2], [1])


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: metrics.accuracy([], []), DataError),
        (lambda: metrics.accuracy(["a"], ["a", "b"]), DataError),
        (lambda: metrics.accuracy([1], [1]), InvalidParameterError),
        (lambda: metrics.auc(["a"], np.ones((1, 3)), ["a", "b"]), InvalidParameterError),
        (lambda: metrics.log_loss(["a"], np.array([[np.nan, 1.0]]), ["a", "b"]), DataError),
        (lambda: metrics.f1(["a", "b"], ["a", "b"], positive="c"), InvalidParameterError),
    ],
)
def test_bad_input_gets_an_error_with_a_fix(call, kind):
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.fix and caught.value.code.startswith("E-")
