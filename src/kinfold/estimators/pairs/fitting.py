"""Pairs in; everything that a matcher learns from them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import torch

from kinfold.errors import InvalidParameterError
from kinfold.estimators.base import silent
from kinfold.estimators.device import on_gpu
from kinfold.estimators.neural.answers import calibrate, class_weights, decide
from kinfold.estimators.neural.checkpoint import TRAINING
from kinfold.estimators.neural.embedding import Given
from kinfold.estimators.neural.net import check_table, threads
from kinfold.estimators.neural.rows import Progress
from kinfold.estimators.neural.saving import shape_of
from kinfold.estimators.pairs.mining import Mining, NeedsModel
from kinfold.estimators.pairs.net import build, inputs_of, nearness, tables_of, train
from kinfold.estimators.pairs.options import PairOptions
from kinfold.estimators.pairs.parts import Draw, PairPart
from kinfold.estimators.pairs.rows import read
from kinfold.estimators.pairs.saving import FittedPairs
from kinfold.estimators.skipgram.corpus import folder_for
from kinfold.types import Array


@dataclass(frozen=True)
class Asked:
    """The arguments of `PairMatcher.fit` that say what is learned from."""

    pairs: Any
    labels: Iterable[Any] | None
    items: Any
    negatives: Draw | NeedsModel | None
    valid: Any

    def drawn(self) -> Draw | None:
        """Return what draws negatives while there is no net."""
        given = self.negatives
        return (lambda epoch: given.first()) if isinstance(given, NeedsModel) else given


def fitted(
    options: PairOptions,
    asked: Asked,
    progress: Progress | None,
    checkpoint: str | PathLike[str] | None,
    resume: bool,
    owner: str,
) -> FittedPairs:
    """Return what a matcher learns; see `PairMatcher.fit`."""
    options.check()
    on_gpu(options.device)
    if resume and checkpoint is None:
        raise InvalidParameterError("`resume` needs a checkpoint to go on from.", fix="Give its folder.")
    if options.in_batch and asked.negatives is not None:
        raise InvalidParameterError(
            f"`loss={options.loss!r}` has the other pairs of a batch for negatives.",
            seen="negatives",
            fix="loss='auto', 'contrastive' or 'hinge'; or leave `negatives` out.",
        )
    report = progress or silent
    report("reading", 0.0)
    given = None if options.embedding is None else Given(options.embedding, int(options.embedding_words))
    with folder_for(None) as folder:
        data = read(options, asked.pairs, asked.labels, asked.items, asked.valid, asked.drawn(), folder, given, report)
        table, n_found = (None, 0) if given is None or data.vocabulary is None else given.table(data.vocabulary)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(options.random_state))
            net = build(options, inputs_of(data, table), options.spec)
        check_table(options, table is not None, bool(tables_of(net)))
        weights = class_weights(options.class_weight, _members(data.train), data.classes)
        about = {"model": owner, "rows": _told(data.train), "params": options.written()}
        place = None if checkpoint is None else Path(checkpoint) / TRAINING
        draw = asked.negatives
        if isinstance(draw, NeedsModel):
            draw = Mining(draw, net, options, data.train, place, resume=resume)
        history = train(options, net, data, weights, draw, report, place, resume, about)
        held = data.valid or data.train.take(np.zeros(len(data.train), bool))
        with threads(options.n_threads):
            margins = nearness(net, options, held)[:, None]
        n_tokens = None if data.vocabulary is None else len(data.vocabulary)
        shape = shape_of(options, net.left, data.train.source, n_tokens)
    calibration = calibrate(options, margins, _members(held), "binary")
    decision = decide(options, calibration(margins), _members(held), data.classes, "binary")
    report("done", 1.0)
    return FittedPairs(
        classes=data.classes,
        net=net,
        shape=shape,
        vocabulary=data.vocabulary,
        calibration=calibration,
        decision=decision,
        history=history,
        n_cut=data.n_cut,
        n_found=n_found,
        counts=data.counts,
    )


def _members(part: PairPart) -> Array:
    """Return which pairs have which label, (n, 2) uint8."""
    return np.stack([part.matches == 0, part.matches > 0], 1).astype(np.uint8)


def _told(part: PairPart) -> list[int]:
    """Return numbers that tell pairs from others."""
    sums = (crc32(np.ascontiguousarray(one).tobytes()) for one in (part.pairs, part.matches, part.keys))
    return [len(part), *sums]
