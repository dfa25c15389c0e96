"""Metrics as plain functions: labels and answers, or labels and probabilities, in; one number out.

Each family has one signature. A metric that the rows leave undefined, such as the AUC of rows of one class,
is NaN, and `undefined_reason` says why. A label the classifier never learned is a class like any other to
which it gives probability 0: its rows count as wrong. An answer of None is an abstention and counts as wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.evaluation import weighted
from kinfold.evaluation.coding import Answer, Coded, encode, positive_code
from kinfold.evaluation.weighted import Statistic
from kinfold.types import Floats1d, Label

#: Metrics for which smaller is better; for all others larger is.
LOWER_IS_BETTER = frozenset({"log_loss", "calibration_error", "bits_per_char", "nats_per_char", "mse"})

#: How each metric is called in a table for people.
TITLES = {
    "accuracy": "Accuracy",
    "accuracy_answered": "Accuracy where answered",
    "coverage": "Rows answered",
    "macro_f1": "Macro F1",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "auc": "ROC AUC",
    "average_precision": "Average precision",
    "log_loss": "Log loss, nats",
    "calibration_error": "Calibration error",
}


def accuracy(labels: Sequence[Label], answers: Sequence[Answer]) -> float:
    """Return the share of rows answered exactly right; multi-label: the whole set of labels must be right."""
    return _of_answers("accuracy", labels, answers)


def precision(labels: Sequence[Label], answers: Sequence[Answer], *, positive: str | None = None) -> float:
    """Return the share of answers that are right.

    Two classes: of the answers `positive` (default: the second class in sorted order); NaN if it was never
    answered. More classes: the macro average over classes in labels or answers, 0 for one never answered.
    Multi-label: micro.
    """
    return _of_answers("precision", labels, answers, positive)


def recall(labels: Sequence[Label], answers: Sequence[Answer], *, positive: str | None = None) -> float:
    """Return the share of rows of a class that were found; averaged as in `precision`."""
    return _of_answers("recall", labels, answers, positive)


def f1(labels: Sequence[Label], answers: Sequence[Answer], *, positive: str | None = None) -> float:
    """Return F1 of the positive class of two; more classes: macro-F1; multi-label: micro-F1."""
    return _of_answers("f1", labels, answers, positive)


def macro_f1(labels: Sequence[Label], answers: Sequence[Answer]) -> float:
    """Return the mean F1 over every class that occurs in labels or answers."""
    return _of_answers("macro_f1", labels, answers)


def auc(labels: Sequence[Label], probabilities: Any, classes: Sequence[str], *, positive: str | None = None) -> float:
    """Return the area under the ROC curve.

    Parameters
    ----------
    labels
        N true labels.
    probabilities
        (N, C) scores or probabilities, columns in the order of `classes`.
    classes
        The C class names.
    positive
        The positive one of two classes; default: the second.

    Returns
    -------
    float
        Of two classes, that of the positive one; of more, and for multi-label rows, the macro average, one
        against the rest, over the classes that some rows have and some lack. A class the classifier lacks is
        all ties: 0.5. NaN where no class can be ranked.
    """
    return _of_probabilities("auc", labels, probabilities, classes, positive)


def average_precision(
    labels: Sequence[Label], probabilities: Any, classes: Sequence[str], *, positive: str | None = None
) -> float:
    """Return the mean precision over recall steps (the step-wise area under the precision-recall curve).

    Parameters and averaging are those of `auc`; a class without test rows is left out.
    """
    return _of_probabilities("average_precision", labels, probabilities, classes, positive)


def log_loss(labels: Sequence[Label], probabilities: Any, classes: Sequence[str]) -> float:
    """Return the mean negative log-probability of the labels, in nats a row; multi-label: and a label.

    Probabilities are held within 2.2e-16 of 0 and 1, so a label that can't be answered costs 36 nats.
    """
    return _of_probabilities("log_loss", labels, probabilities, classes)


def calibration_error(
    labels: Sequence[Label],
    probabilities: Any,
    classes: Sequence[str],
    *,
    positive: str | None = None,
    bins: int = weighted.MAX_BINS,
) -> float:
    """Return the expected calibration error over equal-mass bins, from 0 (best) to 1.

    The rows are sorted by the stated probability and cut into `bins` bins of equally many rows (fewer where
    there are under 10 rows a bin; equal values stay together); the result is the mean over rows of the bin's
    |mean stated - share that came true|. Two classes: the probability of the positive class. More: that of
    the likeliest class. Multi-label: every (row, label) cell.
    """
    coded = encode(labels, None, probabilities, classes)
    return float(weighted.miscalibration(coded, _positive(coded, positive), bins).value(len(coded))[0])


def spearman(truth: Sequence[float], guess: Sequence[float]) -> float:
    """Return the rank correlation of two series, ties given their mean rank; NaN where one is constant."""
    a, b = _series(truth, guess)
    a, b = _mean_ranks(a), _mean_ranks(b)
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0 else math.nan


def mse(truth: Sequence[float], guess: Sequence[float]) -> float:
    """Return the mean squared difference."""
    a, b = _series(truth, guess)
    return float(np.mean((a - b) ** 2))


def nats_per_char(nats: Sequence[float] | float, n_chars: Sequence[int] | int) -> float:
    """Return the negative log-likelihood of some texts, in nats a character: sum over sum.

    Parameters
    ----------
    nats
        The negative natural-log likelihood of each text, or the total.
    n_chars
        The number of characters (code points) of each text, or the total.
    """
    total = float(np.sum(n_chars))
    return float(np.sum(nats)) / total if total > 0 else math.nan


def bits_per_char(nats: Sequence[float] | float, n_chars: Sequence[int] | int) -> float:
    """Return `nats_per_char` in bits."""
    return nats_per_char(nats, n_chars) / math.log(2)


def statistics_for(coded: Coded, positive: int | None) -> list[Statistic]:
    """Return every classification metric that the answers and probabilities allow."""
    found = []
    if coded.answers is not None:
        found += [weighted.hits(coded), weighted.f_scores(coded, positive)]
    if coded.probabilities is not None:
        found += [
            weighted.ranking(coded, positive),
            weighted.log_losses(coded),
            weighted.miscalibration(coded, positive),
        ]
    return found


def undefined_reason(name: str, coded: Coded) -> str:
    """Return why a metric has no value on these rows, in half a sentence."""
    if name in ("auc", "average_precision"):
        return "all test rows have the same label"
    if name in ("precision", "accuracy_answered"):
        return "the class was never answered" if name == "precision" else "no row was answered"
    if name == "recall":
        return "no test row has the positive label"
    return f"it needs more than these {len(coded):,} rows hold"


def _positive(coded: Coded, positive: str | None) -> int | None:
    """Return the code of the positive class, or None where metrics are averaged over classes."""
    if coded.multilabel or (positive is None and len(coded.classes) > 2):
        return None
    return positive_code(coded.classes, positive)


def _of_answers(name: str, labels: Sequence[Any], answers: Sequence[Any], positive: str | None = None) -> float:
    coded = encode(labels, answers)
    statistic = weighted.hits(coded) if name == "accuracy" else weighted.f_scores(coded, _positive(coded, positive))
    if name not in statistic.names:  # several classes: F1 is the macro average
        name = "macro_f1"
    return float(statistic.value(len(coded))[statistic.names.index(name)])


def _of_probabilities(
    name: str, labels: Sequence[Any], probabilities: Any, classes: Sequence[str], positive: str | None = None
) -> float:
    coded = encode(labels, None, probabilities, classes)
    if name == "log_loss":
        statistic = weighted.log_losses(coded)
    else:
        statistic = weighted.ranking(coded, _positive(coded, positive))
    return float(statistic.value(len(coded))[statistic.names.index(name)])


def _series(truth: Sequence[float], guess: Sequence[float]) -> tuple[Floats1d, Floats1d]:
    a, b = np.asarray(truth, np.float64), np.asarray(guess, np.float64)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise DataError(
            "two series of the same length are needed",
            seen=f"shapes {a.shape} and {b.shape}",
            fix="pass one guess for each true value",
            code="E-002",
        )
    return a, b


def _mean_ranks(values: Floats1d) -> Floats1d:
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    return np.asarray((below + np.searchsorted(ordered, values, side="right")) / 2)
