"""What a report draws, from coded rows: ROC, precision-recall and calibration curves, tables, confusions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from kinfold.evaluation import weighted
from kinfold.evaluation.coding import ABSTAINED, Coded
from kinfold.evaluation.intervals import LEVEL
from kinfold.types import Floats1d, Ints1d, Json

#: Points of a drawn curve; more can't be seen.
CURVE_POINTS = 120


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one class's curve, thinned: x and y are (P,), `area` is of all points."""

    name: str
    x: Floats1d
    y: Floats1d
    area: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """One bin of a calibration curve: mean stated probability, and share that came true with its interval."""

    stated: float
    observed: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: rows that have it, rows answered so, and how the two agree (None: undefined)."""

    name: str
    rows: int
    answered: int
    precision: float | None
    recall: float | None
    f1: float | None
    auc: float | None

    def to_dict(self) -> dict[str, Json]:
        """Return the row as JSON."""
        return {
            "name": self.name,
            "rows": self.rows,
            "answered": self.answered,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "auc": self.auc,
        }


def class_table(coded: Coded) -> tuple[ClassRow, ...]:
    """Return one row a class, in the order of the classes."""
    _, plain = weighted.class_counts(coded)
    right, labelled, answered = (plain[i].astype(float) for i in range(3))
    present = coded.present
    rows = []
    for j, name in enumerate(coded.classes):
        area = None
        if coded.probabilities is not None and 0 < labelled[j] < len(coded):
            area = _area(coded.probabilities[:, j], present[:, j])
        rows.append(
            ClassRow(
                name=name,
                rows=int(labelled[j]),
                answered=int(answered[j]),
                precision=_share(right[j], answered[j]),
                recall=_share(right[j], labelled[j]),
                f1=_share(2 * right[j], labelled[j] + answered[j]),
                auc=area,
            )
        )
    return tuple(rows)


def confusion_matrix(coded: Coded) -> Ints1d | None:
    """Return (C, C + 1) counts, label by answer, abstentions last; None if multi-label."""
    if coded.multilabel or coded.answers is None:
        return None
    n_classes = len(coded.classes)
    column = np.where(coded.answers == ABSTAINED, n_classes, coded.answers)
    flat = np.bincount(coded.labels * (n_classes + 1) + column, minlength=n_classes * (n_classes + 1))
    return flat.reshape(n_classes, n_classes + 1)


def common_confusions(matrix: NDArray[np.int64], limit: int = 10) -> list[tuple[int, int, int]]:
    """Return the commonest wrong answers as (label, answer, rows), most rows first; no abstentions."""
    wrong = matrix[:, :-1].copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:limit]
    cells = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [(int(i), int(j), int(wrong[i, j])) for i, j in cells if wrong[i, j]]


def roc_curves(coded: Coded, positive: int | None) -> tuple[Curve, ...]:
    """Return false-positive rate against true-positive rate, for the positive class or for each class."""
    return tuple(curve for j in _drawn(coded, positive) if (curve := _roc(coded, j)) is not None)


def precision_recall_curves(coded: Coded, positive: int | None) -> tuple[Curve, ...]:
    """Return recall against precision, for the positive class or for each class."""
    return tuple(curve for j in _drawn(coded, positive) if (curve := _precision_recall(coded, j)) is not None)


def calibration_curve(coded: Coded, positive: int | None) -> tuple[CalibrationBin, ...]:
    """Return stated against observed probability in the calibration error's bins, with Wilson intervals."""
    stated, outcome, _ = weighted.confidences(coded, positive)
    which = weighted.equal_mass_bins(stated)
    rows = np.bincount(which)
    means, shares = np.bincount(which, stated) / rows, np.bincount(which, outcome) / rows
    bins = []
    for mean, share, n in zip(means.tolist(), shares.tolist(), rows.tolist(), strict=True):
        low, high = wilson(share, n)
        bins.append(CalibrationBin(mean, share, low, high, n))
    return tuple(bins)


def wilson(share: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval of a share of n rows."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)


def _drawn(coded: Coded, positive: int | None) -> list[int]:
    """Return the classes whose curves exist: some rows have the class, and some lack it."""
    if coded.probabilities is None:
        return []
    present = coded.present.sum(0)
    wanted = range(len(coded.classes)) if positive is None else [positive]
    return [j for j in wanted if 0 < present[j] < len(coded)]


def _steps(coded: Coded, j: int) -> tuple[Floats1d, Floats1d]:
    """Return (L,) true and false positives at each distinct score, falling."""
    assert coded.probabilities is not None
    scores, present = coded.probabilities[:, j], coded.present[:, j]
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # the last row of each score
    hits = np.cumsum(present[order])[last].astype(np.float64)
    return hits, last + 1 - hits


def _roc(coded: Coded, j: int) -> Curve | None:
    hits, false = _steps(coded, j)
    y, x = np.append(0, hits / hits[-1]), np.append(0, false / false[-1])
    return Curve(coded.classes[j], *_thinned(x, y), area=float(np.trapezoid(y, x)))


def _precision_recall(coded: Coded, j: int) -> Curve | None:
    hits, false = _steps(coded, j)
    recall, precision = hits / hits[-1], hits / (hits + false)
    area = float(np.sum(np.diff(recall, prepend=0) * precision))
    x, y = np.repeat(np.append(0, recall), 2)[1:-1], np.repeat(precision, 2)  # steps, as the area is summed
    return Curve(coded.classes[j], *_thinned(x, y), area=area)


def _thinned(x: Floats1d, y: Floats1d) -> tuple[Floats1d, Floats1d]:
    """Return at most CURVE_POINTS points, evenly spaced along the curve, both ends kept."""
    if len(x) <= CURVE_POINTS:
        return x, y
    along = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    wanted = np.searchsorted(along, np.linspace(0, along[-1], CURVE_POINTS))
    kept = np.unique(np.concatenate([[0], np.minimum(wanted, len(x) - 1), [len(x) - 1]]))
    return x[kept], y[kept]


def _area(scores: Floats1d, present: NDArray[np.bool_]) -> float:
    ordered = np.sort(scores[~present])
    hits = scores[present]
    beaten = np.searchsorted(ordered, hits, side="left") + np.searchsorted(ordered, hits, side="right")
    return float(beaten.mean() / 2 / len(ordered))


def _share(above: float, below: float) -> float | None:
    return float(above / below) if below > 0 else None
