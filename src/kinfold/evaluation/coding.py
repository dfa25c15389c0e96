"""Labels and answers in, integer codes and one common set of classes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kinfold.errors import DataError, InvalidParameterError
from kinfold.types import Array, Floats2d, Ints1d, Label

#: One answer: a label, the labels of a multi-label row, or None where the classifier abstained.
Answer: TypeAlias = Label | None

ABSTAINED = -1


@dataclass(frozen=True, slots=True)
class Coded:
    """Labels, answers and probabilities of N rows over one set of C classes.

    The classes are those of the classifier in its order, then any that only labels or answers hold, sorted: a
    label the classifier has never seen is a class to which every row gives probability 0.
    """

    classes: tuple[str, ...]
    labels: Array  # (N,) codes, or (N, C) bool when multi-label
    answers: Array | None  # (N,) codes with ABSTAINED, or (N, C) bool
    abstained: NDArray[np.bool_]  # (N,)
    probabilities: Floats2d | None  # (N, C)
    multilabel: bool

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which (row, class) cells are true, as (N, C)."""
        if self.multilabel:
            return self.labels.astype(bool)
        return np.asarray(self.labels[:, None] == np.arange(len(self.classes)))

    @property
    def kind(self) -> str:
        """Return ``"multilabel"``, ``"binary"`` or ``"multiclass"``."""
        if self.multilabel:
            return "multilabel"
        return "binary" if len(self.classes) <= 2 else "multiclass"


def encode(
    labels: Sequence[Label],
    answers: Sequence[Answer] | None = None,
    probabilities: Any = None,
    classes: Sequence[str] | None = None,
) -> Coded:
    """Return labels, answers and (N, C) probabilities over one set of classes.

    Raises
    ------
    DataError
        There are no rows, or the lengths differ.
    InvalidParameterError
        A label is no string, or the probabilities don't have one column a class.
    """
    n = len(labels)
    if n == 0:
        raise DataError("there are no rows to score", fix="give at least one labelled row", code="E-001")
    _check_length("answers", answers, n)
    _check_length("probabilities", probabilities, n)
    told = list(answers) if answers is not None else []
    multilabel = any(_is_many(label) for label in labels) or any(_is_many(answer) for answer in told)
    known = [_string(name) for name in classes] if classes is not None else []
    seen = _names(labels) | _names(told)
    everything = (*known, *sorted(seen - set(known)))
    if not known and probabilities is not None:
        raise InvalidParameterError(
            "probabilities came without the classes their columns stand for",
            fix="pass classes=classifier.classes_",
            code="E-003",
        )
    column = {name: j for j, name in enumerate(everything)}
    coder = _many_codes if multilabel else _codes
    return Coded(
        classes=everything,
        labels=coder(labels, column),
        answers=None if answers is None else coder(told, column),
        abstained=np.array([answer is None for answer in told], bool) if told else np.zeros(n, bool),
        probabilities=_padded(probabilities, n, len(known), len(everything)),
        multilabel=multilabel,
    )


def positive_code(classes: Sequence[str], positive: str | None) -> int:
    """Return the position of the positive class: the one named, else the second of two, else the only one."""
    if positive is None:
        return min(1, len(classes) - 1)
    if positive not in classes:
        raise InvalidParameterError(
            "the positive class is not one of the classes",
            seen=repr(positive),
            fix=f"use one of {', '.join(map(repr, list(classes)[:10]))}",
            code="E-004",
        )
    return list(classes).index(positive)


def _check_length(name: str, values: Any, n: int) -> None:
    if values is not None and len(values) != n:
        raise DataError(
            f"there are {len(values):,} {name} for {n:,} labels",
            fix="pass one for each row, in the same order",
            code="E-002",
        )


def _is_many(label: Any) -> bool:
    return isinstance(label, tuple | list | set | frozenset)


def _string(label: Any) -> str:
    if isinstance(label, str):
        return str(label)
    raise InvalidParameterError(
        "a label is not a string",
        seen=repr(label)[:80],
        why="labels are text everywhere in kinfold, so that 007 is not 7",
        fix="use [str(label) for label in labels]",
        code="E-005",
    )


def _names(labels: Sequence[Any]) -> set[str]:
    """Return the distinct class names among labels or answers."""
    found: set[str] = set()
    for label in labels:
        if _is_many(label):
            found.update(_string(name) for name in label)
        elif label is not None:
            found.add(_string(label))
    return found


def _codes(labels: Sequence[Any], column: dict[str, int]) -> Ints1d:
    return np.array([ABSTAINED if label is None else column[label] for label in labels], np.int64)


def _many_codes(labels: Sequence[Any], column: dict[str, int]) -> NDArray[np.bool_]:
    """Return (N, C) truth; one bare string stands for a row with that one label."""
    cells = np.zeros((len(labels), len(column)), bool)
    for i, label in enumerate(labels):
        for name in label if _is_many(label) else (label,):
            if name is not None:
                cells[i, column[name]] = True
    return cells


def _padded(probabilities: Any, n: int, known: int, everything: int) -> Floats2d | None:
    if probabilities is None:
        return None
    given = np.asarray(probabilities, np.float64)
    if given.shape != (n, known):
        raise InvalidParameterError(
            "the probabilities don't have one row a text and one column a class",
            seen=f"shape {given.shape}",
            fix=f"pass an array of shape ({n}, {known})",
            code="E-003",
        )
    if not np.isfinite(given).all():
        raise DataError(
            "some probabilities are not finite numbers",
            seen=f"{int((~np.isfinite(given)).sum())} NaN or infinite values",
            fix="check the classifier's predict_proba on single rows",
            code="E-006",
        )
    out = np.zeros((n, everything))  # (N, C): classes the classifier lacks have probability 0
    out[:, :known] = given
    return out
