"""The training of `SkipGram`: passes over a corpus in segments, between which all else happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kinfold.estimators.skipgram.engine import engine_for
from kinfold.estimators.skipgram.loss import held_out_loss
from kinfold.estimators.skipgram.model import Model, composed, take_over, working_tables
from kinfold.estimators.skipgram.options import Options
from kinfold.kernels.lanes import CHUNK, Tables
from kinfold.text.corpus import Corpus, Progress
from kinfold.types import Array, Ints1d, Json, Singles2d
from kinfold.vectors.neighbours import Neighbours
from kinfold.vectors.words import WordVectors

#: Chunks for each of an engine's places before it reports, and how many times in a training the probes are looked at.
_SEGMENT, _LOOKS = 96, 20
#: Called with the words learned from so far and the nearest words of each probe.
OnProbe = Callable[[int, dict[str, Neighbours]], None]


@dataclass
class Place:
    """How far a training is: the next thing to do is chunk `chunk` of pass `epoch`."""

    epoch: int = 0
    chunk: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    pairs: float = 0.0
    waited: int = 0
    best_loss: float = float("inf")


@dataclass
class Watch:
    """Who is told what while a training runs."""

    progress: Progress | None = None
    probes: Sequence[str] = ()
    on_probe: OnProbe | None = None
    save: Callable[[Training], None] | None = None
    label: str = ""


@dataclass
class Training:
    """One model in training.

    Attributes
    ----------
    best
        The inputs and outputs of the pass with the lowest held-out loss, where `patience` asks for it.
    """

    model: Model
    corpus: Corpus
    options: Options
    chunks: Ints1d
    watch: Watch = field(default_factory=Watch)
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        self.best: tuple[Array, Array] | None = None
        tables, draws = working_tables(self.model, self.options), self.options.draws(self.model.counts)
        self._engine = engine_for(self.corpus.tokens, tables, draws, self.options)

    @property
    def tables(self) -> Tables:
        """What is being learned, as it is now."""
        return self._engine.tables

    def run(self) -> Model:
        """Learn until the last pass, or until held-out sentences are foretold no better; return the model."""
        place = self.place
        while place.epoch < self.options.epochs and not self._given_up():
            self._pass()
            self._end_pass()
            place.epoch, place.chunk, place.seconds, place.loss, place.pairs = place.epoch + 1, 0, 0.0, 0.0, 0.0
            if self.watch.save is not None:
                self.watch.save(self)
        if self.best is not None:
            self.tables.inputs[:], self.tables.outputs[:] = self.best
        take_over(self.model, self.tables, self.options)
        return self.model

    def _given_up(self) -> bool:
        return self.options.patience is not None and self.place.waited >= self.options.patience

    def _pass(self) -> None:
        place, n = self.place, len(self.chunks)
        size = _SEGMENT * self._engine.places
        looks = np.linspace(0, n * self.options.epochs, _LOOKS + 1)
        while place.chunk < n:
            begun = time.monotonic()
            first, last = place.chunk, min(n, place.chunk + size)
            self._segment(first, last)
            self.corpus.release()
            place.chunk = last
            place.seconds += time.monotonic() - begun
            before, after = place.epoch * n + first, place.epoch * n + last
            self._say(after / (n * self.options.epochs))
            if np.searchsorted(looks, before, "right") != np.searchsorted(looks, after, "right"):
                self._look(after)
            if self.watch.save is not None and last < n:
                self.watch.save(self)

    def _segment(self, first: int, last: int) -> None:
        """Learn from some chunks."""
        place, n = self.place, len(self.chunks)
        rates = self.options.rates((place.epoch + np.arange(first, last) / n) / self.options.epochs)
        seed = _mixed(self.model.seed, place.epoch)
        loss, pairs = self._engine.segment(self.chunks[first:last], seed, rates)
        place.loss += loss
        place.pairs += pairs

    def _end_pass(self) -> None:
        place, options = self.place, self.options
        entry: dict[str, Json] = {
            "epoch": len(self.model.history) + 1,
            "words": self.corpus.n_tokens,
            "seconds": round(place.seconds, 3),
            "words_per_second": round(self.corpus.n_tokens / max(place.seconds, 1e-9)),
            "train_loss": round(place.loss / place.pairs, 5) if place.pairs else None,
            "valid_loss": None,
        }
        if options.valid > 0:
            loss = self._held_out_loss()
            entry["valid_loss"] = round(loss, 5)
            place.waited = 0 if loss < place.best_loss else place.waited + 1
            if loss < place.best_loss and options.patience is not None:
                self.best = (self.tables.inputs.copy(), self.tables.outputs.copy())
            place.best_loss = min(loss, place.best_loss)
        self.model.history.append(entry)

    def _held_out_loss(self) -> float:
        options, counts = self.options, self.model.counts
        inputs, outputs = self._inputs(), self.tables.outputs[:, : options.dim]
        keep, noise = options.keep(counts), options.noise(counts)
        return held_out_loss(self.corpus.held_out, inputs, outputs, keep, noise, options.rule)

    def _inputs(self) -> Singles2d:
        """Return each word's input vector as it is now, (V, D)."""
        n, dim, tables = len(self.model.words), self.options.dim, self.tables
        if not len(tables.parts):
            return tables.inputs[:n, :dim]
        runs = np.delete(tables.parts, tables.starts[:-1]) - n
        starts = tables.starts - np.arange(n + 1)
        return composed(tables.inputs[:n, :dim], tables.inputs[n:, :dim], runs, starts)

    def _say(self, share: float) -> None:
        if self.watch.progress is not None:
            place = self.place
            speed = place.chunk / len(self.chunks) * self.corpus.n_tokens / max(place.seconds, 1e-9)
            done = f"epoch {place.epoch + 1} of {self.options.epochs}"
            self.watch.progress(f"{self.watch.label}{done}, {speed / 1e6:.1f} M words/s", share)

    def _look(self, chunks_done: int) -> None:
        """Show the nearest words of the probes as they are now."""
        if self.watch.on_probe is not None and self.watch.probes:
            vectors = WordVectors(self.model.words, np.ascontiguousarray(self._inputs()))
            found = {word: vectors.most_similar(word, k=8) for word in self.watch.probes if word in vectors}
            self.watch.on_probe(min(chunks_done * CHUNK, self.options.epochs * len(self.corpus.tokens)), found)


def all_chunks(corpus: Corpus) -> Ints1d:
    """Return the numbers of a corpus's chunks, in order."""
    return np.arange(-(-len(corpus.tokens) // CHUNK), dtype=np.int64)


def bootstrap_chunks(corpus: Corpus, seed: int, replica: int) -> Ints1d:
    """Return as many chunks as there are, drawn with replacement, in order."""
    n = -(-len(corpus.tokens) // CHUNK)
    return np.sort(np.random.default_rng([seed, 1 + replica]).integers(0, n, n))


def _mixed(seed: int, epoch: int) -> int:
    """Return a seed for one pass."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> np.uint64(2))
