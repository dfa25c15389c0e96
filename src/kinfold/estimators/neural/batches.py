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

#: An epoch has so many batches at least.
LEAST_BATCHES = 32
#: Tokens, padding included, and rows that are answered together: bounds the memory.
TOKENS, ROWS = 1 << 16, 256


class Batches:
    """A part's rows as the trainer takes them.

    Parameters
    ----------
    part
        The rows.
    batch_size
        Rows in a batch: few rows are gone over several times in an epoch.
    """

    def __init__(self, part: Part, batch_size: int) -> None:
        self._part, self._n = part, len(part.rows)
        lengths = part.source.lengths_of(part.rows).astype(np.int32)
        self.lengths: Array = np.tile(lengths, times_over(self._n, batch_size))

    def batch(self, rows: Ints1d) -> Batch:
        """Return these rows as a batch, padded to the longest of them."""
        chosen = self._part.rows[rows % self._n]
        inputs, lengths = tensors(self._part.source, chosen)
        return Batch(inputs, lengths, target_tensor(self._part.targets, chosen))


def times_over(n: int, batch_size: int) -> int:
    """Return how often an epoch goes over `n` rows, so that it has `LEAST_BATCHES` batches."""
    return max(1, -(-LEAST_BATCHES * batch_size // n))


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
