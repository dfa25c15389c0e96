"""Lengths of rows in; which rows stand together in a batch, and in which order, out.

A batch is padded to its longest row, so rows of like length are put together: an epoch's rows are shuffled, cut into
chunks of some batches, each chunk is sorted by length and cut into batches, and the batches are shuffled. The order is
a pure function of the seed and the epoch: a training that was stopped finds its place again from two numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from kinfold.types import Array, Ints1d

#: Batches in a chunk: rows are sorted by length only within one, so that most of the order stays random.
CHUNK = 50


@dataclass
class Batch:
    """Rows that go through a module together.

    Attributes
    ----------
    inputs
        Ids (B, T) int64, or vectors (B, T, D) float32; padded at the right with zeros.
    lengths
        (B,) int64: how much of each row is real.
    targets
        What is to be answered, a row each; None where nothing is known.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor | None = None

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on another device."""
        # Not waited for: what is computed from them there comes later in the same queue.
        targets = None if self.targets is None else self.targets.to(device, non_blocking=True)
        return Batch(self.inputs.to(device, non_blocking=True), self.lengths.to(device, non_blocking=True), targets)

    def __len__(self) -> int:
        return len(self.lengths)


class Rows(Protocol):
    """Rows that batches are made of."""

    @property
    def lengths(self) -> Ints1d:
        """(N,) how long each row is."""

    def batch(self, rows: Ints1d) -> Batch:
        """Return these rows as a batch, padded to the longest of them."""


def order(lengths: Array, batch_size: int, seed: int, epoch: int, *, bucket: bool = True) -> list[Ints1d]:
    """Return the batches of one epoch: every row once, (batch_size,) int64 each, one of them shorter perhaps.

    Takes the memory of two arrays (N,) int64.

    Parameters
    ----------
    lengths
        (N,) how long each row is.
    batch_size
        Rows in a batch.
    seed, epoch
        What the order is drawn from, and all that it is drawn from.
    bucket
        Put rows of like length together; else the order is a plain shuffle.
    """
    random = np.random.default_rng([seed, epoch])
    rows = random.permutation(len(lengths)).astype(np.int64, copy=False)
    if not bucket:
        return _cut(rows, batch_size)
    chunk = CHUNK * batch_size
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        part[:] = part[np.argsort(lengths[part], kind="stable")]
    batches = _cut(rows, batch_size)
    return [batches[i] for i in random.permutation(len(batches)).tolist()]


def plain(lengths: Array, batch_size: int) -> list[Ints1d]:
    """Return batches for prediction: every row once, by length."""
    return _cut(np.argsort(lengths, kind="stable").astype(np.int64, copy=False), batch_size)


def padding_share(lengths: Array, batches: Iterable[Ints1d]) -> float:
    """Return which share of the places in padded batches holds nothing."""
    real = places = 0
    for rows in batches:
        held = lengths[rows]
        real += int(held.sum())
        places += len(rows) * int(held.max(initial=0))
    return 1.0 - real / places if places else 0.0


def _cut(rows: Ints1d, batch_size: int) -> list[Ints1d]:
    return [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
