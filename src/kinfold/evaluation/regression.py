"""A fitted regressor and texts with numbers in; how far off it is, against what, and how sure, out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy  # stats, a second of importing, comes with its first use
from scipy import sparse

from kinfold.errors import DataError
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval, draw, interval
from kinfold.evaluation.weighted import Statistic, ratio
from kinfold.types import Floats1d, Floats2d, Json

#: The name of the baseline that answers with the mean of the training rows.
MEAN = "mean"


class Regressor(Protocol):
    """What evaluation needs of a regressor."""

    def predict(self, texts: Sequence[str]) -> Floats1d:
        """Return one number a text, (N,)."""


@dataclass(frozen=True, slots=True)
class RegressionEvaluation:
    """How far off a regressor is on rows it has not seen; made by `evaluate_regression`.

    `metrics`: ``mse`` and ``mae``, the mean squared and absolute error; ``r2``, the share of the variance explained;
    ``spearman``, the correlation of the ranks. `gain` is how much lower the mean squared error is than that of
    `baselines`, on the same draws of the same rows.
    """

    name: str
    rows: int
    metrics: dict[str, Interval]
    baselines: dict[str, dict[str, Interval]]
    gain: Interval
    seconds: float

    def to_dict(self) -> dict[str, Json]:
        """Return what ``kinfold evaluate --json`` prints."""
        return {
            "model": self.name,
            "task": "regress",
            "rows": {"in": self.rows, "used": self.rows, "rejected": 0, "merged": 0},
            "metrics": {name: value.to_dict() for name, value in self.metrics.items()},
            "baselines": {
                name: {metric: value.to_dict() for metric, value in values.items()}
                for name, values in self.baselines.items()
            },
            "gain": self.gain.to_dict(),
            "seconds": round(self.seconds, 3),
        }

    def verdict(self) -> str:
        """Return the answer in a sentence."""
        low, high = self.gain.low, self.gain.high
        if low is None or high is None:
            return f"{self.rows:,} rows are too few to say whether this is better than always answering the mean."
        if low > 0:
            return f"Better than always answering the mean: its squared error is {self.gain} lower."
        worse = high < 0
        return f"{'Worse' if worse else 'Not shown to be better'} than always answering the mean ({self.gain} in mse)."

    def table(self) -> list[tuple[str, str, str]]:
        """Return (metric, of the model, of the baseline) for each metric."""
        return [(name, str(value), str(self.baselines[MEAN][name])) for name, value in self.metrics.items()]


def evaluate_regression(
    model: Regressor,
    texts: Sequence[str],
    targets: Sequence[float],
    *,
    train_mean: float | None = None,
    name: str = "",
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> RegressionEvaluation:
    """Measure a fitted regressor on texts whose numbers are known, with intervals and beside the mean.

    Parameters
    ----------
    targets
        (N,) the right numbers.
    train_mean
        The mean of the training rows; None: that of the test rows, which flatters the baseline.
    level, n_draws, seed
        Of the bootstrap intervals. For the rank correlation the ranks are those of all rows.

    Raises
    ------
    DataError
        There are no rows, or not one number a text.
    """
    start = time.perf_counter()
    truth = np.asarray(targets, np.float64)
    if not len(truth) or len(truth) != len(texts):
        raise DataError(
            "There must be one number a text, and at least one.", seen=f"{len(texts)} texts, {len(truth)} numbers"
        )
    guess = np.asarray(model.predict(texts), np.float64)
    constant = np.full(len(truth), truth.mean() if train_mean is None else train_mean)
    systems = {name: _errors(truth, guess), MEAN: _errors(truth, constant)}
    drawn = draw(list(systems.values()), len(truth), n_draws, seed=seed)
    found = []
    for statistic, draws in zip(systems.values(), drawn, strict=True):
        values = statistic.value(len(truth))
        found.append(
            {
                metric: interval(values[k], draws[k], level=level, reason="all numbers are the same")
                for k, metric in enumerate(statistic.names)
            }
        )
    first, second = (statistic.value(len(truth))[0] for statistic in systems.values())
    gain = interval(second - first, drawn[1][0] - drawn[0][0], level=level)
    return RegressionEvaluation(name, len(truth), found[0], {MEAN: found[1]}, gain, time.perf_counter() - start)


def _errors(truth: Floats1d, guess: Floats1d) -> Statistic:
    """Return the metrics of some guesses as functions of row weights."""
    rankdata = scipy.stats.rankdata
    off, ranks, guessed = truth - guess, rankdata(truth), rankdata(guess)
    # Centred, or sums of squares of large numbers would eat their differences.
    a, b, c = truth - truth.mean(), ranks - ranks.mean(), guessed - guessed.mean()
    stacked = np.vstack([np.ones(len(truth)), off**2, np.abs(off), a, a**2, b, c, b**2, c**2, b * c])
    sums_of = sparse.csr_matrix(stacked)  # (10, N)

    def of(weights: Floats2d) -> Floats2d:
        n, square, absolute, x, xx, u, v, uu, vv, uv = sums_of @ weights  # (D,) each
        variance = np.maximum(n * xx - x**2, 0.0)
        spread = np.maximum(n * uu - u**2, 0.0) * np.maximum(n * vv - v**2, 0.0)
        return np.vstack(
            [
                ratio(square, n),
                ratio(absolute, n),
                1.0 - ratio(square * n, variance),
                ratio(n * uv - u * v, np.sqrt(spread)),
            ]
        )  # (4, D)

    return Statistic(("mse", "mae", "r2", "spearman"), of, (None,) * 4)
