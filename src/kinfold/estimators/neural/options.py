"""The parameters of `TextClassifier` and `TextRegressor`, checked, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any

from kinfold.checks import FLAG, NUMBER, POSITIVE, SEED, SHARE, Rules, check, is_whole, one_of, optional, whole
from kinfold.errors import InvalidParameterError
from kinfold.estimators.decision import DECIDING, Costs
from kinfold.estimators.device import on_gpu
from kinfold.estimators.labels import CLASS_WEIGHT
from kinfold.estimators.neural.embedding import Embedding
from kinfold.estimators.neural.encoders import from_json, to_json
from kinfold.nn.encoders.bag import BagOfEmbeddings
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.pair_losses import IN_BATCH, LABELLED
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import CharacterTokenizer, Tokenizer, WordTokenizer
from kinfold.training.averaging import AVERAGES
from kinfold.training.callbacks import Callback
from kinfold.training.callbacks import Progress as TrainerProgress
from kinfold.training.optimizers import OPTIMIZERS
from kinfold.training.schedules import SCHEDULES
from kinfold.training.settings import PRECISIONS
from kinfold.training.trainer import Trainer
from kinfold.types import Json
from kinfold.vectors.words import WordVectors

LOSSES = {
    "classify": ("auto", "hinge"),
    "regress": ("huber", "squared", "absolute"),
    "match": ("auto", *LABELLED, *IN_BATCH),
}
#: Parameters that may differ when a training goes on: they change how fast it runs or how long, not what is learned.
_FREE = ("device", "n_threads", "time_budget")


@dataclass(frozen=True)
class Options:
    """The parameters of the two estimators, which describe them; those that only one of them has have defaults."""

    encoder: Encoder | Mapping[str, Json] | None
    unit: str | None
    lowercase: bool
    strip_html: bool
    symbols: bool
    min_count: int
    max_tokens: int | None
    alphabet: str | None
    max_length: int
    embedding: Embedding | None
    embedding_words: int
    embedding_rate: float
    loss: str
    hidden: Sequence[int] | None
    dropout: float
    l1: float
    l2: float
    max_norm: float | None
    optimizer: str
    learning_rate: float
    schedule: str
    warmup: float
    weight_decay: float
    momentum: float
    clip_norm: float | None
    average: str | None
    batch_size: int
    max_epochs: int
    patience: int | None
    valid: float
    time_budget: float | None
    device: str
    precision: str
    n_threads: int | None
    random_state: int
    task: str = "classify"
    delta: float = 1.0
    label_smoothing: float = 0.0
    class_weight: str | float | Mapping[str, float] | None = None
    calibrate: bool = True
    metric: str = "accuracy"
    costs: Costs | None = None
    abstain_cost: float | None = None

    @property
    def spec(self) -> Encoder:
        """The encoder to build."""
        if self.encoder is None:
            return BagOfEmbeddings()
        return self.encoder if isinstance(self.encoder, Encoder) else from_json(self.encoder)

    @property
    def longest(self) -> int:
        """How many tokens of a text are looked at."""
        most = self.spec.longest
        return int(self.max_length) if most is None else min(int(self.max_length), most)

    @property
    def drops_unknown(self) -> bool:
        """Whether tokens without an id leave the text."""
        return self.alphabet is not None

    @property
    def reads_characters(self) -> bool:
        """Whether texts are cut into characters."""
        return (self.unit or self.spec.unit) == "character"

    def tokenizer(self) -> Tokenizer:
        """Return what cuts a text."""
        normalizer = Normalizer(lowercase=bool(self.lowercase), strip_html=bool(self.strip_html))
        if self.reads_characters:
            return CharacterTokenizer(normalizer)
        return WordTokenizer(normalizer, symbols=bool(self.symbols))

    def words(self) -> WordTokenizer:
        """Return what cuts a text into the parts of an explanation."""
        return WordTokenizer(Normalizer(lowercase=bool(self.lowercase), strip_html=bool(self.strip_html)))

    def trainer(
        self,
        progress: TrainerProgress,
        rates: Mapping[str, float],
        has_valid: bool,
        callbacks: Sequence[Callback] = (),
    ) -> Trainer:
        """Return what trains the net; `rates` are factors of the learning rate, by the beginnings of weights' names."""
        return Trainer(
            callbacks=callbacks,
            optimizer=self.optimizer,
            learning_rate=float(self.learning_rate),
            schedule=self.schedule,
            warmup=float(self.warmup),
            weight_decay=float(self.weight_decay),
            momentum=float(self.momentum),
            clip_norm=None if self.clip_norm is None else float(self.clip_norm),
            max_epochs=int(self.max_epochs),
            batch_size=int(self.batch_size),
            patience=None if self.patience is None or not has_valid else int(self.patience),
            average=self.average,
            time_budget=None if self.time_budget is None else float(self.time_budget),
            device="cuda" if on_gpu(self.device) else "cpu",
            precision=self.precision,
            seed=int(self.random_state),
            n_threads=None if self.n_threads is None else int(self.n_threads),
            rate_scales=rates,
            progress=progress,
        )

    def written(self) -> dict[str, Json]:
        """Return what must be the same where a training goes on, as JSON holds it."""
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _FREE}
        embedding = given["embedding"]
        named = str(embedding) if isinstance(embedding, str | PathLike) else repr(embedding)
        given |= {"encoder": to_json(self.spec), "embedding": named}
        return dict(json.loads(json.dumps(given, default=float)))

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        check(self, {k: v for k, v in _RULES.items() if k not in _OF_CLASSES} if self.task == "regress" else _RULES)
        if self.loss not in LOSSES[self.task]:
            wanted = " or ".join(map(repr, LOSSES[self.task]))
            raise InvalidParameterError(f"`loss` must be {wanted}.", seen=f"loss={self.loss!r}")
        if self.loss not in ("auto", "cross-entropy") and self.label_smoothing:
            raise InvalidParameterError(
                "`label_smoothing` is for cross-entropy.",
                seen=f"loss={self.loss!r}, label_smoothing={self.label_smoothing!r}",
                fix="Give one of them.",
            )
        self.spec.check()
        unit = self.unit or self.spec.unit
        if self.alphabet is not None and unit != "character":
            raise InvalidParameterError(
                "`alphabet` is for characters.", seen=f"unit={unit!r}", fix='Give unit="character", or no alphabet.'
            )
        if self.embedding_words and self.embedding is None:
            raise InvalidParameterError(
                "`embedding_words` are words of a file of vectors.",
                seen="embedding=None",
                fix="Give `embedding`, or embedding_words=0.",
            )


