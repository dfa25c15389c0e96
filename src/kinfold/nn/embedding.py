"""Tokens to vectors: a table that starts random or from given vectors; rows that are vectors pass as they are.

The row of padding is zero and stays so.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from kinfold.nn.dropout import dropout
from kinfold.nn.inputs import PAD, Inputs

#: The standard deviation of random embeddings.
SCALE = 0.1
#: Tables of at most so many rows are used whole, where a batch's distinct tokens would have to be sorted out.
_SMALL = 512


class Vectors(nn.Module):
    """Rows of vectors (B, T, `dim`), with dropout in training.

    Parameters
    ----------
    dim
        Their width.
    dropout
        Share of the numbers that is dropped.
    token_dropout
        Share of the positions that is dropped whole.
    """

    def __init__(self, dim: int, *, dropout: float = 0.0, token_dropout: float = 0.0) -> None:
        super().__init__()
        self.dim, self.dropout, self.token_dropout = dim, dropout, token_dropout

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the vectors (B, T, `dim`) of inputs."""
        return self.drop(inputs)

    def drop(self, vectors: Tensor) -> Tensor:
        """Return vectors (..., `dim`) with some dropped, in training."""
        if self.training and self.token_dropout > 0:
            vectors = vectors * dropout(vectors.new_ones(*vectors.shape[:-1], 1), self.token_dropout)
        return dropout(vectors, self.dropout, self.training) if self.dropout > 0 else vectors


class TokenEmbedding(Vectors):
    """A vector for each token id.

    Parameters
    ----------
    n_tokens, dim
        The shape of the table.
    vectors
        (n_tokens, dim): what it starts from; rows that are not finite start random at the same scale. None: all random.
    dropout, token_dropout
        As `Vectors` has them.
    """

    def __init__(
        self,
        n_tokens: int,
        dim: int,
        *,
        vectors: Tensor | None = None,
        dropout: float = 0.0,
        token_dropout: float = 0.0,
    ) -> None:
        super().__init__(dim, dropout=dropout, token_dropout=token_dropout)
        self.weight = nn.Parameter(start(n_tokens, dim, vectors))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the vectors (B, T, `dim`) of ids (B, T)."""
        return self.drop(functional.embedding(inputs, self.weight, PAD))

    def distinct(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors (U, `dim`) of tokens, each once, and the row of each position (B, T) int32.

        What is dropped is dropped wherever the token stands in the batch: Gal and Ghahramani (2016), "A theoretically
        grounded application of dropout in recurrent neural networks".
        """
        if self.weight.shape[0] <= _SMALL:
            tokens, places = torch.arange(self.weight.shape[0], device=ids.device), ids
        else:
            tokens, places = torch.unique(ids, return_inverse=True)
        return self.drop(functional.embedding(tokens, self.weight, PAD)), places.to(torch.int32)


def embedding(inputs: Inputs, dim: int, *, dropout: float = 0.0, token_dropout: float = 0.0) -> Vectors:
    """Return what makes rows of vectors of such inputs: `dim` wide, or as wide as the vectors that they bring."""
    if inputs.n_tokens is None:
        return Vectors(int(inputs.dim or 0), dropout=dropout, token_dropout=token_dropout)
    width = dim if inputs.vectors is None else inputs.vectors.shape[1]
    return TokenEmbedding(inputs.n_tokens, width, vectors=inputs.vectors, dropout=dropout, token_dropout=token_dropout)


def start(n_tokens: int, dim: int, vectors: Tensor | None) -> Tensor:
    """Return a table (n_tokens, dim) to start from: `vectors` where they are finite, else normal numbers."""
    table = torch.empty(n_tokens, dim)
    if not table.is_meta:  # a model that is read is laid out there, and to draw numbers there imports half of torch
        table.normal_()
    if vectors is None:
        table *= SCALE
    else:
        given = vectors.to(torch.float32)
        known = given.isfinite().all(1)
        known[PAD] = False
        scale = given[known].square().mean().sqrt() if bool(known.any()) else torch.tensor(SCALE)
        table = torch.where(known.unsqueeze(1), given, table * scale)
    table[PAD] = 0.0
    return table
