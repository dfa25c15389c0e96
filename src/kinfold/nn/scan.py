"""The recurrence of `kinfold.kernels.recurrence` as a torch function: a kernel on the CPU, a parallel scan elsewhere.

Gates (B, T, 2H) enter, states (B, T, H) leave.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from kinfold.kernels import recurrence
from kinfold.nn.threads import over_rows


def scan(gates: Tensor, lengths: Tensor, *, reverse: bool = False) -> Tensor:
    """Return the states of the gated recurrence.

    Parameters
    ----------
    gates
        (B, T, 2H): update gates before their sigmoid, then candidates before their tanh.
    lengths
        (B,) int64, from 1.
    reverse
        Whether rows are read from their last position.

    Returns
    -------
    states
        (B, T, H); zeros behind a row's length.
    """
    if gates.device.type == "cpu" and gates.dtype == torch.float32:
        states: Tensor = _Scan.apply(gates, lengths, reverse)  # type: ignore[no-untyped-call]
        return states
    return parallel_scan(gates, lengths, reverse=reverse)


def parallel_scan(gates: Tensor, lengths: Tensor, *, reverse: bool = False) -> Tensor:
    """Return what `scan` does by log2(T) rounds over whole tensors, on any device and of any type.

    Hillis and Steele (1986), "Data parallel algorithms": a step is the map h -> keep h + add, and such maps compose.
    """
    update, candidate = gates.chunk(2, dim=2)  # (B, T, H) each
    real = (torch.arange(gates.shape[1], device=gates.device) < lengths.unsqueeze(1)).unsqueeze(2)  # (B, T, 1)
    update = update.float().sigmoid() * real
    keep, add = 1 - update, update * candidate.float().tanh()
    if reverse:
        # Padding keeps the state, which is nothing until the row's last position is met.
        keep, add = keep.flip(1), add.flip(1)
    reach = 1
    while reach < gates.shape[1]:
        add = torch.cat([add[:, :reach], add[:, reach:] + keep[:, reach:] * add[:, :-reach]], 1)
        keep = torch.cat([keep[:, :reach], keep[:, reach:] * keep[:, :-reach]], 1)
        reach *= 2
    states = add.flip(1) if reverse else add
    return (states * real).to(gates.dtype)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gates: Tensor, lengths: Tensor, reverse: bool) -> Tensor:
        gates = gates.contiguous()
        hidden = gates.new_empty(gates.shape[0], gates.shape[1], gates.shape[2] // 2)
        ctx.save_for_backward(gates, lengths, hidden)
        ctx.reverse = reverse
        given, sizes, out = gates.detach().numpy(), lengths.numpy(), hidden.numpy()
        over_rows(lambda part: recurrence.scan(given, sizes, *part, reverse, out), sizes, given.shape[2])
        return hidden

    @staticmethod
    def backward(ctx: Any, *d_hidden: Tensor) -> tuple[Tensor, None, None]:
        gates, lengths, hidden = ctx.saved_tensors
        d_gates = torch.empty_like(gates)
        given, sizes, states = gates.detach().numpy(), lengths.numpy(), hidden.detach().numpy()
        change, out = d_hidden[0].contiguous().numpy(), d_gates.numpy()

        def part_of(part: tuple[int, int]) -> None:
            recurrence.scan_back(given, states, change, sizes, *part, ctx.reverse, out)

        over_rows(part_of, sizes, given.shape[2])
        return d_gates, None, None
