"""A model, its scores or its answers in; labels, answers and probabilities of the test rows out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.coding import Coded, encode
from kinfold.evaluation.evaluate import Decides
from kinfold.evaluation.joined import Joined, label_name
from kinfold.types import Array

#: What a score can be measured by.
METRICS = ("accuracy", "auc")


def of_model(model: Any, test: Any, rows: Joined) -> Coded:
    """Return what a fitted classifier says: of examples it reads the texts, of pairs the pairs themselves."""
    asked = test if rows.pairs else list(test.texts)
    stated = np.asarray(model.predict_proba(asked), np.float64)
    answers = model.answers(stated) if isinstance(model, Decides) else model.predict(asked)
    if stated.ndim == 1:
        stated = np.stack([1 - stated, stated], axis=1)
    names = [None if answer is None else label_name(answer) for answer in answers]
    return encode(rows.labels[rows.n_train :], names, stated, [label_name(name) for name in model.classes_])


def of_scores(scores: Any, rows: Joined) -> Coded:
    """Return what scores say: one a row, of the second label in sorted order; one a row and label; or answers.

    Raises
    ------
    DataError
        D-143: they are not one for each test row, not finite, or one a row where there are more than two labels.
    """
    n, classes, labels = rows.n_test, rows.classes, rows.labels[rows.n_train :]
    held: Array = np.asarray(scores)
    if held.dtype.kind in "UO" and held.ndim == 1 and len(held) == n:
        return encode(labels, [label_name(answer) for answer in scores])
    numbers = held.dtype.kind in "fiub"
    if numbers and held.shape == (n,) and len(classes) == 2 and np.isfinite(held).all():
        single: Array = held.astype(np.float64)
        if single.min() >= 0 and single.max() <= 1:
            return encode(labels, _answers(single > 0.5, classes), np.stack([1 - single, single], axis=1), classes)
        return encode(labels, None, np.stack([-single, single], axis=1), classes)  # only their order is known
    if numbers and held.shape == (n, len(classes)) and np.isfinite(held).all():
        return encode(labels, _answers(held.argmax(axis=1), classes), held, classes)
    raise DataError(
        "the scores don't fit the test rows",
        seen=f"shape {held.shape}, {held.dtype}, for {n:,} rows and {len(classes)} labels",
        fix="one finite number a row for the second of two labels, one a row and label in sorted order, or answers",
        code="D-143",
    )


def check_metric(coded: Coded, metric: str) -> None:
    """Raise if the headline can't be measured by the metric."""
    held = {"accuracy": coded.answers is not None, "auc": coded.probabilities is not None}
    if not held[metric]:
        raise InvalidParameterError(
            f"the headline can't be measured by {metric}",
            seen="scores beyond 0 and 1 have no answers" if metric == "accuracy" else "answers have no order",
            fix=f"metric={'auc' if metric == 'accuracy' else 'accuracy'!r}, or give probabilities",
            code="U-036",
        )


def _answers(codes: Array, classes: Sequence[str]) -> list[str]:
    return [classes[int(code)] for code in codes.tolist()]
