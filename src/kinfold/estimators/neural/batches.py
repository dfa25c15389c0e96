"""Rows of a source -> padded batches: with targets to learn from, or by length to be answered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from kinfold.estimators.neural.rows import Part, Source
from kinfold.estimators.neural.targets import Targets
from kinfold.training.batching import Batch
from kinfold.types import Array, Ints1d, Keys1d

#: Tokens, padding included, and rows that are answered together: bounds the memory.
TOKENS, ROWS = 1 << 16, 256


class Batches:
    """A part's rows as the trainer takes them.

    Parameters
    ----------
    part
        The rows.
    repeats
        How often an epoch goes over them.
    """

    def __init__(self, part: Part, repeats: int = 1) -> None:
        self._part, self._n = part, len(part.rows)
        self.lengths: Array = np.tile(part.source.lengths_of(part.rows).astype(np.int32), repeats)

    def batch(self, rows: Ints1d) -> Batch:
        """Return these rows as a batch, padded to the longest of them."""
        chosen = self._part.rows[rows % self._n]
        inputs, lengths = tensors(self._part.source, chosen)
        return Batch(inputs, lengths, target_tensor(self._part.targets, chosen))


def target_tensor(targets: Targets, rows: Ints1d) -> Tensor:
    """Return places of classes (B,) int64, memberships (B, C) float32, or numbers (B,) float32."""
    numbers = targets.multilabel or not targets.classes
    return torch.from_numpy(targets.values[rows].astype(np.float32 if numbers else np.int64))


def tensors(source: Source, rows: Ints1d) -> tuple[Tensor, Tensor]:
    """Return inputs (B, T) or (B, T, D) and lengths (B,)."""
    return torch.from_numpy(source.padded(rows)), torch.from_numpy(source.lengths_of(rows))


def by_length(lengths: Ints1d, keys: Array | Keys1d) -> Iterator[Ints1d]:
    """Yield every row once, rows of like length together, in an order that does not depend on where they stand."""
    order = np.lexsort((keys, lengths))
    first = 0
    while first < len(order):
        last = first + 1
        while last < len(order) and last - first < ROWS and (last + 1 - first) * lengths[order[last]] <= TOKENS:
            last += 1
        yield order[first:last]
        first = last
