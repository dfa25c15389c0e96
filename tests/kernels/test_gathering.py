"""Sums of table rows over windows, and the largest of each feature, against loops."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.kernels.gathering import gather, gather_back, largest

LENGTHS = np.array([6, 1, 4])


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(7, 3, 5)).astype(np.float32)
    return table, rng.normal(size=5).astype(np.float32), rng.integers(0, 7, (3, 6)).astype(np.int32)


@pytest.mark.parametrize(("left", "step"), [(1, 1), (0, 1), (2, 1), (1, 3)])
def test_a_position_sums_the_rows_of_its_window(drawn, left, step):
    table, bias, places = drawn
    out = np.full((3, 6, 5), np.nan, np.float32)
    gather(table, bias, places, LENGTHS, left, step, 0, 3, out)
    d_out = np.random.default_rng(1).normal(size=out.shape).astype(np.float32)
    d_table, d_bias = np.zeros_like(table), np.zeros_like(bias)
    for part in ((0, 2), (2, 5)):
        gather_back(d_out, places, LENGTHS, left, step, *part, d_table, d_bias)
    right, d_right = np.zeros_like(out), np.zeros_like(table)
    for b, length in enumerate(LENGTHS):
        for t in range(length):
            right[b, t] = bias
            for k in range(3):
                s = t + (k - left) * step
                if 0 <= s < length:
                    right[b, t] += table[places[b, s], k]
                    d_right[places[b, s], k] += d_out[b, t]
    np.testing.assert_allclose(out, right, atol=1e-6)
    np.testing.assert_allclose(d_table, d_right, atol=1e-6)
    within = np.arange(6) < LENGTHS[:, None]
    np.testing.assert_allclose(d_bias, d_out[within].sum(0), atol=1e-5)


def test_the_largest_is_found_within_a_row_and_the_first_of_equals():
    values = np.random.default_rng(0).integers(-3, 0, (3, 6, 4)).astype(np.float32)
    values[1, 1:] = values[2, 4:] = 9
    best, where = np.empty((3, 4), np.float32), np.empty((3, 4), np.int32)
    largest(values, LENGTHS, 0, 3, best, where)
    for b, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(best[b], values[b, :length].max(0))
        np.testing.assert_array_equal(where[b], values[b, :length].argmax(0))
