"""Rows in; a net that was trained on them, and its scores of rows, out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from kinfold.errors import InvalidParameterError
from kinfold.estimators.neural.batches import Batches, by_length, target_tensor, tensors
from kinfold.estimators.neural.options import Options
from kinfold.estimators.neural.rows import Data, Part, Progress, Source, VectorRows
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.heads import Head
from kinfold.nn.inputs import Inputs
from kinfold.nn.losses import absolute_error, binary_cross_entropy, cross_entropy, hinge, huber, squared_error
from kinfold.nn.model import TextNet
from kinfold.nn.penalties import l1, l2, max_norm_
from kinfold.training.batching import Batch
from kinfold.training.callbacks import Progress as TrainerProgress
from kinfold.training.history import History
from kinfold.types import Array, Floats1d, Floats2d, Ints1d, Json, Singles2d

#: Scores (B, n) and targets -> what each row's are wrong by, (B,).
Loss = Callable[[Tensor, Tensor], Tensor]
#: Where a net's table of embeddings is, by its weight's name.
EMBEDDING = "encoder.embedding."
_NUMBER_LOSSES = {"squared": squared_error, "absolute": absolute_error}
#: The share of the whole that reading takes, and where training ends, for a progress bar.
_READ, _TRAINED = 0.05, 0.97


def build(spec: Encoder, inputs: Inputs, n_outputs: int, options: Options) -> TextNet:
    """Return a new net; torch's generator draws what it starts from."""
    encoder = spec.build(inputs)
    return TextNet(encoder, Head(encoder.output_dim, n_outputs, tuple(options.hidden or ()), float(options.dropout)))


def new_net(options: Options, data: Data, table: Singles2d | None) -> TextNet:
    """Return the net to train; `table` (V, D) is what embeddings start from, NaN where nothing is known."""
    if isinstance(data.train.source, VectorRows):
        inputs = Inputs(dim=data.train.source.dim, n_steps=data.train.source.n_steps)
    else:
        if data.vocabulary is None or data.rows_with is None:
            raise RuntimeError("rows of ids have a vocabulary")
        inputs = Inputs(
            n_tokens=len(data.vocabulary),
            vectors=None if table is None else torch.from_numpy(table),
            rows_with=torch.from_numpy(data.rows_with),
            n_rows=len(data.train.source),
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(options.random_state))
        net = build(options.spec, inputs, data.train.targets.n_outputs, options)
    check_table(options, table is not None, _has_embedding(net))
    return net


def check_table(options: Options, given: bool, has_table: bool) -> None:
    """Raise InvalidParameterError if embeddings are spoken of that an encoder does not have."""
    if (given or options.embedding_rate != 1.0) and not has_table:
        raise InvalidParameterError(
            "`embedding` and `embedding_rate` are for encoders with a table of embeddings.",
            seen=repr(options.spec),
            fix="Take another encoder, or leave them out.",
        )


def train(
    options: Options,
    net: TextNet,
    data: Data,
    weights: Floats1d | None,
    report: Progress,
    checkpoint: Path | None,
    resume: bool,
    about: Mapping[str, Json],
) -> History:
    """Train the net in place; return what that was like.

    Parameters
    ----------
    weights
        (C,) what a row of each class counts for; None: all the same.
    about
        What must be the same where a training goes on.
    """
    loss = loss_of(options, data.train.targets.multilabel, weights)
    valid = None if data.valid is None else partial(_measured, part=data.valid, loss=loss)
    after = None if options.max_norm is None else partial(max_norm_, limit=float(options.max_norm))
    rates = {} if options.embedding_rate == 1.0 else {EMBEDDING: float(options.embedding_rate)}

    def step(module: nn.Module, batch: Batch) -> Tensor | tuple[Tensor, Tensor]:
        if batch.targets is None:
            raise RuntimeError("rows to learn from have targets")
        return penalised(options, loss(module(batch.inputs, batch.lengths), batch.targets), module)

    trainer = options.trainer(of_training(report), rates, valid is not None)
    return trainer.fit(
        net,
        step,
        Batches(data.train, int(options.batch_size)),
        valid,
        checkpoint=checkpoint,
        resume=resume,
        after_step=after,  # type: ignore[arg-type]
        about=about,
    )


