"""The recurrence of `kinfold.kernels.recurrence` as torch functions: kernels on the CPU, a parallel scan elsewhere.

Gates (B, T, 2H) enter, or tokens and what each adds to the gates; states leave, (B, T, H) for each direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinfold.kernels import gathering, recurrence
from kinfold.nn.gathered_convolution import OverTokens, gathered
from kinfold.nn.threads import over_features, over_rows


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


def scan_ways(gates: Sequence[Tensor], lengths: Tensor) -> Tensor:
    """Return the states (B, T, H) or (B, T, 2H) of gates (B, T, 2H) of one direction, or of two, the second back."""
    ways = [scan(one, lengths, reverse=way == 1) for way, one in enumerate(gates)]
    return torch.cat(ways, 2) if len(ways) > 1 else ways[0]


def scan_tokens(gates: Sequence[OverTokens], places: Tensor, lengths: Tensor) -> Tensor:
    """Return the states of one direction, or of two, whose gates are a convolution over tokens.

    Parameters
    ----------
    gates
        Of each direction; the second reads rows from their last position.
    places
        (B, T) whole numbers: the row of the tables that each position has.
    lengths
        (B,) int64, from 1.

    Returns
    -------
    states
        (B, T, H) or (B, T, 2H); zeros behind a row's length.
    """
    if all(one.rows.device.type == "cpu" and one.rows.dtype == torch.float32 for one in gates):
        weights = [weight for one in gates for weight in (one.rows, one.bias)]
        states: Tensor = _TokenScan.apply(places, lengths, [one.left for one in gates], *weights)  # type: ignore[no-untyped-call]
        return states
    return scan_ways([gathered(one.rows, one.bias, places, lengths, one.left) for one in gates], lengths)


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


class _TokenScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, places: Tensor, lengths: Tensor, lefts: Sequence[int], *weights: Tensor) -> Tensor:
        places, weights = places.to(torch.int32).contiguous(), tuple(one.contiguous() for one in weights)
        width = weights[0].shape[2] // 2
        hidden = weights[0].new_empty(*places.shape, len(lefts) * width)
        ctx.save_for_backward(places, lengths, hidden, *weights)
        ctx.lefts = lefts
        out, sizes = hidden.numpy(), lengths.numpy()
        for way, given in enumerate(_given(places, lengths, lefts, weights)):

            def part_of(part: tuple[int, int], given: Any = given, column: int = way * width) -> None:
                recurrence.scan_tokens(*given, *part, out, column)

            over_rows(part_of, sizes, 2 * width)
        return hidden

    @staticmethod
    def backward(ctx: Any, *d_hidden: Tensor) -> tuple[Tensor | None, ...]:
        places, lengths, hidden, *weights = ctx.saved_tensors
        width, d_weights = weights[0].shape[2] // 2, [torch.zeros_like(one) for one in weights]
        states, change = hidden.numpy(), d_hidden[0].contiguous().numpy()
        where, sizes = places.numpy(), lengths.numpy()
        d_gates = np.empty((*places.shape, 2 * width), np.float32)
        for way, given in enumerate(_given(places, lengths, ctx.lefts, weights)):
            moved = [one.numpy() for one in d_weights[2 * way : 2 * way + 2]]

            def part_of(part: tuple[int, int], given: Any = given, column: int = way * width) -> None:
                recurrence.scan_tokens_back(*given, *part, states, column, change, d_gates)

            def add_part(part: tuple[int, int], left: int = ctx.lefts[way], moved: Any = moved) -> None:
                gathering.gather_back(d_gates, where, sizes, left, 1, *part, *moved)

            over_rows(part_of, sizes, 2 * width)
            over_features(add_part, 2 * width, d_gates.size)
        return None, None, None, *d_weights


def _given(places: Tensor, lengths: Tensor, lefts: Sequence[int], weights: Sequence[Tensor]) -> list[tuple[Any, ...]]:
    """Return what kernels are given first, for each direction."""
    arrays = [one.detach().numpy() for one in weights]
    both = zip(arrays[::2], arrays[1::2], lefts, strict=True)
    return [(*pair, places.numpy(), lengths.numpy(), left, way == 1) for way, (*pair, left) in enumerate(both)]
