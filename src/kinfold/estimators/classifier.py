"""What every text classifier does with its probabilities: answers, their score, and decisions chosen anew."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np

from kinfold.estimators.base import TextEstimator
from kinfold.estimators.decision import Costs, Decision, tune
from kinfold.estimators.labels import check_labels, known_memberships
from kinfold.types import Floats2d


class Classifying(TextEstimator):
    """Base of the classifiers. What one has learned is a frozen dataclass with a `decision`, which `_take` takes over.

    Attributes
    ----------
    classes_ : list of str
        The labels, sorted.
    multilabel_ : bool
        Whether a text may have any number of labels.
    decision_ : Decision
        How probabilities become answers.
    """

    task: ClassVar[str] = "classify"
    classes_: list[str]
    multilabel_: bool
    decision_: Decision
    fitted_: Any

    @abstractmethod
    def predict_proba(self, texts: Any) -> Floats2d:
        """Return the probability of each label, (N, C) in the order of `classes_`; rows sum to 1 unless multi-label."""

    @abstractmethod
    def _take(self, fitted: Any) -> Self:
        """Be what has learned this; return self."""

    def predict(self, texts: Any) -> list[Any]:
        """Return a label each; None where it is better to give no answer; a tuple of labels each if multi-label."""
        return self.answers(self.predict_proba(texts))

    def score(self, texts: Any, labels: Sequence[Any]) -> float:
        """Return the share of texts whose answer is right; if multi-label, the share with all labels right."""
        answers = self.predict(texts)
        right, _ = check_labels(labels, len(answers))
        return float(np.mean([answer == label for answer, label in zip(answers, right, strict=True)]))

    def answers(self, probabilities: Floats2d) -> list[Any]:
        """Return the answers to probabilities that `predict_proba` gave."""
        self._check_fitted("fitted_")
        if self.multilabel_:
            chosen = self.decision_.choose_many(probabilities)
            return [tuple(self.classes_[c] for c in np.flatnonzero(row)) for row in chosen]
        return [None if c < 0 else self.classes_[c] for c in self.decision_.choose(probabilities)]

    def choose_threshold(
        self,
        texts: Any,
        labels: Sequence[Any],
        *,
        metric: str = "accuracy",
        costs: Costs | None = None,
        abstain_cost: float | None = None,
    ) -> Self:
        """Choose anew how probabilities become answers, on rows that the model was not trained on."""
        probabilities = self.predict_proba(texts)
        members = known_memberships(labels, self.classes_, self.multilabel_, len(probabilities))
        wanted: dict[str, Any] = {"metric": metric, "costs": costs, "abstain_cost": abstain_cost}
        decision = tune(probabilities, members, self.classes_, multilabel=self.multilabel_, **wanted)
        return self._take(replace(self.fitted_, decision=decision))
