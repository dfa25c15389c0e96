"""Pairs in; a net with two towers that was trained on them, and how near the sides of pairs are, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from kinfold.errors import InvalidParameterError
from kinfold.estimators.neural.batches import by_length
from kinfold.estimators.neural.net import EMBEDDING, answers_of, of_training, penalised
from kinfold.estimators.neural.rows import Progress, Source, VectorRows
from kinfold.estimators.pairs.batches import PairBatches, pair_tensors
from kinfold.estimators.pairs.options import ATTENTION, PairOptions
from kinfold.estimators.pairs.parts import Draw, PairPart
from kinfold.estimators.pairs.rows import PairData
from kinfold.estimators.pairs.same import Connected, Listed, Same
from kinfold.evaluation.metrics import auc
from kinfold.nn.attention import Attention, AttentionNet
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.inputs import Inputs
from kinfold.nn.pair_losses import contrastive, cross_entropy, hinge_embedding, in_batch_softmax, triplet
from kinfold.nn.pair_net import PairNet
from kinfold.nn.penalties import max_norm_
from kinfold.nn.similarity import Scaled, Similarity, similarity
from kinfold.training.batching import Batch
from kinfold.training.history import History
from kinfold.types import Floats1d, Floats2d, Ints1d, Json, Keys1d, Singles2d

#: Pairs whose vectors are compared at a time.
_BLOCK = 1 << 14
_MATCHES = ("no", "yes")
#: Where the towers' tables of embeddings are, by their weights' names.
_TABLES = tuple(f"{tower}.{EMBEDDING.removeprefix('encoder.')}" for tower in ("left", "own_right"))
#: Near pairs and whether they match -> what each costs.
Loss = Callable[[Tensor, Tensor], Tensor]


def build(options: PairOptions, inputs: Inputs, spec: Encoder) -> PairNet:
    """Return a new net; torch's generator draws what it starts from."""
    left = spec.build(inputs)
    right = left if options.towers == "shared" else spec.build(inputs)
    hidden, dropout, directed = tuple(options.hidden or ()), float(options.dropout), bool(options.directed)
    if options.similarity == ATTENTION:
        if left.state_dim is None:
            raise InvalidParameterError(
                "Attention needs a state for each token, and this encoder has one vector for a text.",
                seen=type(spec).__name__,
                fix="BagOfEmbeddings, WordCNN, RNN, GRU, LSTM or MinGRU.",
            )
        attention = Attention(left.state_dim, int(options.attention_units), hidden, dropout, directed=directed)
        return AttentionNet(left, right, attention)
    width, roles = left.output_dim, None
    if options.directed and (options.towers == "shared" or options.roles is not None):
        width = left.output_dim if options.roles is None else int(options.roles)
        roles = nn.Linear(left.output_dim, width, bias=False), nn.Linear(left.output_dim, width, bias=False)
    measure = similarity(options.similarity, width, hidden, dropout, directed=directed)
    if options.loss in ("auto", "cross-entropy") and measure.plain:
        measure = Scaled(measure)
    return PairNet(left, right, measure, roles)


def inputs_of(data: PairData, table: Singles2d | None) -> Inputs:
    """Return what the rows are to an encoder; `table` (V, D) is what embeddings start from."""
    source = data.train.source
    if isinstance(source, VectorRows):
        return Inputs(dim=source.dim, n_steps=source.n_steps)
    if data.vocabulary is None or data.rows_with is None:
        raise RuntimeError("rows of ids have a vocabulary")
    vectors = None if table is None else torch.from_numpy(table)
    counts = torch.from_numpy(data.rows_with)
    return Inputs(n_tokens=len(data.vocabulary), vectors=vectors, rows_with=counts, n_rows=len(source))


def train(
    options: PairOptions,
    net: PairNet,
    data: PairData,
    weights: Floats1d | None,
    draw: Draw | None,
    report: Progress,
    checkpoint: Path | None,
    resume: bool,
    about: Mapping[str, Json],
) -> History:
    """Train the net in place; return what that was like. `weights` (2,) is what pairs of each label count for."""
    part = data.train.take(data.train.matches > 0) if options.in_batch else data.train
    same: Same | None = None
    if options.in_batch:
        same = Connected(part) if options.transitive else Listed(part)
    batches = PairBatches(part, int(options.batch_size), draw, same)
    valid = None if data.valid is None else partial(measured, options=options, part=data.valid)
    after = None if options.max_norm is None else partial(max_norm_, limit=float(options.max_norm))
    rates = {} if options.embedding_rate == 1.0 else dict.fromkeys(tables_of(net), float(options.embedding_rate))
    trainer = options.trainer(of_training(report), rates, valid is not None, (batches,))
    return trainer.fit(
        net,
        partial(_step, options=options, weights=weights),  # type: ignore[arg-type]
        batches,
        valid,
        checkpoint=checkpoint,
        resume=resume,
        after_step=after,  # type: ignore[arg-type]
        about=about,
    )


