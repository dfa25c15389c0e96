"""Several classifiers on the same rows in; which is better, by how much and how sure, or a tie, out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.evaluation import scoring
from kinfold.evaluation.coding import Coded, encode
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval
from kinfold.evaluation.metrics import LOWER_IS_BETTER, TITLES
from kinfold.evaluation.page import plain_table, shown
from kinfold.evaluation.scoring import Score
from kinfold.types import Classifier, Floats1d, Json, Label

#: The power at which a difference counts as detectable.
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Difference:
    """How a differs from b in one metric, on the same rows.

    `interval` is of a minus b at `level`, which is stricter than asked for where several pairs were compared
    (Holm). `winner` is the name of the better one, or None for a tie: the interval holds zero, or, for
    accuracy, McNemar's exact test finds the rows on which only one is right too evenly divided.
    """

    a: str
    b: str
    metric: str
    interval: Interval
    level: float
    p_value: float
    mcnemar: float | None
    detectable: float | None
    winner: str | None

    def __str__(self) -> str:
        """Return ``A beats B by 2.1 points (0.5 to 3.7)`` or that they tie."""
        if self.interval.value is None or self.interval.low is None or self.interval.high is None:
            return f"{self.a} and {self.b} can't be compared: {self.interval.reason}"
        low, high, value = self.interval.low, self.interval.high, self.interval.value
        if self.winner is None:
            span = f"{amount(low, self.metric, sign=True)} to {amount(high, self.metric, sign=True)}"
            return f"{self.a} and {self.b}: a tie ({self.a} minus {self.b}: {span}{unit(self.metric)})"
        loser = self.b if self.winner == self.a else self.a
        near, far = sorted((abs(low), abs(high)))
        return (
            f"{self.winner} beats {loser} by {amount(abs(value), self.metric)}{unit(self.metric)} "
            f"({amount(near, self.metric)} to {amount(far, self.metric)})"
        )

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {
            "a": self.a,
            "b": self.b,
            "difference": self.interval.to_dict(),
            "level": self.level,
            "p_value": self.p_value,
            "mcnemar_p": self.mcnemar,
            "detectable": self.detectable,
            "winner": self.winner,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several systems by one metric on the same rows, and every pair of them."""

    metric: str
    n_rows: int
    n_groups: int | None
    scores: dict[str, Interval]
    differences: tuple[Difference, ...]
    n_draws: int
    level: float

    @property
    def detectable(self) -> float | None:
        """The smallest difference these rows find with 80 % power, for the pair hardest to tell apart."""
        found = [d.detectable for d in self.differences if d.detectable is not None]
        return max(found, default=None)

    def to_dict(self) -> dict[str, Json]:
        """Return the scores and differences as JSON."""
        return {
            "metric": self.metric,
            "rows": self.n_rows,
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
            "differences": [difference.to_dict() for difference in self.differences],
            "detectable": self.detectable,
            "draws": self.n_draws,
        }

    def sentences(self) -> list[str]:
        """Return one sentence a pair, then what this test set could have found."""
        lines = [str(difference) for difference in self.differences]
        if self.detectable:
            size = f"{amount(self.detectable, self.metric)}{unit(self.metric)}"
            lines.append(f"These {self.n_rows:,} rows can tell apart differences of about {size} or more.")
        return lines

    def __str__(self) -> str:
        """Return a plain table of the scores, then the sentences."""
        width = max(len(name) for name in self.scores)
        head = f"{TITLES.get(self.metric, self.metric)} on {self.n_rows:,} rows, {100 * self.level:g} % intervals"
        table = [f"  {name:<{width}}  {score}" for name, score in self.scores.items()]
        return "\n".join([head, *table, *self.sentences()])

    def _repr_html_(self) -> str:
        rows = [[name, str(value)] for name, value in self.scores.items()]
        lines = "".join(f"<li>{shown(line)}</li>" for line in self.sentences())
        return f"{plain_table(['System', TITLES.get(self.metric, self.metric)], rows)}<ul>{lines}</ul>"


