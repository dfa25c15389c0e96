"""The mean of a row's embeddings through dense layers that add to what they read."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from kinfold.checks import FLAG, SHARE, Rules, one_of, optional, whole
from kinfold.nn.dropout import dropout
from kinfold.nn.encoders.bag import Bag, BagOfEmbeddings
from kinfold.nn.encoders.base import DEPTH, EncoderModule
from kinfold.nn.inputs import Inputs


class ResidualBag(BagOfEmbeddings):
    """The embeddings of a row's tokens, pooled without order, then dense layers with short cuts and batch norm.

    Parameters
    ----------
    dim, pooling, token_dropout
        As `BagOfEmbeddings` has them.
    units
        The width of a layer.
    layers
        How many there are.
    norm
        Where a layer's numbers are normed over the batch: ``"before"`` its ReLU, ``"after"`` it, or None.
    residual
        Whether each layer after the first adds to what it reads.
    concat
        Whether the answers of all layers stand side by side in the vector, normed once more; else the last one's.
    dropout
        Share of each layer's numbers that is dropped in training.

    Notes
    -----
    The net of Erogol's duplicate questions; the switches are those of its ablation. Short cuts: He et al. (2016), "Deep
    residual learning for image recognition". Batch norm: Ioffe and Szegedy (2015).

    Examples
    --------
    >>> ResidualBag(units=32, layers=3).build(Inputs(n_tokens=9)).output_dim
    96
    """

    rules: ClassVar[Rules] = {
        **BagOfEmbeddings.rules,
        "units": whole(),
        "layers": DEPTH,
        "norm": optional(one_of("before", "after")),
        "residual": FLAG,
        "concat": FLAG,
        "dropout": SHARE,
    }

    def __init__(
        self,
        *,
        dim: int = 128,
        pooling: str = "mean",
        units: int = 128,
        layers: int = 3,
        norm: str | None = "before",
        residual: bool = True,
        concat: bool = True,
        dropout: float = 0.0,
        token_dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, pooling=pooling, dropout=dropout, token_dropout=token_dropout)
        self.units = units
        self.layers = layers
        self.norm = norm
        self.residual = residual
        self.concat = concat

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        self.check_counts(inputs)
        return _Residual(self, inputs)


class _Residual(Bag):
    def __init__(self, spec: ResidualBag, inputs: Inputs) -> None:
        super().__init__(spec, inputs)
        widths = [self.output_dim, *[spec.units] * spec.layers]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(nn.BatchNorm1d(spec.units) for _ in self.layers if spec.norm)
        self.where, self.residual = spec.norm, spec.residual
        self.state_dim = None
        self.output_dim = spec.units * (spec.layers if spec.concat else 1)
        self.last = nn.BatchNorm1d(self.output_dim) if spec.concat else None

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        states, answers = self.pooled(inputs, lengths), []
        for i, layer in enumerate(self.layers):
            new = layer(states)
            new = _normed(cast(nn.BatchNorm1d, self.norms[i]), new).relu() if self.where == "before" else new.relu()
            new = _normed(cast(nn.BatchNorm1d, self.norms[i]), new) if self.where == "after" else new
            new = dropout(new, self.dropout, self.training)
            states = states + new if self.residual and i > 0 else new  # (B, units)
            answers.append(states)
        return states if self.last is None else _normed(self.last, torch.cat(answers, 1))


def _normed(norm: nn.BatchNorm1d, numbers: Tensor) -> Tensor:
    """Return numbers (B, D) normed over the batch; a batch of one row has no spread, so by what was seen before."""
    if not norm.training or len(numbers) > 1:
        normed: Tensor = norm(numbers)
        return normed
    return functional.batch_norm(numbers, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
