"""Errors at several sizes in; the power law they follow, and how far it can be trusted beyond them, out.

error(n) = a + b n^-c, with a floor a >= 0, b >= 0 and 0 < c <= 1.5 (Hestness et al. 2017, "Deep learning scaling is
predictable, empirically"). From three to six sizes the floor and the rate can hardly be told apart, so that no single
fit says how sure a forecast is: forecasts are draws from many laws, each as often as it is likely given the errors,
before which all of a range of rates and floors, and of beginnings before which next to nothing is learned, were
thought equally possible. No law is quite true either: its misfit is a share of the error. That share and the range
were chosen on rt-polarity, SST and Quora's questions, so that a band holds what comes true about as often as it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.types import Floats1d, Floats2d, Json

#: How far beyond the largest size measured a forecast may go.
FURTHEST = 4.0
#: The misfit of the law at a size, as a share of the error there; it grows with the doublings beyond the last size.
MISFIT = 0.015
#: The misfit grows by this much with every doubling from a size to the largest: what was early says less of what comes.
EARLY = 0.5
#: The rates thought possible, the floor as a share of the error at the largest size, and how many rows, as a share of
#: the largest size, a model learns next to nothing from before the law begins.
SLOWEST, STEEPEST = 0.15, 1.5
MOST_FLOOR = 0.96
DELAYS = (0.0, 0.1, 0.3, 1.0)
#: The variance that the choice of training rows causes falls with their number, to this power.
FALL = 0.5
#: A variance below which no error is thought known.
_TINY = 1e-7


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """error(n) = floor + scale * n ** -rate."""

    floor: float
    scale: float
    rate: float

    def at(self, size: float | Floats1d) -> Any:
        """Return the error at a size, or at several."""
        return self.floor + self.scale * np.power(np.asarray(size, np.float64), -self.rate)

    def to_dict(self) -> dict[str, Json]:
        """Return the three numbers: error = a + b n^-c."""
        return {"a": self.floor, "b": self.scale, "c": self.rate}


@dataclass(frozen=True, slots=True)
class Errors:
    """Mean errors at K sizes, and all that makes them differ from the law.

    Parameters
    ----------
    sizes
        (K,) rows learned from.
    means
        (K,) mean errors of `n_seeds` trainings.
    spread
        The standard deviation, at the largest size, that the choice of the training rows causes in one training.
    n_seeds, pool
        How many trainings a size, and how many rows the subsets were taken from.
    test_noise
        (K, K) covariance of what the choice of the test rows does to one size and not to all.
    """

    sizes: Floats1d
    means: Floats1d
    spread: float
    n_seeds: int
    pool: float
    test_noise: Floats2d

    def deviation(self, size: float | Floats1d) -> Any:
        """Return the standard deviation of one training at a size, or at several."""
        return self.spread * (np.asarray(size, np.float64) / self.sizes.max()) ** (-FALL / 2)

    @property
    def training_noise(self) -> Floats2d:
        """The (K, K) covariance of the means that shared training rows cause: subsets err alike where they overlap."""
        n = self.sizes
        small, large = np.minimum(n[:, None], n), np.maximum(n[:, None], n)
        # Of one seed, the smaller lies in the larger; of two, they share what chance has them share.
        same, other = np.sqrt(small / large), np.sqrt(small * large) / self.pool
        alike = same / self.n_seeds + other * (1 - 1 / self.n_seeds)
        each = self.deviation(n)
        return np.asarray(alike * each[:, None] * each)

    @property
    def misfit(self) -> Floats2d:
        """The (K, K) covariance of the law's own misfit."""
        below = 1 + EARLY * np.log2(self.sizes[-1] / self.sizes)
        return np.diag((MISFIT * below * self.means) ** 2 + _TINY)

    @property
    def noise(self) -> Floats2d:
        """The (K, K) covariance of the means about the law."""
        return np.asarray(self.training_noise + self.misfit + self.test_noise)

    def shared(self, size: float) -> Floats1d:
        """Return (K,) covariances of the means with a training on `size` rows, the pool among them if it is larger."""
        n = self.sizes
        alike = np.sqrt(n / size) if size >= self.pool else np.sqrt(n * size) / self.pool
        return np.asarray(alike * self.deviation(n) * self.deviation(size))


