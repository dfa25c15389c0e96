"""Recurrent layers over padded rows: torch's fused ones, read both ways by each row's own length, with steeper gates.

Vectors (B, T, D) and lengths (B,) enter; states (B, T, H), or (B, T, 2H) read both ways, leave.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from kinfold.nn.dropout import dropout
from kinfold.nn.embedding import embedding
from kinfold.nn.encoders.base import EncoderModule
from kinfold.nn.init import start_inputs_, start_recurrent_
from kinfold.nn.inputs import Inputs
from kinfold.nn.pooling import Pooling

#: What the numbers that enter a steep gate's sigmoid are multiplied by, as Radford's Passage has it.
STEEPNESS = 3.75
_FUSED: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
#: Which of the stacked blocks of H rows are gates, not candidates.
_GATES = {"rnn": (False,), "gru": (True, True, False), "lstm": (True, True, False, True)}
_FORGET = 1


class RecurrentLayer(nn.Module):
    """One layer in one direction.

    Parameters
    ----------
    kind
        ``"rnn"``, ``"gru"`` or ``"lstm"``.
    dim, units
        D and H.
    start
        One of `kinfold.nn.init.STARTS`.
    steep
        Whether gates are ``sigmoid(3.75 x)``; their gradients are those of that.
    nonlinearity
        ``"tanh"`` or ``"relu"``, of an RNN.
    """

    scales: Tensor

    def __init__(
        self, kind: str, dim: int, units: int, *, start: str, steep: bool = False, nonlinearity: str = "tanh"
    ) -> None:
        super().__init__()
        extra: dict[str, Any] = {"nonlinearity": nonlinearity} if kind == "rnn" else {}
        self.fused = _FUSED[kind](dim, units, batch_first=True, **extra)
        self.steep = steep
        weights = dict(self.fused.named_parameters())
        start_inputs_(weights["weight_ih_l0"], units, start)
        start_recurrent_(weights["weight_hh_l0"], start)
        with torch.no_grad():
            weights["bias_ih_l0"].zero_()
            weights["bias_hh_l0"].zero_()
            if kind == "lstm":
                # Jozefowicz et al. (2015): a forget gate that begins open.
                open_at = 1.0 / (STEEPNESS if steep else 1.0)
                weights["bias_ih_l0"].view(-1, units)[_FORGET].fill_(open_at)
        if steep:
            blocks = torch.tensor([STEEPNESS if gate else 1.0 for gate in _GATES[kind]])
            self.register_buffer("scales", blocks.repeat_interleave(units), persistent=False)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the states (B, T, H) of vectors (B, T, D), read from the front."""
        if not self.steep:
            return self.fused(vectors)[0]  # type: ignore[no-any-return]
        scaled = {
            name: weight * (self.scales.unsqueeze(1) if weight.ndim == 2 else self.scales)
            for name, weight in self.fused.named_parameters()
        }
        return functional_call(self.fused, scaled, (vectors,))[0]  # type: ignore[no-any-return]


class RecurrentEncoder(EncoderModule):
    """Embeds rows, reads them with a stack of recurrent layers and pools the states.

    Parameters
    ----------
    kind
        ``"rnn"``, ``"gru"`` or ``"lstm"``.
    inputs
        What the rows are.
    dim, units, layers, bidirectional, pooling, dropout, token_dropout
        As `kinfold.nn.encoders.gru.GRU` has them.
    **options
        Of `RecurrentLayer`.
    """

    def __init__(
        self,
        kind: str,
        inputs: Inputs,
        *,
        dim: int,
        units: int,
        layers: int,
        bidirectional: bool,
        pooling: str,
        dropout: float,
        token_dropout: float,
        **options: Any,
    ) -> None:
        ways = 2 if bidirectional else 1
        pool = Pooling(pooling, ways * units, two_ways=bidirectional)
        super().__init__(pool.output_dim, state_dim=ways * units)
        self.embedding = embedding(inputs, dim, dropout=dropout, token_dropout=token_dropout)
        self.pooling, self.dropout = pool, dropout
        self.ahead, self.back = nn.ModuleList(), nn.ModuleList()
        width = self.embedding.dim
        for _ in range(layers):
            self.ahead.append(RecurrentLayer(kind, width, units, **options))
            if bidirectional:
                self.back.append(RecurrentLayer(kind, width, units, **options))
            width = ways * units

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the pooled states (B, `output_dim`)."""
        pooled: Tensor = self.pooling(self.states(inputs, lengths), lengths)
        return dropout(pooled, self.dropout, self.training)

    def states(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the last layer's states (B, T, H)."""
        states = self.embedding(inputs)  # (B, T, D)
        order = mirrored(lengths, inputs.shape[1]) if len(self.back) else None
        for i, layer in enumerate(self.ahead):
            if i > 0:
                states = dropout(states, self.dropout, self.training)
            both = [layer(states)]
            if order is not None:
                both.append(rearranged(self.back[i](rearranged(states, order)), order))
            states = torch.cat(both, 2) if len(both) > 1 else both[0]  # (B, T, H)
        return states


def mirrored(lengths: Tensor, n_steps: int) -> Tensor:
    """Return the order (B * T,) of flattened positions in which each row is read from its end, its padding in place."""
    t = torch.arange(n_steps, device=lengths.device)
    ends = lengths.unsqueeze(1)
    within = torch.where(t < ends, ends - 1 - t, t)  # (B, T)
    return (within + n_steps * torch.arange(len(lengths), device=lengths.device).unsqueeze(1)).flatten()


def rearranged(states: Tensor, order: Tensor) -> Tensor:
    """Return states (B, T, H) with their positions in an order that undoes itself."""
    found: Tensor = _Rearranged.apply(states, order)  # type: ignore[no-untyped-call]
    return found


class _Rearranged(torch.autograd.Function):
    """Taking rows, whose way back is to take them again: torch would add row to row."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, order: Tensor) -> Tensor:
        ctx.save_for_backward(order)
        return states.flatten(0, 1).index_select(0, order).view(states.shape)

    @staticmethod
    def backward(ctx: Any, *d_states: Tensor) -> tuple[Tensor, None]:
        (order,) = ctx.saved_tensors
        return d_states[0].flatten(0, 1).index_select(0, order).view(d_states[0].shape), None
