"""Texts and how likely two belong together -> groups of texts that do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

import numpy as np

from kinfold.types import Array, Floats1d, Floats2d, Ints1d

#: Rows of vectors compared with all others at a time.
_BLOCK = 1024
#: (lefts (n,), rights (n,)) places -> the probability (n,) that each two belong together.
Chances = Callable[[Array, Array], Floats1d]


@dataclass(frozen=True)
class Groups:
    """Groups of texts that belong together.

    Attributes
    ----------
    labels
        (N,) the number of each text's group, by the first text that it has.
    members
        The places of the texts of each group, groups of several texts before others, larger ones first.
    refused
        How many links were near enough and still joined no groups, since the groups' other texts were too far apart.
    """

    labels: Ints1d
    members: list[list[int]]
    refused: int

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the places of each group's texts."""
        return iter(self.members)

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.members)

    def __str__(self) -> str:
        """Return how many groups there are, of how many texts."""
        several = sum(len(one) > 1 for one in self.members)
        return f"{len(self.labels):,} texts, {several:,} groups of several texts, {self.refused:,} links refused"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{len(one)}</td><td>{escape(str(one[:20]))}</td></tr>" for one in self.members[:20])
        return f"<table><tr><th>texts</th><th>places</th></tr>{rows}</table><p>{escape(str(self))}</p>"


def groups_of(vectors: Floats2d, chances: Chances, threshold: float, neighbours: int) -> Groups:
    """Return groups of rows, likeliest links first; two become one if all their pairs on average are likely enough.

    Average linkage (Sokal and Michener 1958) over each row's nearest ones: single links alone would chain what is
    near to what is near into one group.

    Parameters
    ----------
    vectors
        (N, D): the nearest of a row are found among them by their cosine.
    chances
        How likely two rows belong together.
    threshold
        From which probability on.
    neighbours
        How many of the nearest of each row are looked at.
    """
    n = len(vectors)
    lefts, rights = _links(vectors, neighbours)
    likely = chances(lefts, rights) if len(lefts) else np.zeros(0)
    order = np.lexsort((rights, lefts, -likely))
    group, members, refused = np.arange(n), {place: [place] for place in range(n)}, 0
    for link in order[likely[order] >= threshold].tolist():
        a, b = int(group[lefts[link]]), int(group[rights[link]])
        if a == b:
            continue
        if len(members[a]) > 1 or len(members[b]) > 1:
            first, second = np.array(members[a]), np.array(members[b])
            between = chances(np.repeat(first, len(second)), np.tile(second, len(first)))
            if between.mean() < threshold:
                refused += 1
                continue
        kept, gone = min(a, b), max(a, b)
        members[kept] = sorted(members[kept] + members.pop(gone))
        group[members[kept]] = kept
    found = sorted(members.values(), key=lambda one: (-len(one), one[0]))
    labels = np.unique(group, return_inverse=True)[1].astype(np.int64)
    return Groups(labels, found, refused)


def _links(vectors: Floats2d, neighbours: int) -> tuple[Ints1d, Ints1d]:
    """Return the places of each row and its nearest others, each two once."""
    n = len(vectors)
    k = min(neighbours, n - 1)
    if k < 1:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    unit = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    found = []
    for first in range(0, n, _BLOCK):
        near = unit[first : first + _BLOCK] @ unit.T  # (B, N)
        near[np.arange(len(near)), first + np.arange(len(near))] = -np.inf
        nearest = np.argpartition(-near, k - 1, axis=1)[:, :k]
        own = np.repeat(first + np.arange(len(near)), k)
        found.append(np.stack([np.minimum(own, nearest.ravel()), np.maximum(own, nearest.ravel())], 1))
    links = np.unique(np.concatenate(found), axis=0)
    return links[:, 0], links[:, 1]
