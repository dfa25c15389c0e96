"""What learns the chunks of a text: the processor's threads, or a GPU."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from kinfold.estimators.device import on_gpu
from kinfold.estimators.skipgram.on_gpu import TorchEngine
from kinfold.estimators.skipgram.options import Options
from kinfold.kernels.hardware import STRIDE
from kinfold.kernels.lanes import Draws, Lane, Tables, make_lane
from kinfold.kernels.skipgram import LANES, train_freely, train_in_step
from kinfold.kernels.threads import in_threads
from kinfold.types import Ids1d, Ints1d, Singles1d

#: Torch's name of the GPU in use.
_GPU = "cuda"


class Engine(Protocol):
    """Learns from chunks of a text.

    Attributes
    ----------
    places
        About how many places of the text are worked on at a time: of so many times more chunks, each has its share.
    """

    places: int

    @property
    def tables(self) -> Tables:
        """What is learned, as it is now; what is written to it before the first segment is where learning begins."""

    def segment(self, chunks: Ints1d, seed: int, rates: Singles1d) -> tuple[float, float]:
        """Learn from `chunks`, each at its rate; return the loss over the pairs that were measured, and their number.

        `seed` is that of this pass over the text.
        """


class ThreadEngine:
    """The processor: each thread takes its share of the chunks, freely or in step with the others."""

    def __init__(self, tokens: Ids1d, tables: Tables, draws: Draws, options: Options) -> None:
        self.tables = tables
        self._tokens, self._draws, self._rule = tokens, draws, options.rule
        self._in_step = options.deterministic
        self._threads = min(options.threads, LANES) if self._in_step else options.threads
        self.places = LANES if self._in_step else self._threads
        width, rule = tables.outputs.shape[1], self._rule
        self._lanes: tuple[Lane, ...] = tuple(
            make_lane(width, rule.window, options.shared_negatives, rule.cbow) for _ in range(self.places)
        )

    def segment(self, chunks: Ints1d, seed: int, rates: Singles1d) -> tuple[float, float]:
        """Learn from `chunks` on all threads."""
        given = (self.tables, self._draws, self._rule)
        if self._in_step:
            progress = np.zeros((self._threads, STRIDE), np.int64)

            def work(thread: int) -> None:
                train_in_step(self._tokens, chunks, seed, rates, *given, self._lanes, thread, progress)
        else:

            def work(thread: int) -> None:
                own = slice(thread, None, self._threads)
                train_freely(self._tokens, chunks[own].copy(), seed, rates[own].copy(), *given, self._lanes[thread])

        in_threads(work, range(self._threads), self._threads)
        loss, pairs = np.sum([lane.loss for lane in self._lanes], axis=0).tolist()
        for lane in self._lanes:
            lane.loss[:] = 0
        return loss, pairs


def wants_gpu(options: Options) -> bool:
    """Return whether to learn on a GPU; where a GPU is asked for and there is none, raise as `on_gpu` does.

    What is to be the same wherever it is learned is learned on the processor, unless a GPU is asked for by name.
    """
    return on_gpu("cpu" if options.deterministic and options.device == "auto" else options.device)


def engine_for(tokens: Ids1d, tables: Tables, draws: Draws, options: Options) -> Engine:
    """Return what is to learn from `tokens` into `tables`."""
    if wants_gpu(options):
        n_noise, ordered = options.shared_negatives, options.deterministic
        return TorchEngine(tokens, tables, draws, options.rule, n_noise, ordered=ordered, device=_GPU)
    return ThreadEngine(tokens, tables, draws, options)
