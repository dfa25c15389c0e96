"""The mean, sum or idf-weighted mean of a row's embeddings: no order, and hard to beat for its time."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from kinfold.checks import SHARE, Rules, one_of, whole
from kinfold.errors import InvalidParameterError
from kinfold.nn.dropout import dropout
from kinfold.nn.embedding import TokenEmbedding, embedding
from kinfold.nn.encoders.base import Encoder, EncoderModule
from kinfold.nn.inputs import PAD, Inputs
from kinfold.nn.pooling import mean


class BagOfEmbeddings(Encoder):
    """The embeddings of a row's tokens, pooled without regard to their order.

    Parameters
    ----------
    dim
        The width of an embedding; where vectors to start from are given, theirs.
    pooling
        ``"mean"``, ``"sum"``, or ``"idf"``: a mean in which a token that stands in few rows counts for more.
    dropout
        Share of the pooled vector's numbers that is dropped in training.
    token_dropout
        Share of the tokens that is left out in training.

    Notes
    -----
    Joulin et al. (2017), "Bag of tricks for efficient text classification"; dropping whole tokens is from Iyyer et al.
    (2015), "Deep unordered composition rivals syntactic methods for text classification".

    Examples
    --------
    >>> BagOfEmbeddings(dim=64, pooling="idf").build(Inputs(n_tokens=9, rows_with=torch.ones(9), n_rows=4)).output_dim
    64
    """

    rules: ClassVar[Rules] = {
        "dim": whole(),
        "pooling": one_of("mean", "sum", "idf"),
        "dropout": SHARE,
        "token_dropout": SHARE,
    }

    def __init__(
        self, *, dim: int = 128, pooling: str = "mean", dropout: float = 0.0, token_dropout: float = 0.0
    ) -> None:
        self.dim = dim
        self.pooling = pooling
        self.dropout = dropout
        self.token_dropout = token_dropout

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        self.check_counts(inputs)
        return Bag(self, inputs)

    def check_counts(self, inputs: Inputs) -> None:
        """Raise InvalidParameterError if tokens are to be weighted by counts that `inputs` do not have."""
        if self.pooling == "idf" and inputs.rows_with is None:
            raise InvalidParameterError(
                "pooling='idf' needs to know in how many rows a token stands.",
                seen="rows without such counts",
                fix="Give Inputs.rows_with and n_rows, or take pooling='mean'.",
            )


class Bag(EncoderModule):
    """The module of `BagOfEmbeddings`."""

    idf: Tensor

    def __init__(self, spec: BagOfEmbeddings, inputs: Inputs) -> None:
        rows = embedding(inputs, spec.dim)
        super().__init__(rows.dim, state_dim=rows.dim)
        self.embedding, self.pooling = rows, spec.pooling
        self.dropout, self.token_dropout = spec.dropout, spec.token_dropout
        if spec.pooling == "idf" and inputs.rows_with is not None and inputs.n_rows is not None:
            share = (1.0 + inputs.n_rows) / (1.0 + inputs.rows_with.to(torch.float64))
            self.register_buffer("idf", (share.log() + 1.0).to(torch.float32))

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the pooled vectors (B, D), some of their numbers dropped in training."""
        return dropout(self.pooled(inputs, lengths), self.dropout, self.training)

    def states(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the embeddings (B, T, D)."""
        return dropout(self.embedding(inputs), self.dropout, self.training)

    def pooled(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the mean, sum or weighted mean (B, D) of the rows' embeddings."""
        if not isinstance(self.embedding, TokenEmbedding):
            pooled = mean(self.embedding(inputs), lengths)
            if self.pooling == "sum":
                pooled = pooled * lengths.unsqueeze(1)
        else:
            table = self.embedding.weight
            weights = self._weights(inputs).to(table.dtype)  # (B, T)
            pooled = functional.embedding_bag(
                inputs, table, mode="sum", per_sample_weights=weights, padding_idx=PAD
            )  # (B, D)
        return pooled

    def _weights(self, ids: Tensor) -> Tensor:
        """Return what each token counts for, (B, T)."""
        weights = (ids != PAD).float() if self.pooling != "idf" else self.idf[ids] * (ids != PAD)
        if self.training and self.token_dropout > 0:
            weights = dropout(weights, self.token_dropout)
        if self.pooling == "sum":
            return weights
        return weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
