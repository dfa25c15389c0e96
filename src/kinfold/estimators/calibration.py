"""Margins -> probabilities that come true as often as they say, learned on rows the margins did not see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # optimize, half a second of importing, comes with its first use
from scipy.special import expit, log_softmax, softmax

from kinfold.types import Array, Floats1d, Floats2d

#: Pulls the learned scaling towards leaving margins as they are; counts as that many rows.
_PRIOR = 1.0


@dataclass(frozen=True)
class Calibration:
    """Turns margins into probabilities.

    Parameters
    ----------
    slopes, offsets
        (K,) a margin `m` of column `k` becomes ``slopes[k] * m + offsets[k]``.
    kind
        ``"binary"``: one margin, sigmoid, two columns. ``"single"``: softmax. ``"multilabel"``: a sigmoid each.
    """

    slopes: Floats1d
    offsets: Floats1d
    kind: str

    @classmethod
    def identity(cls, n_margins: int, kind: str) -> Calibration:
        """Return the calibration that takes margins as log-odds as they are."""
        return cls(np.ones(n_margins), np.zeros(n_margins), kind)

    @classmethod
    def fit(cls, margins: Floats2d, members: Array, kind: str) -> Calibration:
        """Learn slopes and offsets that minimise the log loss.

        Parameters
        ----------
        margins
            (N, K) of rows that the model which made them was not trained on.
        members
            (N, C) uint8: the classes of each row; C is 2 where `kind` is ``"binary"``, else K.

        Notes
        -----
        Platt (1999) for one margin; for many classes one slope and an offset a class ("vector scaling" with a shared
        scale, Guo et al. 2017). Class weights used in training are undone by this: rows count once each.
        """
        if kind == "single":
            return cls._fit_softmax(margins, members)
        positive = members[:, 1:] if kind == "binary" else members
        fitted = [_fit_sigmoid(margins[:, k], positive[:, k]) for k in range(margins.shape[1])]
        slopes, offsets = np.array(fitted).T
        return cls(slopes, offsets, kind)

    @classmethod
    def fit_offsets(cls, slope: float, margins: Floats2d, members: Array, kind: str) -> Calibration:
        """Learn offsets only, where the margins' scale is known from other rows; arguments as for `fit`."""
        if kind == "single":
            return cls._fit_softmax(margins, members, slope)
        positive = members[:, 1:] if kind == "binary" else members
        offsets = [_fit_sigmoid(margins[:, k], positive[:, k], slope)[1] for k in range(margins.shape[1])]
        return cls(np.full(len(offsets), slope), np.array(offsets), kind)

    @classmethod
    def _fit_softmax(cls, margins: Floats2d, members: Array, slope: float | None = None) -> Calibration:
        n_classes = margins.shape[1]
        target = members.astype(np.float64)

        def loss(theta: Floats1d) -> tuple[float, Floats1d]:
            scale, offsets = np.exp(theta[0]), theta[1:]
            scores = scale * margins + offsets
            difference = softmax(scores, axis=1) - target
            value = -(target * log_softmax(scores, axis=1)).sum() + 0.5 * _PRIOR * (theta @ theta)
            by_scale = 0.0 if slope is not None else (difference * margins).sum() * scale + _PRIOR * theta[0]
            return value, np.concatenate([[by_scale], difference.sum(axis=0) + _PRIOR * offsets])

        begin = np.zeros(n_classes + 1)
        begin[0] = 0.0 if slope is None else np.log(slope)
        theta = scipy.optimize.minimize(loss, begin, jac=True, method="L-BFGS-B").x
        return cls(np.full(n_classes, np.exp(theta[0])), theta[1:], "single")

    def __call__(self, margins: Floats2d) -> Floats2d:
        """Return probabilities: (N, 2) for ``"binary"``, else (N, K)."""
        scores = self.scores(margins)
        if self.kind == "binary":
            positive = expit(scores[:, 0])
            return np.stack([1.0 - positive, positive], axis=1)
        return softmax(scores, axis=1) if self.kind == "single" else expit(scores)

    def scores(self, margins: Floats2d) -> Floats2d:
        """Return calibrated log-odds (before sigmoid or softmax), the shape of `margins`."""
        return margins * self.slopes + self.offsets


def _fit_sigmoid(margin: Floats1d, positive: Array, slope: float | None = None) -> tuple[float, float]:
    """Return slope (the given one, or one that stays positive, so that the order of rows is kept) and offset."""
    # Platt's targets: a perfect separation does not push the slope to infinity.
    n_positive = float(positive.sum())
    n_negative = len(positive) - n_positive
    target = np.where(positive > 0, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))

    def loss(theta: Floats1d) -> tuple[float, Floats1d]:
        scale = np.exp(theta[0])
        score = scale * margin + theta[1]
        difference = expit(score) - target
        value = (np.logaddexp(0.0, score) - target * score).sum() + 0.5 * _PRIOR * theta[0] ** 2
        by_scale = 0.0 if slope is not None else (difference * margin).sum() * scale + _PRIOR * theta[0]
        return value, np.array([by_scale, difference.sum()])

    begin = np.array([0.0 if slope is None else np.log(slope), 0.0])
    theta = scipy.optimize.minimize(loss, begin, jac=True, method="L-BFGS-B").x
    return float(np.exp(theta[0])), float(theta[1])


def log_loss_of(probabilities: Floats2d, members: Array, kind: str) -> float:
    """Return the mean log loss a row, in nats (a row and label where `kind` is ``"multilabel"``)."""
    p = np.clip(probabilities, 1e-15, 1 - 1e-15)
    if kind == "multilabel":
        return float(-np.where(members > 0, np.log(p), np.log1p(-p)).mean())
    return float(-np.log(p[members > 0]).mean())
