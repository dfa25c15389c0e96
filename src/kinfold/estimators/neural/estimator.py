"""What `TextClassifier` and `TextRegressor` share: read rows, train a net, score, and write down what was learned."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Self
from zlib import crc32

import numpy as np

from kinfold.errors import DataError, InvalidParameterError
from kinfold.estimators.base import TextEstimator, silent
from kinfold.estimators.device import on_gpu
from kinfold.estimators.neural import saving
from kinfold.estimators.neural.answers import calibrate, class_weights, decide, margins_of
from kinfold.estimators.neural.checkpoint import TRAINING, KeptRows, told
from kinfold.estimators.neural.embedding import Given
from kinfold.estimators.neural.encoders import saved_params, with_encoder
from kinfold.estimators.neural.net import new_net, scores_of, threads, train
from kinfold.estimators.neural.options import Options
from kinfold.estimators.neural.rows import (
    Data,
    Progress,
    Source,
    VectorRows,
    checked_array,
    is_array,
    known_rows,
    read,
)
from kinfold.estimators.neural.saving import Fitted, shape_of
from kinfold.estimators.skipgram.corpus import folder_for
from kinfold.nn.embedding import TokenEmbedding
from kinfold.nn.model import TextNet
from kinfold.text.normalize import check_texts
from kinfold.text.vocabulary import END
from kinfold.training.history import History
from kinfold.types import Array, Floats2d, Json, Keys1d, Layout, State
from kinfold.vectors.words import WordVectors


class NeuralEstimator(TextEstimator):
    """Base of the estimators that train a net. The constructors of the two list the parameters."""

    def encode(self, texts: Any) -> Floats2d:
        """Return the encoder's vector of each text, (N, D)."""
        return self._scores(texts, encode=True)

    @property
    def word_vectors_(self) -> WordVectors:
        """The words that the net knows and the vectors that it has of them, the most frequent first.

        Raises
        ------
        AttributeError
            It has none: it reads characters, or rows of vectors.
        """
        self._check_fitted("fitted_")
        fitted, options = self.fitted_, self._options()
        table = next((part for part in fitted.net.encoder.modules() if isinstance(part, TokenEmbedding)), None)
        if table is None or fitted.vocabulary is None or options.reads_characters:
            raise AttributeError("This net has no vectors of words.")
        ids = range(END + 1, len(fitted.vocabulary))
        return WordVectors(fitted.vocabulary.tokens(ids), table.weight[END + 1 :].detach().cpu().numpy())

    def get_state(self) -> State:
        """Return what was learned; see `State`."""
        self._check_fitted("fitted_")
        return saving.to_state(self.fitted_)

    def set_state(self, state: State) -> Self:
        """Take over what another estimator with the same parameters has learned."""
        return self._take(saving.from_state(self._options(), state))

    def saved_params(self) -> dict[str, Any]:
        """Return the parameters as a model folder holds them: vectors in memory are left out, the weights have them."""
        return saved_params(self.get_params(deep=False))

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return an estimator with these parameters, as `saved_params` has them, that has learned what another had."""
        return cls(**with_encoder(params)).set_state(state)

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""
        options = cls(**with_encoder(params))._options()
        return saving.layout(options, values, vocabulary_sizes)

    def _options(self) -> Options:
        return Options(**self.get_params(deep=False), task=self.task)

    def _fit(
        self,
        texts: Any,
        labels: Iterable[Any] | None,
        valid: Any,
        progress: Progress | None,
        checkpoint: str | PathLike[str] | None,
        resume: bool,
    ) -> Self:
        report = progress or silent
        options = self._options()
        options.check()
        on_gpu(options.device)
        if resume and checkpoint is None:
            raise InvalidParameterError("`resume` needs a checkpoint to go on from.", fix="Give its folder.")
        report("reading", 0.0)
        given = None if options.embedding is None else Given(options.embedding, int(options.embedding_words))
        kept = None if checkpoint is None else KeptRows(Path(checkpoint), options, type(self).__name__)
        there = resume and bool(kept)
        # Of several processes that learn together one keeps the rows; the others read them to a place of their own.
        leads = os.environ.get("RANK", "0") == "0"
        with folder_for(checkpoint if leads else None) as folder:
            if kept is not None and there:
                data = kept.data(valid)
            else:
                if kept is not None and leads:
                    kept.clear()
                data = read(options, texts, labels, valid, folder, given, report)
                if kept is not None and leads:
                    kept.keep(data, valid is not None)
            table, n_found = (None, 0) if given is None or data.vocabulary is None else given.table(data.vocabulary)
            given = None
            targets = data.train.targets
            weights = None
            if targets.classes:
                weights = class_weights(options.class_weight, data.train.members(), targets.classes)
            net = new_net(options, data, table)
            # Where the rows were read anew, a training that is there was of other rows; rows of vectors are never kept.
            going_on = there or (resume and isinstance(data.train.source, VectorRows))
            place = None if checkpoint is None else Path(checkpoint) / TRAINING
            about = {"model": type(self).__name__, "rows": told(data.train), "params": options.written()}
            history = train(options, net, data, weights, report, place, going_on, about)
            fitted = _finished(options, net, data, history, n_found)
            report("done", 1.0)
        return self._take(fitted)

    def _take(self, fitted: Fitted) -> Self:
        self.fitted_ = fitted
        self.history_ = fitted.history
        self.module_ = fitted.net
        self.n_parameters_ = sum(weight.numel() for weight in fitted.net.parameters())
        self.n_cut_, self.n_found_ = fitted.n_cut, fitted.n_found
        return self

    def _scores(self, texts: Any, *, encode: bool = False) -> Floats2d:
        """Return the net's scores of texts or of rows of vectors, (N, n_outputs), or the encoder's vectors (N, D)."""
        self._check_fitted("fitted_")
        options = self._options()
        source, keys = self._known(options, texts)
        with threads(options.n_threads):
            return scores_of(self.fitted_.net, source, np.arange(len(source)), keys, encode=encode)

    def _known(self, options: Options, texts: Any) -> tuple[Source, Keys1d]:
        vocabulary = self.fitted_.vocabulary
        if is_array(texts) and vocabulary is None:
            source = VectorRows(checked_array(texts, saving.rows_like(options, self.fitted_.shape)))
            return source, source.keys()
        if is_array(texts) or vocabulary is None:
            raise DataError(
                "The rows are not of the kind the model was fitted with.",
                seen="vectors, not texts" if is_array(texts) else "texts, not vectors",
                fix="Give the same kind.",
                code="D-093",
            )
        rows, keys, _ = known_rows(options, vocabulary, check_texts(texts))
        return rows, keys

    def _probes(self, texts: list[str]) -> Any:
        """Return what is given to the net for probing: the texts, or vectors drawn from them."""
        self._check_fitted("fitted_")
        shape = self.fitted_.shape
        if self.fitted_.vocabulary is not None:
            return texts
        size = (int(shape.n_steps or 1), int(shape.width or 1))
        drawn = [np.random.default_rng(crc32(text.encode("utf-8", "replace"))).random(size) for text in texts]
        return np.stack(drawn) if drawn else np.zeros((0, *size))


def _finished(options: Options, net: TextNet, data: Data, history: History, n_found: int) -> Fitted:
    """Return what was learned, with probabilities and decisions from the rows held out."""
    targets = data.train.targets
    source = data.train.source
    n_tokens = None if data.vocabulary is None else len(data.vocabulary)
    fitted = Fitted(
        classes=targets.classes,
        multilabel=targets.multilabel,
        net=net,
        shape=shape_of(options, net.encoder, source, n_tokens),
        vocabulary=data.vocabulary,
        calibration=None,
        decision=None,
        mean=targets.mean,
        scale=targets.scale,
        history=history,
        n_cut=data.n_cut,
        n_found=n_found,
    )
    if not targets.classes:
        return fitted
    kind = fitted.kind
    members: Array = np.zeros((0, len(targets.classes)), np.uint8)
    scores: Floats2d = np.zeros((0, len(targets.classes)))
    if data.valid is not None:
        members = data.valid.members()
        with threads(options.n_threads):
            scores = scores_of(net, data.valid.source, data.valid.rows, data.valid.rows)
    calibration = calibrate(options, margins_of(scores, kind), members, kind)
    probabilities = calibration(margins_of(scores, kind))
    decision = decide(options, probabilities, members, targets.classes, kind)
    return replace(fitted, calibration=calibration, decision=decision)
