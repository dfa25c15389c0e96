"""Bootstrap intervals: metrics as functions of row weights in, values with their uncertainty out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.evaluation.weighted import Statistic, means
from kinfold.types import Floats1d, Floats2d, Ints1d, Json

N_DRAWS = 2000
LEVEL = 0.95

#: Cells of one (N, D) block of weights: 8 MB, which stays near the cache and bounds memory.
BLOCK_CELLS = 1 << 20


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value and the interval that holds the true one with the stated probability.

    `value` is None where the rows leave the metric undefined, `low` and `high` where they leave its
    uncertainty undefined; `reason` then says why.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""

    def __str__(self) -> str:
        """Return ``0.804 (0.780 to 0.828)``, or what is missing and why."""
        if self.value is None:
            return f"undefined: {self.reason}" if self.reason else "undefined"
        if self.low is None or self.high is None:
            return f"{self.value:.3f} (no interval: {self.reason})"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    def to_dict(self) -> dict[str, Json]:
        """Return value, low and high, and the reason where one of them is None."""
        parts: dict[str, Json] = {"value": self.value, "low": self.low, "high": self.high}
        return parts | ({"reason": self.reason} if self.reason else {})


def weight_blocks(
    n: int, n_draws: int = N_DRAWS, *, seed: int = 0, groups: Sequence[str] | None = None
) -> Iterator[Floats2d]:
    """Yield (N, D) blocks of weights: how often each row was drawn, in `n_draws` draws over all blocks.

    Parameters
    ----------
    n
        The number of rows.
    n_draws
        The number of draws over all blocks.
    seed
        Starts a private random generator: the same seed gives the same draws.
    groups
        One group a row. Whole groups are drawn, for rows that are not independent of each other.
    """
    if n_draws < 1:
        raise InvalidParameterError("n_draws must be at least 1", seen=str(n_draws), fix="use 2000", code="E-008")
    random = np.random.default_rng(seed)
    member = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    units = n if member is None else int(member.max()) + 1
    width = int(np.clip(BLOCK_CELLS // max(n, 1), 8, n_draws)) if n_draws > 8 else n_draws
    for start in range(0, n_draws, width):
        block = _multiplicities(random, units, min(width, n_draws - start))
        yield block if member is None else block[member]


def _multiplicities(random: np.random.Generator, units: int, draws: int) -> Floats2d:
    """Return (units, draws) counts, each column a draw of `units` units with replacement."""
    picked = random.integers(0, units, size=(draws, units), dtype=np.int64)
    picked *= draws
    picked += np.arange(draws)[:, None]
    return np.bincount(picked.ravel(), minlength=units * draws).reshape(units, draws).astype(np.float64)


def draw(
    statistics: Sequence[Statistic],
    n: int,
    n_draws: int = N_DRAWS,
    *,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> list[Floats2d]:
    """Return the bootstrap draws of each statistic, (K, n_draws), all on the same resampled rows.

    With groups that are all one group nothing can be resampled: the draws are NaN.
    """
    out = [np.full((len(statistic.names), n_draws), np.nan) for statistic in statistics]
    if groups is not None and len(set(groups)) < 2:
        return out
    start = 0
    for weights in weight_blocks(n, n_draws, seed=seed, groups=groups):
        stop = start + weights.shape[1]
        for values, statistic in zip(out, statistics, strict=True):
            values[:, start:stop] = statistic.of(weights)
        start = stop
    return out


def interval(
    value: float,
    draws: Floats1d,
    *,
    level: float = LEVEL,
    rows: int | None = None,
    reflected: bool = False,
    reason: str = "",
) -> Interval:
    """Return the interval of a value from its bootstrap draws.

    Parameters
    ----------
    value
        The value on the rows as they are; NaN where it is undefined.
    draws
        (n_draws,) values on resampled rows. NaN draws are left out; where more than half are NaN there is no
        interval.
    level
        The share of intervals that hold the true value.
    rows
        Rows behind a proportion. Where it is 0 or 1 in every draw, resampling knows nothing of the errors not
        seen yet, and the bound is the exact binomial (Clopper-Pearson) one.
    reflected
        Take the basic bootstrap interval (draws mirrored about the value, cut at 0) in place of the
        percentile one, its low end lowered by the bias that resampling shows: for estimates that noise only
        pushes upwards.
    reason
        Why the value is undefined, if it is.
    """
    if math.isnan(value):
        return Interval(None, None, None, reason)
    kept = draws[~np.isnan(draws)]
    if 2 * len(kept) < len(draws) or not len(kept):
        return Interval(value, None, None, "too few rows or groups to draw from")
    tail = (1 - level) / 2
    if rows and value in (0.0, 1.0) and np.all(kept == value):
        short = tail ** (1 / rows)
        return Interval(1.0, short, 1.0) if value == 1.0 else Interval(0.0, 0.0, 1 - short)
    low, high = (float(q) for q in np.quantile(kept, (tail, 1 - tail)))
    if reflected:
        bias = max(0.0, float(kept.mean()) - value)
        low, high = max(0.0, 2 * value - high - bias), max(value, 2 * value - low)
    return Interval(float(value), min(low, float(value)), max(high, float(value)))


def mean_interval(
    values: Sequence[float] | Floats1d,
    *,
    n_draws: int = N_DRAWS,
    seed: int = 0,
    level: float = LEVEL,
    groups: Sequence[str] | None = None,
) -> Interval:
    """Return the mean of per-row (or per-query) values with its interval."""
    statistic = means(("mean",), np.asarray(values, np.float64)[None])
    drawn = draw([statistic], len(values), n_draws, seed=seed, groups=groups)[0]
    return interval(float(np.mean(values)), drawn[0], level=level)


def resampled_interval(
    metric: Callable[[Ints1d], float],
    n: int,
    *,
    n_draws: int = N_DRAWS,
    seed: int = 0,
    level: float = LEVEL,
    groups: Sequence[str] | None = None,
) -> Interval:
    """Return the interval of any metric, given as a function of row numbers; slower than a weighted one.

    Examples
    --------
    >>> truth, guess = np.arange(50.0), np.arange(50.0) ** 2
    >>> from kinfold.evaluation.metrics import spearman
    >>> resampled_interval(lambda rows: spearman(truth[rows], guess[rows]), 50, n_draws=100)
    Interval(value=1.0, low=1.0, high=1.0, reason='')
    """
    numbers = np.arange(n)
    drawn: list[Any] = [
        metric(np.repeat(numbers, weights[:, d].astype(np.int64)))
        for weights in weight_blocks(n, n_draws, seed=seed, groups=groups)
        for d in range(weights.shape[1])
    ]
    return interval(metric(numbers), np.array(drawn, np.float64), level=level)
