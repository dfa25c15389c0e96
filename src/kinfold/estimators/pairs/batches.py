"""Pairs of rows -> padded batches of both sides; drawn pairs that do not match are others in every epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kinfold.errors import DataError
from kinfold.estimators.neural.batches import tensors, times_over
from kinfold.estimators.neural.rows import Source
from kinfold.estimators.pairs.parts import Draw, PairPart, with_drawn
from kinfold.estimators.pairs.same import Same
from kinfold.training.batching import Batch
from kinfold.training.callbacks import Callback, Run
from kinfold.types import Ints1d


class PairBatches(Callback):
    """A part's pairs as the trainer takes them.

    Parameters
    ----------
    part
        The pairs.
    batch_size
        Pairs in a batch: few pairs, what is drawn among them, are gone over several times in an epoch.
    draw
        What draws pairs that do not match, anew for each epoch; None: there are none.
    same
        What says which other rights of a batch match a left, (B, B), so that targets do; None: they say which pairs
        match, (B,).
    """

    def __init__(self, part: PairPart, batch_size: int, draw: Draw | None = None, same: Same | None = None) -> None:
        self._own, self._draw, self._same = part, draw, same
        self._epoch = 0
        self._take(1)
        self._n = len(self._part)
        self._repeats = times_over(self._n, batch_size)

    def on_epoch_begin(self, run: Run) -> None:
        """Draw the pairs of an epoch, unless they are here."""
        if self._draw is not None and run.epoch != self._epoch:
            self._take(run.epoch)

    @property
    def lengths(self) -> Ints1d:
        """How long the longer side of each pair is, (N,)."""
        return np.tile(self._lengths, self._repeats)

    def batch(self, rows: Ints1d) -> Batch:
        """Return these pairs as a batch: rows (B, 2, T), or (B, 2, T, D), and lengths (B, 2)."""
        chosen = rows % self._n
        pairs = self._part.pairs[chosen]
        inputs, lengths = pair_tensors(self._part.source, pairs)
        found = self._part.matches[chosen] if self._same is None else self._same(chosen)
        return Batch(inputs, lengths, torch.from_numpy(found))

    def _take(self, epoch: int) -> None:
        self._epoch = epoch
        self._part = self._own if self._draw is None else with_drawn(self._own, self._draw(epoch))
        if epoch > 1 and len(self._part) != self._n:
            raise DataError(
                "As many pairs must be drawn in every epoch.",
                seen=f"{len(self._part):,} pairs in epoch {epoch}, {self._n:,} in the first",
                fix="Draw a fixed number.",
                code="D-156",
            )
        lengths = self._part.source.lengths_of(self._part.pairs.ravel())
        self._lengths: Ints1d = lengths.reshape(-1, 2).max(axis=1)


def pair_tensors(source: Source, pairs: Ints1d) -> tuple[Tensor, Tensor]:
    """Return the rows of pairs (B, 2) padded alike, (B, 2, T) or (B, 2, T, D), and how long they are, (B, 2)."""
    inputs, lengths = tensors(source, pairs.ravel())
    return inputs.view(len(pairs), 2, *inputs.shape[1:]), lengths.view(-1, 2)
