"""The linear problems of a classifier: weights of columns, one solve a class, margins; many at a time on threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinfold.estimators.linear.features import Design
from kinfold.kernels.linear import count_members, fit_dual, margins, row_scales
from kinfold.kernels.threads import in_threads
from kinfold.text.weighting import idf, log_count_ratio
from kinfold.types import Array, Floats1d, Floats2d, Ids1d, Ints1d

_MAX_EPOCHS = 60
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Solution:
    """One linear model: for each of K problems the effect of every column, a bias, and where its solve ended.

    Parameters
    ----------
    effects
        (K, F) float32.
    biases
        (K,) float64.
    alphas
        (K, N) float64 dual variables of the training rows, to go on from with a larger cost.
    """

    effects: Array
    biases: Floats1d
    alphas: Array


@dataclass(frozen=True)
class Weighting:
    """What decides the weights of columns.

    Parameters
    ----------
    kind
        ``"nb"`` log-count ratio of two classes, ``"idf"`` or ``"none"``.
    smoothing
        Of the log-count ratio.
    sizes
        Columns of each block; each block's ratios are taken by themselves.
    lengths
        (B,) the length each block of a row is scaled to.
    """

    kind: str
    smoothing: float
    sizes: tuple[int, ...]
    lengths: Floats1d

    def weights(self, frequency: Ids1d, positive: Ids1d, n_texts: int) -> Array:
        """Return the weight of each column, (F,) float32; zero for one that no text has, but for ``"none"``.

        Parameters
        ----------
        frequency, positive
            (F,) in how many texts, and in how many texts of the second class, each column occurs.
        """
        if self.kind == "none":
            return np.ones(len(frequency), np.float32)
        if self.kind == "idf":
            return np.where(frequency > 0, idf(frequency, n_texts), 0.0).astype(np.float32)
        weights = np.zeros(len(frequency), np.float32)
        last = np.cumsum(self.sizes)
        for first, stop in zip(last - self.sizes, last, strict=True):
            seen = first + np.flatnonzero(frequency[first:stop])
            weights[seen] = log_count_ratio(positive[seen], (frequency - positive)[seen], self.smoothing)
        return weights


def count_rows(design: Design, members: Array) -> Ids1d:
    """Return in how many member rows each column occurs, (F,) int32."""
    return count_members(design.bounds, design.indices, members, design.n_columns)


def scale_rows(design: Design, weights: Array, weighting: Weighting) -> Array:
    """Return the factor of each row's blocks, (N, B) float32."""
    return row_scales(design.bounds, design.indices, weights, weighting.lengths)


def start(n_problems: int, n_columns: int, n_rows: int) -> Solution:
    """Return the solution in which every effect is zero."""
    return Solution(np.zeros((n_problems, n_columns), np.float32), np.zeros(n_problems), np.zeros((n_problems, n_rows)))


@dataclass(frozen=True)
class Problem:
    """Rows, their weights and what is to be told apart; solved by `solve`.

    Parameters
    ----------
    design
        (N, F) all rows.
    rows
        The rows to learn from.
    weights, scales, lengths
        (F,), (N, B) and (B,).
    signs
        (K, N) float32: +1 where a row is in the class of problem `k`, else -1.
    importance
        (K, N) float64: what a row's loss counts, to be multiplied by the strength.
    hinge
        Squared hinge loss, else logistic loss.
    seed
        Of the order in which rows are visited.
    """

    design: Design
    rows: Ints1d
    weights: Array
    scales: Array
    lengths: Floats1d
    signs: Array
    importance: Array
    hinge: bool
    seed: int

    def solve_one(self, k: int, strength: float, begun: Solution) -> tuple[Array, float, Floats1d]:
        """Return effects (F,), bias and alphas (N,) of one class."""
        state = np.empty((self.design.n_columns, 2), np.float32)
        state[:, 0] = begun.effects[k]
        np.square(self.weights, out=state[:, 1])
        alphas = begun.alphas[k].copy()
        costs = strength * self.importance[k]
        x = (self.design.bounds, self.design.indices, self.scales, self.lengths)
        end = (self.hinge, _MAX_EPOCHS, _TOLERANCE, self.seed)
        bias, _ = fit_dual(self.rows, *x, self.signs[k], costs, state, begun.biases[k], alphas, *end)
        return state[:, 0].copy(), bias, alphas


def solve(problems: list[Problem], strength: float, begun: list[Solution], n_threads: int) -> list[Solution]:
    """Solve all classes of all problems, `n_threads` at a time; each goes on from `begun`."""
    jobs = [(p, k) for p, problem in enumerate(problems) for k in range(len(problem.signs))]

    def run(job: tuple[int, int]) -> tuple[Array, float, Floats1d]:
        p, k = job
        return problems[p].solve_one(k, strength, begun[p])

    solved = iter(in_threads(run, jobs, n_threads))
    solutions = []
    for problem in problems:
        effects, biases, alphas = zip(*(next(solved) for _ in range(len(problem.signs))), strict=True)
        solutions.append(Solution(np.stack(effects), np.array(biases), np.stack(alphas)))
    return solutions


def margins_of(design: Design, scales: Array, effects: Array, biases: Floats1d, n_threads: int) -> Floats2d:
    """Return the margin of each row in each problem, (N, K); `effects` is (F, K)."""
    out = np.empty((len(design), len(biases)))
    step = max(1, -(-len(design) // n_threads))
    parts = [slice(first, first + step) for first in range(0, len(design), step)]

    def fill(part: slice) -> None:
        margins(design.bounds[part], design.indices, scales[part], effects, biases, out[part])

    in_threads(fill, parts, n_threads)
    return out
