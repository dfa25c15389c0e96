"""A linear model of pairs: hashed words that both have, that one has, and that stand against or beside one another.

Beside these stand the features of pairs in bins, so that the words learn what agreement alone does not say. The scores
that trees learn from are those of models that have not seen the pair, nor any pair that it is connected with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinfold.estimators.boosted.options import BoostedOptions
from kinfold.estimators.linear.dual import margins_of
from kinfold.estimators.linear.features import Design
from kinfold.kernels.linear import fit_dual
from kinfold.kernels.overlap import binned
from kinfold.text.crosses import BLOCKS, Crosses
from kinfold.types import Array, Floats1d, Floats2d, Ints1d, Singles1d, Singles2d

#: What each block of a row is scaled to: the words, and the bins of features.
_LENGTHS = (*(1.0 for _ in BLOCKS), 2.0)
#: Bins are cut at so many quantiles of the rows learned from, found on so many of them.
N_EDGES, _LOOKED_AT = 15, 100_000
#: When a solve ends; trees weigh its scores anew, so that the last digits are of no use.
_MAX_PASSES, _TOLERANCE = 30, 1e-2
#: What the scores are called among the features of trees.
SCORES = ("word score", *(f"word score: {name}" for name in (*BLOCKS, "agreement")))


@dataclass(frozen=True)
class CrossModel:
    """A linear model over hashed words and binned features.

    Attributes
    ----------
    edges
        (F, N_EDGES) float32: where the bins of each feature are cut.
    effects
        (K,) float32: of each column.
    bias
        Of every row.
    """

    edges: Singles2d
    effects: Singles1d
    bias: float

    def scores(self, design: Design) -> Floats2d:
        """Return the log-odds and what each block adds to them, (n, K) as `SCORES` names them."""
        return scores_of(design, self.effects, self.bias)

    def added(self, design: Design) -> Floats1d:
        """Return what each column of one row adds, in the order of the design's columns of words."""
        scales = _scales(design)[0]
        parts = []
        for b, (first, end) in enumerate(design.bounds[0, : len(BLOCKS)].tolist()):
            parts.append(scales[b] * self.effects[design.indices[first:end]].astype(np.float64))
        return np.concatenate(parts)


def edges_of(rows: Array) -> Singles2d:
    """Return where the bins of features (n, F) are cut, (F, N_EDGES): at their quantiles, each once, infinity after."""
    step = max(1, len(rows) // _LOOKED_AT)
    edges = np.full((rows.shape[1], N_EDGES), np.inf, np.float32)
    for f, column in enumerate(rows[::step].T):
        known = column[np.isfinite(column)]
        if len(known):
            cuts = np.unique(np.quantile(known, np.arange(1, N_EDGES + 1) / (N_EDGES + 1), method="lower"))
            edges[f, : len(cuts)] = cuts
    return edges


def design_of(crosses: Crosses, rows: Array, edges: Singles2d) -> Design:
    """Return the words of pairs and their features (n, F) in bins, as one matrix."""
    n, width = rows.shape
    first = len(crosses.indices)
    indices = np.empty(first + n * width, np.int32)
    indices[:first] = crosses.indices
    binned(rows, edges, crosses.n_columns, indices[first:])
    bounds = np.empty((n, len(_LENGTHS), 2), np.int64)
    bounds[:, : len(BLOCKS)] = crosses.bounds
    bounds[:, -1, 0] = first + np.arange(n) * width
    bounds[:, -1, 1] = bounds[:, -1, 0] + width
    return Design(bounds, indices, n_columns_of(crosses.n_columns, width))


def n_columns_of(n_crossed: int, n_features: int) -> int:
    """Return how many columns the matrix has."""
    return n_crossed + n_features * (N_EDGES + 2)


def crossfitted(
    options: BoostedOptions,
    design: Design,
    edges: Singles2d,
    matches: Array,
    fold: Ints1d,
    report: Callable[[float], None],
) -> tuple[CrossModel, Floats2d]:
    """Return the model of all rows, and the scores (n, K) of each row by a model of the other folds.

    Parameters
    ----------
    matches
        (n,) 0 or 1.
    fold
        (n,) of each row.
    report
        Called with the share of the work that is done.
    """
    n = len(design)
    scales, lengths = _scales(design), np.array(_LENGTHS)
    signs, costs = (2.0 * matches - 1.0).astype(np.float32), np.full(n, float(options.C))
    left_out = [np.flatnonzero(fold == one) for one in np.unique(fold)]
    trained = [np.arange(n), *(np.flatnonzero(fold != fold[rows[0]]) for rows in left_out)]
    seed = int(options.random_state) % (1 << 31)
    out = np.zeros((n, len(SCORES)))

    def solved(rows: Ints1d) -> tuple[Singles1d, float]:
        state = np.zeros((design.n_columns, 2), np.float32)
        state[:, 1] = 1.0  # every column weighs the same
        x = (design.bounds, design.indices, scales, lengths)
        alphas = np.zeros(n)
        end = (False, _MAX_PASSES, _TOLERANCE, seed)
        bias, _ = fit_dual(rows, *x, signs, costs, state, 0.0, alphas, *end)
        return state[:, 0].copy(), float(bias)

    # One after the other, since each holds as many numbers as there are columns.
    effects, bias = solved(np.arange(n))
    report(1.0 / len(trained))
    for k, rows in enumerate(left_out):
        if len(trained[k + 1]):
            out[rows] = scores_of(design.take(rows), *solved(trained[k + 1]))
        report((k + 2) / len(trained))
    return CrossModel(edges, effects, bias), out


def scores_of(design: Design, effects: Singles1d, bias: float) -> Floats2d:
    """Return the log-odds of rows and what each block adds to them, (n, K) as `SCORES` names them."""
    scales = _scales(design)
    out = np.empty((len(design), len(SCORES)))
    for b in range(len(_LENGTHS)):
        alone = np.zeros_like(scales)
        alone[:, b] = scales[:, b]
        out[:, b + 1] = margins_of(design, alone, effects[:, None], np.zeros(1), 1)[:, 0]
    out[:, 0] = out[:, 1:].sum(axis=1) + bias
    return out


def _scales(design: Design) -> Singles2d:
    """Return what each block of each row is multiplied with: every column weighs the same."""
    n = (design.bounds[:, :, 1] - design.bounds[:, :, 0]).astype(np.float64)
    return np.where(n > 0, np.array(_LENGTHS) / np.sqrt(np.maximum(n, 1.0)), 0.0).astype(np.float32)
