"""What each word of a map speaks for: log-odds in, steps of a scale with two ends, and how well they part, out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinfold.types import Floats1d, Floats2d, Ids2d, Ints1d

#: Steps from the middle of the scale to each end, and the colours of all of them, from one end to the other.
STEPS = 4
COLOURS = ("#9c3a06", "#c4510b", "#d9853f", "#c9a98a", "#9a9ea5", "#7fa9c9", "#3d8dc4", "#0072b2", "#004f80")
#: Neighbours whose side is looked at.
N_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Polarity:
    """What each word of a map speaks for.

    Parameters
    ----------
    values
        (N,) log-odds: by how much the word alone moves an empty text towards `toward`, or away from it.
    toward, against
        What words above 0 and below 0 speak for.
    in_space, on_plane
        The purity: the share of a word's nearest `N_NEIGHBOURS` words that speak for the same side as it does, by
        direction in the space and by distance on the map; a mean over the words of both sides, each side counting
        half, so that 0.5 is chance. None where one side has no words.
    """

    values: Floats1d
    toward: str
    against: str
    in_space: float | None
    on_plane: float | None

    def __str__(self) -> str:
        """Return how well the sides part."""
        if self.in_space is None or self.on_plane is None:
            return f"all words speak for one side of {self.toward} and {self.against}"
        told = f"{self.in_space:.3f} in the space, {self.on_plane:.3f} on the map"
        return f"purity of the neighbours: {told} (0.5 is chance, 1 is {self.toward} and {self.against} quite apart)"

    @property
    def limit(self) -> float:
        """The log-odds of the ends of the scale; all beyond is drawn as those."""
        return float(np.quantile(np.abs(self.values), 0.95)) or 1.0

    def steps(self) -> Ints1d:
        """Return the step of each word, (N,): 0 to 2 * `STEPS`, the middle one for neither side."""
        return np.rint(STEPS * np.clip(self.values / self.limit, -1.0, 1.0)).astype(np.int64) + STEPS

    def names(self) -> tuple[str, ...]:
        """Return what the steps are called, from the end against to the end toward."""
        found = []
        for k in range(-STEPS, STEPS + 1):
            side = "neither" if k == 0 else self.toward if k > 0 else self.against
            amount = "" if k == 0 else f" {abs(k) / STEPS * self.limit:.2g}"
            found.append(f"{side}{amount}{' or more' if abs(k) == STEPS else ''}")
        return tuple(found)

    def notes(self) -> list[str]:
        """Return what each word speaks for, and how much."""
        return [f"{self.toward if v > 0 else self.against} {abs(v):.2f}" for v in self.values.tolist()]


def find_polarity(values: Floats1d, toward: str, against: str, neighbours: Ids2d, points: Floats2d) -> Polarity:
    """Return the polarity of the words of a map.

    Parameters
    ----------
    values
        (N,) log-odds.
    neighbours
        (N, K) the nearest words of each in the space, the nearest first; -1 for none.
    points
        (N, 2) where the words are on the map.
    """
    # No more than the smaller side has others, so that 1 can be reached.
    above = int((values > 0).sum())
    k = max(1, min(N_NEIGHBOURS, above - 1, len(values) - above - 1))
    on_plane = _nearest_points(points, k)
    return Polarity(values, toward, against, purity(values, neighbours[:, :k]), purity(values, on_plane))


def purity(values: Floats1d, neighbours: Ids2d) -> float | None:
    """Return the share of neighbours on the same side of 0, each side counting half; None if all are on one."""
    side = values > 0
    there = neighbours >= 0
    if side.all() or not side.any() or not there.any(axis=1).all():
        return None
    same = ((side[neighbours] == side[:, None]) & there).sum(axis=1) / there.sum(axis=1)  # (N,)
    return float((same[side].mean() + same[~side].mean()) / 2)


def _nearest_points(points: Floats2d, k: int, block: int = 256) -> Ids2d:
    """Return the nearest other points of each, (N, K)."""
    out = np.zeros((len(points), k), np.int32)
    for first in range(0, len(points), block):
        part = points[first : first + block]
        apart = ((part[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)  # (B, 2) -> (B, N)
        apart[np.arange(len(part)), np.arange(first, first + len(part))] = np.inf
        out[first : first + block] = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return out
