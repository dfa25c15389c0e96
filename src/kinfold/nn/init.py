"""Matrices that a recurrent net starts from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: How a recurrent net may start.
STARTS = ("orthogonal", "identity", "uniform")
#: What orthogonal matrices are multiplied by, as Radford's Passage has it.
GAIN = 1.1


def start_recurrent_(weight: Tensor, how: str) -> None:
    """Fill the square matrices of the gates, stacked (G H, H), in place.

    ``"orthogonal"``: Saxe et al. (2014), times `GAIN`; ``"identity"``: Le et al. (2015), "A simple way to initialize
    recurrent networks of rectified linear units"; ``"uniform"``: from -1 / sqrt(H) to 1 / sqrt(H), as torch has it.
    """
    units = weight.shape[1]
    with torch.no_grad():
        for gate in weight.view(-1, units, weight.shape[1]):
            if how == "orthogonal":
                nn.init.orthogonal_(gate, GAIN)
            elif how == "identity":
                nn.init.eye_(gate)
            else:
                nn.init.uniform_(gate, -(units**-0.5), units**-0.5)


def start_inputs_(weight: Tensor, units: int, how: str) -> None:
    """Fill the gates' matrices of the inputs, stacked (G H, D), in place: Glorot's uniform one, or torch's."""
    with torch.no_grad():
        for gate in weight.view(-1, units, weight.shape[1]):
            if how == "uniform":
                nn.init.uniform_(gate, -(units**-0.5), units**-0.5)
            else:
                nn.init.xavier_uniform_(gate)
