"""The solver against its definition, scikit-learn's and the conditions that hold at the optimum only."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from kinfold.kernels.linear import count_members, fit_dual, margins, row_scales


class Problem:
    """Random rows of weighted binary columns in two blocks, as arrays of the kernel and as a dense matrix."""

    def __init__(self, seed=0, n=90, sizes=(17, 9), lengths=(1.0, 0.6)):
        rng = np.random.default_rng(seed)
        self.n, self.n_columns = n, sum(sizes)
        self.lengths = np.array(lengths)
        self.weights = rng.normal(0, 1.5, self.n_columns).astype(np.float32)
        self.bounds = np.zeros((n, 2, 2), np.int64)
        indices, self.on = [], np.zeros((n, self.n_columns))
        for i in range(n):
            for b, (first, size) in enumerate(zip((0, sizes[0]), sizes, strict=True)):
                row = np.flatnonzero(rng.random(size) < 0.3) + first
                row = row[: 0 if i in (3, 5 + b) else None]
                self.bounds[i, b] = len(indices), len(indices) + len(row)
                indices += row.tolist()
                self.on[i, row] = 1
        self.indices = np.array(indices, np.int32)
        self.scales = row_scales(self.bounds, self.indices, self.weights, self.lengths)
        block = np.repeat([0, 1], sizes)
        self.dense = self.on * self.weights * self.scales[:, block]
        truth = rng.normal(0, 2, self.n_columns)
        noise = rng.logistic(0, 1, n)
        self.signs = np.where(self.dense @ truth + noise > 0.2, 1, -1).astype(np.float32)

    def fit(
        self, costs, epochs=5000, tolerance=1e-10, begun=None, alphas=None, rows=None, seed=0, bias=0.0, hinge=False
    ):
        state = np.zeros((self.n_columns, 2), np.float32)
        state[:, 1] = self.weights**2
        if begun is not None:
            state[:, 0] = begun
        alphas = np.zeros(self.n) if alphas is None else alphas
        rows = np.arange(self.n) if rows is None else rows
        x = (self.bounds, self.indices, self.scales, self.lengths)
        bias, passes = fit_dual(rows, *x, self.signs, costs, state, bias, alphas, hinge, epochs, tolerance, seed)
        return state[:, 0].astype(np.float64), bias, alphas, passes

    def coefficients(self, effects):
        return effects / self.weights

    def objective(self, effects, bias, costs, rows=slice(None)):
        w = self.coefficients(effects)
        margin = self.dense @ w + bias
        losses = costs * np.logaddexp(0, -self.signs * margin)
        return 0.5 * (w @ w) + 0.5 * bias**2 + losses[rows].sum()


def test_scales_give_each_block_its_length():
    problem = Problem()
    for b, (columns, length) in enumerate(((slice(0, 17), 1.0), (slice(17, None), 0.6))):
        norms = np.linalg.norm(problem.dense[:, columns], axis=1)
        empty = problem.bounds[:, b, 0] == problem.bounds[:, b, 1]
        assert np.allclose(norms[~empty], length, atol=1e-6)
        assert (problem.scales[empty, b] == 0).all() and empty.any()


def test_counts_by_hand():
    problem = Problem()
    members = (problem.signs > 0).astype(np.uint8)
    counted = count_members(problem.bounds, problem.indices, members, problem.n_columns)
    assert counted.tolist() == problem.on[members > 0].sum(axis=0).tolist()


def test_margins_by_hand():
    problem = Problem()
    rng = np.random.default_rng(1)
    effects, biases = rng.normal(size=(problem.n_columns, 3)).astype(np.float32), rng.normal(size=3)
    out = np.empty((problem.n, 3))
    margins(problem.bounds, problem.indices, problem.scales, effects, biases, out)
    scaled = problem.on * problem.scales[:, np.repeat([0, 1], (17, 9))]
    assert np.allclose(out, scaled @ effects.astype(np.float64) + biases, atol=1e-6)


@pytest.mark.parametrize("strength", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_as_scikit_learn(strength, weighted):
    problem = Problem()
    importance = np.random.default_rng(2).uniform(0.2, 3.0, problem.n) if weighted else np.ones(problem.n)
    effects, bias, _, _ = problem.fit(strength * importance)
    # Its liblinear penalises the intercept as we do: a column of ones like any other.
    theirs = LogisticRegression(C=strength, solver="liblinear", tol=1e-10, max_iter=10_000, intercept_scaling=1.0)
    theirs.fit(problem.dense, problem.signs, sample_weight=importance)
    assert np.abs(problem.coefficients(effects) - theirs.coef_[0]).max() < 1e-3
    assert abs(bias - theirs.intercept_[0]) < 1e-3


@pytest.mark.parametrize("strength", [0.05, 1.0, 20.0])
def test_squared_hinge_as_scikit_learn(strength):
    problem = Problem(seed=9)
    importance = np.random.default_rng(2).uniform(0.2, 3.0, problem.n)
    effects, bias, alphas, _ = problem.fit(strength * importance, hinge=True)
    theirs = LinearSVC(C=strength, loss="squared_hinge", tol=1e-10, max_iter=1_000_000, intercept_scaling=1.0)
    theirs.fit(problem.dense, problem.signs, sample_weight=importance)
    w = problem.coefficients(effects)
    assert np.abs(w - theirs.coef_[0]).max() < 1e-3
    assert abs(bias - theirs.intercept_[0]) < 1e-3
    # At the optimum alpha = 2 * cost * max(0, 1 - sign * margin).
    margin = problem.signs * (problem.dense @ w + bias)
    assert np.allclose(alphas, 2 * strength * importance * np.maximum(0, 1 - margin), atol=1e-3)


@pytest.mark.parametrize("strength", [0.1, 3.0])
def test_conditions_of_the_optimum(strength):
    """At the optimum w is the sum of alpha * sign * x, and alpha = cost * sigmoid(-sign * margin)."""
    problem = Problem(seed=4)
    costs = np.full(problem.n, strength)
    effects, bias, alphas, _ = problem.fit(costs)
    assert problem.fit(costs, tolerance=1e-3)[3] < 60, "rough answers come soon"
    w = problem.coefficients(effects)
    assert np.allclose(problem.dense.T @ (alphas * problem.signs), w, atol=1e-4)
    assert bias == pytest.approx((alphas * problem.signs).sum(), abs=1e-6)
    margin = problem.dense @ w + bias
    assert np.allclose(alphas, costs / (1 + np.exp(problem.signs * margin)), atol=1e-4)
    assert (alphas > 0).all() and (alphas < costs).all()


def test_no_step_makes_it_better():
    problem = Problem(seed=5)
    costs = np.full(problem.n, 2.0)
    effects, bias, _, _ = problem.fit(costs)
    best = problem.objective(effects, bias, costs)
    rng = np.random.default_rng(0)
    for _ in range(50):
        step = rng.normal(0, 0.05, problem.n_columns)
        assert problem.objective(effects + step * problem.weights, bias, costs) > best
    assert problem.objective(effects, bias + 0.05, costs) > best
    assert problem.objective(effects, bias - 0.05, costs) > best


def test_rows_left_out_do_not_count():
    problem = Problem(seed=6)
    rows = np.arange(0, problem.n, 3)
    effects, bias, alphas, _ = problem.fit(np.ones(problem.n), rows=rows)
    assert (np.delete(alphas, rows) == 0).all()
    theirs = LogisticRegression(C=1.0, solver="liblinear", tol=1e-10).fit(problem.dense[rows], problem.signs[rows])
    assert np.abs(problem.coefficients(effects) - theirs.coef_[0]).max() < 1e-3
    assert abs(bias - theirs.intercept_[0]) < 1e-3


def test_going_on_from_a_smaller_cost_ends_at_the_same_place():
    problem = Problem(seed=7)
    effects, bias, alphas, _ = problem.fit(np.full(problem.n, 0.5))
    warm = problem.fit(np.full(problem.n, 1.5), begun=effects, alphas=alphas, bias=bias)
    cold = problem.fit(np.full(problem.n, 1.5))
    assert np.abs(warm[0] - cold[0]).max() < 1e-3 and abs(warm[1] - cold[1]) < 1e-3


def test_without_alphas_the_penalty_is_on_the_way_from_the_start():
    problem = Problem(seed=8)
    begun = np.random.default_rng(3).normal(0, 1, problem.n_columns).astype(np.float32)
    effects, bias, _, _ = problem.fit(np.full(problem.n, 1e-4), begun=begun)
    assert np.abs(effects - begun).max() < 0.05 and abs(bias) < 0.05


def test_seed_changes_the_way_and_not_the_end():
    problem = Problem(seed=9)
    one, other = (problem.fit(np.ones(problem.n), seed=seed) for seed in (1, 2))
    assert np.abs(one[0] - other[0]).max() < 1e-3
    again = problem.fit(np.ones(problem.n), seed=1)
    assert (one[0] == again[0]).all() and one[1] == again[1]
    rough = [problem.fit(np.ones(problem.n), epochs=1, seed=seed)[0] for seed in (1, 2)]
    assert (rough[0] != rough[1]).any()


def test_extreme_costs_stay_finite():
    problem = Problem(seed=10)
    for cost in (1e-9, 1e6):
        effects, bias, alphas, _ = problem.fit(np.full(problem.n, cost), epochs=100)
        assert np.isfinite(effects).all() and math.isfinite(bias) and np.isfinite(alphas).all()
        assert (alphas >= 0).all() and (alphas <= cost).all()


def test_no_rows():
    problem = Problem()
    effects, bias, _, passes = problem.fit(np.ones(problem.n), rows=np.empty(0, np.int64))
    assert (effects == 0).all() and bias == 0.0 and passes == 1
