"""What a `Trainer` was given, checked once before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from kinfold.errors import InvalidParameterError
from kinfold.training.averaging import AVERAGES
from kinfold.training.optimizers import OPTIMIZERS
from kinfold.training.schedules import SCHEDULES
from kinfold.types import Json

PRECISIONS = ("auto", "float32", "bfloat16")
#: Measures of which less is better, besides those whose names end in one of these.
_LOWER = {"mse", "mae", "rmse", "perplexity", "nats_per_char", "bits_per_char"}
_LOWER_ENDINGS = ("loss", "error")
#: What may differ when a training goes on: it changes how fast it runs or how long, not what a step learns.
_FREE = ("device", "n_threads", "time_budget", "checkpoint_seconds")

_ANY = math.inf
#: From what to below what, whether the first is left out, whether None is one, whether it must be whole.
_RANGES = {
    "learning_rate": (0, _ANY, True, False, False),
    "warmup": (0, 1, False, False, False),
    "weight_decay": (0, _ANY, False, False, False),
    "momentum": (0, 1, False, False, False),
    "clip_norm": (0, _ANY, True, True, False),
    "max_epochs": (1, _ANY, False, False, True),
    "batch_size": (1, _ANY, False, False, True),
    "patience": (1, _ANY, False, True, True),
    "average_decay": (0, 1, False, False, False),
    "time_budget": (0, _ANY, True, True, False),
    "seed": (0, _ANY, False, False, True),
    "n_threads": (1, _ANY, False, True, True),
    "checkpoint_seconds": (0, _ANY, False, False, False),
}


@dataclass(frozen=True)
class Settings:
    """The parameters of a `Trainer`, named as there.

    Raises
    ------
    InvalidParameterError
        T-011: one of them is out of range or unknown.
    """

    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    weight_decay: float = 0.0
    momentum: float = 0.9
    clip_norm: float | None = None
    max_epochs: int = 20
    batch_size: int = 64
    patience: int | None = None
    monitor: str = "loss"
    average: str | None = None
    average_decay: float = 0.999
    time_budget: float | None = None
    device: str = "cpu"
    precision: str = "auto"
    seed: int = 0
    n_threads: int | None = None
    rate_scales: Mapping[str, float] = field(default_factory=dict)
    bucket: bool = True
    checkpoint_seconds: float = 30.0

    def __post_init__(self) -> None:
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("schedule", self.schedule, SCHEDULES)
        _one_of("precision", self.precision, PRECISIONS)
        if self.average is not None:
            _one_of("average", self.average, AVERAGES)
        given = vars(self)
        for name, (least, most, open_end, optional, whole) in _RANGES.items():
            value = given[name]
            held = (optional and value is None) or (
                (_whole(value) if whole else _real(value)) and least <= value < most
            )
            held = held and not (open_end and value == least)
            _require(held, name, value, _wanted(least, most, open_end, optional, whole))
        for prefix, scale in self.rate_scales.items():
            _require(_real(scale) and scale >= 0, f"rate_scales[{prefix!r}]", scale, "a number that is not negative")

    @property
    def lower_is_better(self) -> bool:
        """Whether less of `monitor` is better."""
        return self.monitor in _LOWER or self.monitor.endswith(_LOWER_ENDINGS)

    def fixed(self) -> dict[str, Json]:
        """Return what must be the same when a training goes on, as JSON holds it."""
        given = {name: value for name, value in asdict(self).items() if name not in _FREE}
        return {**given, "rate_scales": {name: float(scale) for name, scale in self.rate_scales.items()}}


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _wanted(least: float, most: float, open_end: bool, optional: bool, whole: bool) -> str:
    number = f"a {'whole ' if whole else ''}number {'above' if open_end else 'of at least'} {least:g}"
    return f"{'None, or ' if optional else ''}{number}{f' and below {most:g}' if most < _ANY else ''}"


def _one_of(name: str, value: object, known: Mapping[str, object] | tuple[str, ...]) -> None:
    _require(isinstance(value, str) and value in known, name, value, f"one of {', '.join(known)}")


def _require(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise InvalidParameterError(
            f"The trainer can't use this `{name}`.",
            seen=f"{name}={value!r}"[:120],
            fix=f"Give {wanted}.",
            code="T-011",
        )
