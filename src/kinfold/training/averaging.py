"""Weights after each step in, an average of them out: often better on new rows than the last ones are.

``"ema"``: w <- w + (1 - d) (now - w), with d no more than (1 + n) / (10 + n) after n steps, so that a short training
does not remember where it began. ``"swa"``: the plain mean of the last quarter's steps (Izmailov and others 2018).
Both through torch.optim.swa_utils.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

AVERAGES = ("ema", "swa")
#: The share of the steps after which ``"swa"`` begins.
SWA_FROM = 0.75


class Average:
    """An average of a module's weights; its buffers are those of the module.

    Parameters
    ----------
    kind
        ``"ema"`` or ``"swa"``.
    decay
        Of ``"ema"``: how much of the average a step leaves.
    n_steps
        Steps of the whole training.
    """

    def __init__(self, kind: str, module: nn.Module, decay: float, n_steps: int) -> None:
        self._decay, self._from = decay, int(n_steps * SWA_FROM) if kind == "swa" else 0
        self._n = 0
        self._model = AveragedModel(module, multi_avg_fn=self._toward if kind == "ema" else None)

    @property
    def module(self) -> nn.Module | None:
        """A module with the average's weights; None as long as there is none."""
        return self._model.module if self._n else None

    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights after a step, the first of which is 1."""
        if step > self._from:
            self._model.update_parameters(module)
            self._n += 1

    def state_dict(self) -> dict[str, Tensor]:
        """Return all of its state."""
        return self._model.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._model.load_state_dict(state)
        self._n = int(state["n_averaged"])

    def _toward(self, averaged: Sequence[Tensor], current: Sequence[Tensor], _: object) -> None:
        share = 1.0 - min(self._decay, (1 + self._n) / (10 + self._n))
        with torch.no_grad():
            for old, new in zip(averaged, current, strict=True):
                old.lerp_(new, share)
