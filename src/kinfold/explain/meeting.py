"""A pair in; what each word of its two sides adds to the log-odds, and which words of the two met, out.

A word counts for what the log-odds lose without it. Two words met as far as they count together for more than each by
itself: the second difference, Grabisch and Roubens' (1999) interaction of two, all other words present.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from kinfold.explain.parts import Cutter, parts_of, without
from kinfold.types import Floats1d, Floats2d, Json

#: Parts of a side at most; pairs of them are as many squared.
MOST = 40


@dataclass(frozen=True)
class Meeting:
    """Why a pair got its log-odds.

    Attributes
    ----------
    left, right
        The words of the two sides.
    log_odds
        Of the second of `classes`.
    left_effects, right_effects
        What the log-odds lose without each word, (L,) and (R,).
    met
        (L, R): how much more two words count for together than each by itself.
    classes
        What pairs that do not match are called, and those that do.
    """

    left: list[str]
    right: list[str]
    log_odds: float
    left_effects: Floats1d
    right_effects: Floats1d
    met: Floats2d
    classes: Sequence[str]

    @property
    def probability(self) -> float:
        """How likely the pair matches."""
        return float(1.0 / (1.0 + np.exp(-self.log_odds)))

    def top(self, n: int = 5) -> list[tuple[str, str, float]]:
        """Return the words that met most, the most first."""
        order = np.argsort(-self.met, axis=None, kind="stable")[:n]
        places = [np.unravel_index(place, self.met.shape) for place in order.tolist()]
        return [(self.left[i], self.right[j], float(self.met[i, j])) for i, j in places if self.met[i, j] > 0]

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON holds them."""
        return {
            "label": self.classes[1],
            "probability": self.probability,
            "left": [{"word": word, "effect": float(x)} for word, x in zip(self.left, self.left_effects, strict=True)],
            "right": [
                {"word": word, "effect": float(x)} for word, x in zip(self.right, self.right_effects, strict=True)
            ],
            "met": [{"left": left, "right": right, "effect": x} for left, right, x in self.top(20)],
        }

    def __str__(self) -> str:
        """Return a table of the words that met, then of what each word adds."""
        lines = [f"{self.classes[1]}: {self.probability:.3f}"]
        lines += [f"  {left} ~ {right}  {x:+.2f}" for left, right, x in self.top()]
        for side, words, effects in (("left", self.left, self.left_effects), ("right", self.right, self.right_effects)):
            lines.append(f"{side}: " + ", ".join(f"{word} {x:+.2f}" for word, x in zip(words, effects, strict=True)))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(word)}</th>" for word in self.right)
        body = "".join(
            f"<tr><th>{escape(word)}</th>{''.join(f'<td>{x:+.2f}</td>' for x in row)}</tr>"
            for word, row in zip(self.left, self.met, strict=True)
        )
        return f"<table><tr><th></th>{head}</tr>{body}</table><p>{self.probability:.3f} {escape(self.classes[1])}</p>"


def meeting_of(
    log_odds: Callable[[list[tuple[str, str]]], Floats1d],
    left: str,
    right: str,
    words: Cutter,
    classes: Sequence[str],
) -> Meeting:
    """Return why a pair gets its log-odds, by leaving out words."""
    reads, spans = zip(*(parts_of(side, words, MOST) for side in (left, right)), strict=True)
    named = [[read[a:b] for a, b in of_side] for read, of_side in zip(reads, spans, strict=True)]
    lefts, rights = (
        [read, *(without(read, *span) for span in of_side)] for read, of_side in zip(reads, spans, strict=True)
    )
    # Once for all: (L + 1, R + 1), the whole sides first.
    grid = log_odds([(a, b) for a in lefts for b in rights]).reshape(len(lefts), len(rights))
    met = grid[0, 0] - grid[1:, :1] - grid[:1, 1:] + grid[1:, 1:]
    return Meeting(
        named[0], named[1], float(grid[0, 0]), grid[0, 0] - grid[1:, 0], grid[0, 0] - grid[0, 1:], met, list(classes)
    )
