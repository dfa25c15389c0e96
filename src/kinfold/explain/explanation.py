"""Why a model gave its answer: the parts of a text, and what each had to do with the score of a label."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

from kinfold.types import Json

#: What the weights of an explanation are.
Kind = Literal["exact", "occlusion"]


@dataclass(frozen=True)
class Contribution:
    """What one part of a text had to do with the score of a label.

    Parameters
    ----------
    ngram
        The part: an n-gram, or for an occlusion the token or the run of tokens that was left out.
    weight
        In log-odds. Of an exact explanation: what the part added. Of an occlusion: by how much the score is lower
        without the part.
    spans
        Where it stands in the normalised text: (start, end) characters, each occurrence.
    """

    ngram: str
    weight: float
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Explanation:
    """The parts of one score: ``score == intercept + sum of the contributions' weights + remainder``.

    Parameters
    ----------
    text
        The text after normalisation, as the model reads it.
    label
        The label explained.
    probability
        The calibrated probability of that label.
    score
        Its calibrated log-odds. Of an exact explanation with many classes: its score before the softmax.
    intercept
        What an empty text would score.
    contributions
        What each part had to do with the score, the strongest first.
    kind
        ``"exact"``: the score is a sum, the weights are its terms, and nothing is left. ``"occlusion"``: each part
        was left out alone. What parts say only together, or what each of two says as well, shows in no weight: it is
        the remainder, which may be large.
    """

    text: str
    label: str
    probability: float
    score: float
    intercept: float
    contributions: tuple[Contribution, ...]
    kind: Kind = "exact"

    @property
    def remainder(self) -> float:
        """What the intercept and the weights leave of the score, in log-odds; 0 but for rounding if exact."""
        return self.score - self.intercept - sum(part.weight for part in self.contributions)

    def segments(self) -> list[tuple[str, float]]:
        """Return the text in pieces, each with its share of the weights; the pieces joined are the text.

        A part's weight is spread evenly over the characters of all its occurrences.
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
            "kind": self.kind,
            "remainder": self.remainder,
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
        told = f"<p>{shaded}</p><p><b>{escape(self.label)}</b>, probability {self.probability:.3f}</p>"
        if self.kind == "exact":
            return told
        return told + (
            "<p><small>Shaded by how much the score of the label drops without each part. Parts that say the same "
            f"hide one another: {self.remainder:+.3f} of the score {self.score:+.3f} shows in none.</small></p>"
        )
