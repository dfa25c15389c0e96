"""Log-odds of several classifiers for rows none of them saw in; the weight of each, and whether it paid, out.

Logistic stacking: Wolpert, Stacked generalization, Neural Networks 1992; that weights may not be negative is
Breiman's, Stacked regressions, Machine Learning 1996.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import scipy  # optimize, half a second of importing, comes with its first use
from scipy.special import bdtr, expit, log_expit, log_softmax

from kinfold.types import Array, Floats1d, Floats2d, Ints1d, Json

#: Pulls the weights to equal ones that sum to 1, and the offsets to 0; counts as about that many rows.
PULL = 4.0
#: Probabilities are taken no nearer to 0 and 1, so that one that is sure and wrong can't outvote all others.
NEAREST = 1e-9
#: Draws of the bootstrap, its units at most, and the share of blends no better that may be called better.
N_DRAWS, MAX_UNITS, ALPHA = 2000, 2000, 0.05
#: What is called after no member.
BLEND = "blend"


def to_scores(probabilities: Floats2d, kind: str) -> Floats2d:
    """Return what is blended: log-odds (N, 1) if ``"binary"``, (N, C) if ``"multilabel"``; else log-probabilities."""
    p = np.clip(probabilities, NEAREST, 1.0 - NEAREST)
    if kind == "single":
        return np.log(p)
    if kind == "binary":
        return np.asarray(np.log(p[:, 1:]) - np.log(p[:, :1]))
    return np.asarray(np.log(p) - np.log1p(-p))


def blend(scores: Sequence[Floats2d], weights: Floats1d, offsets: Floats1d) -> Floats2d:
    """Return weighted scores (N, K) and their offsets; each row by itself, to the last bit."""
    out = np.zeros_like(scores[0]) + offsets
    for weight, of_one in zip(weights.tolist(), scores, strict=True):
        out += weight * of_one
    return out


def to_probabilities(scores: Floats2d, kind: str) -> Floats2d:
    """Return (N, C) probabilities of blended scores (N, K)."""
    if kind == "single":
        return np.exp(log_softmax(scores, axis=1))
    if kind == "multilabel":
        return np.asarray(expit(scores))
    positive = expit(scores)
    return np.concatenate([1.0 - positive, positive], axis=1)


def find_weights(scores: Array, members: Array, kind: str) -> tuple[Floats1d, Floats1d]:
    """Return the weights (M,), none negative, and offsets (K,) with the least log loss.

    Parameters
    ----------
    scores
        (M, N, K) of rows that the classifiers were not trained on.
    members
        (N, C) uint8: the classes of each row.
    """
    n_members, _, n_scores = scores.shape
    target = (members[:, 1:] if kind == "binary" else members).astype(np.float64)
    equal = np.concatenate([np.full(n_members, 1.0 / n_members), np.zeros(n_scores)])

    def loss(theta: Floats1d) -> tuple[float, Floats1d]:
        blended = np.tensordot(theta[:n_members], scores, axes=1) + theta[n_members:]  # (N, K)
        if kind == "single":
            log_p = log_softmax(blended, axis=1)
            value, difference = -(target * log_p).sum(), np.exp(log_p) - target
        else:
            value = -(target * log_expit(blended) + (1.0 - target) * log_expit(-blended)).sum()
            difference = expit(blended) - target
        away = theta - equal
        by_weight = np.tensordot(scores, difference, axes=2)  # (M,)
        slope = np.concatenate([by_weight, difference.sum(axis=0)]) + PULL * away
        return float(value + 0.5 * PULL * (away @ away)), slope

    bounds = [(0.0, None)] * n_members + [(None, None)] * n_scores
    theta = scipy.optimize.minimize(loss, equal, jac=True, method="L-BFGS-B", bounds=bounds).x
    return theta[:n_members], theta[n_members:]


@dataclass(frozen=True)
class Gain:
    """What a blend gains over its best member in one metric, on rows that neither was trained on.

    Parameters
    ----------
    metric
        ``"accuracy"`` or ``"log_loss"``.
    best
        The name of the member that is best on these rows.
    gain, low, high
        How much better the blend is, with its 95 % interval: negative where it is worse.
    better
        Whether the blend beats every member on the same rows: the interval of each difference lies above 0, and for
        accuracy McNemar's exact test finds the rows on which only one is right unevenly divided.
    """

    metric: str
    best: str
    gain: float
    low: float
    high: float
    better: bool

    def __str__(self) -> str:
        """Return ``accuracy +1.2 points (0.4 to 2.0) over words``."""
        scale, digits, unit = (100, 1, " points") if self.metric == "accuracy" else (1, 4, " nats")
        parts = [f"{scale * value:+.{digits}f}" for value in (self.gain, self.low, self.high)]
        name = "accuracy" if self.metric == "accuracy" else "log loss, gained:"
        said = "" if self.better else "; that can be luck" if self.high > 0 else "; it is worse"
        return f"{name} {parts[0]}{unit} ({parts[1]} to {parts[2]}) over {self.best}{said}"


@dataclass(frozen=True)
class Verdict:
    """Whether a blend is better than the best of its members; no gains where nothing could be held out.

    Parameters
    ----------
    n_rows
        How many rows were held out. Each was scored by members and weights learned without it.
    gains
        One a metric.
    """

    n_rows: int
    gains: tuple[Gain, ...]

    @property
    def better(self) -> tuple[str, ...]:
        """The metrics in which the blend is better than every member."""
        return tuple(gain.metric for gain in self.gains if gain.better)

    def __str__(self) -> str:
        """Return one sentence."""
        if not self.gains:
            return "too few rows to tell whether the blend is better than its members: they weigh the same"
        verb = "is better than" if self.better else "is not shown to be better than"
        rows = f"on {self.n_rows:,} rows held out"
        return f"the blend {verb} its best member, {rows}: {'; '.join(map(str, self.gains))}"

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON holds them."""
        return {"n_rows": self.n_rows, "gains": [asdict(gain) for gain in self.gains]}

    @classmethod
    def from_dict(cls, parts: Mapping[str, Json]) -> Verdict:
        """Read what `to_dict` wrote."""
        return cls(parts["n_rows"], tuple(Gain(**gain) for gain in parts["gains"]))