def compare(
    classifiers: Mapping[str, Classifier],
    examples: scoring.AnyRows,
    *,
    metric: str | None = None,
    positive: str | None = None,
    by_group: bool = True,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare fitted classifiers on the same rows, and refuse to rank a tie.

    Parameters
    ----------
    classifiers
        Name -> fitted classifier, two or more.
    examples
        Labelled rows that none was trained on: `Examples`, `Pairs` for matchers, or anything with the same columns.
    metric
        By default ``accuracy``, for multi-label rows ``f1`` (micro).
    positive
        The positive one of two classes; default: the second.
    by_group
        Draw whole groups where the examples have them.
    level
        The share of comparisons of equals that may not be called different, over all pairs together (Holm).
    n_draws, seed
        Bootstrap draws, and the seed of their generator.

    Examples
    --------
    >>> print(compare({"linear": linear, "net": net}, test))  # doctest: +SKIP
    """
    texts, labels = scoring.labels_of(examples)
    wants_answers = metric is None or metric in scoring.ANSWER_METRICS
    systems = {
        name: encode(
            labels,
            classifier.predict(texts) if wants_answers else None,
            None if wants_answers else classifier.predict_proba(texts),
            list(classifier.classes_),
        )
        for name, classifier in classifiers.items()
    }
    return _compare(systems, metric, positive, scoring.groups_of(examples, by_group), level, n_draws, seed)


def compare_predictions(
    labels: Sequence[Label],
    predictions: Mapping[str, Any],
    *,
    classes: Sequence[str] | None = None,
    metric: str | None = None,
    positive: str | None = None,
    groups: Sequence[str] | None = None,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare stored predictions of the same rows.

    Parameters
    ----------
    labels
        N true labels.
    predictions
        Name -> N answers, or an (N, C) array of probabilities with its columns in the order of `classes`.
    classes
        The classes of the columns; needed only for probabilities.
    metric, positive, level, n_draws, seed
        As in `compare`.
    groups
        The group of each row, where whole groups are to be drawn.
    """
    systems = {}
    for name, given in predictions.items():
        stated = np.ndim(given) == 2 and np.asarray(given).dtype.kind == "f"
        systems[name] = encode(labels, None if stated else given, given if stated else None, classes)
    return _compare(systems, metric, positive, groups, level, n_draws, seed)


def differences(
    systems: Mapping[str, Coded],
    scores: Mapping[str, Score],
    metric: str,
    pairs: Sequence[tuple[str, str]],
    *,
    level: float = LEVEL,
    grouped: bool = False,
) -> tuple[Difference, ...]:
    """Return the difference of each pair, corrected for their number by Holm's procedure.

    The pair with the smallest p-value is judged at 1 / m of the error allowed, the next at 1 / (m - 1), and
    so on; after the first tie all that follow are ties.
    """
    drawn = [scores[a].draws - scores[b].draws for a, b in pairs]
    p_values = [_bootstrap_p(draws) for draws in drawn]
    out: dict[int, Difference] = {}
    open_still = True
    for place, k in enumerate(sorted(range(len(pairs)), key=lambda i: p_values[i])):
        a, b = pairs[k]
        alpha = (1 - level) / (len(pairs) - place)
        gap = _gap(scores[a].value - scores[b].value, drawn[k], alpha)
        exact = None
        if metric == "accuracy" and not grouped:
            exact = mcnemar(*scoring.n_correct_each(systems[a], systems[b]))
        sure = gap.low is not None and gap.high is not None and (gap.low > 0 or gap.high < 0)
        open_still = open_still and sure and (exact is None or exact <= alpha)
        winner = None
        if open_still and gap.value is not None:
            winner = a if (gap.value > 0) != (metric in LOWER_IS_BETTER) else b
        out[k] = Difference(a, b, metric, gap, 1 - alpha, p_values[k], exact, _detectable(drawn[k], alpha), winner)
    return tuple(out[k] for k in range(len(pairs)))


def mcnemar(only_a: int, only_b: int) -> float:
    """Return McNemar's exact two-sided p-value: a fair coin for each row that only one of two got right."""
    n, fewer = only_a + only_b, min(only_a, only_b)
    if n == 0:
        return 1.0
    log_half = n * math.log(0.5)
    terms = (
        math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + log_half) for i in range(fewer + 1)
    )
    return min(1.0, 2 * math.fsum(terms))


def amount(value: float, metric: str, *, sign: bool = False) -> str:
    """Return a difference for people: points of a percentage, or the plain number for unbounded metrics."""
    scale, digits = (1, 3) if metric in LOWER_IS_BETTER else (100, 1)
    return f"{value * scale:{'+' if sign else ''}.{digits}f}".replace("-", "−")


def unit(metric: str) -> str:
    """Return the unit that follows an `amount`."""
    return "" if metric in LOWER_IS_BETTER else " points"


def _compare(
    systems: Mapping[str, Coded],
    metric: str | None,
    positive: str | None,
    groups: Sequence[str] | None,
    level: float,
    n_draws: int,
    seed: int,
) -> Comparison:
    if len(systems) < 2:
        raise InvalidParameterError(
            "a comparison needs at least two systems",
            seen=str(len(systems)),
            fix="name another",
            code="E-010",
        )
    any_coded = next(iter(systems.values()))
    if metric is None:
        answered = all(coded.answers is not None for coded in systems.values())
        metric = ("f1" if any_coded.multilabel else "accuracy") if answered else "log_loss"
    if metric == "f1" and not any_coded.multilabel and any(c.kind == "multiclass" for c in systems.values()):
        metric = "macro_f1"
    scoring.check_metric(metric, systems)
    named = scoring.positive_class(list(systems.values()), positive)
    scored = scoring.score(systems, positive=named, only=metric, n_draws=n_draws, seed=seed, groups=groups)
    of_metric = {name: scored[name][metric] for name in systems}
    pairs = list(combinations(systems, 2))
    return Comparison(
        metric=metric,
        n_rows=len(any_coded),
        n_groups=None if groups is None else len(set(groups)),
        scores={name: one.interval(level) for name, one in of_metric.items()},
        differences=differences(systems, of_metric, metric, pairs, level=level, grouped=groups is not None),
        n_draws=n_draws,
        level=level,
    )


def _gap(value: float, draws: Floats1d, alpha: float) -> Interval:
    kept = draws[~np.isnan(draws)]
    if math.isnan(value):
        return Interval(None, None, None, "the metric is undefined on these rows")
    if 2 * len(kept) < len(draws) or not len(kept):
        return Interval(value, None, None, "too few rows or groups to draw from")
    low, high = (float(q) for q in np.quantile(kept, (alpha / 2, 1 - alpha / 2)))
    return Interval(value, min(low, value), max(high, value))


def _bootstrap_p(draws: Floats1d) -> float:
    """Return how often resampling turns the sign, two-sided; never 0, since draws are few."""
    kept = draws[~np.isnan(draws)]
    fewer = min(int((kept <= 0).sum()), int((kept >= 0).sum()))
    return min(1.0, 2 * (fewer + 1) / (len(kept) + 1))


def _detectable(draws: Floats1d, alpha: float) -> float | None:
    kept = draws[~np.isnan(draws)]
    spread = float(kept.std()) if len(kept) > 1 else 0.0
    normal = NormalDist()
    return (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(POWER)) * spread or None
