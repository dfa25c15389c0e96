"""Fitted classifiers, and rows that none of them learned from, in; a weighted sum of their log-odds out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import kinfold as kf
from kinfold.estimators.blended.weights import blend, find_weights, to_probabilities, to_scores
from kinfold.estimators.decision import tune


class Known:
    """A fitted classifier that is asked once for each list of texts, which `prepare` may change first."""

    def __init__(self, model: Any, prepare: Callable[[list[str]], list[str]] = list) -> None:
        self.model, self.prepare, self.classes_ = model, prepare, list(model.classes_)
        self._said: dict[int, tuple[list[str], np.ndarray]] = {}

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        """Return the probability of each label, (N, C)."""
        if id(texts) not in self._said:
            # The list is kept too: its id is then no other's.
            self._said[id(texts)] = texts, self.model.predict_proba(self.prepare(texts))
        return self._said[id(texts)][1]

    def answers(self, probabilities: np.ndarray) -> list[Any]:
        """Return the answers to probabilities."""
        return self.model.answers(probabilities)

    def predict(self, texts: list[str]) -> list[Any]:
        """Return a label each."""
        return self.answers(self.predict_proba(texts))


class HeldOutBlend:
    """Log-odds of classifiers, weighted and added up: weights and decision are of rows that none learned from.

    `kf.BlendedClassifier` lets each member learn once a fold for that; a net that takes minutes learns once here.

    Parameters
    ----------
    members
        Name -> fitted classifier.
    held
        Rows that none of them has learned from; nets may have stopped by their loss.
    metric
        What answers are tuned for on these rows.
    """

    def __init__(self, members: Mapping[str, Any], held: kf.Examples, metric: str = "accuracy") -> None:
        self.members = dict(members)
        self.classes_ = list(next(iter(self.members.values())).classes_)
        self._kind = "binary" if len(self.classes_) == 2 else "single"
        truth = np.array([[label == name for name in self.classes_] for label in held.labels], np.uint8)  # (N, C)
        self.weights, self._offsets = find_weights(np.stack(self._scores(held.texts)), truth, self._kind)
        self._decision = tune(self.predict_proba(held.texts), truth, self.classes_, metric=metric)

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        """Return the probability of each label, (N, C)."""
        return to_probabilities(blend(self._scores(texts), self.weights, self._offsets), self._kind)

    def answers(self, probabilities: np.ndarray) -> list[Any]:
        """Return the answers to probabilities."""
        return [self.classes_[c] for c in self._decision.choose(probabilities)]

    def predict(self, texts: list[str]) -> list[Any]:
        """Return a label each."""
        return self.answers(self.predict_proba(texts))

    def __str__(self) -> str:
        """Return the weight of each member."""
        return ", ".join(f"{name} {weight:.2f}" for name, weight in zip(self.members, self.weights, strict=True))

    def _scores(self, texts: list[str]) -> list[np.ndarray]:
        return [to_scores(member.predict_proba(texts), self._kind) for member in self.members.values()]
