"""Linear models on dense rows: the optimum that a reference finds, whatever the order of rows."""

import numpy as np
import pytest

from kinfold.kernels.dense import fit_dense


def problem(n=200, dim=7, seed=0):
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(n, dim)).astype(np.float32)
    signs = np.where(inputs @ random.normal(size=dim) + random.normal(size=n) > 1, 1, -1).astype(np.float32)
    costs = np.where(signs > 0, 3.0, 0.5)
    return inputs, signs, costs


def objective(inputs, signs, costs, weights, bias):
    slack = np.maximum(0, 1 - signs * (inputs.astype(np.float64) @ weights + bias))
    return 0.5 * weights @ weights + 0.5 * bias**2 + np.sum(costs * slack**2)


def fit(inputs, signs, costs, rows=None, seed=0, tolerance=1e-6):
    weights = np.zeros(inputs.shape[1], np.float32)
    rows = np.arange(len(inputs)) if rows is None else rows
    bias, passes = fit_dense(inputs, rows, signs, costs, weights, 5000, tolerance, seed)
    return weights, bias, passes


def test_reaches_the_optimum_of_a_reference():
    svm = pytest.importorskip("sklearn.svm")
    inputs, signs, costs = problem()
    weights, bias, _ = fit(inputs, signs, costs)
    model = svm.LinearSVC(C=1.0, loss="squared_hinge", dual=False, tol=1e-10, max_iter=10_000)
    model.fit(inputs, signs, sample_weight=costs)
    assert weights == pytest.approx(model.coef_[0], abs=1e-3)
    assert bias == pytest.approx(model.intercept_[0], abs=1e-3)


def test_no_step_in_any_direction_is_better():
    inputs, signs, costs = problem(seed=1)
    weights, bias, _ = fit(inputs, signs, costs)
    best = objective(inputs, signs, costs, weights.astype(np.float64), bias)
    random = np.random.default_rng(2)
    for _ in range(50):
        step = random.normal(size=len(weights)) * 0.01
        assert objective(inputs, signs, costs, weights + step, bias + random.normal() * 0.01) > best


def test_rows_are_those_named_and_may_repeat():
    inputs, signs, costs = problem(n=60)
    rows = np.array([3, 3, 8, 20, 41, 59])
    weights, bias, _ = fit(inputs, signs[rows], costs[rows], rows=rows)
    double = costs[[3, 8, 20, 41, 59]] * [2, 1, 1, 1, 1]
    once, other, _ = fit(inputs, signs[rows[1:]], double, rows=rows[1:])
    assert weights == pytest.approx(once, abs=1e-3)
    assert bias == pytest.approx(other, abs=1e-3)


def test_the_seed_changes_the_way_and_not_the_end():
    inputs, signs, costs = problem()
    first, second = fit(inputs, signs, costs, seed=1), fit(inputs, signs, costs, seed=2)
    assert first[0] == pytest.approx(second[0], abs=1e-3)
    assert np.array_equal(first[0], fit(inputs, signs, costs, seed=1)[0])


def test_stops_when_told():
    inputs, signs, costs = problem()
    weights = np.zeros(inputs.shape[1], np.float32)
    assert fit_dense(inputs, np.arange(len(inputs)), signs, costs, weights, 3, 0.0, 0)[1] == 3
    assert fit(inputs, signs, costs, tolerance=0.1)[2] < fit(inputs, signs, costs, tolerance=1e-5)[2]
