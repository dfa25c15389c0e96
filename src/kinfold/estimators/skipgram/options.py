"""The parameters of `SkipGram`, checked, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.checks import (
    FLAG,
    NUMBER,
    POSITIVE,
    SEED,
    SHARE,
    Rules,
    check,
    is_number,
    is_whole,
    one_of,
    optional,
    whole,
)
from kinfold.errors import InvalidParameterError
from kinfold.kernels.lanes import Draws, Rule
from kinfold.kernels.threads import thread_count
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import Tokenizer, WordTokenizer
from kinfold.types import Floats1d, Ints1d, Json, Singles1d

#: The longest run of characters, and the widest window.
LONGEST, WIDEST = 20, 1000
#: Places in the table that negatives are drawn from, and for each word at least.
_NOISE, _NOISE_A_WORD = 1 << 20, 16
#: The learning rate's last value, as a share of its first.
_LAST_RATE = 1e-4


@dataclass(frozen=True)
class Options:
    """The parameters of `SkipGram`, which describes them."""

    dim: int
    window: int
    negatives: int
    min_count: int
    sample: float
    epochs: int
    architecture: str
    learning_rate: float
    power: float
    max_words: int | None
    shrink_window: bool
    shared_negatives: int
    subwords: tuple[int, int] | None
    buckets: int
    average: bool
    shared_table: bool
    deterministic: bool
    valid: float
    patience: int | None
    replicas: int
    tokenizer: str
    device: str
    n_threads: int | None
    random_state: int | None

    @property
    def threads(self) -> int:
        """The number of threads to use."""
        return thread_count(self.n_threads)

    @property
    def rule(self) -> Rule:
        """How the kernels are to learn."""
        return Rule(int(self.window), bool(self.shrink_window), float(self.negatives), self.architecture == "cbow")

    @property
    def tables(self) -> dict[str, Json]:
        """What the shapes of the tables, and what their rows stand for, hang on."""
        runs = None if self.subwords is None else tuple(self.subwords)
        buckets = None if runs is None else self.buckets
        return {"dim": self.dim, "shared_table": self.shared_table, "subwords": runs, "buckets": buckets}

    def cutter(self) -> Tokenizer | None:
        """Return what cuts a sentence into words; None: white space."""
        return WordTokenizer(Normalizer(), symbols=False) if self.tokenizer == "words" else None

    def seed(self) -> int:
        """Return the seed to use: a new one where none was given."""
        if self.random_state is not None:
            return int(self.random_state)
        return int(np.random.SeedSequence().generate_state(1)[0])

    def keep(self, counts: Ints1d) -> Floats1d:
        """Return the chance that an occurrence of each word is learned from, (V,).

        With a word's share ``f`` of all, ``sqrt(sample / f) + sample / f``, at most 1: what word2vec's program does,
        where the paper says ``sqrt(sample / f)``.
        """
        if self.sample == 0:
            return np.ones(len(counts))
        relative = self.sample * counts.sum() / np.maximum(counts, 1)
        return np.minimum(1.0, np.sqrt(relative) + relative)

    def noise(self, counts: Ints1d) -> Floats1d:
        """Return how likely each word is to be drawn as a negative, (V,)."""
        weights = (counts / counts.max()) ** self.power
        return weights / weights.sum()

    def draws(self, counts: Ints1d) -> Draws:
        """Return what the kernels draw from."""
        size = max(_NOISE, _NOISE_A_WORD * len(counts))
        copies = np.maximum(1, np.rint(self.noise(counts) * size)).astype(np.int64)
        return Draws(self.keep(counts).astype(np.float32), np.repeat(np.arange(len(counts), dtype=np.int32), copies))

    def rates(self, done: Floats1d) -> Singles1d:
        """Return the learning rate when these shares of the work are done; it falls in a straight line."""
        return np.asarray(self.learning_rate * np.maximum(_LAST_RATE, 1.0 - done), np.float32)

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        check(self, _RULES)
        if self.shared_table and self.subwords is not None:
            raise InvalidParameterError(
                "`shared_table` and `subwords` don't go together: a run of characters has no context.", fix="Give one."
            )
        if self.patience is not None and self.valid == 0:
            raise InvalidParameterError(
                "`patience` needs sentences to look at.", seen="valid=0", fix="Hold some out: valid=0.02."
            )


def _is_runs(value: Any) -> bool:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        return False
    return all(is_whole(n, 1) for n in value) and value[0] <= value[1] <= LONGEST


_RULES: Rules = {
    **dict.fromkeys(("dim", "negatives", "min_count", "epochs", "buckets"), whole()),
    "window": whole(1, WIDEST),
    "sample": (is_number, "a number from 0; 0 keeps every word"),
    "architecture": one_of("skip-gram", "cbow"),
    "learning_rate": POSITIVE,
    "power": NUMBER,
    "max_words": optional(whole(2)),
    "shared_negatives": (lambda x: is_whole(x, 8) and x % 8 == 0, "a multiple of 8 from 8"),
    "subwords": optional((_is_runs, f"a pair (shortest, longest) with 1 <= shortest <= longest <= {LONGEST}")),
    "valid": SHARE,
    "patience": optional(whole()),
    "replicas": whole(0),
    "tokenizer": one_of("words", "spaces"),
    "device": one_of("auto", "cpu", "cuda"),
    **dict.fromkeys(("shrink_window", "average", "shared_table", "deterministic"), FLAG),
    "n_threads": optional(whole()),
    "random_state": optional(SEED),
}
