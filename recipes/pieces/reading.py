"""Texts as ids whose batches are counted, and a training that ends once a loss is low enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

import kinfold as kf
from kinfold.nn.losses import cross_entropy
from kinfold.text.vocabulary import Vocabulary
from kinfold.training.batching import Batch, plain
from kinfold.training.callbacks import Callback, Run


@dataclass
class Reading:
    """Texts as ids; `read` counts the places of the batches made of them, padding included."""

    ids: list[np.ndarray]
    targets: torch.Tensor
    read: int = 0

    @property
    def lengths(self) -> np.ndarray:
        """How long each text is, (N,)."""
        return np.array([len(one) for one in self.ids], np.int64)

    def batch(self, rows: np.ndarray) -> Batch:
        """Return some texts as a batch, padded to the longest of them."""
        held = [torch.from_numpy(self.ids[row]) for row in rows]
        padded = torch.nn.utils.rnn.pad_sequence(held, batch_first=True)  # (B, T)
        self.read += padded.numel()
        return Batch(padded, torch.tensor([len(one) for one in held]), self.targets[torch.from_numpy(rows)])

    def loss(self, module: torch.nn.Module) -> float:
        """Return the mean loss of all texts."""
        module.eval()
        losses = []
        with torch.no_grad():
            for rows in plain(self.lengths, 100):
                batch = self.batch(rows)
                losses.append(cross_entropy(module(batch.inputs, batch.lengths), batch.targets))
        module.train()
        return float(torch.cat(losses).mean())


def read(rows: kf.Examples, n_first: int, n_words: int) -> tuple[Reading, Reading]:
    """Return the first rows and the others, as ids of the first ones' most frequent words; of two labels."""
    tokens = kf.WordTokenizer().all(rows.texts)
    counts = Counter(token for one in tokens[:n_first] for token in one)
    vocabulary = Vocabulary.from_counts(counts, max_size=n_words)
    ids = [np.asarray(vocabulary.ids(one), np.int64) for one in tokens]
    targets = torch.tensor([int(label == max(rows.labels)) for label in rows.labels])
    return Reading(ids[:n_first], targets[:n_first]), Reading(ids[n_first:], targets[n_first:])


class Watch(Callback):
    """Ends a training at a loss or a budget of tokens; measures whenever a tenth more tokens were read."""

    def __init__(self, rows: Reading, measure: Callable[[torch.nn.Module], float], target: float, budget: int) -> None:
        self.rows, self.measure, self.target, self.budget = rows, measure, target, budget
        self.next, self.least = budget / 500, float("inf")

    @property
    def reached(self) -> bool:
        """Whether the loss is low enough."""
        return self.least <= self.target

    def on_step_end(self, run: Run) -> None:
        """Measure now and then."""
        if self.rows.read >= min(self.next, self.budget):
            self.least = min(self.least, self.measure(run.module))
            self.next = 1.1 * self.rows.read
        run.stop = self.reached or self.rows.read >= self.budget
