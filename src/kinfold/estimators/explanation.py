"""Why a linear model gave its answer: what each n-gram added, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from kinfold.types import Json


@dataclass(frozen=True)
class Contribution:
    """What one n-gram added to the score of a label.

    Parameters
    ----------
    ngram
        The n-gram.
    weight
        What it added, in log-odds.
    spans
        Where it stands in the normalised text: (start, end) characters, each occurrence.
    """

    ngram: str
    weight: float
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Explanation:
    """The parts of one score: ``score == intercept + sum of the contributions' weights``.

    Parameters
    ----------
    text
        The text after normalisation, as the model reads it.
    label
        The label explained.
    probability
        The calibrated probability of that label.
    score
        Its calibrated log-odds (with many classes, its score before the softmax).
    intercept
        What an empty text would score.
    contributions
        What each known n-gram added, the strongest first.
    """

    text: str
    label: str
    probability: float
    score: float
    intercept: float
    contributions: tuple[Contribution, ...]

    def segments(self) -> list[tuple[str, float]]:
        """Return the text in pieces, each with its share of the weights; the pieces joined are the text.

        An n-gram's weight is spread evenly over the characters of all its occurrences.
        """
        heat = [0.0] * len(self.text)
        for part in self.contributions:
            n_characters = sum(end - start for start, end in part.spans)
            for start, end in part.spans:
                for i in range(start, end):
                    heat[i] += part.weight / n_characters
        pieces: list[tuple[str, float]] = []
        start = 0
        for i in range(1, len(self.text) + 1):
            if i == len(self.text) or self.text[i].isspace() != self.text[start].isspace():
                pieces.append((self.text[start:i], sum(heat[start:i])))
                start = i
        return pieces

    def to_dict(self) -> dict[str, Json]:
        """Return all parts as JSON holds them."""
        return {
            "text": self.text,
            "label": self.label,
            "probability": self.probability,
            "score": self.score,
            "intercept": self.intercept,
            "contributions": [
                {"ngram": part.ngram, "weight": part.weight, "spans": [list(span) for span in part.spans]}
                for part in self.contributions
            ],
        }

    def _repr_html_(self) -> str:
        strongest = max((abs(weight) for _, weight in self.segments()), default=0.0) or 1.0
        shaded = "".join(
            f'<span style="background:color-mix(in srgb,{"#0b6e75" if weight > 0 else "#b3541e"} '
            f'{round(60 * abs(weight) / strongest)}%,transparent)" title="{weight:+.3f}">{escape(piece)}</span>'
            for piece, weight in self.segments()
        )
        return f"<p>{shaded}</p><p><b>{escape(self.label)}</b>, probability {self.probability:.3f}</p>"
