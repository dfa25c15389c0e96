"""The recurrence's kernel is the loop that its docstring has, and its way back is that of finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.kernels.recurrence import scan, scan_back

LENGTHS = np.array([5, 1, 3])


def by_hand(gates, lengths, reverse):
    n_units = gates.shape[2] // 2
    out = np.zeros((*gates.shape[:2], n_units))
    for b, length in enumerate(lengths):
        state = np.zeros(n_units)
        for t in reversed(range(length)) if reverse else range(length):
            z = 1 / (1 + np.exp(-gates[b, t, :n_units].astype(float)))
            state = (1 - z) * state + z * np.tanh(gates[b, t, n_units:].astype(float))
            out[b, t] = state
    return out


@pytest.fixture
def gates():
    return np.random.default_rng(0).normal(0, 2, (3, 5, 38)).astype(np.float32)


@pytest.mark.parametrize("reverse", [False, True])
def test_states_are_those_of_the_loop(gates, reverse):
    hidden = np.full((3, 5, 19), np.nan, np.float32)
    scan(gates, LENGTHS, 0, 2, reverse, hidden)
    assert np.isnan(hidden[2]).all()
    scan(gates, LENGTHS, 2, 3, reverse, hidden)
    np.testing.assert_allclose(hidden, by_hand(gates, LENGTHS, reverse), atol=2e-6)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_way_back_is_that_of_finite_differences(gates, reverse):
    weights = np.random.default_rng(1).normal(size=(3, 5, 19)).astype(np.float32)
    hidden, d_gates = np.empty((3, 5, 19), np.float32), np.full_like(gates, np.nan)
    scan(gates, LENGTHS, 0, 3, reverse, hidden)
    scan_back(gates, hidden, weights, LENGTHS, 0, 3, reverse, d_gates)
    for b, t, j in [(0, 0, 3), (0, 4, 30), (0, 2, 18), (1, 0, 0), (2, 2, 19), (2, 0, 7), (1, 3, 2), (2, 4, 25)]:
        wide = gates.astype(float)
        found = []
        for sign in (1, -1):
            wide[b, t, j] = float(gates[b, t, j]) + sign * 1e-4
            found.append((by_hand(wide, LENGTHS, reverse) * weights).sum())
        assert d_gates[b, t, j] == pytest.approx((found[0] - found[1]) / 2e-4, abs=2e-5)
    assert (d_gates[1, 1:] == 0).all()


def test_gates_of_any_size_leave_finite_states():
    gates = np.array([[[1e30, -1e30, 1e30, -1e30]]], np.float32)
    hidden, d_gates = np.empty((1, 1, 2), np.float32), np.empty_like(gates)
    scan(gates, np.array([1]), 0, 1, False, hidden)
    np.testing.assert_allclose(hidden[0, 0], [1, 0], atol=1e-6)
    scan_back(gates, hidden, np.ones_like(hidden), np.array([1]), 0, 1, False, d_gates)
    assert np.isfinite(d_gates).all()
