"""What surrounds a training: checks of what it was given, and what torch is set to while it runs."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from kinfold.errors import DataError, InvalidParameterError, MachineError
from kinfold.training.distributed import Group
from kinfold.training.learner import Parts
from kinfold.training.settings import Settings
from kinfold.types import Json


def check(parts: Parts, settings: Settings, folder: Path | None, resume: bool) -> None:
    """Raise what is wrong with the arguments of a training.

    Raises
    ------
    InvalidParameterError
        T-010: resume from nowhere. T-012: what is monitored is not measured.
    DataError
        T-009: there are no rows.
    """
    if resume and folder is None:
        raise InvalidParameterError(
            "There is no checkpoint to go on from.",
            seen="resume=True, checkpoint=None",
            fix="Name the folder that the training was written to.",
            code="T-010",
        )
    if not len(parts.train.lengths):
        raise DataError("There are no rows to learn from.", fix="Give some.", code="T-009")
    if parts.valid is None and settings.monitor != "loss":
        raise unmeasured(settings.monitor, "valid=None")


def unmeasured(monitor: str, seen: str) -> InvalidParameterError:
    """Return the error for a monitored number that nothing measures."""
    return InvalidParameterError(
        f"`{monitor}` is to be monitored, and is not measured.",
        seen=seen[:120],
        fix="Monitor one of the numbers that `valid` returns; without `valid`, monitor='loss'.",
        code="T-012",
    )


def identity(parts: Parts, settings: Settings, about: Mapping[str, Json]) -> dict[str, Json]:
    """Return what must be the same when a training goes on, as JSON holds it."""
    lengths = np.ascontiguousarray(parts.train.lengths, np.int64)
    said = {
        "model": {name: [str(it.dtype), *it.shape] for name, it in parts.module.state_dict().items()},
        "settings": settings.fixed(),
        "rows": {"number": len(lengths), "lengths": zlib.crc32(lengths.data)},
        "data": dict(about),
    }
    return dict(json.loads(json.dumps(said)))


def compare(now: Mapping[str, Json], then: Mapping[str, Json], folder: Path) -> None:
    """Raise InvalidParameterError T-007 if a checkpoint is of another training."""
    for part, held in now.items():
        other = then.get(part, {})
        for name in [*held, *(name for name in other if name not in held)]:
            if held.get(name) != other.get(name):
                raise InvalidParameterError(
                    f"{folder}: the training that was stopped had another {part}.",
                    seen=f"{name}={held.get(name)!r}, then {other.get(name)!r}"[:160],
                    fix="Give the same model, rows and settings; or start anew without resuming.",
                    code="T-007",
                )


@contextmanager
def threads(number: int | None) -> Iterator[None]:
    """Let torch use so many processor threads within the block."""
    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        if number is not None:
            torch.set_num_threads(before)


@contextmanager
def own_random(group: Group) -> Iterator[None]:
    """Give the caller's random numbers back as they were."""
    devices = [group.device] if group.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield


@contextmanager
def room() -> Iterator[None]:
    """Raise MachineError M-010 where the device has too little memory."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MachineError(
            "The GPU has too little memory for this training.",
            seen=str(error).split(". ")[0][:120],
            fix="A smaller batch_size, shorter rows, a smaller model, or device='cpu'.",
            code="M-010",
        ) from error
