"""What a parameter's value must be, as predicates that several estimators share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError

#: Parameter -> (whether a value can be used, what it must be).
Rules = Mapping[str, tuple[Callable[[Any], bool], str]]


def check(parameters: Any, rules: Rules) -> None:
    """Raise InvalidParameterError if an attribute named in `rules` has a value that can't be used."""
    for name, (right, must) in rules.items():
        value = getattr(parameters, name)
        if not right(value):
            raise InvalidParameterError(f"`{name}` must be {must}.", seen=f"{name}={value!r}")


def is_whole(value: Any, least: int) -> bool:
    """Return whether it is a whole number from `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def is_number(value: Any) -> bool:
    """Return whether it is a finite number from 0."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < np.inf


def is_positive(value: Any) -> bool:
    """Return whether it is a finite number above 0."""
    return is_number(value) and value != 0


def is_flag(value: Any) -> bool:
    """Return whether it is True or False."""
    return isinstance(value, bool | np.bool_)
