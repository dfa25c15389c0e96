"""What may look on while a training runs, and end it: six hooks, each given the training as it is then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from torch import nn

from kinfold.training.history import History

#: Called as progress(what is being done, share of it that is done or None where that can't be known).
Progress: TypeAlias = Callable[[str, float | None], None]


@dataclass
class Run:
    """A training while it runs.

    Attributes
    ----------
    module
        What learns; on its device.
    history
        The epochs made so far.
    n_epochs, n_steps
        How many epochs and steps there are to be.
    epoch, step
        The number of the epoch that is being made, and of the step last taken, both from 1.
    loss
        The mean loss of that step's rows, penalties left out.
    learning_rate
        The rate of that step.
    gradient_norm
        The length of its gradient before it was clipped.
    rows, tokens
        Rows and their lengths learned from so far.
    stop
        Set it to end the training after this step.
    """

    module: nn.Module
    history: History
    n_epochs: int
    n_steps: int
    epoch: int = 1
    step: int = 0
    loss: float = 0.0
    learning_rate: float = 0.0
    gradient_norm: float = 0.0
    rows: int = 0
    tokens: int = 0
    stop: bool = field(default=False)


class Callback:
    """Base of what looks on; each hook does nothing unless a subclass says otherwise.

    The hooks must not touch weights that the training is to come back to after a stop: what a callback holds is in no
    checkpoint. With several processes, each calls its own callbacks.
    """

    def on_fit_begin(self, run: Run) -> None:
        """Before the first step, or the first after a stop."""

    def on_epoch_begin(self, run: Run) -> None:
        """Before the first step of an epoch."""

    def on_step_end(self, run: Run) -> None:
        """After the weights have changed."""

    def on_epoch_end(self, run: Run) -> None:
        """After an epoch was measured and its entry in the history written."""

    def on_stop(self, run: Run) -> None:
        """After the last epoch, if there were to be more: `run.history.stopped` says why there are not."""

    def on_fit_end(self, run: Run) -> None:
        """When the module holds the weights that are kept."""
