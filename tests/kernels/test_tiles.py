"""Products of tiles against numpy's, and the sigmoid against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.kernels.tiles import TILE, add_to_others, add_to_rows, products, scale_row, sigmoids

SHAPES = [(8, 8, 16), (24, 64, 112), (16, 40, 48)]  # rows, others, width


def drawn(n, m, dim):
    random = np.random.default_rng(n)
    return [random.normal(size=shape).astype(np.float32) for shape in ((n, dim), (m, dim), (TILE, m))]


@pytest.mark.parametrize(("n", "m", "dim"), SHAPES)
def test_products_are_those_of_numpy(n, m, dim):
    rows, others, tile = drawn(n, m, dim)
    for first in range(0, n, TILE):
        products(rows, first, others, tile)
        expected = rows[first : first + TILE].astype(np.float64) @ others.astype(np.float64).T
        np.testing.assert_allclose(tile, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("n", "m", "dim"), SHAPES)
def test_sums_go_to_eight_rows_and_no_other(n, m, dim):
    _, others, tile = drawn(n, m, dim)
    out = np.arange(n * dim, dtype=np.float32).reshape(n, dim) / (n * dim)
    expected = out.astype(np.float64)
    expected[n - TILE :] += tile.astype(np.float64) @ others
    add_to_rows(tile, others, out, n - TILE)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("n", "m", "dim"), SHAPES)
def test_sums_come_from_eight_rows_and_no_other(n, m, dim):
    rows, out, tile = drawn(n, m, dim)
    expected = out.astype(np.float64) + tile.T.astype(np.float64) @ rows[n - TILE :]
    add_to_others(tile, rows, n - TILE, out)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


def test_sigmoid_to_a_millionth():
    x = np.linspace(-40, 40, 80_008, dtype=np.float32).reshape(TILE, -1)
    found = x.copy()
    sigmoids(found)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert np.abs(found - exact).max() < 1e-6
    assert found.min() >= 0 and found.max() <= 1
    np.testing.assert_allclose(found + found[::-1, ::-1], 1, atol=2e-7)


def test_sigmoid_of_what_is_beyond_all_bounds():
    tile = np.zeros((TILE, 8), np.float32)
    tile[0, :4] = [np.inf, -np.inf, 3e38, -3e38]
    sigmoids(tile)
    np.testing.assert_allclose(tile[0], [1, 0, 1, 0, 0.5, 0.5, 0.5, 0.5], atol=1e-6)


def test_one_row_is_scaled():
    tile = np.ones((TILE, 16), np.float32)
    scale_row(tile, 3, np.float32(-2.5))
    assert (tile[3] == -2.5).all() and (np.delete(tile, 3, axis=0) == 1).all()
