"""A batch in, changed weights out: one step, and all that a step leaves behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from kinfold.errors import DataError, InvalidParameterError
from kinfold.training import optimizers
from kinfold.training.averaging import Average
from kinfold.training.batching import Batch, Rows
from kinfold.training.callbacks import Callback, Progress
from kinfold.training.distributed import Group
from kinfold.training.schedules import Schedule
from kinfold.training.settings import Settings
from kinfold.types import Ints1d, Json

#: (module, batch) -> the loss of each row (B,), or (losses, penalty).
StepFunction: TypeAlias = Callable[[nn.Module, Batch], Tensor | tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Parts:
    """What a training is made of: the arguments of `Trainer.fit`, and what looks on."""

    module: nn.Module
    step: StepFunction
    train: Rows
    valid: Callable[[nn.Module], Mapping[str, float]] | None
    after_step: Callable[[nn.Module], None] | None
    callbacks: tuple[Callback, ...]
    progress: Progress | None


class Taken(NamedTuple):
    """A step that was taken: mean loss of its rows, length of its gradient, learning rate, sum of its rows' lengths."""

    loss: float
    gradient_norm: float
    learning_rate: float
    tokens: int


class Learner:
    """A module that learns, with its optimiser, its schedule, its average and its best weights so far.

    Parameters
    ----------
    n_steps
        Steps of the whole training.
    """

    def __init__(self, parts: Parts, settings: Settings, group: Group, n_steps: int) -> None:
        self._parts, self._settings, self._group = parts, settings, group
        self.module = parts.module.to(group.device)
        scaled = optimizers.scales(self.module, settings.rate_scales)
        self.optimizer = optimizers.make(
            settings.optimizer,
            self.module,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            momentum=settings.momentum,
            rate_scales=settings.rate_scales,
        )
        self._weights = [weight for held in self.optimizer.param_groups for weight in held["params"]]
        self._held = [weight for name, weight in self.module.named_parameters() if scaled[name] == 0]
        self._held = [weight for weight in self._held if weight.requires_grad]
        self.schedule = Schedule(
            settings.schedule, self.optimizer, n_steps, settings.warmup, lower_is_better=settings.lower_is_better
        )
        kind = settings.average
        self._average = Average(kind, self.module, settings.average_decay, n_steps) if kind else None
        self._best: dict[str, Tensor] | None = None
        fast = settings.precision == "auto" and group.device.type == "cuda"
        self._half = settings.precision == "bfloat16" or fast

    @property
    def measured(self) -> nn.Module:
        """The module that is measured and kept: the average, where there is one."""
        average = self._average.module if self._average else None
        return average or self.module

    def learn(self, rows: Ints1d, step: int, epoch: int) -> Taken:
        """Take one step, learning from these rows; `step` and `epoch` are counted from 1.

        Raises
        ------
        DataError
            T-006: the loss or the gradient is not finite; no weight was changed.
        InvalidParameterError
            T-014: there is not one loss a row.
        """
        set_random(self._settings.seed, step, self._group)
        self.optimizer.zero_grad(set_to_none=True)
        loss, tokens = self._backward(rows)
        self._group.reduce_gradients(self._weights)
        loss, n_tokens = self._group.sums([loss, tokens])
        norm = float(self._norm())
        rate = self.schedule.learning_rate
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise _not_finite(loss, norm, step, epoch, rate)
        with self.schedule.step():
            self.optimizer.step()
        if self._parts.after_step is not None:
            with torch.no_grad():
                self._parts.after_step(self.module)
        if self._average is not None:
            self._average.update(self.module, step)
        return Taken(loss, norm, rate, int(n_tokens))

    def keep_best(self) -> None:
        """Keep a copy of the weights that were measured."""
        state = self.measured.state_dict()
        if self._best is None:
            self._best = {name: tensor.detach().clone() for name, tensor in state.items()}
        else:
            for name, tensor in state.items():
                self._best[name].copy_(tensor)

    def hold(self) -> None:
        """Compute no gradient for weights that are not to change."""
        for weight in self._held:
            weight.requires_grad_(False)

    def release(self) -> None:
        """Undo `hold`, and let go of gradients."""
        for weight in self._held:
            weight.requires_grad_(True)
        self.optimizer.zero_grad(set_to_none=True)

    def finish(self) -> None:
        """Give the module the weights that are kept."""
        kept = self._best if self._best is not None else self.measured.state_dict()
        if kept is self._best or self.measured is not self.module:
            self.module.load_state_dict(kept)
        self.module.eval()

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors that are needed to go on."""
        held = {f"module.{name}": tensor for name, tensor in self.module.state_dict().items()}
        for place, numbers in self.optimizer.state_dict()["state"].items():
            held |= {f"optimizer.{place}.{name}": it for name, it in numbers.items() if isinstance(it, Tensor)}
        if self._average is not None:
            held |= {f"average.{name}": tensor for name, tensor in self._average.state_dict().items()}
        held |= {f"best.{name}": tensor for name, tensor in (self._best or {}).items()}
        return held

    def state(self) -> dict[str, Json]:
        """Return what else is needed, as JSON holds it."""
        said = self.optimizer.state_dict()
        numbers = {
            str(place): {name: it for name, it in held.items() if not isinstance(it, Tensor)}
            for place, held in said["state"].items()
        }
        groups = [{name: it for name, it in group.items() if name != "params"} for group in said["param_groups"]]
        return {"numbers": numbers, "groups": groups, "schedule": self.schedule.state()}

    def restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Json]) -> None:
        """Go on from what `tensors` and `state` returned."""
        # Each copied to memory of its own, laid out as torch lays it out: sums over it come out the same.
        parted: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            parted.setdefault(part, {})[rest] = tensor.clone()
        self.module.load_state_dict(parted["module"])
        held: dict[int, dict[str, Json]] = {int(place): dict(it) for place, it in state["numbers"].items()}
        for name, tensor in parted.get("optimizer", {}).items():
            place, _, rest = name.partition(".")
            held[int(place)][rest] = tensor
        groups = []
        for said, own in zip(state["groups"], self.optimizer.state_dict()["param_groups"], strict=True):
            pairs = {name: tuple(it) if isinstance(it, list) else it for name, it in said.items()}
            groups.append({**own, **pairs})
        self.optimizer.load_state_dict({"state": held, "param_groups": groups})
        self.schedule.set_state(state["schedule"])
        if self._average is not None:
            self._average.load_state_dict(parted["average"])
        if "best" in parted:
            self._best = {name: tensor.to(self._group.device) for name, tensor in parted["best"].items()}

    def _backward(self, rows: Ints1d) -> tuple[float, float]:
        """Compute this process's part of the gradient; return its part of the mean loss, and its rows' lengths."""
        own = rows[self._group.rank :: self._group.size]
        if not len(own):
            return 0.0, 0.0
        batch = self._parts.train.batch(own)
        n_tokens = float(batch.lengths.sum())
        batch = batch.to(self._group.device)
        with torch.autocast(self._group.device.type, torch.bfloat16, enabled=self._half):
            answer = self._parts.step(self.module, batch)
        losses, penalty = answer if isinstance(answer, tuple) else (answer, None)
        if losses.shape != (len(own),):
            raise InvalidParameterError(
                "The trainer's step must return one loss a row.",
                seen=f"{tuple(losses.shape)} for {len(own):,} rows",
                fix="Leave the mean to the trainer: reduction='none'.",
                code="T-014",
            )
        losses = losses if losses.dtype == torch.float64 else losses.float()
        loss = losses.sum() / len(rows)
        total = loss if penalty is None else loss + penalty * (len(own) / len(rows))
        total.backward()  # type: ignore[no-untyped-call]
        # A penalty that is not finite is seen in the gradient, or here.
        return float(loss.detach() + 0.0 * total.detach()), n_tokens

    def _norm(self) -> Tensor | float:
        """Return the length of the gradient, which is then cut to `clip_norm`."""
        if self._settings.clip_norm is not None:
            return nn.utils.clip_grad_norm_(self._weights, self._settings.clip_norm)
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        return nn.utils.get_total_norm(gradients) if gradients else 0.0


def set_random(seed: int, step: int, group: Group) -> None:
    """Set torch's generators to a state that hangs on these numbers and the process's alone."""
    drawn = int(np.random.SeedSequence([seed, step, group.rank]).generate_state(1, np.uint64)[0]) >> 1
    # Not torch.manual_seed, which also takes notes for GPUs that are not in use: half a millisecond a step.
    torch.default_generator.manual_seed(drawn)
    if group.device.type == "cuda":
        torch.cuda.manual_seed(drawn)


def _not_finite(loss: float, norm: float, step: int, epoch: int, rate: float) -> DataError:
    what = "gradient" if math.isfinite(loss) else "loss"
    return DataError(
        f"The {what} is not finite at step {step:,}, in epoch {epoch:,}: the training was stopped there.",
        seen=f"loss {loss:g}, gradient of length {norm:g}, learning_rate={rate:g}",
        why="the steps were too large, or a row holds numbers that are not finite",
        fix=f"Lower learning_rate, to {rate / 10:.1g} say; or set clip_norm=1.0, or warmup=0.1.",
        code="T-006",
    )
