from __future__ import annotations

import pytest

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.costs import expected_cost, expected_cost_interval, row_costs

COSTS = {("same", "other"): 5, ("other", "same"): 20, ("same", None): 1, ("other", None): 1}


def test_the_mean_cost():
    labels, answers = ["same", "same", "other", "other"], ["same", "other", "same", None]
    assert row_costs(labels, answers, COSTS).tolist() == [0, 5, 20, 1]
    assert expected_cost(labels, answers, COSTS) == 6.5
    found = expected_cost_interval(labels * 50, answers * 50, COSTS)
    assert found.low < 6.5 < found.high


def test_right_answers_may_earn():
    assert expected_cost(["a"], ["a"], {("a", "a"): -2}) == -2


def test_a_price_that_is_missing_is_named():
    with pytest.raises(InvalidParameterError, match="abstaining where the label is 'same'") as caught:
        expected_cost(["same"], [None], {("same", "other"): 5})
    assert "('same', None)" in caught.value.fix
    with pytest.raises(InvalidParameterError, match="answering 'x'"):
        expected_cost(["same"], ["x"], COSTS)


def test_lengths():
    with pytest.raises(DataError):
        expected_cost(["a"], [], {})
    with pytest.raises(DataError):
        expected_cost([], [], {})