def _is_widths(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and all(is_whole(width, 1) for width in value)


def _is_embedding(value: Any) -> bool:
    return isinstance(value, WordVectors) or (isinstance(value, str | PathLike) and Path(value).is_file())


_OF_CLASSES: Rules = {"label_smoothing": SHARE, "class_weight": CLASS_WEIGHT, "calibrate": FLAG, **DECIDING}
_RULES: Rules = {
    "encoder": optional((lambda x: isinstance(x, Encoder | Mapping), "an encoder such as kinfold.GRU()")),
    "unit": optional(one_of("word", "character")),
    **dict.fromkeys(("lowercase", "strip_html", "symbols"), FLAG),
    "alphabet": optional((lambda x: isinstance(x, str) and len(x) > 1, "a text of two characters or more")),
    "embedding": optional((_is_embedding, "a file of word vectors that is there, or WordVectors")),
    "embedding_words": whole(0),
    "loss": (lambda x: isinstance(x, str), "the name of a loss"),
    "hidden": optional((_is_widths, "a tuple of whole numbers from 1")),
    "optimizer": one_of(*OPTIMIZERS),
    "schedule": one_of(*SCHEDULES),
    "average": optional(one_of(*AVERAGES)),
    "device": one_of("auto", "cpu", "cuda"),
    "precision": one_of(*PRECISIONS),
    **dict.fromkeys(("max_norm", "clip_norm", "time_budget"), optional(POSITIVE)),
    **dict.fromkeys(("embedding_rate", "l1", "l2", "weight_decay"), NUMBER),
    **dict.fromkeys(("dropout", "warmup", "momentum", "valid"), SHARE),
    **dict.fromkeys(("learning_rate", "delta"), POSITIVE),
    **dict.fromkeys(("min_count", "max_length", "batch_size", "max_epochs"), whole()),
    **dict.fromkeys(("max_tokens", "patience", "n_threads"), optional(whole())),
    "random_state": SEED,
    **_OF_CLASSES,
}
