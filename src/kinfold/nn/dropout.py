"""Numbers enter, the same with some of them zero leave, so that a net can't lean on any one of them.

Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting". On the CPU torch draws a
number of its own for each element, which takes longer than the layers of a small net. Here one drawn number makes the
choice for four elements, 16 bits each.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

#: Choices are made by 16 bits.
_LEVELS = 1 << 16


def dropout(x: Tensor, share: float, training: bool = True) -> Tensor:
    """Return `x` with each element zero by the chance `share`, and others larger so that the mean stays.

    Parameters
    ----------
    x
        Of any shape.
    share
        At least 0, less than 1; on the CPU in steps of 2 ** -16.
    training
        If not, `x` is returned as it is.
    """
    if not training or share == 0:
        return x
    if x.device.type != "cpu":
        return functional.dropout(x, share)
    n_dropped = min(round(share * _LEVELS), _LEVELS - 1)
    # From the lowest number on, since otherwise the first of 64 bits is always zero.
    drawn = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(1 << 63), None)
    kept = drawn.view(torch.int16)[: x.numel()].view(x.shape) >= n_dropped - _LEVELS // 2
    return x * kept.to(x.dtype).mul_(_LEVELS / (_LEVELS - n_dropped))