@dataclass(frozen=True, slots=True)
class Forecast:
    """D power laws, each as likely as another: arrays (D,), and what a training adds to them.

    Parameters
    ----------
    floor, scale, rate, delay
        error(n) = floor + scale * ((n / largest + delay) / (1 + delay)) ** -rate.
    errors
        What they were drawn from.
    pull
        (D, K) the errors' distances from each law, in units of their covariance.
    luck
        (D, 3) standard normal numbers: of a training to come, of the trainings that were, and of how the law bends
        beyond the largest size.
    """

    floor: Floats1d
    scale: Floats1d
    rate: Floats1d
    delay: Floats1d
    errors: Errors
    pull: Floats2d
    luck: Floats2d

    def law(self, size: float) -> Floats1d:
        """Return (D,) expected errors at a size."""
        ratio = size / float(self.errors.sizes[-1])
        plain = self.floor + self.scale * ((ratio + self.delay) / (1 + self.delay)) ** -self.rate
        beyond = np.log2(ratio) if ratio > 1 else 0.0
        return np.asarray(plain * (1 + MISFIT * beyond * self.luck[:, 2]))

    def one(self, size: float) -> Floats1d:
        """Return (D,) errors of one training with so many rows: what was lucky in the rows so far stays in it."""
        own = float(self.errors.deviation(size)) ** 2
        return self._given(size, self.errors.shared(size), own, 0)

    def now(self) -> Floats1d:
        """Return (D,) errors, on any test rows, of the trainings measured at the largest size."""
        made = self.errors.training_noise + self.errors.misfit
        return self._given(float(self.errors.sizes[-1]), made[-1], float(made[-1, -1]), 1)

    def _given(self, size: float, shared: Floats1d, own: float, luck: int) -> Floats1d:
        """Return (D,) errors that have these covariances with the means, and this variance, given the means."""
        left = max(own - float(shared @ np.linalg.solve(self.errors.noise, shared)), 0.0)
        return np.maximum(self.law(size) + self.pull @ shared + np.sqrt(left) * self.luck[:, luck], 0.0)


def fit_law(
    sizes: Sequence[float] | Floats1d, errors: Sequence[float] | Floats1d, weights: Sequence[float] | Floats1d
) -> PowerLaw:
    """Return the law with the least weighted squares, its floor and scale not below 0.

    Parameters
    ----------
    sizes, errors
        K sizes and the error at each, K >= 2.
    weights
        K weights: one over the variance of each error.

    Examples
    --------
    >>> law = fit_law([100, 200, 400, 800], [0.3, 0.2, 0.15, 0.125], [1, 1, 1, 1])
    >>> round(law.floor, 3), round(law.rate, 2)
    (0.1, 1.0)
    """
    n, y, w = (np.asarray(values, np.float64) for values in (sizes, errors, weights))
    largest = float(n.max())
    rates = np.arange(0.01, STEEPEST + 1e-9, 0.01)
    x = (n / largest) ** -rates[:, None]  # (R, K)
    total, mean_y = w.sum(), (w @ y) / w.sum()
    mean_x = x @ w / total
    varied = ((x - mean_x[:, None]) ** 2) @ w
    scale = ((x - mean_x[:, None]) * (y - mean_y)) @ w / np.maximum(varied, 1e-12)
    scale = np.maximum(scale, 0.0)
    floor = mean_y - scale * mean_x
    through = np.maximum((x * y) @ w / ((x * x) @ w), 0.0)  # the best scale where the floor is 0
    scale, floor = np.where(floor < 0, through, scale), np.maximum(floor, 0.0)
    misses = ((floor[:, None] + scale[:, None] * x - y) ** 2) @ w
    best = int(np.argmin(misses))
    rate = float(rates[best])
    return PowerLaw(float(floor[best]), float(scale[best] * largest**rate), rate)


