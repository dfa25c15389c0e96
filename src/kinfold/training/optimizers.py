"""A module's weights and a learning rate in, one of torch's optimisers out.

The names are those of torch.optim, in small letters. Where torch has a fused kernel it is used: it changes a large
table of embeddings several times as fast. They are made without torch's compiler, which none of them uses here and
which takes two seconds to import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn, optim

from kinfold.errors import InvalidParameterError
from kinfold.types import Json


@dataclass(frozen=True)
class Kind:
    """One of torch's optimisers: its class, what it is given besides rate and decay, whether it takes `momentum`."""

    of: type[optim.Optimizer]
    options: Mapping[str, Json]
    momentum: bool = False


_FUSED = {"fused": True}
OPTIMIZERS: dict[str, Kind] = {
    "sgd": Kind(optim.SGD, _FUSED, momentum=True),
    "nesterov": Kind(optim.SGD, {**_FUSED, "nesterov": True}, momentum=True),
    "adagrad": Kind(optim.Adagrad, {}),
    "adadelta": Kind(optim.Adadelta, {}),
    "rmsprop": Kind(optim.RMSprop, {}),
    "adam": Kind(optim.Adam, _FUSED),
    "adamw": Kind(optim.AdamW, _FUSED),
    "nadam": Kind(optim.NAdam, {}),
    "adamax": Kind(optim.Adamax, {}),
    "radam": Kind(optim.RAdam, {}),
}


def make(
    name: str,
    module: nn.Module,
    *,
    learning_rate: float,
    weight_decay: float,
    momentum: float,
    rate_scales: Mapping[str, float],
) -> optim.Optimizer:
    """Return the optimiser of that name over a module's weights.

    Parameters
    ----------
    momentum
        Of sgd and nesterov; the others keep what their papers say.
    rate_scales
        What the rate is multiplied with for weights whose names begin so; the longest beginning counts. Weights of
        scale 0 are left as they are.

    Raises
    ------
    InvalidParameterError
        T-011: no weight's name begins so, none is to be learned, or nesterov without momentum.
    """
    kind = OPTIMIZERS[name]
    options: dict[str, Any] = dict(kind.options)
    if kind.momentum:
        options["momentum"] = momentum
    if name == "nesterov" and momentum == 0:
        raise _fault("Nesterov's method needs momentum.", "momentum=0", "A momentum such as 0.9, or optimizer='sgd'.")
    scaled = scales(module, rate_scales)
    groups: dict[float, list[nn.Parameter]] = {}
    for path, weight in module.named_parameters():
        if weight.requires_grad and scaled[path] > 0:
            groups.setdefault(scaled[path], []).append(weight)
    if not groups:
        raise _fault("The module has no weight to learn.", f"{len(scaled)} weights, all held", "Free some of them.")
    given = [{"params": weights, "lr": learning_rate * scale} for scale, weights in groups.items()]
    return _uncompiled(kind.of)(given, lr=learning_rate, weight_decay=weight_decay, **options)


def scales(module: nn.Module, rate_scales: Mapping[str, float]) -> dict[str, float]:
    """Return what each weight's rate is multiplied with, by its name."""
    names = [name for name, _ in module.named_parameters()]
    for prefix in rate_scales:
        if not any(name.startswith(prefix) for name in names):
            raise _fault("No weight's name begins so.", f"rate_scales[{prefix!r}]", f"One of {', '.join(names[:8])}.")
    found = {}
    for name in names:
        fitting = [prefix for prefix in rate_scales if name.startswith(prefix)]
        found[name] = float(rate_scales[max(fitting, key=len)]) if fitting else 1.0
    return found


def _uncompiled(kind: type[optim.Optimizer]) -> Callable[..., optim.Optimizer]:
    """Return `kind` with the methods that torch wraps for its compiler as they are within: what they do is the same."""
    names = ("add_param_group", "state_dict", "load_state_dict", "zero_grad", "step")
    within = {name: getattr(getattr(kind, name), "__wrapped__", None) for name in names}
    methods = {name: method for name, method in within.items() if method is not None}
    if "step" in methods:
        methods["step"] = torch.no_grad()(methods["step"])
    return type(kind.__name__, (kind,), methods)


def _fault(what: str, seen: str, fix: str) -> InvalidParameterError:
    return InvalidParameterError(what, seen=seen[:120], fix=fix, code="T-011")
