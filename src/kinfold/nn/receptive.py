"""How far a position of a layer sees, measured: the positions on which its answer's gradient is not zero."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def receptive_field(
    function: Callable[[Tensor, Tensor], Tensor], dim: int, *, most: int = 256, draws: int = 4
) -> tuple[int, int]:
    """Return how many positions before, and how many after, an answer depends on.

    Parameters
    ----------
    function
        Vectors (1, T, D) and lengths (1,) to states (1, T, H), such as the `states` of a WordCNN's module.
    dim
        D.
    most
        How far to look to each side.
    draws
        Random inputs to try: a ReLU may hide a position from one of them.

    Returns
    -------
    before, after
        Positions to each side; `most` says that many or more.

    Examples
    --------
    >>> layer = torch.nn.Conv1d(2, 3, 5, padding=4, dilation=2)
    >>> receptive_field(lambda rows, lengths: layer(rows.transpose(1, 2)).transpose(1, 2), 2)
    (4, 4)
    """
    n_steps = 2 * most + 1
    before = after = 0
    generator = torch.Generator().manual_seed(0)
    for _ in range(draws):
        rows = torch.randn(1, n_steps, dim, generator=generator, requires_grad=True)
        states = function(rows, torch.tensor([n_steps]))
        weights = torch.randn(states.shape[2], generator=generator)
        (gradient,) = torch.autograd.grad(states[0, most] @ weights, rows)
        seen = gradient[0].abs().sum(1).nonzero().flatten()
        if len(seen):
            before, after = max(before, most - int(seen[0])), max(after, int(seen[-1]) - most)
    return before, after
