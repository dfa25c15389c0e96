"""The states of a row's positions (B, T, H) to one vector a row; what stands behind a row's length counts nowhere."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from kinfold.kernels import gathering
from kinfold.nn.threads import over_rows

POOLINGS = ("last", "mean", "max", "mean-max", "attention")


class Pooling(nn.Module):
    """Pools states in one of the ways of `POOLINGS`.

    Parameters
    ----------
    how
        ``"last"``: the state where reading ends; ``"mean"``; ``"max"``: the largest of each unit; ``"mean-max"``: both,
        side by side; ``"attention"``: a mean weighted by the softmax of ``w . tanh(h)``, w learned.
    width
        H.
    two_ways
        Whether the second half of the units reads from the end, so that its reading ends at the first position.
    """

    def __init__(self, how: str, width: int, *, two_ways: bool = False) -> None:
        super().__init__()
        self.how, self.two_ways = how, two_ways
        self.output_dim = 2 * width if how == "mean-max" else width
        if how == "attention":
            self.query = nn.Parameter(torch.zeros(width))

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return vectors (B, `output_dim`) of states (B, T, H) and lengths (B,) from 1."""
        if self.how == "last":
            return self._last(states, lengths)
        if self.how == "attention":
            scores = states.tanh() @ self.query  # (B, T)
            weights = scores.masked_fill(~real(states, lengths), float("-inf")).softmax(1)
            return torch.bmm(weights.unsqueeze(1), states).squeeze(1)
        if self.how == "mean-max":
            return torch.cat([mean(states, lengths), largest(states, lengths)], 1)
        return mean(states, lengths) if self.how == "mean" else largest(states, lengths)

    def _last(self, states: Tensor, lengths: Tensor) -> Tensor:
        rows = torch.arange(len(states), device=states.device)
        ends = states[rows, lengths - 1]  # (B, H)
        if not self.two_ways:
            return ends
        half = states.shape[2] // 2
        return torch.cat([ends[:, :half], states[:, 0, half:]], 1)


def real(states: Tensor, lengths: Tensor) -> Tensor:
    """Return which positions (B, T) are within their row."""
    return torch.arange(states.shape[1], device=states.device) < lengths.unsqueeze(1)


def mean(states: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean (B, H) over the positions of each row."""
    weights = real(states, lengths).to(states.dtype) / lengths.unsqueeze(1).to(states.dtype)  # (B, T)
    return torch.bmm(weights.unsqueeze(1), states).squeeze(1)


def largest(states: Tensor, lengths: Tensor) -> Tensor:
    """Return the largest (B, H) over the positions of each row; the first where several are."""
    if states.device.type == "cpu" and states.dtype == torch.float32:
        best: Tensor = _Largest.apply(states, lengths)  # type: ignore[no-untyped-call]
        return best
    return states.masked_fill(~real(states, lengths).unsqueeze(2), float("-inf")).max(1).values


class _Largest(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, lengths: Tensor) -> Tensor:
        best = states.new_empty(states.shape[0], states.shape[2])
        where = torch.empty(best.shape, dtype=torch.int32)
        given, sizes, out, places = states.detach().contiguous().numpy(), lengths.numpy(), best.numpy(), where.numpy()
        over_rows(lambda part: gathering.largest(given, sizes, *part, out, places), sizes, given.shape[2])
        ctx.save_for_backward(where)
        ctx.n_steps = states.shape[1]
        return best

    @staticmethod
    def backward(ctx: Any, *d_best: Tensor) -> tuple[Tensor, None]:
        (where,) = ctx.saved_tensors
        d_states = d_best[0].new_zeros(where.shape[0], ctx.n_steps, where.shape[1])
        d_states.scatter_(1, where.to(torch.int64).unsqueeze(1), d_best[0].unsqueeze(1))
        return d_states, None
