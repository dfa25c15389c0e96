"""Convolutions over the tokens of rows: ids (B, T) or vectors (B, T, D) enter, features (B, T, F) leave.

Over ids on the CPU, each distinct token of a batch is multiplied with the filters once, and a position sums the rows of
its window: Johnson and Zhang (2015), "Effective use of word order for text categorization with convolutional neural
networks", use the same of one-hot input. Windows are as Keras pads them: of an even width, the longer half is ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from kinfold.kernels import gathering
from kinfold.nn.embedding import TokenEmbedding, Vectors
from kinfold.nn.fast_convolution import fast_convolution, worth
from kinfold.nn.pooling import real
from kinfold.nn.threads import over_features, over_rows


class OverTokens(NamedTuple):
    """A convolution over tokens.

    Attributes
    ----------
    rows
        (U, K, F): what each token adds to a position, at each of the K places of the position's window.
    bias
        (F,).
    left
        How many places of a window stand before the position.
    """

    rows: Tensor
    bias: Tensor
    left: int


class Convolution(nn.Module):
    """Filters over windows of positions; "same" padding, and zeros behind a row's length.

    Parameters
    ----------
    dim
        What a position has: the width of its vector, or the number of tokens where they are one-hot.
    filters
        F.
    width, dilation
        How many positions a window has, and how far apart they are.
    left
        How many of them stand before the position; None: the shorter half.
    """

    def __init__(self, dim: int, filters: int, width: int, *, dilation: int = 1, left: int | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(dim, width, filters))
        self.bias = nn.Parameter(torch.zeros(filters))
        self.dilation, self.left = dilation, (width - 1) // 2 if left is None else left
        bound = (6 / (width * (dim + filters))) ** 0.5  # Glorot's
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the features (B, T, F) of vectors (B, T, D)."""
        inputs = inputs.masked_fill(~real(inputs, lengths).unsqueeze(2), 0.0)
        if worth(self.weight, self.dilation):
            out = fast_convolution(inputs, self.weight, self.left) + self.bias
            return out.masked_fill(~real(out, lengths).unsqueeze(2), 0.0)
        before = self.left * self.dilation
        after = (self.weight.shape[1] - 1) * self.dilation - before
        padded = functional.pad(inputs.transpose(1, 2), (before, after))  # (B, D, T')
        out = functional.conv1d(padded, self.weight.permute(2, 0, 1), self.bias, dilation=self.dilation)
        out = out.transpose(1, 2)  # (B, T, F)
        return out.masked_fill(~real(out, lengths).unsqueeze(2), 0.0)

    def of_tokens(self, vectors: Tensor, places: Tensor, lengths: Tensor) -> Tensor:
        """Return the features (B, T, F) of tokens: vectors (U, D) of each once, and the row of each position (B, T)."""
        if vectors.device.type != "cpu":
            return self(functional.embedding(places, vectors), lengths)
        rows, bias, left = self.over(vectors)
        return gathered(rows, bias, places, lengths, left, self.dilation)

    def over(self, vectors: Tensor) -> OverTokens:
        """Return the convolution over tokens that have these vectors (U, D)."""
        rows = (vectors @ self.weight.flatten(1)).view(-1, *self.weight.shape[1:])
        return OverTokens(rows, self.bias, self.left)

    def one_hot(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the features (B, T, F) of one-hot tokens (B, T), of which there are D."""
        return gathered(self.weight, self.bias, ids, lengths, self.left, self.dilation)


class Convolutions(nn.ModuleList):
    """Convolutions that stand side by side.

    Parameters
    ----------
    convolutions
        All of the same inputs.
    """

    def __init__(self, convolutions: Sequence[Convolution]) -> None:
        super().__init__(convolutions)

    def each(self) -> list[Convolution]:
        """Return the convolutions."""
        return list(self)  # type: ignore[arg-type]


def convolve(embedding: Vectors, convolutions: Convolutions, inputs: Tensor, lengths: Tensor) -> list[Tensor]:
    """Return the features (B, T, F) that each convolution gives of embedded inputs (B, T) or (B, T, D)."""
    if isinstance(embedding, TokenEmbedding):
        vectors, places = embedding.distinct(inputs)
        return [one.of_tokens(vectors, places, lengths) for one in convolutions.each()]
    vectors = embedding(inputs)
    return [one(vectors, lengths) for one in convolutions.each()]


def gathered(table: Tensor, bias: Tensor, places: Tensor, lengths: Tensor, left: int, step: int = 1) -> Tensor:
    """Return at each position the sum of the table's rows for its window.

    Parameters
    ----------
    table
        (U, K, F): what each row adds to a position, at each of the K places of the position's window.
    bias
        (F,).
    places
        (B, T) whole numbers: the table's row of each position.
    lengths
        (B,) int64, from 1.
    left, step
        How many places of a window stand before the position, and how far apart places are.

    Returns
    -------
    features
        (B, T, F); zeros behind a row's length.
    """
    if table.device.type == "cpu" and table.dtype == torch.float32:
        found: Tensor = _Gathered.apply(table, bias, places, lengths, left, step)  # type: ignore[no-untyped-call]
        return found
    n_steps = places.shape[1]
    mask = real(places, lengths)
    total = bias.expand(*places.shape, -1)
    for k in range(table.shape[1]):
        shift = (k - left) * step
        to = slice(max(0, -shift), max(0, n_steps - max(0, shift)))
        of = slice(max(0, shift), max(0, n_steps + min(0, shift)))
        rows = functional.embedding(places[:, of], table[:, k]) * mask[:, of].unsqueeze(2)
        total = total + functional.pad(rows, (0, 0, to.start, n_steps - to.start - rows.shape[1]))
    return total * mask.unsqueeze(2)


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, bias: Tensor, places: Tensor, lengths: Tensor, left: int, step: int) -> Tensor:
        places = places.to(torch.int32).contiguous()
        out = table.new_empty(*places.shape, table.shape[2])
        ctx.save_for_backward(places, lengths)
        ctx.shape, ctx.window = table.shape, (left, step)
        rows, add = table.detach().contiguous().numpy(), bias.detach().contiguous().numpy()
        where, sizes, found = places.numpy(), lengths.numpy(), out.numpy()
        work = table.shape[1] * table.shape[2]
        over_rows(lambda part: gathering.gather(rows, add, where, sizes, left, step, *part, found), sizes, work)
        return out

    @staticmethod
    def backward(ctx: Any, *d_out: Tensor) -> tuple[Tensor, Tensor, None, None, None, None]:
        places, lengths = ctx.saved_tensors
        d_table, d_bias = d_out[0].new_zeros(ctx.shape), d_out[0].new_zeros(ctx.shape[2])
        change, where, sizes = d_out[0].contiguous().numpy(), places.numpy(), lengths.numpy()
        rows, total = d_table.numpy(), d_bias.numpy()

        def part_of(part: tuple[int, int]) -> None:
            gathering.gather_back(change, where, sizes, *ctx.window, *part, rows, total)

        over_features(part_of, ctx.shape[2], int(lengths.sum()) * ctx.shape[1] * ctx.shape[2])
        return d_table, d_bias, None, None, None, None
