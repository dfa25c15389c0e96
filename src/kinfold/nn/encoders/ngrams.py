"""A vector for every n-gram of a row's tokens, by its hash; what stands at each position adds up, then it is pooled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from kinfold.checks import SHARE, Rules, is_wholes, one_of, whole
from kinfold.errors import InvalidParameterError
from kinfold.nn.dropout import dropout
from kinfold.nn.embedding import start
from kinfold.nn.encoders.base import Encoder, EncoderModule
from kinfold.nn.inputs import PAD, Inputs
from kinfold.nn.pooling import Pooling

#: An n-gram of more tokens than this is hardly ever seen twice.
_MOST = 16
# Odd multipliers below 2^31: of a token, from one token of an n-gram to the next, and of the whole.
_TOKEN, _NEXT, _WHOLE = 0x7FEB352D, 0x2C1B3C6D, 0x297A2D39
_LOW = (1 << 31) - 1


class NGrams(Encoder):
    """Embeddings of n-grams, of characters as a rule: each position holds the sum of those that begin there.

    Parameters
    ----------
    dim
        The width of an embedding.
    sizes
        From how many tokens to how many an n-gram has.
    buckets
        How many embeddings there are; n-grams whose hashes meet share one.
    pooling
        ``"max"``: of each number the largest of all positions; ``"mean"``; ``"mean-max"``: both; ``"attention"``: a
        weighted mean.
    dropout
        Share of the pooled vector's numbers that is dropped in training.
    token_dropout
        Share of the n-grams that is left out in training.

    Notes
    -----
    Wieting et al. (2016), "Charagram: embedding words and sentences via character n-grams", with a maximum over the
    positions, as convolutions have it, for the sum; hashed as Bojanowski et al. (2017), "Enriching word vectors with
    subword information", do. A convolution has to make do with a few filters for all n-grams; here each has its own
    numbers, which are learned in a few passes.

    Examples
    --------
    >>> NGrams(dim=32, buckets=1000).build(Inputs(n_tokens=9)).output_dim
    32
    """

    unit: ClassVar[str] = "character"
    takes_vectors: ClassVar[bool] = False
    rules: ClassVar[Rules] = {
        "dim": whole(),
        "sizes": (
            lambda x: is_wholes(x) and len(x) == 2 and x[0] <= x[1] <= _MOST,
            f"two whole numbers, the smaller first, up to {_MOST}",
        ),
        "buckets": whole(1, 1 << 24),
        "pooling": one_of("max", "mean", "mean-max", "attention"),
        "dropout": SHARE,
        "token_dropout": SHARE,
    }

    def __init__(
        self,
        *,
        dim: int = 64,
        sizes: Sequence[int] = (1, 6),
        buckets: int = 1 << 17,
        pooling: str = "max",
        dropout: float = 0.0,
        token_dropout: float = 0.0,
    ) -> None:
        self.dim = dim
        self.sizes = sizes
        self.buckets = buckets
        self.pooling = pooling
        self.dropout = dropout
        self.token_dropout = token_dropout

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        if inputs.vectors is not None:
            raise InvalidParameterError(
                "NGrams has vectors of n-grams, not of tokens.",
                seen="vectors to start from",
                fix="Give none, or take an encoder that starts from them, such as BagOfEmbeddings.",
            )
        return _NGrams(self)


class _NGrams(EncoderModule):
    def __init__(self, spec: NGrams) -> None:
        pooling = Pooling(spec.pooling, spec.dim)
        super().__init__(pooling.output_dim)
        self.sizes = range(spec.sizes[0], spec.sizes[1] + 1)
        self.table = nn.Parameter(start(spec.buckets + 1, spec.dim, None))
        self.bias = nn.Parameter(torch.zeros(spec.dim))
        self.pooling, self.dropout, self.token_dropout = pooling, spec.dropout, spec.token_dropout

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        rows = hashed(inputs, lengths, self.sizes, self.table.shape[0] - 1)  # (B, T, N)
        if self.training and self.token_dropout > 0:
            rows = rows * (torch.rand(rows.shape, device=rows.device) >= self.token_dropout)
        sums = functional.embedding_bag(rows.flatten(0, 1), self.table, mode="sum", padding_idx=PAD)
        states = (sums + self.bias).relu().view(*rows.shape[:2], -1)  # (B, T, D)
        pooled: Tensor = self.pooling(states, lengths)
        return dropout(pooled, self.dropout, self.training)


def hashed(ids: Tensor, lengths: Tensor, sizes: Sequence[int], buckets: int) -> Tensor:
    """Return the buckets, from 1, of the n-grams that begin at each position.

    Parameters
    ----------
    ids, lengths
        (B, T) and (B,) int64.
    sizes
        How many tokens an n-gram has, N numbers in rising order.
    buckets
        How many there are.

    Returns
    -------
    rows
        (B, T, N) int64; 0, `PAD`, where the row ends before the n-gram does.
    """
    left = lengths.unsqueeze(1) - torch.arange(ids.shape[1], device=ids.device)  # (B, T)
    codes = ((ids + 1) * _TOKEN) & _LOW
    whole, rows = torch.zeros_like(ids), []
    for size in range(1, sizes[-1] + 1):
        ahead = functional.pad(codes[:, size - 1 :], (0, min(size - 1, ids.shape[1])))
        whole = ((whole ^ ahead) * _NEXT) & _LOW
        whole = whole ^ (whole >> 15)
        if size in sizes:
            mixed = (((whole ^ size) * _WHOLE) & _LOW) >> 3
            rows.append((mixed % buckets + 1) * (left >= size))
    return torch.stack(rows, 2)
