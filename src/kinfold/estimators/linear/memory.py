"""A few training rows kept in a model, so that learning more does not forget what was learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinfold.estimators.linear.features import Design, below
from kinfold.types import Array, Floats1d

#: Rows of each class that are kept however rare it is.
_LEAST = 10


@dataclass(frozen=True)
class Memory:
    """Rows as numbers of n-grams; no text.

    Parameters
    ----------
    design
        (m, F).
    members
        (m, C) uint8: their classes.
    stands_for
        (m,) how many rows that were learned from each one stands for.
    """

    design: Design
    members: Array
    stands_for: Floats1d

    @classmethod
    def empty(cls, n_blocks: int, n_columns: int, n_classes: int) -> Memory:
        """Return a memory of nothing."""
        design = Design(np.zeros((0, n_blocks, 2), np.int64), np.zeros(0, np.int32), n_columns)
        return cls(design, np.zeros((0, n_classes), np.uint8), np.zeros(0))

    def __len__(self) -> int:
        """Return m."""
        return len(self.stands_for)

    def with_rows(self, design: Design, members: Array) -> Memory:
        """Return the kept rows and others after them, each of which stands for itself."""
        stands_for = np.concatenate([self.stands_for, np.ones(len(design))])
        return Memory(below([self.design, design]), np.concatenate([self.members, members]), stands_for)

    def thinned(self, size: int, seed: int) -> Memory:
        """Return about `size` of the rows, each class by its share but never fewer than ten, drawn at random."""
        if size == 0:
            return Memory.empty(self.design.bounds.shape[1], self.design.n_columns, self.members.shape[1])
        rng = np.random.default_rng(seed)
        stratum = np.where(self.members.any(axis=1), self.members.argmax(axis=1), self.members.shape[1])
        # Of n rows with weights w, those with the largest u ** (1 / w) are a weighted draw (Efraimidis, Spirakis 2006).
        luck = np.log(rng.random(len(self))) / self.stands_for
        kept, weights = [], []
        for value in np.unique(stratum):
            rows = np.flatnonzero(stratum == value)
            weight = self.stands_for[rows].sum()
            n = min(len(rows), max(_LEAST, round(size * weight / self.stands_for.sum())))
            kept.append(rows[np.argsort(-luck[rows])[:n]])
            weights.append(np.full(n, weight / n))
        rows = np.concatenate(kept)
        return Memory(_compact(self.design.take(rows)), self.members[rows], np.concatenate(weights))


def _compact(design: Design) -> Design:
    """Return the same rows without the columns' memory of others."""
    pieces, bounds = [], np.empty_like(design.bounds)
    done = 0
    for i, row in enumerate(design.bounds):
        for b, (first, last) in enumerate(row):
            pieces.append(design.indices[first:last])
            bounds[i, b] = done, done + last - first
            done += last - first
    return Design(bounds, np.concatenate(pieces) if pieces else np.zeros(0, np.int32), design.n_columns)
