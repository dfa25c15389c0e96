"""Labels and out-of-sample probabilities in, the labels that are probably wrong out.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset
labels"): a class's threshold is the mean probability it gets on the rows labelled with it; a row is suspected
when another class passes its own threshold. Suspects are ranked by the margin by which the label trails the
best other class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinfold.data.splits import fold_indices
from kinfold.errors import DataError
from kinfold.evaluation.coding import Coded, encode
from kinfold.evaluation.scoring import Rows, groups_of, labels_of
from kinfold.types import Classifier, Floats1d, Floats2d, Json, Label


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """One suspected label: the row, its label, what it looks like, and how likely each is."""

    row: int
    label: Label
    suggestion: Label
    label_probability: float
    suggestion_probability: float
    text: str = ""

    @property
    def margin(self) -> float:
        """How far the label trails the suggestion, from 0 to 1."""
        return self.suggestion_probability - self.label_probability

    def to_dict(self) -> dict[str, Json]:
        """Return the issue as JSON."""
        return {
            "row": self.row,
            "label": self.label,
            "suggestion": self.suggestion,
            "label_probability": self.label_probability,
            "suggestion_probability": self.suggestion_probability,
        }


@dataclass(frozen=True, slots=True)
class LabelIssues(Sequence[LabelIssue]):
    """Suspected label errors, the surest first."""

    issues: tuple[LabelIssue, ...]
    n_rows: int
    n_suspected: int  # those cut off by a limit counted too
    source: str

    def __len__(self) -> int:
        """Return the number of issues listed."""
        return len(self.issues)

    def __getitem__(self, i: Any) -> Any:
        """Return one issue, or a tuple of some."""
        return self.issues[i]

    def __iter__(self) -> Iterator[LabelIssue]:
        """Iterate over the issues, the surest first."""
        return iter(self.issues)

    def __str__(self) -> str:
        """Return a line that counts them and one line for each of the first ten."""
        share = 100 * self.n_suspected / self.n_rows
        lines = [f"{self.n_suspected:,} of {self.n_rows:,} labels look wrong ({share:.1f} %), by {self.source}"]
        lines += [
            f"  row {issue.row:,}: labelled {issue.label!r} ({issue.label_probability:.2f}), "
            f"looks {issue.suggestion!r} ({issue.suggestion_probability:.2f})"
            for issue in self.issues[:10]
        ]
        return "\n".join(lines)


def label_errors(
    make_classifier: Callable[[], Classifier],
    examples: Rows,
    *,
    n_folds: int = 5,
    seed: int = 0,
    by_group: bool = True,
    limit: int | None = None,
) -> LabelIssues:
    """Find labels that are probably wrong, by the confidence of classifiers that never saw the row.

    Parameters
    ----------
    make_classifier
        Returns a new, unfitted classifier each time, such as ``lambda: LinearTextClassifier()``.
    examples
        Labelled rows; training rows will do, since every row is judged by a classifier fitted without it.
    n_folds
        Parts of the data; each is judged by a classifier fitted on the others.
    seed
        Of the random assignment to folds, which spreads every label over all of them.
    by_group
        Keep the rows of a group in one fold.
    limit
        The number of issues to list; all by default.

    Raises
    ------
    DataError
        There are fewer rows or groups than folds, or fewer than two labels.
    InvalidParameterError
        `n_folds` is below 2.
    """
    texts, labels = labels_of(examples)
    groups = groups_of(examples, by_group)
    if len(set(labels)) < 2:
        raise DataError(
            "label errors can't be looked for among rows of one label",
            seen=f"{len(labels):,} rows, {len(set(labels)):,} labels",
            fix="give rows with at least two labels",
            code="E-012",
        )
    classes = sorted({name for label in labels for name in (label if isinstance(label, tuple) else (label,))})
    column = {name: j for j, name in enumerate(classes)}
    out = np.zeros((len(labels), len(classes)))  # (N, C)
    for inside, held in fold_indices(labels, groups, n_folds, seed):
        fitted = make_classifier()
        fitted.fit([texts[i] for i in inside], [labels[i] for i in inside])
        columns = np.array([column[name] for name in fitted.classes_])
        out[np.ix_(held, columns)] = fitted.predict_proba([texts[i] for i in held])
    return issues_from_probabilities(
        labels, out, classes, texts=texts, limit=limit, source=f"{n_folds}-fold cross-validated confidence"
    )


def issues_from_probabilities(
    labels: Sequence[Label],
    probabilities: Any,
    classes: Sequence[str],
    *,
    texts: Sequence[str] | None = None,
    limit: int | None = None,
    source: str = "held-out confidence",
) -> LabelIssues:
    """Find labels that are probably wrong from (N, C) probabilities of classifiers that never saw the row."""
    return issues_of(encode(labels, None, probabilities, classes), texts=texts, limit=limit, source=source)


def issues_of(
    coded: Coded,
    *,
    texts: Sequence[str] | None = None,
    limit: int | None = None,
    source: str = "held-out confidence",
) -> LabelIssues:
    """Find labels that are probably wrong among coded rows that have probabilities."""
    suspects = _suspected_cells(coded) if coded.multilabel else _suspected_rows(coded)
    suspects.sort(key=lambda issue: (-issue.margin, issue.row))
    shown = suspects[:limit]
    if texts is not None:
        shown = [
            LabelIssue(i.row, i.label, i.suggestion, i.label_probability, i.suggestion_probability, texts[i.row])
            for i in shown
        ]
    return LabelIssues(tuple(shown), len(coded), len(suspects), source)


def _suspected_rows(coded: Coded) -> list[LabelIssue]:
    assert coded.probabilities is not None
    p, rows = coded.probabilities, np.arange(len(coded))
    own = p[rows, coded.labels]
    others = np.where(p >= _thresholds(p, coded.present), p, -1.0)  # (N, C): classes past their thresholds
    others[rows, coded.labels] = -1.0
    best = others.argmax(axis=1)
    suspected = np.flatnonzero(others[rows, best] > own)
    return [
        LabelIssue(
            int(i),
            coded.classes[coded.labels[i]],
            coded.classes[best[i]],
            float(own[i]),
            float(p[i, best[i]]),
        )
        for i in suspected
    ]


def _suspected_cells(coded: Coded) -> list[LabelIssue]:
    """Return one issue for each row with suspected cells: its labels with the surest one turned."""
    assert coded.probabilities is not None
    p, present = coded.probabilities, coded.present
    has, lacks = _thresholds(p, present), _thresholds(1 - p, ~present)  # (C,)
    stated = np.where(present, p, 1 - p)  # (N, C): probability of the cell as labelled
    wrong = np.where(present, 1 - p >= lacks, p >= has) & (stated < 0.5)
    margin = np.where(wrong, 1 - 2 * stated, -1.0)
    worst = margin.argmax(axis=1)
    found = []
    for i in np.flatnonzero(wrong.any(axis=1)):
        turned = present[i].copy()
        turned[worst[i]] ^= True
        own = float(stated[i, worst[i]])
        found.append(LabelIssue(int(i), _names(coded, present[i]), _names(coded, turned), own, 1 - own))
    return found


def _thresholds(p: Floats2d, present: NDArray[np.bool_]) -> Floats1d:
    """Return the (C,) mean probability of each class on the rows that have it; infinite where none have."""
    rows = present.sum(0)
    sums = np.where(present, p, 0.0).sum(0)
    return np.where(rows > 0, sums / np.maximum(rows, 1), np.inf)


def _names(coded: Coded, cells: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(name for name, held in zip(coded.classes, cells, strict=True) if held)
