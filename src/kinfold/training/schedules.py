"""An optimiser and the number of its steps in; what changes its learning rate on the way out: torch's schedulers.

=============  ================================================================================================
constant       the rate as it was given
linear         falls evenly to 0
cosine         falls to 0 along half a cosine (Loshchilov and Hutter 2017, without restarts)
one-cycle      rises from 1/25 of the rate during `warmup` (a third if that is 0), then falls to nearly 0, momentum
               the other way round (Smith and Topin 2019)
step           a tenth of the rate after each third
exponential    falls by the same factor each step, to a hundredth at the end
plateau        half the rate whenever two epochs in succession bring nothing better
=============  ================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from torch import optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from kinfold.types import Json

#: What `linear` and `exponential` fall to; a third is where `step` falls and `one-cycle` turns.
_LAST, _THIRD = 0.01, 1 / 3


def _one_cycle(optimizer: optim.Optimizer, n_steps: int, warmup: float) -> LRScheduler:
    group = optimizer.param_groups[0]
    return lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=[each["lr"] for each in optimizer.param_groups],
        total_steps=max(n_steps, 2),
        pct_start=warmup or _THIRD,
        cycle_momentum=group.get("momentum", 0) > 0 or "betas" in group,
    )


SCHEDULES: dict[str, Callable[[optim.Optimizer, int, float], LRScheduler] | None] = {
    "constant": lambda optimizer, n, _: lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=n),
    "linear": lambda optimizer, n, _: lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=n),
    "cosine": lambda optimizer, n, _: lr_scheduler.CosineAnnealingLR(optimizer, T_max=n),
    "one-cycle": _one_cycle,
    "step": lambda optimizer, n, _: lr_scheduler.StepLR(optimizer, step_size=max(1, round(n * _THIRD)), gamma=0.1),
    "exponential": lambda optimizer, n, _: lr_scheduler.ExponentialLR(optimizer, gamma=_LAST ** (1 / n)),
    # Changed by what an epoch was like, not by its place.
    "plateau": None,
}


class Schedule:
    """Changes an optimiser's learning rates.

    Parameters
    ----------
    n_steps
        Steps of the whole training.
    warmup
        The share of them over which the rate rises evenly to what the schedule says.
    lower_is_better
        Of the number that `measured` is given.
    """

    def __init__(
        self, name: str, optimizer: optim.Optimizer, n_steps: int, warmup: float, *, lower_is_better: bool
    ) -> None:
        self._optimizer, self._n_steps, self._step = optimizer, n_steps, 0
        make = SCHEDULES[name]
        # One-cycle has a rise of its own.
        self._rise = 0 if name == "one-cycle" else round(n_steps * warmup)
        self._by_step = make(optimizer, n_steps, warmup) if make else None
        self._by_epoch = None
        if make is None:
            mode: Literal["min", "max"] = "min" if lower_is_better else "max"
            self._by_epoch = ReduceLROnPlateau(optimizer, mode=mode, factor=0.5, patience=1)

    @property
    def learning_rate(self) -> float:
        """The first group's rate in the step to come."""
        return float(self._optimizer.param_groups[0]["lr"]) * self._risen()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Let the block take one step of the optimiser, then set the rates of the next."""
        rates, risen = [group["lr"] for group in self._optimizer.param_groups], self._risen()
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * risen
        yield
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._step += 1
        if self._by_step is not None and self._step < self._n_steps:
            self._by_step.step()

    def measured(self, value: float) -> None:
        """Tell what the monitored number was after an epoch."""
        if self._by_epoch is not None:
            self._by_epoch.step(value)

    def state(self) -> dict[str, Json]:
        """Return where it is, as JSON holds it; the optimiser holds the rates themselves."""
        inner = self._by_step or self._by_epoch
        return {"step": self._step, "inner": inner.state_dict() if inner else {}}

    def set_state(self, state: dict[str, Json]) -> None:
        """Go on from there."""
        self._step = int(state["step"])
        inner = self._by_step or self._by_epoch
        if inner is not None:
            inner.load_state_dict(dict(state["inner"]))

    def _risen(self) -> float:
        return min(1.0, (self._step + 1) / self._rise) if self._rise else 1.0
