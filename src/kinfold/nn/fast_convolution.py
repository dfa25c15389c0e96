"""A convolution with fewer products: vectors (B, T, D) and a weight (D, K, F) enter, features (B, T, F) leave.

Two outputs of a filter two wide take three products, not four: ``m0 = (x0 - x1) w0``, ``m1 = x1 (w0 + w1)``,
``m2 = (x1 - x2) w1``; then ``y0 = m0 + m1`` and ``y1 = m1 - m2``. With blocks for numbers that nests: eight outputs
of a filter eight wide take 27 products of matrices, not 64, and the way back as well. Winograd (1980), "Arithmetic
complexity of computations"; Lavin and Gray (2016), "Fast algorithms for convolutional neural networks". Around the
products stand only sums and differences of neighbours, so that little is lost to rounding.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

#: Windows from the first to the last of these, and as many features, are worth it.
NARROWEST, WIDEST, LEAST = 3, 16, 64


def worth(weight: Tensor, dilation: int) -> bool:
    """Return whether a convolution with this weight (D, K, F) is faster so."""
    dim, width, features = weight.shape
    wide = NARROWEST <= width <= WIDEST and min(dim, features) >= LEAST
    return wide and dilation == 1 and weight.device.type == "cpu" and weight.dtype == torch.float32


def fast_convolution(vectors: Tensor, weight: Tensor, left: int) -> Tensor:
    """Return the convolution (B, T, F) of vectors (B, T, D) with `left` places of the window before the position."""
    found: Tensor = _Fast.apply(vectors, weight, left)  # type: ignore[no-untyped-call]
    return found


@lru_cache(maxsize=8)
def plans(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return how inputs, weights and products are summed for `size` outputs at a time, a power of two.

    Returns
    -------
    inputs
        (P, 2 size - 1): what of the inputs each product takes.
    weights
        (P, size): what of the weight.
    outputs
        (size, P): what each output takes of the products.
    """
    inputs, weights, outputs = np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1))
    for _ in range(size.bit_length() - 1):
        half = weights.shape[1]
        wider = np.zeros((3 * len(inputs), 4 * half - 1))
        for i, row in enumerate(((1, -1, 0), (0, 1, 0), (0, 1, -1))):
            for j, sign in enumerate(row):
                block = wider[i * len(inputs) : (i + 1) * len(inputs), j * half : j * half + inputs.shape[1]]
                block += sign * inputs
        inputs = wider
        weights = np.kron(np.array([[1, 0], [1, 1], [0, 1]]), weights)
        outputs = np.kron(np.array([[1, 1, 0], [0, 1, -1]]), outputs)
    return tuple(torch.tensor(one, dtype=torch.float32) for one in (inputs, weights, outputs))  # type: ignore[return-value]


class _Fast(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vectors: Tensor, weight: Tensor, left: int) -> Tensor:
        (rows, n_steps, dim), (_, width, features) = vectors.shape, weight.shape
        size = 1 << (width - 1).bit_length()
        to_inputs, to_weights, to_outputs = plans(size)
        tiles = -(-n_steps // size)
        padded = functional.pad(vectors, (0, 0, left, size * tiles + size - 1 - left - n_steps))
        cut = padded.unfold(1, 2 * size - 1, size).permute(3, 0, 1, 2)  # (2 size - 1, B, N, D)
        taken = (to_inputs @ cut.reshape(2 * size - 1, -1)).view(-1, rows * tiles, dim)  # (P, B N, D)
        by_place = weight.transpose(0, 1).reshape(width, -1)  # (K, D F)
        factors = (to_weights[:, :width] @ by_place).view(-1, dim, features)  # (P, D, F)
        products = torch.bmm(taken, factors)  # (P, B N, F)
        out = (to_outputs @ products.flatten(1)).view(size, rows, tiles, features)
        ctx.save_for_backward(taken, factors)
        ctx.sizes = rows, n_steps, dim, width, features, size, tiles, left
        return out.permute(1, 2, 0, 3).reshape(rows, tiles * size, features)[:, :n_steps]

    @staticmethod
    def backward(ctx: Any, *d_out: Tensor) -> tuple[Tensor | None, Tensor, None]:
        taken, factors = ctx.saved_tensors
        rows, n_steps, dim, width, features, size, tiles, left = ctx.sizes
        to_inputs, to_weights, to_outputs = plans(size)
        change = functional.pad(d_out[0], (0, 0, 0, tiles * size - n_steps)).view(rows, tiles, size, features)
        change = change.permute(2, 0, 1, 3).reshape(size, -1)  # (size, B N F)
        d_products = (to_outputs.t() @ change).view(-1, rows * tiles, features)  # (P, B N, F)
        d_factors = torch.bmm(taken.transpose(1, 2), d_products)  # (P, D, F)
        d_weight = (to_weights[:, :width].t() @ d_factors.flatten(1)).view(width, dim, features).transpose(0, 1)
        if not ctx.needs_input_grad[0]:
            return None, d_weight, None
        d_taken = torch.bmm(d_products, factors.transpose(1, 2))  # (P, B N, D)
        d_cut = (to_inputs.t() @ d_taken.flatten(1)).view(-1, rows, tiles, dim)  # (2 size - 1, B, N, D)
        d_padded = d_cut.new_zeros(rows, tiles + 1, size, dim)
        d_padded[:, :tiles] = d_cut[:size].permute(1, 2, 0, 3)
        d_padded[:, 1:, : size - 1] += d_cut[size:].permute(1, 2, 0, 3)
        return d_padded.view(rows, -1, dim)[:, left : left + n_steps], d_weight, None
