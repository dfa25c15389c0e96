"""Linear models on rows of weighted binary features, by dual coordinate descent.

Row `i` has blocks of columns (words, characters, ...), each scaled to its own length. Its columns in block `b` are
``indices[bounds[i, b, 0]:bounds[i, b, 1]]``, and its value in column `j` is ``scale[i, b] * weight[j]``. What one class
learns is kept as ``state`` (F, 2) float32: the *effect* of a column, its weight times its coefficient, and the
weight squared; so that a margin is ``sum_b scale[i, b] * sum_j effect[j] + bias`` and a step changes an effect by
``step * scale[i, b] * weight[j] ** 2``: both numbers lie on one cache line. The order of columns matters for speed:
frequent ones first.

Squared hinge loss: Hsieh et al. (2008), "A dual coordinate descent method for large-scale linear SVM". Logistic loss:
Yu, Huang and Lin (2011), "Dual coordinate descent methods for logistic regression and maximum entropy models", with the
one-variable problem solved in the logit of alpha / cost, where Newton's method is safe.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from kinfold.kernels.random import draw_next
from kinfold.types import Array, Floats1d, Ids1d, Ints1d


@njit(cache=True, nogil=True)
def row_scales(bounds: Array, indices: Ids1d, weights: Array, lengths: Floats1d) -> Array:
    """Return the factors that give each block of each row the length ``lengths[b]``; (N, B) float32, 0 if empty."""
    n_blocks = lengths.shape[0]
    scales = np.zeros((bounds.shape[0], n_blocks), np.float32)
    for i in range(bounds.shape[0]):
        for b in range(n_blocks):
            square = 0.0
            for k in range(bounds[i, b, 0], bounds[i, b, 1]):
                square += np.float64(weights[indices[k]]) ** 2
            if square > 0.0:
                scales[i, b] = lengths[b] / math.sqrt(square)
    return scales


@njit(cache=True, nogil=True)
def count_members(bounds: Array, indices: Ids1d, members: Array, n_columns: int) -> Ids1d:
    """Return in how many of the rows with a nonzero `members` (N,) uint8 each column occurs; (F,) int32."""
    out = np.zeros(n_columns, np.int32)
    for i in range(bounds.shape[0]):
        if members[i]:
            for b in range(bounds.shape[1]):
                for k in range(bounds[i, b, 0], bounds[i, b, 1]):
                    out[indices[k]] += 1
    return out


@njit(cache=True, nogil=True, inline="always")
def _sum_effects(i: int, bounds: Array, indices: Ids1d, scales: Array, state: Array) -> float:
    margin = 0.0
    for b in range(scales.shape[1]):
        total = np.float32(0)
        for k in range(bounds[i, b, 0], bounds[i, b, 1]):
            total += state[indices[k], 0]
        margin += scales[i, b] * total
    return margin


@njit(cache=True, nogil=True, inline="always")
def _best_alpha(alpha: float, cost: float, square: float, slope: float) -> float:
    """Return the alpha in (0, cost) that maximises the dual in one variable.

    With alpha = cost * sigmoid(t) the optimum is the root of ``t + square * (cost * sigmoid(t) - alpha) + slope``,
    which rises everywhere; Newton's steps are kept inside a bracket.
    """
    low, high = -slope - square * (cost - alpha), -slope + square * alpha
    t = min(max(-slope, low), high)
    value = cost / (1.0 + math.exp(-t))
    for _ in range(20):
        f = t + square * (value - alpha) + slope
        if abs(f) < 1e-6:
            break
        if f > 0.0:
            high = t
        else:
            low = t
        t -= f / (1.0 + square * value * (1.0 - value / cost))
        if t <= low or t >= high:
            t = 0.5 * (low + high)
        value = cost / (1.0 + math.exp(-t))
    return value


@njit(cache=True, nogil=True)
def fit_dual(
    rows: Ints1d,
    bounds: Array,
    indices: Ids1d,
    scales: Array,
    lengths: Floats1d,
    signs: Array,
    costs: Floats1d,
    state: Array,
    bias: float,
    alphas: Floats1d,
    hinge: bool,
    max_epochs: int,
    tolerance: float,
    seed: int,
) -> tuple[float, int]:
    """Minimise ``|w|**2 / 2 + bias**2 / 2 + sum_i cost_i * loss(sign_i * margin_i)`` over some rows.

    Parameters
    ----------
    rows
        The rows to learn from.
    scales, lengths
        (N, B) as `row_scales` made them of (B,) lengths.
    signs
        (N,) float32, +1 or -1.
    costs
        (N,) what a row's loss counts.
    state
        (F, 2) float32: effects to start from, changed in place, and squared weights. The penalty is on the distance
        from the start where `alphas` are zero, else on the length.
    alphas
        (N,) dual variables, changed in place; zero, or those that belong to `state`.
    hinge
        The loss: ``max(0, 1 - x) ** 2``, else ``log(1 + exp(-x))``.
    tolerance
        Stop when a pass changes the alphas by less than this times the sum of costs, in total.

    Returns
    -------
    bias, number of passes
    """
    order = rows.copy()
    n = order.shape[0]
    n_blocks = scales.shape[1]
    random = np.uint64(seed * 2 + 1)
    total_cost = 0.0
    for i in rows:
        total_cost += costs[i]
    for epoch in range(max_epochs):
        moved = 0.0
        for position in range(n):
            random = draw_next(order, position, n, random)
            i = order[position]
            square = 1.0
            for b in range(n_blocks):
                if scales[i, b] > 0:
                    square += lengths[b] ** 2
            sign = signs[i]
            slope = sign * (_sum_effects(i, bounds, indices, scales, state) + bias)
            if hinge:
                curvature = 0.5 / costs[i]
                alpha = max(0.0, alphas[i] - (slope - 1.0 + alphas[i] * curvature) / (square + curvature))
            else:
                alpha = _best_alpha(alphas[i], costs[i], square, slope)
            step = alpha - alphas[i]
            alphas[i] = alpha
            moved += abs(step)
            bias += step * sign
            for b in range(n_blocks):
                factor = np.float32(step * sign * scales[i, b])
                for k in range(bounds[i, b, 0], bounds[i, b, 1]):
                    state[indices[k], 0] += factor * state[indices[k], 1]
        if moved <= tolerance * total_cost:
            return bias, epoch + 1
    return bias, max_epochs


@njit(cache=True, nogil=True)
def margins(bounds: Array, indices: Ids1d, scales: Array, effects: Array, biases: Floats1d, out: Array) -> None:
    """Write ``scale * sum of effects + bias`` of each row and class to `out`, (N, C) float64; `effects` is (F, C)."""
    n_classes = effects.shape[1]
    total = np.empty(n_classes)
    for i in range(bounds.shape[0]):
        for c in range(n_classes):
            out[i, c] = biases[c]
        for b in range(scales.shape[1]):
            total[:] = 0.0
            for k in range(bounds[i, b, 0], bounds[i, b, 1]):
                column = indices[k]
                for c in range(n_classes):
                    total[c] += effects[column, c]
            for c in range(n_classes):
                out[i, c] += scales[i, b] * total[c]
