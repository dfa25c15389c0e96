"""Models and labelled rows in; how their scores grow with the rows, what more rows would bring, and what it costs, out.

Every model learns from nested subsets of the rows, several times, and is measured on the same test rows. Power laws
through the scores (see `power_law`) say what twice the rows would bring, and where one model overtakes another. The
bands hold what other test rows, other training rows and the laws' own misfit could change. Beyond four times the rows
nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation import learning_page, learning_words, scoring
from kinfold.evaluation.coding import Coded
from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.learning_run import Progress, Runs, run
from kinfold.evaluation.nested import MOST_SIZES, doubling_sizes, part
from kinfold.evaluation.power_law import (
    FURTHEST,
    Errors,
    Forecast,
    PowerLaw,
    TimeLaw,
    between_seeds,
    fit_law,
    fit_times,
    forecast,
)
from kinfold.types import Classifier, Floats1d, Floats2d, Json

#: The share of bands that are to hold the score that comes true.
LEVEL = 0.8
#: Seeds a size, at least; draws of laws, and of the test rows behind them.
LEAST_SEEDS, N_LAWS, N_TEST_DRAWS = 3, 2000, 500
#: Metrics of which one minus the score is an error that a power law can follow.
METRICS = ("accuracy", "macro_f1", "f1", "precision", "recall", "auc", "average_precision")
#: With a time limit the first size may be this many doublings below all rows, so that it is cheap.
_MOST_LIMITED = 12


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one model would score with so many rows, the gain over the largest size measured, and its minutes."""

    name: str
    rows: int
    score: Interval
    gain: Interval
    minutes: float

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        bands = {"score": self.score.to_dict(), "gain": self.gain.to_dict()}
        return {"rows": self.rows, **bands, "minutes": self.minutes}


@dataclass(frozen=True, slots=True)
class Crossing:
    """From how many rows on one model is ahead of the other, up to four times the rows measured.

    `rows` is None where most laws see it behind at the end; `low` and `high` hold the middle share of laws, None where
    that end is beyond. `share` is how many of the laws see it overtake at all.
    """

    name: str
    other: str
    rows: int | None
    low: int | None
    high: int | None
    share: float
    first: int
    measured: int

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        where = {"rows": self.rows, "low": self.low, "high": self.high}
        return {"name": self.name, "over": self.other, **where, "share": self.share}


