"""Two texts whose tokens look for one another: states of both sides enter, one score a pair leaves.

Parikh et al. (2016), "A decomposable attention model for natural language inference": each token takes the mean of the
other side's tokens, weighted by how well they fit, and is compared with it; what the comparisons say is pooled. What is
compared, and the pooling by mean and maximum, are as Chen et al. (2017), "Enhanced LSTM for natural language
inference", have them.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from kinfold.nn.encoders.base import EncoderModule
from kinfold.nn.heads import Head
from kinfold.nn.pair_net import PairNet
from kinfold.nn.pooling import largest, mean, real

#: In place of a weight's logarithm where there is no token; not infinite, since a side may have none at all.
_NONE = -1e9


class Attention(nn.Module):
    """Scores of pairs by their sides' states.

    Parameters
    ----------
    dim, units
        The width of a state, and of what tokens are compared in.
    hidden, dropout
        Of the last layers, as `Head` has them; the dropout is of all.
    directed
        Whether a pair and the same turned round may differ.
    """

    def __init__(self, dim: int, units: int, hidden: tuple[int, ...], dropout: float, *, directed: bool) -> None:
        super().__init__()
        self.directed = directed
        self.attend = Head(dim, units, (units,), dropout)
        self.compare = Head(4 * dim, units, (units,), dropout)
        self.head = Head(4 * units, 1, hidden, dropout)

    def forward(self, lefts: Tensor, left_lengths: Tensor, rights: Tensor, right_lengths: Tensor) -> Tensor:
        """Return scores (B,) of states (B, T, D) and (B, U, D) and how many of each row's are real, (B,) each."""
        left, right = _Side(lefts, left_lengths), _Side(rights, right_lengths)
        sought = [side.spread(self.attend(side.tokens)) for side in (left, right)]
        scores = torch.bmm(sought[0], sought[1].transpose(1, 2))  # (B, T, U)
        found_left = self._compared(left, right, scores)
        found_right = self._compared(right, left, scores.transpose(1, 2))
        both = [found_left, found_right]
        if not self.directed:
            both = [found_left + found_right, (found_left - found_right).abs()]
        found: Tensor = self.head(torch.cat(both, 1)).squeeze(1)
        return found

    def _compared(self, side: _Side, other: _Side, scores: Tensor) -> Tensor:
        """Return what the tokens of one side say of the other, pooled, (B, 2 units); zeros for a side without any."""
        weights = scores.masked_fill(~other.real.unsqueeze(1), _NONE).softmax(2)  # (B, T, U)
        weights = weights * (other.lengths > 0).view(-1, 1, 1)
        own, met = side.tokens, side.gather(torch.bmm(weights, other.states))  # (n, D) each
        found = side.spread(self.compare(torch.cat([own, met, own - met, own * met], 1)).relu())  # (B, T, units)
        at_least_one = side.lengths.clamp(min=1)
        pooled = torch.cat([mean(found, at_least_one), largest(found, at_least_one)], 1)
        return pooled * (side.lengths > 0).unsqueeze(1)


class _Side:
    """The states (B, T, D) of one side, and the n tokens among them that are real: layers see no others."""

    def __init__(self, states: Tensor, lengths: Tensor) -> None:
        self.states, self.lengths = states, lengths
        self.real = real(states, lengths)  # (B, T)
        self.places = self.real.flatten().nonzero().squeeze(1)  # (n,)
        self.tokens = self.gather(states)

    def gather(self, rows: Tensor) -> Tensor:
        """Return what is at real tokens (n, D) of (B, T, D)."""
        return rows.flatten(0, 1).index_select(0, self.places)

    def spread(self, tokens: Tensor) -> Tensor:
        """Return (n, D) in their places (B, T, D), zeros elsewhere."""
        width = tokens.shape[1]
        empty = tokens.new_zeros(self.real.numel(), width)
        return empty.index_copy(0, self.places, tokens).view(*self.real.shape, width)


class AttentionNet(PairNet):
    """Encoders of both sides, and attention between their states.

    Parameters
    ----------
    left, right
        As `PairNet` has them; they have states. A text's vector is only there to find candidates by.
    attention
        What scores a pair.
    """

    by_vectors: ClassVar[bool] = False

    def __init__(self, left: EncoderModule, right: EncoderModule, attention: Attention) -> None:
        super().__init__(left, right, attention)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the scores (B,) of pairs of rows (B, 2, T) or (B, 2, T, D) of lengths (B, 2)."""
        if self.own_right is None:
            rows, ends = self.left.cut(inputs.flatten(0, 1), lengths.flatten())  # (2 B, T)
            states = self.left.states(rows, ends.clamp(min=1))  # (2 B, T, D)
            sides = states[0::2], ends[0::2], states[1::2], ends[1::2]
        else:
            left, left_ends = self.left.cut(inputs[:, 0], lengths[:, 0])
            right, right_ends = self.own_right.cut(inputs[:, 1], lengths[:, 1])
            left_states = self.left.states(left, left_ends.clamp(min=1))
            right_states = self.own_right.states(right, right_ends.clamp(min=1))
            sides = left_states, left_ends, right_states, right_ends
        scores: Tensor = self.similarity(*sides)
        return scores
