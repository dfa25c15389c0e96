"""A dense layer that multiplies only the part of its weight that the input reaches."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Dense(nn.Module):
    """Turns vectors of at most `input_dim` numbers into `units`: those that are missing at the end count as zeros.

    Parameters
    ----------
    input_dim, units
        The shape of the weight.
    """

    def __init__(self, input_dim: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(input_dim, units))
        self.bias = nn.Parameter(torch.zeros(units))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return (B, `units`) of vectors (B, D), D at most `input_dim`."""
        found: Tensor = _Reached.apply(vectors, self.weight)  # type: ignore[no-untyped-call]
        return found + self.bias


class _Reached(torch.autograd.Function):
    """A product with the first rows of a weight; the others' gradient is written as zeros once."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(vectors, weight)
        return vectors @ weight[: vectors.shape[1]]

    @staticmethod
    def backward(ctx: Any, *d_out: Tensor) -> tuple[Tensor, Tensor]:
        vectors, weight = ctx.saved_tensors
        reached = vectors.shape[1]
        d_weight = torch.empty_like(weight)
        torch.mm(vectors.t(), d_out[0], out=d_weight[:reached])
        d_weight[reached:].zero_()
        return d_out[0] @ weight[:reached].t(), d_weight