def between_seeds(sizes: Sequence[float] | Floats1d, errors: Floats2d, pool: float) -> float:
    """Return the standard deviation, at the largest size, that the choice of the training rows causes.

    Parameters
    ----------
    sizes
        K sizes.
    errors
        (S, K) errors, one row a seed.
    pool
        How many rows the subsets were taken from. Two subsets of half of the rows share a quarter of them, so that
        they differ less than two of new rows would; at the size of the pool they don't differ at all.
    """
    n = np.asarray(sizes, np.float64)
    n_seeds = len(errors)
    apart = 1 - n / pool
    kept = apart > 0.01
    if n_seeds < 2 or not kept.any():
        return float(np.sqrt(_TINY))
    shape = (n / n.max()) ** -FALL
    each = errors[:, kept].var(axis=0, ddof=1) / (apart[kept] * shape[kept])
    freedom = (n_seeds - 1) * int(kept.sum())
    # Few seeds may agree by luck: what they don't exclude is allowed for, as Student's t does.
    return float(np.sqrt(each.mean() * freedom / max(freedom - 2, 1) + _TINY))


def forecast(errors: Errors, shifts: Floats1d, random: np.random.Generator) -> Forecast:
    """Return one likely law for each shift.

    Parameters
    ----------
    errors
        The mean errors and their noise; sizes ascending.
    shifts
        (D,) what other test rows would add to the errors of all sizes alike.
    random
        What laws and luck are drawn with.
    """
    grids = np.meshgrid(np.geomspace(SLOWEST, STEEPEST, 16), np.linspace(0.0, MOST_FLOOR, 16), DELAYS)
    rate, share, delay = (grid.ravel() for grid in grids)  # (G,)
    ratios = (errors.sizes / errors.sizes[-1] + delay[:, None]) / (1 + delay[:, None])
    shapes = share[:, None] + (1 - share[:, None]) * ratios ** -rate[:, None]  # (G, K): 1 at the largest size
    precision = np.linalg.inv(errors.noise)
    weighted = shapes @ precision  # (G, K)
    power = (weighted * shapes).sum(axis=1)
    shifted = errors.means + shifts[:, None]  # (D, K)
    level = shifted @ weighted.T / power  # (D, G): the best error at the largest size for each shape
    fits = 0.5 * level**2 * power - 0.5 * np.log(power)
    chosen = np.argmax(fits + random.gumbel(size=fits.shape), axis=1)
    drawn = level[np.arange(len(shifts)), chosen] + random.standard_normal(len(shifts)) / np.sqrt(power[chosen])
    drawn = np.maximum(drawn, 0.0)
    return Forecast(
        floor=drawn * share[chosen],
        scale=drawn * (1 - share[chosen]),
        rate=rate[chosen],
        delay=delay[chosen],
        errors=errors,
        pull=(shifted - drawn[:, None] * shapes[chosen]) @ precision,
        luck=random.standard_normal((len(shifts), 3)),
    )


@dataclass(frozen=True, slots=True)
class TimeLaw:
    """seconds(n) = seconds at one row * n ** power."""

    first: float
    power: float

    def at(self, size: float) -> float:
        """Return the seconds that a training on so many rows takes."""
        return float(self.first * size**self.power)

    def to_dict(self) -> dict[str, Json]:
        """Return the parts: seconds = u n^k."""
        return {"u": self.first, "k": self.power}


def fit_times(sizes: Sequence[float], seconds: Sequence[float] | Floats1d) -> TimeLaw:
    """Return the law that training times follow; larger sizes count more, since small ones are mostly overhead.

    The power is held between 0 and 2, and is 1 where there is one size only.
    """
    n, t = np.asarray(sizes, np.float64), np.maximum(np.asarray(seconds, np.float64), 1e-4)
    if len(n) < 2:
        return TimeLaw(float(t[-1] / n[-1]), 1.0)
    w, x, y = n / n.sum(), np.log(n), np.log(t)
    x_mean, y_mean = w @ x, w @ y
    power = float(np.clip((w * (x - x_mean)) @ (y - y_mean) / (w @ (x - x_mean) ** 2), 0.0, 2.0))
    return TimeLaw(float(np.exp(y_mean - power * x_mean)), power)
