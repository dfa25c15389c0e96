"""How far off a regressor is: against scikit-learn and SciPy, and the sentences."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from kinfold.errors import DataError
from kinfold.evaluation.regression import MEAN, evaluate_regression


class Known:
    """Answers what it is told."""

    def __init__(self, answers):
        self.answers = np.asarray(answers, np.float64)

    def predict(self, texts):
        return self.answers


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    truth = random.gamma(2.0, 3.0, 400) + 1000
    return [f"text {i}" for i in range(400)], truth, truth + random.normal(0, 2, 400)


def test_metrics_are_those_of_scikit_learn_and_scipy(rows):
    texts, truth, guess = rows
    found = evaluate_regression(Known(guess), texts, truth).metrics
    wanted = {
        "mse": mean_squared_error(truth, guess),
        "mae": mean_absolute_error(truth, guess),
        "r2": r2_score(truth, guess),
        "spearman": spearmanr(truth, guess).statistic,
    }
    assert {name: one.value for name, one in found.items()} == pytest.approx(wanted)
    assert all(one.low < one.value < one.high for one in found.values())


def test_the_mean_stands_beside_and_the_gain_is_paired(rows):
    texts, truth, guess = rows
    found = evaluate_regression(Known(guess), texts, truth, train_mean=1005.0)
    base = mean_squared_error(truth, np.full(400, 1005.0))
    assert found.baselines[MEAN]["mse"].value == pytest.approx(base)
    assert found.gain.value == pytest.approx(base - found.metrics["mse"].value)
    assert found.verdict().startswith("Better than always answering the mean")
    assert found.baselines[MEAN]["spearman"].value is None
    assert [row[0] for row in found.table()] == list(found.metrics)


def test_what_is_no_better_or_worse_is_called_so(rows):
    texts, truth, _ = rows
    alike = evaluate_regression(Known(np.full(400, truth.mean()) + 1e-3), texts, truth)
    assert "Not shown to be better" in alike.verdict()
    assert evaluate_regression(Known(-truth), texts, truth).verdict().startswith("Worse")


def test_all_numbers_alike_leave_r2_undefined():
    found = evaluate_regression(Known([1.0, 2.0, 1.5]), ["a", "b", "c"], [2.0, 2.0, 2.0])
    assert found.metrics["r2"].value is None and found.metrics["mse"].value == pytest.approx(1.25 / 3)


def test_rows_and_numbers_must_be_as_many():
    with pytest.raises(DataError, match="one number a text"):
        evaluate_regression(Known([1.0]), ["a"], [1.0, 2.0])
