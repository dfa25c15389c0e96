"""A linear model on dense rows, by dual coordinate descent.

The problem and the step are those of `kinfold.kernels.linear` (Hsieh et al., 2008, "A dual coordinate descent method
for large-scale linear SVM", squared hinge loss), for rows of numbers in place of sets of columns. A row whose variable
stays at zero well inside its margin is left out until the rest have settled, their "shrinking" in its simplest form.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.kernels.random import draw_next
from kinfold.types import Array, Floats1d, Ints1d


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(left: Array, right: Array) -> float:
    total = np.float32(0)
    for j in range(left.shape[0]):
        total += left[j] * right[j]
    return total


@njit(cache=True, nogil=True)
def fit_dense(
    inputs: Array,
    rows: Ints1d,
    signs: Array,
    costs: Floats1d,
    weights: Array,
    max_epochs: int,
    tolerance: float,
    seed: int,
) -> tuple[float, int]:
    """Minimise ``|w|**2 / 2 + bias**2 / 2 + sum_i costs[i] * max(0, 1 - signs[i] * margin(rows[i]))**2``.

    Parameters
    ----------
    inputs
        (V, D) float32, of which only `rows` are read.
    rows
        (N,) the rows to learn from; a row may occur several times.
    signs
        (N,) float32, +1 or -1.
    costs
        (N,) what each row's loss counts, above zero.
    weights
        (D,) float32 zeros; what was learned, in the end.
    tolerance
        Stop when no step of a pass over all rows violates the conditions of the optimum by more than this.

    Returns
    -------
    bias, number of passes
    """
    n = rows.shape[0]
    squares = np.empty(n)
    for p in range(n):
        squares[p] = 1.0 + _dot(inputs[rows[p]], inputs[rows[p]])
    alphas = np.zeros(n)
    order = np.arange(n)
    active = n
    random = np.uint64(seed * 2 + 1)
    bias = 0.0
    largest = np.inf
    for epoch in range(max_epochs):
        worst = 0.0
        position = 0
        while position < active:
            random = draw_next(order, position, active, random)
            p = order[position]
            row = inputs[rows[p]]
            curvature = 0.5 / costs[p]
            gradient = signs[p] * (_dot(row, weights) + bias) - 1.0 + alphas[p] * curvature
            if alphas[p] == 0.0:
                if gradient > largest:
                    active -= 1
                    order[position] = order[active]
                    order[active] = p
                    continue
                worst = max(worst, -gradient)
            else:
                worst = max(worst, abs(gradient))
            alpha = max(0.0, alphas[p] - gradient / (squares[p] + curvature))
            factor = np.float32((alpha - alphas[p]) * signs[p])
            if factor != 0.0:
                alphas[p] = alpha
                bias += factor
                for j in range(weights.shape[0]):
                    weights[j] += factor * row[j]
            position += 1
        if worst <= tolerance:
            if active == n:
                return bias, epoch + 1
            active, largest = n, np.inf
        else:
            largest = worst
    return bias, max_epochs
