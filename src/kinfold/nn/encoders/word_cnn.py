"""Filters over windows of words, and for each the place where it answers most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from kinfold.checks import SHARE, Rules, is_whole, is_wholes, one_of, whole
from kinfold.nn.dropout import dropout
from kinfold.nn.embedding import embedding
from kinfold.nn.encoders.base import DEPTH, Encoder, EncoderModule, each, same_length
from kinfold.nn.gathered_convolution import Convolution, Convolutions, convolve
from kinfold.nn.inputs import Inputs
from kinfold.nn.pooling import Pooling, largest


class WordCNN(Encoder):
    """Convolutions of several widths side by side over embedded words, pooled over the row.

    Parameters
    ----------
    dim
        The width of an embedding; where vectors to start from are given, theirs.
    filters
        How many filters each width has.
    widths
        How many words a window of each kind spans.
    layers
        How many times that is done; each layer reads all features of the one before.
    dilation
        How far apart the words of a window stand: one number, or one for each layer.
    pooling
        ``"max"``: where a filter answers most; ``"mean"``; ``"mean-max"``: both; ``"attention"``: a weighted mean.
    dropout
        Share of the embeddings' numbers, of those between layers and of the pooled ones that is dropped in training.
    token_dropout
        Share of the words that is dropped whole in training.

    Notes
    -----
    Kim (2014), "Convolutional neural networks for sentence classification". Dilation: Kalchbrenner et al. (2016),
    "Neural machine translation in linear time"; `kinfold.nn.receptive` measures how far a position sees.

    Examples
    --------
    >>> WordCNN(filters=50, widths=(2, 3)).build(Inputs(n_tokens=9)).output_dim
    100
    """

    rules: ClassVar[Rules] = {
        "dim": whole(),
        "filters": whole(),
        "widths": (is_wholes, "some whole numbers from 1, such as (3, 4, 5)"),
        "layers": DEPTH,
        "dilation": (lambda x: is_whole(x) or is_wholes(x), "a whole number from 1, or one for each layer"),
        "pooling": one_of("max", "mean", "mean-max", "attention"),
        "dropout": SHARE,
        "token_dropout": SHARE,
    }

    def __init__(
        self,
        *,
        dim: int = 128,
        filters: int = 100,
        widths: Sequence[int] = (3, 4, 5),
        layers: int = 1,
        dilation: int | Sequence[int] = 1,
        pooling: str = "max",
        dropout: float = 0.0,
        token_dropout: float = 0.0,
    ) -> None:
        self.dim = dim
        self.filters = filters
        self.widths = widths
        self.layers = layers
        self.dilation = dilation
        self.pooling = pooling
        self.dropout = dropout
        self.token_dropout = token_dropout

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        super().check()
        same_length(self, "dilation", self.dilation, self.layers)

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        return _WordCNN(self, inputs)


class _WordCNN(EncoderModule):
    def __init__(self, spec: WordCNN, inputs: Inputs) -> None:
        pooling = Pooling(spec.pooling, spec.filters * len(spec.widths))
        super().__init__(pooling.output_dim, state_dim=spec.filters * len(spec.widths))
        self.embedding = embedding(inputs, spec.dim, dropout=spec.dropout, token_dropout=spec.token_dropout)
        self.pooling, self.dropout = pooling, spec.dropout
        width, self.layers = self.embedding.dim, nn.ModuleList()
        for dilation in each(spec.dilation, spec.layers):
            branches = [Convolution(width, spec.filters, one, dilation=dilation) for one in spec.widths]
            self.layers.append(Convolutions(branches))
            width = spec.filters * len(spec.widths)

    def states(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the last layer's features (B, T, F), after its ReLU."""
        return torch.cat(self._branches(inputs, lengths), 2).relu()

    def _branches(self, inputs: Tensor, lengths: Tensor) -> list[Tensor]:
        """Return the features (B, T, F) of each width of the last layer, before its ReLU."""
        first, *others = cast(list[Convolutions], list(self.layers))
        branches = convolve(self.embedding, first, inputs, lengths)
        for layer in others:
            states = dropout(torch.cat(branches, 2).relu(), self.dropout, self.training)  # (B, T, F)
            branches = [one(states, lengths) for one in layer.each()]
        return branches

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        if self.pooling.how == "max":
            # The largest is the same before and after a ReLU, and there are fewer of them.
            pooled = torch.cat([largest(one, lengths) for one in self._branches(inputs, lengths)], 1).relu()  # (B, F)
        else:
            pooled = self.pooling(self.states(inputs, lengths), lengths)
        return dropout(pooled, self.dropout, self.training)
