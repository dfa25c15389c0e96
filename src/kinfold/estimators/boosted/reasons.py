"""Why a pair got its log-odds: what each feature added, and which words mattered."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np

from kinfold.types import Json


@dataclass(frozen=True)
class Reason:
    """What a feature of a pair was, and what it added.

    Attributes
    ----------
    feature
        Its name.
    value
        NaN: it can't be told.
    effect
        In log-odds.
    """

    feature: str
    value: float
    effect: float


@dataclass(frozen=True)
class CrossReason:
    """What words of a pair added to its word score, which is a feature among others.

    Attributes
    ----------
    kind
        ``"shared"``, ``"different"``: words that both sides have, or that one has; ``"crossed"``: one of either side;
        ``"beside"``: one that both have, with one that only one has; ``"word pairs"``: two that follow one another.
    words
        Crossed words with a bar between, a minus where the other side has nothing left, or has not this word pair; with
        a plus where they stand beside one another.
    effect
        In log-odds of the word score.
    """

    kind: str
    words: str
    effect: float


@dataclass(frozen=True)
class Reasons:
    """Why a pair got its log-odds: ``log_odds == intercept + sum of the effects of all features``.

    Effects follow the pair's way down each tree: a feature gets what the mean of the leaves below changes where it
    decides (Saabas 2014). They are exact in sum, but of features that say the same the one that decides first gets more
    than by a Shapley value.

    Attributes
    ----------
    left, right
        The sides.
    log_odds
        Calibrated, of the second of `classes`.
    intercept
        Those of the mean pair learned from.
    features
        Those with the largest effects first.
    words
        The same.
    classes
        What pairs that do not match are called, and those that do.
    """

    left: str
    right: str
    log_odds: float
    intercept: float
    features: tuple[Reason, ...]
    words: tuple[CrossReason, ...]
    classes: tuple[str, str]

    @property
    def probability(self) -> float:
        """How likely the pair matches."""
        return float(1.0 / (1.0 + np.exp(-self.log_odds)))

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON holds them."""
        return {
            "label": self.classes[1],
            "probability": self.probability,
            "log_odds": self.log_odds,
            "intercept": self.intercept,
            "features": [
                {"feature": one.feature, "value": None if np.isnan(one.value) else one.value, "effect": one.effect}
                for one in self.features
            ],
            "words": [{"kind": one.kind, "words": one.words, "effect": one.effect} for one in self.words],
        }

    def __str__(self) -> str:
        """Return a table of the strongest features, then of the strongest words."""
        lines = [f"{self.classes[1]}: {self.probability:.3f}", f"  {self.intercept:+.2f}  the mean pair"]
        lines += [f"  {one.effect:+.2f}  {one.feature} = {one.value:.3g}" for one in self.features[:10]]
        rest = sum(one.effect for one in self.features[10:])
        lines += [f"  {rest:+.2f}  other features", "words:"] if self.words else [f"  {rest:+.2f}  other features"]
        lines += [f"  {one.effect:+.2f}  {one.kind}: {one.words}" for one in self.words[:10]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.feature)}</td><td>{one.value:.3g}</td><td>{one.effect:+.2f}</td></tr>"
            for one in self.features[:20]
        )
        words = "".join(
            f"<tr><td>{escape(one.words)}</td><td>{one.kind}</td><td>{one.effect:+.2f}</td></tr>"
            for one in self.words[:20]
        )
        return f"<p>{self.probability:.3f} {escape(self.classes[1])}</p><table>{rows}</table><table>{words}</table>"
