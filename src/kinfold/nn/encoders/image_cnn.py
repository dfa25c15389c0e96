"""Convolutions over pictures: rows of pixels (B, height, D) enter, one vector a picture leaves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from kinfold.checks import FLAG, SHARE, Rules, is_wholes, optional, whole
from kinfold.errors import InvalidParameterError
from kinfold.nn.dropout import dropout
from kinfold.nn.encoders.base import Encoder, EncoderModule
from kinfold.nn.inputs import Inputs


class ImageCNN(Encoder):
    """Layers of convolutions, each halving a picture, a grid of the largest features, and a dense layer over it.

    Parameters
    ----------
    filters
        How many features each layer has.
    width
        So many pixels a side does a convolution see.
    grid
        The features of the last layer are pooled to so many places a side, whatever the size of the picture.
    units
        The width of the vector; None: the pooled features as they are, without a dense layer.
    channels
        Numbers a pixel has, side by side in a row: 1 is grey, 3 red, green and blue.
    norm
        Norm what a layer pools over the batch before its ReLU, in training; later by what was seen then.
    dropout
        Share of the pooled features that is dropped in training.
    shift
        By up to so many pixels each picture is moved in training, up or down and sideways; zeros come in.

    Notes
    -----
    LeCun et al. (1998), "Gradient-based learning applied to document recognition"; the norm is of Ioffe and Szegedy
    (2015), "Batch normalization". A picture is an array (T, D) of T rows of pixels, numbers from 0 to 1 or centred.

    Examples
    --------
    >>> ImageCNN(units=64).build(Inputs(dim=28, n_steps=28)).output_dim
    64
    """

    takes_ids: ClassVar[bool] = False
    rules: ClassVar[Rules] = {
        "filters": (is_wholes, "some whole numbers from 1, such as (16, 32)"),
        **dict.fromkeys(("width", "grid", "channels"), whole()),
        "units": optional(whole()),
        "norm": FLAG,
        "dropout": SHARE,
        "shift": whole(0),
    }

    def __init__(
        self,
        *,
        filters: Sequence[int] = (16, 32),
        width: int = 5,
        grid: int = 4,
        units: int | None = 128,
        channels: int = 1,
        norm: bool = True,
        dropout: float = 0.0,
        shift: int = 0,
    ) -> None:
        self.filters = filters
        self.width = width
        self.grid = grid
        self.units = units
        self.channels = channels
        self.norm = norm
        self.dropout = dropout
        self.shift = shift

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        if inputs.n_steps is None:
            raise InvalidParameterError("Pictures have one height.", seen="rows of any", fix="Give Inputs.n_steps.")
        if int(inputs.dim or 0) % self.channels:
            raise InvalidParameterError(
                "A row of pixels has all channels of each.",
                seen=f"rows {inputs.dim} wide, channels={self.channels}",
                fix="Give arrays (N, height, width * channels), or another number of channels.",
            )
        return _ImageCNN(self, inputs.n_steps)


class _ImageCNN(EncoderModule):
    def __init__(self, spec: ImageCNN, height: int) -> None:
        pooled = spec.filters[-1] * spec.grid**2
        super().__init__(spec.units or pooled, longest=height)
        self.height = height
        self.channels, self.grid, self.dropout, self.shift = spec.channels, spec.grid, spec.dropout, spec.shift
        widths = [spec.channels, *spec.filters]
        # A bias before a norm says nothing.
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, spec.width, padding="same", bias=not spec.norm) for a, b in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) if spec.norm else nn.Identity() for n in spec.filters)
        self.dense = nn.Identity() if spec.units is None else nn.Linear(pooled, spec.units)

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        whole = functional.pad(inputs, (0, 0, 0, self.height - inputs.shape[1]))  # (B, height, D)
        n, _, wide = whole.shape
        pictures = whole.view(n, self.height, wide // self.channels, self.channels).permute(
            0, 3, 1, 2
        )  # (B, channels, height, width)
        if self.training and self.shift:
            pictures = shifted(pictures, self.shift)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            # Pooled first, a quarter is left to norm.
            pooled = functional.max_pool2d(layer(pictures), 2, ceil_mode=True)  # (B, F, H / 2, W / 2)
            pictures = norm(pooled).relu()
        grid = functional.adaptive_max_pool2d(pictures, self.grid).flatten(1)  # (B, F * grid * grid)
        vectors: Tensor = self.dense(dropout(grid, self.dropout, self.training))
        return vectors


def shifted(pictures: Tensor, most: int) -> Tensor:
    """Return pictures (B, C, H, W), each moved up or down and sideways by up to `most` pixels, drawn for each."""
    n, _, height, width = pictures.shape
    padded = functional.pad(pictures, (most, most, most, most)).permute(0, 2, 3, 1)  # (B, H', W', C)
    tops, lefts = torch.randint(2 * most + 1, (2, n, 1), device=pictures.device)  # (B, 1) each
    rows = tops + torch.arange(height, device=pictures.device)  # (B, H)
    columns = lefts + torch.arange(width, device=pictures.device)  # (B, W)
    chosen = torch.arange(n, device=pictures.device)[:, None, None]
    return padded[chosen, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)
