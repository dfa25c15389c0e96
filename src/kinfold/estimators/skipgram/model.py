"""What `SkipGram` has learned: words, tables, and the vectors that come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinfold.estimators.skipgram.options import Options
from kinfold.kernels.lanes import Tables
from kinfold.types import Array, Ids1d, Ints1d, Json, Layout, Singles2d, State
from kinfold.vectors.state import from_lines, to_lines
from kinfold.vectors.subwords import Subwords, runs
from kinfold.vectors.words import WordVectors

#: A row of a table is a multiple of so many numbers wide: one cache line.
LINE = 16
#: Words whose vectors are composed at a time.
_BLOCK = 4096


@dataclass
class Model:
    """Words and tables.

    Attributes
    ----------
    words, counts
        V words, the most frequent first, and how often each was read; (V,) int64.
    inputs : (V, D) float32
        A word's own input vector.
    buckets : (B, D) float32
        Input vectors of runs of characters; B is 0 without subwords.
    outputs : (V, D) float32
        A word's vector as context.
    replicas : (R, V, D) float32
        The word vectors of models trained alike on other samples of the sentences.
    """

    words: list[str]
    counts: Ints1d
    inputs: Singles2d
    buckets: Singles2d
    outputs: Singles2d
    replicas: Array
    history: list[dict[str, Json]] = field(default_factory=list)
    seed: int = 0

    def vectors(self, options: Options) -> WordVectors:
        """Return the word vectors, with their replicas."""
        subwords = Subwords(self.buckets, *options.subwords) if options.subwords is not None else None
        made = WordVectors(self.words, self._table(options), self.counts, subwords=subwords)
        made.replicas = tuple(WordVectors(self.words, table, self.counts) for table in self.replicas)
        return made

    def _table(self, options: Options) -> Singles2d:
        table = self.inputs
        if options.subwords is not None:
            rows, starts = runs(self.words, *options.subwords, len(self.buckets))
            table = composed(self.inputs, self.buckets, rows, starts)
        return np.asarray((table + self.outputs) / 2, np.float32) if options.average else table

    def state(self) -> State:
        """Return all of it in forms that any program can read."""
        arrays: dict[str, Array] = {"counts": self.counts, "inputs": self.inputs, "outputs": self.outputs}
        arrays |= {name: made for name, made in (("buckets", self.buckets), ("replicas", self.replicas)) if len(made)}
        return State(arrays, {"words": to_lines(self.words)}, {"history": self.history, "seed": self.seed})

    @classmethod
    def of_state(cls, state: State) -> Model:
        """Return what `state` wrote."""
        arrays = state.arrays
        dim = arrays["inputs"].shape[1]
        return cls(
            from_lines(state.vocabularies["words"]),
            arrays["counts"],
            arrays["inputs"],
            arrays.get("buckets", np.zeros((0, dim), np.float32)),
            arrays["outputs"],
            arrays.get("replicas", np.zeros((0, 0, dim), np.float32)),
            list(state.values["history"]),
            int(state.values["seed"]),
        )


def layout(params: Mapping[str, Any], n_words: int) -> Layout:
    """Return name -> (dtype, shape) of the arrays of a model with these parameters."""
    dim = params["dim"]
    table = ("float32", (n_words, dim))
    arrays: Layout = {"counts": ("int64", (n_words,)), "inputs": table, "outputs": table}
    if params["subwords"] is not None:
        arrays["buckets"] = ("float32", (params["buckets"], dim))
    if params["replicas"]:
        arrays["replicas"] = ("float32", (params["replicas"], n_words, dim))
    return arrays


def composed(inputs: Singles2d, buckets: Singles2d, rows: Ids1d, starts: Ints1d) -> Singles2d:
    """Return the mean of each word's own row and the rows of its runs, (V, D)."""
    out = np.empty_like(inputs)
    for first in range(0, len(inputs), _BLOCK):
        last = min(first + _BLOCK, len(inputs))
        own = starts[first : last + 1]
        sums = np.zeros((last - first + 1, inputs.shape[1]), np.float32)
        if own[-1] > own[0]:
            picked = buckets[rows[own[0] : own[-1]]]  # (runs, D)
            ends = np.vstack([np.zeros((1, inputs.shape[1])), np.cumsum(picked, axis=0, dtype=np.float64)])
            sums = np.diff(ends[own - own[0]], axis=0).astype(np.float32)
        out[first:last] = (inputs[first:last] + sums[: last - first]) / (1 + np.diff(own))[:, None]
    return out


def new_model(words: Sequence[str], counts: Ints1d, options: Options, seed: int) -> Model:
    """Return a model that has learned nothing: inputs at random, outputs zero unless the tables are one."""
    random = np.random.default_rng([seed, 0])

    def spread(n: int) -> Singles2d:
        return (random.random((n, options.dim), np.float32) - np.float32(0.5)) / np.float32(options.dim)

    inputs = spread(len(words))
    buckets = spread(options.buckets if options.subwords is not None else 0)
    outputs = inputs if options.shared_table else np.zeros_like(inputs)
    none = np.zeros((0, 0, options.dim), np.float32)
    return Model(list(words), counts, inputs, buckets, outputs, none, [], seed)


def grown(old: Model, words: Sequence[str], counts: Ints1d, options: Options, seed: int) -> Model:
    """Return a model of `words` that has what the old one learned, and nothing for words that are new."""
    made = new_model(words, counts, options, seed)
    place = {word: i for i, word in enumerate(words)}
    rows = np.array([place[word] for word in old.words])
    made.inputs[rows], made.outputs[rows] = old.inputs, old.outputs
    if len(made.buckets):
        made.buckets[:] = old.buckets
    made.history = list(old.history)
    return made


def working_tables(model: Model, options: Options) -> Tables:
    """Return copies of the tables as the kernels want them: rows that begin on cache lines, padded with zeros."""
    n_words, n_buckets = len(model.words), len(model.buckets)
    inputs = _aligned(n_words + n_buckets, options.dim)
    inputs[:n_words, : options.dim] = model.inputs
    inputs[n_words:, : options.dim] = model.buckets
    outputs = inputs
    if not options.shared_table:
        outputs = _aligned(n_words, options.dim)
        outputs[:, : options.dim] = model.outputs
    parts, starts = np.zeros(0, np.int32), np.zeros(1, np.int64)
    if options.subwords is not None:
        rows, ends = runs(model.words, *options.subwords, n_buckets)
        starts = ends + np.arange(n_words + 1)
        parts = np.insert(rows + np.int32(n_words), ends[:-1], np.arange(n_words, dtype=np.int32))
    return Tables(inputs, outputs, parts, starts)


def take_over(model: Model, tables: Tables, options: Options) -> None:
    """Write what the tables have learned into the model."""
    n_words = len(model.words)
    model.inputs = np.ascontiguousarray(tables.inputs[:n_words, : options.dim])
    model.buckets = np.ascontiguousarray(tables.inputs[n_words:, : options.dim])
    model.outputs = model.inputs
    if not options.shared_table:
        model.outputs = np.ascontiguousarray(tables.outputs[:, : options.dim])


def _aligned(n_rows: int, dim: int) -> Singles2d:
    width = dim + -dim % LINE
    room = np.zeros(n_rows * width + LINE, np.float32)
    first = (-room.ctypes.data // room.itemsize) % LINE
    return room[first : first + n_rows * width].reshape(n_rows, width)
