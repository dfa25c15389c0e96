"""What large weights cost, and a limit that they may not pass. Biases and what was not learned are left alone."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn


def weights(module: nn.Module) -> Iterator[Tensor]:
    """Yield the weights that are learned: every parameter but biases and other vectors."""
    for parameter in module.parameters():
        if parameter.requires_grad and parameter.ndim > 1:
            yield parameter


def l1(module: nn.Module) -> Tensor:
    """Return the sum of the weights' sizes, a scalar."""
    return torch.stack([one.abs().sum() for one in weights(module)]).sum()


def l2(module: nn.Module) -> Tensor:
    """Return half the sum of the weights' squares, a scalar."""
    return 0.5 * torch.stack([one.square().sum() for one in weights(module)]).sum()


def max_norm_(module: nn.Module, limit: float) -> None:
    """Shorten in place what each output of the module's linear layers weighs, to a length of at most `limit`.

    Srivastava et al. (2014), "Dropout", and Kim (2014), who limits the last layer.
    """
    with torch.no_grad():
        for one in module.modules():
            if isinstance(one, nn.Linear):
                lengths = one.weight.norm(dim=1, keepdim=True)  # (H, 1)
                one.weight.mul_((limit / lengths.clamp(min=1e-12)).clamp(max=1.0))
