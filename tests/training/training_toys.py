"""Rows, modules and steps small enough to be known by heart."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from kinfold.training.batching import Batch
from kinfold.training.trainer import Trainer


class Sums:
    """Rows of 1 to 9 numbers whose answer is a weighted sum of two of their features; N may be what one likes."""

    def __init__(self, n=90, seed=0, dim=3):
        random = np.random.default_rng(seed)
        self.lengths = random.integers(1, 10, n)
        self.inputs = torch.from_numpy(random.normal(size=(n, 9, dim)).astype(np.float32))
        for row, length in enumerate(self.lengths):
            self.inputs[row, length:] = 0
        weights = torch.linspace(-1, 1, dim)
        self.targets = (self.inputs @ weights).sum(1) + 0.1 * torch.from_numpy(random.normal(size=n).astype(np.float32))

    def batch(self, rows):
        longest = int(self.lengths[rows].max())
        return Batch(self.inputs[rows, :longest], torch.from_numpy(self.lengths[rows]), self.targets[rows])


class Adder(nn.Module):
    """A net with dropout and a buffer, so that all that a checkpoint must hold is there."""

    def __init__(self, seed=0, dim=3, hidden=8, dropout=0.1):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first, self.second = nn.Linear(dim, hidden), nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, inputs):
        if self.training:
            self.seen += 1
        mask = (inputs != 0).any(2, keepdim=True)  # (B, T, 1)
        each = self.second(self.dropout(torch.tanh(self.first(inputs)))) * mask  # (B, T, 1)
        return each.sum((1, 2))  # (B,)


def squared(module, batch):
    """Return each row's squared error."""
    return (module(batch.inputs) - batch.targets) ** 2


def measure(rows):
    """Return what measures a module on rows."""
    batch = rows.batch(np.arange(len(rows.lengths)))

    def valid(module):
        assert not module.training
        return {"loss": float(squared(module, batch).mean())}

    return valid


def fit(module=None, rows=None, valid=None, checkpoint=None, resume=False, step=squared, after_step=None, **settings):
    """Train a module on one thread; return it and its history."""
    module = Adder() if module is None else module
    rows = Sums() if rows is None else rows
    settings = {"batch_size": 8, "max_epochs": 3, "learning_rate": 0.01, "n_threads": 1, **settings}
    trainer = Trainer(**settings)
    history = trainer.fit(module, step, rows, valid, checkpoint=checkpoint, resume=resume, after_step=after_step)
    return module, history


def weights(module):
    """Return all numbers of a module as bytes."""
    return b"".join(tensor.detach().numpy().tobytes() for tensor in module.state_dict().values())
