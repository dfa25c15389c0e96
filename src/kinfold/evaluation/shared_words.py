"""The baseline of matchers: how many words two texts share, and a curve over that; pairs in, probabilities out.

A model of pairs that does no better reads nothing but overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from kinfold.evaluation.shallow import overlaps
from kinfold.types import Floats1d, Floats2d, Json

#: The name of this baseline in every table.
SHARED_WORDS = "shared words"


@dataclass(frozen=True, slots=True)
class SharedWords:
    """Says that two texts match by the Jaccard index of their words, through a logistic curve.

    Parameters
    ----------
    classes_
        What pairs that do not match are called, and those that do.
    slope, offset
        The log-odds of a match are ``slope * index + offset``.
    """

    classes_: tuple[str, str]
    slope: float
    offset: float

    @classmethod
    def learned(cls, pairs: Any, classes: Sequence[str]) -> Self | None:
        """Return the curve of labelled pairs with `lefts`, `rights` and `labels`; None without both of two classes."""
        from sklearn.linear_model import LogisticRegression

        different, same = classes
        labels = list(pairs.labels or ())
        if set(labels) != {different, same}:
            return None
        fitted = LogisticRegression(C=1e3).fit(
            _index(pairs.lefts, pairs.rights)[:, None], [one == same for one in labels]
        )
        return cls((different, same), float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))

    def fit(self, texts: Any, labels: Sequence[Any]) -> Self:
        """Return itself: it has learned."""
        return self

    def predict(self, texts: Sequence[Any]) -> list[str]:
        """Return the likelier label of each (left, right)."""
        return [self.classes_[int(p > 0.5)] for p in self.predict_proba(texts)[:, 1]]

    def predict_proba(self, texts: Sequence[Any]) -> Floats2d:
        """Return (N, 2) probabilities of (left, right) each."""
        index = _index([left for left, _ in texts], [right for _, right in texts])
        log_odds = np.clip(self.slope * index + self.offset, -500.0, 500.0)
        match = 1.0 / (1.0 + np.exp(-log_odds))
        return np.stack([1.0 - match, match], axis=1)

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {"classes": list(self.classes_), "slope": self.slope, "offset": self.offset}

    @classmethod
    def from_dict(cls, value: Any) -> Self | None:
        """Return what `to_dict` gave; None for anything else."""
        if not isinstance(value, dict) or set(value) != {"classes", "slope", "offset"}:
            return None
        classes, numbers = value["classes"], [value["slope"], value["offset"]]
        named = isinstance(classes, list) and len(classes) == 2 and all(isinstance(name, str) for name in classes)
        if not named or not all(isinstance(x, int | float) and math.isfinite(x) for x in numbers):
            return None
        return cls((classes[0], classes[1]), float(numbers[0]), float(numbers[1]))


def _index(lefts: Sequence[str], rights: Sequence[str]) -> Floats1d:
    found: Floats1d = overlaps(lefts, rights)[:, 0]
    return found
