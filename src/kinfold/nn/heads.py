"""From a vector to scores: linear, with hidden layers in between where they are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from kinfold.nn.dropout import dropout


class Head(nn.Module):
    """Turns vectors (B, `input_dim`) into scores (B, `n_outputs`).

    Parameters
    ----------
    input_dim, n_outputs
        The widths of what enters and leaves.
    hidden
        The widths of hidden layers, each followed by a ReLU.
    dropout
        Share of the numbers entering each layer that is dropped in training.
    """

    def __init__(self, input_dim: int, n_outputs: int, hidden: Sequence[int] = (), dropout: float = 0.0) -> None:
        super().__init__()
        widths = [input_dim, *hidden, n_outputs]
        layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
        self.layers = nn.ModuleList(layers)
        self.dropout = dropout
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the scores (B, `n_outputs`) of vectors (B, `input_dim`)."""
        *hidden, last = self.layers
        for layer in hidden:
            vectors = layer(dropout(vectors, self.dropout, self.training)).relu()
        scores: Tensor = last(dropout(vectors, self.dropout, self.training))
        return scores