def row_scores(probabilities: Floats2d, members: Array, multilabel: bool) -> dict[str, Floats1d]:
    """Return ``accuracy`` and ``log_loss`` of each row, (N,)."""
    p = np.clip(probabilities, 1e-15, 1.0 - 1e-15)
    if multilabel:
        right = ((probabilities >= 0.5) == (members > 0)).all(axis=1)
        lost = -np.where(members > 0, np.log(p), np.log1p(-p)).mean(axis=1)
    else:
        right = probabilities.argmax(axis=1) == members.argmax(axis=1)
        lost = -np.log(p[np.arange(len(p)), members.argmax(axis=1)])
    return {"accuracy": right.astype(np.float64), "log_loss": np.asarray(lost)}


def judge(of_blend: Mapping[str, Floats1d], of_members: Mapping[str, Mapping[str, Floats1d]], seed: int) -> Verdict:
    """Return whether the blend beats every member, by what `row_scores` says of each on the same rows.

    To be better than the best one it must be better than each: each is tested by itself, and no correction is due.
    """
    n_rows = len(of_blend["accuracy"])
    gains = []
    for metric, blended in of_blend.items():
        sign = 1.0 if metric == "accuracy" else -1.0
        gained = {name: sign * (blended - scores[metric]) for name, scores in of_members.items()}
        best = min(gained, key=lambda name, gained=gained: float(gained[name].mean()))  # type: ignore[misc]
        spans = {name: _interval(rows, seed) for name, rows in gained.items()}
        better = all(low > 0 for low, _ in spans.values())
        if metric == "accuracy":
            better = better and all(_mcnemar(rows) <= ALPHA for rows in gained.values())
        gains.append(Gain(metric, best, float(gained[best].mean()), *spans[best], better))
    return Verdict(n_rows, tuple(gains))


def _interval(gained: Floats1d, seed: int) -> tuple[float, float]:
    """Return the interval of the mean gain a row, by a bootstrap of rows, or of random blocks of many rows."""
    rng = np.random.default_rng(seed)
    unit: Ints1d = rng.permutation(len(gained)) % min(len(gained), MAX_UNITS)
    sums, sizes = np.bincount(unit, gained), np.bincount(unit)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1.0 / len(sums)), N_DRAWS)  # (draws, units)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.quantile(means, (ALPHA / 2, 1.0 - ALPHA / 2))
    return float(low), float(high)


def _mcnemar(gained: Floats1d) -> float:
    """Return McNemar's exact two-sided p-value of rows that are 1, 0 or -1."""
    won, lost = int((gained > 0).sum()), int((gained < 0).sum())
    return 1.0 if won + lost == 0 else min(1.0, 2.0 * float(bdtr(min(won, lost), won + lost, 0.5)))
