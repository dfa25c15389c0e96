"""Several systems on the same rows in, every metric with its bootstrap draws out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation import weighted
from kinfold.evaluation.coding import Coded, positive_code
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval, draw, interval
from kinfold.evaluation.joined import pair_clusters
from kinfold.evaluation.metrics import statistics_for, undefined_reason
from kinfold.types import Floats1d, Label

#: Metrics of answers; the other classification metrics are of probabilities.
ANSWER_METRICS = ("accuracy", "coverage", "accuracy_answered", "precision", "recall", "f1", "macro_f1")
PROBABILITY_METRICS = ("auc", "average_precision", "log_loss", "calibration_error")


class Rows(Protocol):
    """What evaluation needs of examples: `kinfold.data.records.Examples` has it."""

    @property
    def texts(self) -> Sequence[str]:
        """The N texts."""

    @property
    def labels(self) -> Sequence[Any] | None:
        """The N labels, or None where the file had no label column."""

    @property
    def groups(self) -> Sequence[str] | None:
        """The group of each row, or None."""


@runtime_checkable
class PairRows(Protocol):
    """What evaluation needs of pairs: `kinfold.data.records.Pairs` has it."""

    @property
    def lefts(self) -> Sequence[str]:
        """The N left texts."""

    @property
    def rights(self) -> Sequence[str]:
        """The N right texts."""

    @property
    def labels(self) -> Sequence[Any] | None:
        """The N labels, or None where the file had no label column."""

    @property
    def groups(self) -> Sequence[str] | None:
        """The group of each row, or None."""


AnyRows: TypeAlias = Rows | PairRows


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one system: its value, its draws (n_draws,) and what its interval needs to know."""

    value: float
    draws: Floats1d
    rows: int | None
    reflected: bool
    reason: str

    def interval(self, level: float = LEVEL) -> Interval:
        """Return the value with its interval."""
        return interval(
            self.value, self.draws, level=level, rows=self.rows, reflected=self.reflected, reason=self.reason
        )


def score(
    systems: Mapping[str, Coded],
    *,
    positive: str | None = None,
    only: str | None = None,
    n_draws: int = N_DRAWS,
    seed: int = 0,
    groups: Sequence[str] | None = None,
) -> dict[str, dict[str, Score]]:
    """Return system -> metric -> score, all systems on the same draws of the same rows.

    Parameters
    ----------
    systems
        The answers and probabilities of each system, over the same N rows.
    positive
        The positive class where there are two; None averages over classes.
    only
        The one metric to compute; None computes all that the systems allow.
    n_draws, seed, groups
        Of the bootstrap: see `intervals.weight_blocks`.
    """
    owners, statistics = [], []
    for name, coded in systems.items():
        code = None if positive is None else positive_code(coded.classes, positive)
        for statistic in statistics_for(coded, code):
            if only is None or only in statistic.names:
                owners.append(name)
                statistics.append(statistic)
    n = len(next(iter(systems.values())))
    drawn = draw(statistics, n, n_draws, seed=seed, groups=groups)
    out: dict[str, dict[str, Score]] = {name: {} for name in systems}
    for name, statistic, block in zip(owners, statistics, drawn, strict=True):
        value = statistic.value(n)
        for k, metric in enumerate(statistic.names):
            if only is None or metric == only:
                reason = undefined_reason(metric, systems[name])
                out[name][metric] = Score(float(value[k]), block[k], statistic.rows[k], statistic.reflected, reason)
    return out


def positive_class(coded: Sequence[Coded], positive: str | None) -> str | None:
    """Return the positive class where all systems together know at most two, else None.

    Raises
    ------
    InvalidParameterError
        A positive class was named, and it is none of the classes or there are more than two.
    """
    classes: dict[str, None] = {}
    for one in coded:
        classes |= dict.fromkeys(one.classes)
    if any(one.multilabel for one in coded) or len(classes) > 2:
        if positive is None:
            return None
        raise InvalidParameterError(
            "a positive class is for data with two classes",
            seen=f"{positive!r}, with {len(classes)} classes",
            fix="leave it out: metrics are averaged over the classes",
            code="E-004",
        )
    names = list(classes)
    return names[positive_code(names, positive)]


def asked_of(examples: AnyRows) -> list[Any]:
    """Return what a model is asked about: the texts, or of pairs (left, right) each."""
    if isinstance(examples, PairRows):
        return list(zip(examples.lefts, examples.rights, strict=True))
    return list(examples.texts)


def text_of(asked: str | tuple[str, str]) -> str:
    """Return a text as it is, and a pair as one line."""
    return asked if isinstance(asked, str) else " ↔ ".join(asked)


def labels_of(examples: AnyRows) -> tuple[list[Any], list[Label]]:
    """Return what a model is asked about, see `asked_of`, and the labels.

    Raises
    ------
    DataError
        The examples have no labels, or there are none.
    """
    texts, labels = asked_of(examples), examples.labels
    if not texts:
        raise DataError("there are no rows to evaluate on", fix="give at least one labelled row", code="E-001")
    if labels is None or any(label is None for label in labels):
        raise DataError(
            "evaluation needs a label for every row",
            seen="no labels" if labels is None else "rows without a label",
            fix="name the label column: --label COL, or read_table(..., label=COL)",
            code="E-009",
        )
    return texts, list(labels)


def groups_of(examples: AnyRows, by_group: bool) -> list[str] | None:
    """Return the group of each row where the examples have groups and they are asked for.

    Pairs without groups hang together by their texts: see `pair_clusters`.
    """
    if not by_group:
        return None
    if examples.groups is not None:
        return [str(group) for group in examples.groups]
    return pair_clusters(examples.lefts, examples.rights) if isinstance(examples, PairRows) else None


def check_metric(metric: str, systems: Mapping[str, Coded]) -> None:
    """Raise if the metric can't be computed from what the systems gave."""
    for name, coded in systems.items():
        available = [m for statistic in statistics_for(coded, _any_positive(coded)) for m in statistic.names]
        if metric not in available:
            raise InvalidParameterError(
                f"{name} can't be compared by {metric}",
                seen=f"metric {metric!r}",
                why="it needs probabilities" if metric in PROBABILITY_METRICS else "",
                fix=f"use one of {', '.join(available)}",
                code="E-007",
            )


def _any_positive(coded: Coded) -> int | None:
    return positive_code(coded.classes, None) if coded.kind == "binary" else None


def n_correct_each(a: Coded, b: Coded) -> tuple[int, int]:
    """Return on how many rows only a is right, and on how many only b."""
    right_a, right_b = weighted.right_rows(a), weighted.right_rows(b)
    return int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