def penalised(options: Options, losses: Tensor, module: nn.Module) -> Tensor | tuple[Tensor, Tensor]:
    """Return losses (B,), and beside them what the sizes of the weights cost where that counts."""
    if not options.l1 and not options.l2:
        return losses
    penalty = losses.new_zeros(())
    for strength, of in ((options.l1, l1), (options.l2, l2)):
        if strength:
            penalty = penalty + float(strength) * of(module)
    return losses, penalty


def of_training(report: Progress) -> TrainerProgress:
    """Return what reports a training as its share of the whole."""
    return lambda what, share: report(what, _READ + (_TRAINED - _READ) * min(1.0, share or 0.0))


def loss_of(options: Options, multilabel: bool, weights: Floats1d | None) -> Loss:
    """Return the loss of a row's scores."""
    if options.task == "regress":
        function = _NUMBER_LOSSES.get(options.loss) or partial(huber, delta=float(options.delta))
        return lambda scores, targets: function(scores, targets.unsqueeze(1))
    if options.loss == "hinge" and multilabel:
        raise InvalidParameterError("`loss='hinge'` is for one label a row.", seen="several labels", fix="loss='auto'.")
    smoothing = float(options.label_smoothing)
    of_class = {"cpu": None if weights is None else torch.from_numpy(weights.astype(np.float32))}

    def on(device: torch.device) -> Tensor | None:
        if weights is None:
            return None
        if device.type not in of_class:
            of_class[device.type] = torch.from_numpy(weights.astype(np.float32)).to(device)
        return of_class[device.type]

    function = hinge if options.loss == "hinge" else binary_cross_entropy if multilabel else cross_entropy
    return lambda scores, targets: function(scores, targets, label_smoothing=smoothing, class_weight=on(scores.device))


def scores_of(net: TextNet, source: Source, rows: Ints1d, keys: Array, *, encode: bool = False) -> Floats2d:
    """Return the scores of some rows, (n, n_outputs), or their vectors (n, D); in the rows' order.

    `keys` (n,) are equal for equal rows: what a row is answered together with does not depend on where it stands.
    """
    function, width = (net.encode, net.encoder.output_dim) if encode else (net, n_outputs_of(net))
    return answers_of(function, width, net, source, rows, keys)


def answers_of(
    function: Callable[[Tensor, Tensor], Tensor], width: int, net: nn.Module, source: Source, rows: Ints1d, keys: Array
) -> Floats2d:
    """Return what a part of a net answers to some rows, (n, width), in the rows' order; arguments as `scores_of`."""
    out = np.zeros((len(rows), width))
    device = next(net.parameters()).device
    net.eval()
    with torch.inference_mode():
        for batch in by_length(source.lengths_of(rows), keys):
            inputs, lengths = tensors(source, rows[batch])
            out[batch] = function(inputs.to(device), lengths.to(device)).double().cpu().numpy()
    return out


def n_outputs_of(net: TextNet) -> int:
    """Return how many scores a row gets."""
    *_, bias = net.head.parameters()
    return len(bias)


@contextmanager
def threads(n_threads: int | None) -> Iterator[None]:
    """Let torch use so many threads in the block; None: as many as it does."""
    before = torch.get_num_threads()
    if n_threads is not None:
        torch.set_num_threads(int(n_threads))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _measured(module: nn.Module, part: Part, loss: Loss) -> Mapping[str, float]:
    """Return the mean loss of held-out rows, and how many answers are right or how much of the numbers is told."""
    if not isinstance(module, TextNet):
        raise RuntimeError("only a TextNet is measured")
    scores = torch.from_numpy(scores_of(module, part.source, part.rows, part.rows)).float()
    targets = target_tensor(part.targets, part.rows)
    losses = loss(scores, targets)
    if not part.targets.classes:
        missed = float((scores[:, 0] - targets).square().sum())
        spread = float((targets - targets.mean()).square().sum())
        return {"loss": float(losses.mean()), "r2": 1.0 - missed / spread if spread > 0 else 0.0}
    many = part.targets.multilabel
    right = ((scores > 0) == (targets > 0)).all(dim=1) if many else scores.argmax(dim=1) == targets
    return {"loss": float(losses.mean()), "accuracy": float(right.float().mean())}


def _has_embedding(net: nn.Module) -> bool:
    return any(name.startswith(EMBEDDING) for name, _ in net.named_parameters())
