"""Scores of held-out rows -> probabilities that come true as often as they say, and how they become answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy  # optimize, half a second of importing, comes with its first use

from kinfold.errors import InvalidParameterError
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision, tune
from kinfold.estimators.neural.options import Options
from kinfold.types import Array, Floats1d, Floats2d

#: A temperature is drawn towards 1 as by so many rows; it is looked for between these powers of e.
_PRIOR, _FURTHEST = 1.0, 4.0


def margins_of(scores: Floats2d, kind: str) -> Floats2d:
    """Return what a calibration takes: (N, 1) of the second of two classes against the first, else the scores."""
    return scores[:, 1:2] - scores[:, 0:1] if kind == "binary" else scores


def calibrate(options: Options, margins: Floats2d, members: Array, kind: str) -> Calibration:
    """Return what makes probabilities of margins (N, K), learned on rows that the net was not trained on.

    One temperature for all (Guo et al. 2017); where margins do not speak of shares, because classes were weighted or
    the loss is a hinge, also an offset for each class.
    """
    if not options.calibrate or not len(margins):
        return Calibration.identity(margins.shape[1], kind)
    if options.class_weight is not None or options.loss not in ("auto", "cross-entropy"):
        return Calibration.fit(margins, members, kind)
    # Laplace's rule: few rows, all answered rightly, do not warrant that no other ever will be wrong.
    share = len(margins) / (len(margins) + 2.0)
    target = share * (members[:, 1:] if kind == "binary" else members)
    target = target + (1.0 - share) * (1.0 / len(members[0]) if kind == "single" else 0.5)

    def cost(power: float) -> float:
        scores = np.exp(power) * margins
        if kind == "single":
            highest = scores.max(axis=1, keepdims=True)
            sums = highest[:, 0] + np.log(np.exp(scores - highest).sum(axis=1))
            loss = sums - (scores * target).sum(axis=1)
        else:
            loss = (np.logaddexp(0.0, scores) - scores * target).sum(axis=1)
        return float(loss.sum() + _PRIOR * power * power)

    found = scipy.optimize.minimize_scalar(cost, bounds=(-_FURTHEST, _FURTHEST), method="bounded")
    slope = float(np.exp(found.x))
    return Calibration(np.full(margins.shape[1], slope), np.zeros(margins.shape[1]), kind)


def decide(options: Options, probabilities: Floats2d, members: Array, classes: Sequence[str], kind: str) -> Decision:
    """Return how probabilities (N, C) become answers; with no rows to tune on, the likeliest is the answer."""
    metric = options.metric
    if not len(probabilities):
        # Tuning for accuracy looks at no row, so that any will do.
        metric, probabilities, members = "accuracy", np.eye(len(classes)), np.eye(len(classes), dtype=np.uint8)
    return tune(
        probabilities,
        members,
        classes,
        metric=metric,
        costs=options.costs,
        abstain_cost=options.abstain_cost,
        multilabel=kind == "multilabel",
    )


def class_weights(
    class_weight: str | float | Mapping[str, float] | None, members: Array, classes: Sequence[str]
) -> Floats1d | None:
    """Return what a row of each class counts for, (C,); None: all the same."""
    if class_weight is None:
        return None
    if isinstance(class_weight, Mapping):
        unknown = sorted(set(class_weight) - set(classes))
        if unknown:
            raise InvalidParameterError("`class_weight` names a label that is no class.", seen=repr(unknown[0]))
        return np.array([float(class_weight.get(label, 1.0)) for label in classes])
    power = 1.0 if class_weight == "balanced" else float(class_weight)
    sizes = np.maximum(members.sum(axis=0, dtype=np.float64), 1.0)
    return np.asarray((len(members) / (len(classes) * sizes)) ** power)
