from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from kinfold.errors import InvalidParameterError
from kinfold.estimators.decision import Decision, cost_matrix, tune


def some_rows(n_classes, n=300, seed=0, noise=1.0):
    """Probabilities that are worth something, and classes of very different size."""
    rng = np.random.default_rng(seed)
    shares = np.array([0.6, 0.25, 0.1, 0.05])[:n_classes]
    truth = rng.choice(n_classes, n, p=shares / shares.sum())
    scores = rng.normal(0, noise, (n, n_classes)) + 1.2 * np.eye(n_classes)[truth] + np.log(shares)
    p = np.exp(scores)
    return p / p.sum(axis=1, keepdims=True), np.eye(n_classes, dtype=np.uint8)[truth], truth


@pytest.mark.parametrize("seed", range(6))
def test_f1_of_the_second_class_is_the_best_there_is(seed):
    p, members, truth = some_rows(2, seed=seed)
    if seed == 5:
        p = np.round(p, 1)  # ties
    decision = tune(p, members, ["no", "yes"], metric="f1")
    cuts = np.unique(p[:, 1])
    best = max(f1_score(truth, p[:, 1] >= cut) for cut in cuts)
    assert f1_score(truth, decision.choose(p)) == pytest.approx(best, abs=1e-12)
    threshold = decision.threshold()
    assert ((p[:, 1] > threshold) == (decision.choose(p) == 1)).all()


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("seed", [*range(8), 24, 100, 332])
def test_macro_f1_is_never_worse_than_untuned(n_classes, seed):
    p, members, truth = some_rows(n_classes, seed=seed, noise=(0.3, 1.0, 3.0)[seed % 3], n=(12, 40, 300, 900)[seed % 4])
    decision = tune(p, members, list("abcd")[:n_classes], metric="macro_f1")
    score = f1_score(truth, decision.choose(p), average="macro", labels=range(n_classes), zero_division=0)
    untuned = f1_score(truth, p.argmax(axis=1), average="macro", labels=range(n_classes), zero_division=0)
    assert score >= untuned - 1e-9


def test_macro_f1_helps_rare_classes():
    p, members, _ = some_rows(3, n=2000)
    decision = tune(p, members, ["a", "b", "c"], metric="macro_f1")
    new_p, _, new_truth = some_rows(3, n=2000, seed=1)
    tuned = f1_score(new_truth, decision.choose(new_p), average="macro")
    assert tuned > f1_score(new_truth, new_p.argmax(axis=1), average="macro") + 0.02


def test_accuracy_takes_the_likeliest():
    p, members, _ = some_rows(3)
    assert (tune(p, members, ["a", "b", "c"]).choose(p) == p.argmax(axis=1)).all()
    assert tune(p[:, :2], members[:, :2], ["a", "b"]).threshold() == 0.5


@pytest.mark.parametrize(("c_fp", "c_fn"), [(1.0, 1.0), (9.0, 1.0), (0.5, 4.0)])
def test_costs_of_two_classes_have_a_closed_form(c_fp, c_fn):
    p, members, _ = some_rows(2)
    decision = tune(p, members, ["no", "yes"], costs={"no": {"yes": c_fp}, "yes": {"no": c_fn}})
    assert decision.threshold() == pytest.approx(c_fp / (c_fp + c_fn))
    assert ((p[:, 1] > decision.threshold()) == (decision.choose(p) == 1)).all()


def test_costs_of_many_classes_take_the_cheapest():
    p, members, _ = some_rows(3)
    costs = {"a": {"b": 4.0, "c": 0.1}, "b": {"b": 0.2}}
    matrix = cost_matrix(costs, ["a", "b", "c"])
    assert matrix.tolist() == [[0, 4, 0.1], [1, 0.2, 1], [1, 1, 0]]
    chosen = tune(p, members, ["a", "b", "c"], costs=costs).choose(p)
    for row, answer in zip(p, chosen, strict=True):
        prices = [sum(row[true] * matrix[true, j] for true in range(3)) for j in range(3)]
        assert prices[answer] == min(prices)


def test_no_answer_where_each_costs_more():
    p = np.array([[0.95, 0.05], [0.6, 0.4], [0.5, 0.5], [0.1, 0.9]])
    members = np.eye(2, dtype=np.uint8)[[0, 0, 1, 1]]
    assert tune(p, members, ["a", "b"], abstain_cost=0.3).choose(p).tolist() == [0, -1, -1, 1]
    assert tune(p, members, ["a", "b"], abstain_cost=0.45).choose(p).tolist() == [0, 0, -1, 1]
    dear = tune(p, members, ["a", "b"], costs={"b": {"a": 10.0}}, abstain_cost=0.45).choose(p)
    assert dear.tolist() == [-1, -1, -1, 1], "0.05 * 10 is more than 0.45"


def test_several_labels():
    p = np.array([[0.9, 0.2], [0.4, 0.6], [0.1, 0.1]])
    members = np.array([[1, 0], [1, 1], [0, 0]], np.uint8)
    decision = tune(p, members, ["a", "b"], multilabel=True)
    assert decision.choose_many(p).tolist() == [[True, False], [False, True], [False, False]]
    tuned = tune(p, members, ["a", "b"], metric="macro_f1", multilabel=True)
    assert tuned.choose_many(p).tolist() == [[True, False], [True, True], [False, False]]
    assert decision.threshold() is None
    with pytest.raises(InvalidParameterError, match="one label a row"):
        tune(p, members, ["a", "b"], multilabel=True, abstain_cost=0.1)


def test_round_trip():
    p, members, _ = some_rows(3)
    decision = tune(p, members, ["a", "b", "c"], costs={"a": {"b": 3.0}}, abstain_cost=0.2)
    copy = Decision.from_dict(decision.to_dict())
    assert copy.to_dict() == decision.to_dict()
    assert (copy.choose(p) == decision.choose(p)).all()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"metric": "beauty"}, "metric"),
        ({"metric": "f1"}, "two classes"),
        ({"costs": {"z": {"a": 1.0}}}, "costs"),
        ({"costs": {"a": {"b": -1.0}}}, "cost"),
        ({"costs": {"a": {"b": float("nan")}}}, "cost"),
    ],
)
def test_wrong_wishes(wrong, named):
    p, members, _ = some_rows(3)
    with pytest.raises(InvalidParameterError, match=named):
        tune(p, members, ["a", "b", "c"], **wrong)