def tables_of(net: PairNet) -> list[str]:
    """Return the beginnings of the names of the towers' tables of embeddings."""
    names = [name for name, _ in net.named_parameters()]
    return [table for table in _TABLES if any(name.startswith(table) for name in names)]


def _step(
    net: PairNet, batch: Batch, *, options: PairOptions, weights: Floats1d | None
) -> Tensor | tuple[Tensor, Tensor]:
    targets = batch.targets
    if targets is None:
        raise RuntimeError("pairs to learn from have targets")
    if options.in_batch:
        lefts, rights = net.sides(batch.inputs, batch.lengths)
        losses = _in_batch(options, net.measure.matrix(lefts, rights), net.measure, targets)
    else:
        losses = loss_of(options, net)(net(batch.inputs, batch.lengths), targets)
        if weights is not None:
            different, same = weights
            losses = losses * torch.where(targets > 0, float(same), float(different))
    return penalised(options, losses, net)


def loss_of(options: PairOptions, net: PairNet) -> Loss:
    """Return the loss of pairs that match or do not."""
    margin = float(options.margin)
    if options.loss == "contrastive":
        return lambda near, matches: contrastive(net.measure.distance(near), matches, margin=margin)
    if options.loss in ("hinge", "triplet"):
        return lambda near, matches: hinge_embedding(net.measure.distance(near), matches, margin=margin)
    temperature = float(options.temperature) if options.in_batch else 1.0
    smoothing = float(options.label_smoothing)
    return lambda near, matches: cross_entropy(near / temperature, matches, label_smoothing=smoothing)


def _in_batch(options: PairOptions, near: Tensor, measure: Similarity, same: Tensor) -> Tensor:
    """Return the loss of pairs (B,) that all match, by how near each left is to each right, (B, B)."""
    if options.loss == "triplet":
        return triplet(measure.distance(near), same, margin=float(options.margin))
    return in_batch_softmax(near, same, temperature=float(options.temperature), both_ways=not options.directed)


def measured(module: nn.Module, options: PairOptions, part: PairPart) -> Mapping[str, float]:
    """Return the mean loss of held-out pairs, and the share of matches that are nearer than what is no match."""
    if not isinstance(module, PairNet):
        raise RuntimeError("only a PairNet is measured")
    near = nearness(module, options, part)
    losses = loss_of(options, module)(torch.from_numpy(near), torch.from_numpy(part.matches).double())
    found = {"loss": float(losses.mean())}
    if 0 < part.matches.sum() < len(part):
        labels = [_MATCHES[int(match)] for match in part.matches]
        found["auc"] = auc(labels, np.stack([-near, near], 1), _MATCHES)
    return found


def nearness(net: PairNet, options: PairOptions, part: PairPart) -> Floats1d:
    """Return how near the sides of each pair are, (n,): the same for a pair and, if not directed, its turned round."""
    pairs = part.pairs
    if not options.directed:
        turned = part.keys[pairs[:, 0]] > part.keys[pairs[:, 1]]
        pairs = np.where(turned[:, None], pairs[:, ::-1], pairs)
    distinct, of_pair = np.unique(pairs, axis=0, return_inverse=True)
    if not net.by_vectors:
        return met(net, part, distinct)[of_pair]
    sides = [np.unique(distinct[:, side], return_inverse=True) for side in (0, 1)]
    vectors = [vectors_of(net, part.source, rows, part.keys, side) for side, (rows, _) in enumerate(sides)]
    return compared(net, vectors[0], vectors[1], sides[0][1], sides[1][1])[of_pair]


def met(net: PairNet, part: PairPart, pairs: Ints1d) -> Floats1d:
    """Return the scores (n,) of pairs (n, 2) that are read together."""
    out = np.zeros(len(pairs))
    device = next(net.parameters()).device
    net.eval()
    lengths = part.source.lengths_of(pairs.ravel()).reshape(-1, 2).max(axis=1)
    with torch.inference_mode():
        for batch in by_length(lengths, part.keys[pairs].sum(axis=1)):
            inputs, ends = pair_tensors(part.source, pairs[batch])
            out[batch] = net(inputs.to(device), ends.to(device)).double().cpu().numpy()
    return out


def vectors_of(net: PairNet, source: Source, rows: Ints1d, keys: Keys1d, side: int) -> Floats2d:
    """Return the vectors (n, D) of rows that stand on one side."""
    return answers_of(partial(net.encode, side=side), net.width, net, source, rows, keys[rows])


def compared(net: PairNet, lefts: Floats2d, rights: Floats2d, left: Ints1d, right: Ints1d) -> Floats1d:
    """Return how near vectors are, (n,): row `left[i]` of `lefts` (L, D) to row `right[i]` of `rights` (R, D)."""
    near = np.zeros(len(left))
    device = next(net.parameters()).device
    with torch.inference_mode():
        for first in range(0, len(left), _BLOCK):
            block = slice(first, first + _BLOCK)
            chosen = (torch.from_numpy(of[at[block]]).float().to(device) for of, at in ((lefts, left), (rights, right)))
            near[block] = net.measure(*chosen).double().cpu().numpy()
    return near