@dataclass(frozen=True, slots=True)
class ModelCurve:
    """One model's sizes (K,), scores (S, K) and seconds (S, K), and the laws they follow."""

    name: str
    sizes: tuple[int, ...]
    scores: Floats2d
    seconds: Floats2d
    law: PowerLaw
    times: TimeLaw
    stopped: str
    forecast: Forecast = field(repr=False)

    @property
    def means(self) -> Floats1d:
        """The mean score of each size."""
        return np.asarray(self.scores.mean(axis=0))


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How the scores of some models grow with the rows they learn from; made by `learning_curve`."""

    metric: str
    level: float
    n_train: int
    n_test: int
    n_shared: int
    n_seeds: int
    models: dict[str, ModelCurve]
    doubled: dict[str, Outlook]
    crossings: tuple[Crossing, ...]

    def at(self, name: str, rows: int) -> Outlook:
        """Return what a model would score with so many rows.

        Raises
        ------
        InvalidParameterError
            U-017: that is more than four times the rows it was measured with, or less than the fewest; or there is no
            such model.
        """
        if name not in self.models:
            raise InvalidParameterError(
                "the curve has no model of this name", seen=name, fix=f"one of {', '.join(self.models)}", code="U-017"
            )
        return _outlook(self.models[name], rows, self.level)

    def sentences(self) -> list[str]:
        """Return what twice the rows would bring, who overtakes whom, what it costs, and how far this holds."""
        return learning_words.sentences(self)

    def sentence(self, outlook: Outlook) -> str:
        """Return what `at` said, in words."""
        return learning_words.sentence(outlook)

    def table(self) -> list[list[str]]:
        """Return a line a size, the names of the columns first; forecasts are marked."""
        return learning_words.table(self)

    def svg(self) -> str:
        """Return the curves with their bands as a picture that stands for itself."""
        return learning_page.svg(self)

    def html(self, title: str = "") -> str:
        """Return one page: the answer, the picture, every number. It loads nothing and runs no script."""
        return learning_page.html(self, title)

    def to_dict(self) -> dict[str, Json]:
        """Return everything as JSON; scores and minutes have a list a size, with a number a seed."""
        return {
            "metric": self.metric,
            "level": self.level,
            "seeds": self.n_seeds,
            "rows": {"train": self.n_train, "test": self.n_test, "left_out": self.n_shared},
            "sizes": {name: list(one.sizes) for name, one in self.models.items()},
            "scores": {name: one.scores.T.tolist() for name, one in self.models.items()},
            "minutes": {name: (one.seconds.T / 60).tolist() for name, one in self.models.items()},
            "fits": {
                name: {"error": one.law.to_dict(), "seconds": one.times.to_dict()} for name, one in self.models.items()
            },
            "bands": {
                name: [{"rows": rows, **value.to_dict()} for rows, value in self.band(name)] for name in self.models
            },
            "doubled": {name: one.to_dict() for name, one in self.doubled.items()},
            "crossings": [one.to_dict() for one in self.crossings],
            "stopped": {name: one.stopped for name, one in self.models.items() if one.stopped},
            "verdicts": self.sentences(),
        }

    def band(self, name: str) -> list[tuple[int, Interval]]:
        """Return the band of one training: at each size measured, at twice and at four times the largest."""
        one = self.models[name]
        sizes = [*one.sizes, 2 * one.sizes[-1], 4 * one.sizes[-1]]
        return [(size, _score_at(one, size, self.level)) for size in sizes]

    def __str__(self) -> str:
        """Return the table, then the sentences."""
        return learning_words.plain(self)

    def _repr_html_(self) -> str:
        return learning_page.fragment(self)


def learning_curve(
    models: Mapping[str, Classifier],
    examples: scoring.Rows,
    *,
    test: scoring.Rows | float = 0.3,
    sizes: Sequence[int] | None = None,
    n_seeds: int = LEAST_SEEDS,
    metric: str | None = None,
    positive: str | None = None,
    by_group: bool = True,
    minutes: float | None = None,
    level: float = LEVEL,
    seed: int = 0,
    progress: Progress | None = None,
) -> LearningCurve:
    """Train models on growing subsets, and say what more rows would bring.

    Parameters
    ----------
    models
        Name -> model, not fitted: anything with `get_params`, `fit`, `predict` and `predict_proba`. The first is the
        one that the others may overtake.
    examples
        Labelled rows: `Examples`, or anything with `texts`, `labels` and `groups`.
    test
        The share of the rows to measure on, which are the same throughout; or other rows. Rows to learn from that
        share a text or group with them are left out.
    sizes
        Rows to learn from, three sizes or more; by default all rows, half of them, and so on, six at most.
    n_seeds
        Orders of the rows, and seeds of the models, for each size; at least three.
    metric
        By default ``accuracy``, for multi-label rows ``f1`` (micro).
    positive
        The positive one of two classes; default: the second.
    by_group
        Keep groups on one side, where the examples have them.
    minutes
        Time limit: sizes that would not fit are left out, model by model.
    level
        The share of bands that are to hold what comes true.
    seed
        Of the test rows, the first order and the draws.
    progress
        Called with what is being done and the share that is done.

    Raises
    ------
    DataError
        D-100, D-101: there are too few rows.
    InvalidParameterError
        U-018: the minutes are not enough; U-019: sizes, seeds or the metric can't be used.

    Examples
    --------
    >>> rows = kf.sample("reviews")  # doctest: +SKIP
    >>> print(kf.learning_curve({"linear": kf.LinearTextClassifier()}, rows))  # doctest: +SKIP
    """
    _check(models, n_seeds, metric, minutes, level)
    parts = part(examples, test, by_group=by_group, seed=seed)
    several = any(isinstance(label, tuple) for label in parts.labels)
    metric = metric or ("f1" if several else "accuracy")
    if metric == "f1" and not several and parts.n_classes > 2:
        metric = "macro_f1"
    most = MOST_SIZES if minutes is None else _MOST_LIMITED
    chosen = doubling_sizes(len(parts.texts), parts.n_classes, sizes, most=most)
    done = run(
        models,
        parts,
        chosen,
        n_seeds=n_seeds,
        answers=metric in scoring.ANSWER_METRICS,
        minutes=minutes,
        seed=seed,
        progress=progress or _silent,
    )
    pool = len(parts.texts)
    values = _scores(done, metric, positive, parts.test_groups, seed)
    curves = {name: _curve(name, done[name], *values[name], pool, (seed, k)) for k, name in enumerate(models)}
    first = next(iter(curves))
    return LearningCurve(
        metric=metric,
        level=level,
        n_train=pool,
        n_test=len(parts.test_texts),
        n_shared=parts.n_shared,
        n_seeds=n_seeds,
        models=curves,
        doubled={name: _outlook(one, 2 * one.sizes[-1], level) for name, one in curves.items()},
        crossings=tuple(_crossing(curves[name], curves[first], level) for name in curves if name != first),
    )


def _check(
    models: Mapping[str, Classifier], n_seeds: int, metric: str | None, minutes: float | None, level: float
) -> None:
    faults = (
        (not models, "a curve needs a model", "none", "give one"),
        (n_seeds < LEAST_SEEDS, f"a curve needs {LEAST_SEEDS} seeds or more", str(n_seeds), "leave it out"),
        (
            metric is not None and metric not in METRICS,
            "a power law can't follow this metric",
            str(metric),
            f"use one of {', '.join(METRICS)}",
        ),
        (minutes is not None and not minutes > 0, "the minutes must be above 0", str(minutes), "for example 10"),
        (not 0 < level < 1, "the level must be above 0 and below 1", str(level), "for example 0.8"),
    )
    for wrong, what, seen, fix in faults:
        if wrong:
            raise InvalidParameterError(what, seen=seen, fix=fix, code="U-019")


def _scores(
    done: Mapping[str, Runs], metric: str, positive: str | None, groups: Sequence[str] | None, seed: int
) -> dict[str, tuple[Floats2d, Floats2d]]:
    """Return for each model its scores (S, K), and how other test rows would change their means: (D, K)."""
    systems: dict[str, Coded] = {
        f"{name} {k} {s}": coded
        for name, runs in done.items()
        for k, of_size in enumerate(runs.coded)
        for s, coded in enumerate(of_size)
    }
    scoring.check_metric(metric, {"the model": next(iter(systems.values()))})
    named = scoring.positive_class(list(systems.values()), positive)
    found = scoring.score(systems, positive=named, only=metric, n_draws=N_TEST_DRAWS, seed=seed, groups=groups)
    out = {}
    for name, runs in done.items():
        each = [[found[f"{name} {k} {s}"][metric] for s in range(len(row))] for k, row in enumerate(runs.coded)]
        values = np.array([[one.value for one in row] for row in each]).T  # (S, K)
        if np.isnan(values).any():
            raise DataError(
                f"{metric} is undefined on the test rows", fix="give test rows of every label", code="D-101"
            )
        drawn = np.array([np.mean([one.draws for one in row], axis=0) for row in each]).T  # (D, K)
        out[name] = (values, np.nan_to_num(drawn - values.mean(axis=0)))
    return out


def _curve(name: str, runs: Runs, scores: Floats2d, changes: Floats2d, pool: int, seed: tuple[int, int]) -> ModelCurve:
    last = slice(-MOST_SIZES, None)  # of many sizes the smallest say least of what lies beyond the largest
    sizes, failed, changed = np.array(runs.sizes[last], np.float64), 1 - scores[:, last], -changes[:, last]
    # What other test rows would do to all sizes alike is drawn, the same for all models; the rest is noise.
    alike = changed.mean(axis=1)  # (D,)
    errors = Errors(
        sizes=sizes,
        means=failed.mean(axis=0),
        spread=between_seeds(sizes, failed, pool),
        n_seeds=len(failed),
        pool=pool,
        test_noise=np.cov(changed - alike[:, None], rowvar=False),
    )
    seconds = np.array(runs.seconds).T
    return ModelCurve(
        name=name,
        sizes=tuple(runs.sizes),
        scores=scores,
        seconds=seconds,
        law=fit_law(sizes, errors.means, 1 / np.diag(errors.noise)),
        times=fit_times(runs.sizes, seconds.mean(axis=0)),
        stopped=runs.stopped,
        forecast=forecast(errors, np.tile(alike, N_LAWS // N_TEST_DRAWS), np.random.default_rng(seed)),
    )


def _outlook(curve: ModelCurve, rows: int, level: float) -> Outlook:
    first, last = curve.sizes[0], curve.sizes[-1]
    if not first <= rows <= FURTHEST * last:
        raise InvalidParameterError(
            f"nothing can be said of so many rows: {curve.name} was measured with {first:,} to {last:,}, and the law "
            f"is not to be trusted beyond {FURTHEST:g} times that",
            seen=f"{rows:,} rows",
            fix=f"ask for at most {int(FURTHEST * last):,}",
            code="U-017",
        )
    gain = curve.forecast.now() - curve.forecast.one(rows)
    return Outlook(
        name=curve.name,
        rows=rows,
        score=_score_at(curve, rows, level),
        gain=_interval(gain, level),
        minutes=curve.times.at(rows) / 60,
    )


def _score_at(curve: ModelCurve, rows: int, level: float) -> Interval:
    return _interval(1 - curve.forecast.one(rows), level)


def _interval(draws: Floats1d, level: float) -> Interval:
    low, middle, high = (float(q) for q in np.quantile(draws, ((1 - level) / 2, 0.5, (1 + level) / 2)))
    return Interval(middle, low, high)


def _crossing(curve: ModelCurve, other: ModelCurve, level: float) -> Crossing:
    first = max(curve.sizes[0], other.sizes[0])
    measured = min(curve.sizes[-1], other.sizes[-1])
    grid = np.geomspace(first, FURTHEST * measured, 120)
    ahead = np.array([curve.forecast.law(size) < other.forecast.law(size) for size in grid])  # (grid, laws)
    stays = np.logical_and.accumulate(ahead[::-1])[::-1]  # ahead here and at every larger size
    place = np.where(stays.any(axis=0), stays.argmax(axis=0), len(grid))
    quantiles = np.quantile(place, ((1 - level) / 2, 0.5, (1 + level) / 2), method="nearest").astype(int)
    low, middle, high = (int(grid[q]) if q < len(grid) else None for q in quantiles)
    share = float((place < len(grid)).mean())
    return Crossing(curve.name, other.name, middle, low, high, share, first, measured)


def _silent(stage: str, share: float | None) -> None:
    """Report progress to nobody."""
