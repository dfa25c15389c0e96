from __future__ import annotations

import math

import numpy as np
import pytest

from kinfold.errors import DataError
from kinfold.evaluation import metrics
from kinfold.evaluation.baselines import majority


def test_the_commonest_label_and_the_shares():
    base = majority(["b", "a", "b", "c"])
    assert base.answer == "b" and base.predict(["x", "y"]) == ["b", "b"]
    assert base.predict_proba(["x"]).tolist() == [[0.25, 0.5, 0.25]]
    assert majority(["b", "a"]).answer == "a"
    assert base.fit(["x"], ["z"]).answer == "z"


def test_its_log_loss_is_the_entropy_of_the_shares():
    labels = ["a"] * 3 + ["b"]
    base = majority(labels)
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert metrics.log_loss(labels, base.predict_proba(labels), base.classes_) == pytest.approx(entropy)


def test_counts_will_do():
    assert majority({"a": 1, "b": 3}).shares == (0.25, 0.75)
    several = majority({"a": 6, "b": 2}, n_rows=8, multilabel=True)
    assert several.answer == ("a",) and np.allclose(several.shares, [0.75, 0.25])


def test_several_labels():
    base = majority([("a", "b"), ("a",), ()])
    assert base.answer == ("a",) and base.shares == pytest.approx((2 / 3, 1 / 3))
    assert majority([("a",), (), ()]).answer == ()


def test_nothing_to_go_by():
    with pytest.raises(DataError):
        majority([])
