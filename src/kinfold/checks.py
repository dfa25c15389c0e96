"""What a parameter's value must be, as predicates and rules that estimators and encoders share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError

#: Whether a value can be used, and what it must be.
Rule = tuple[Callable[[Any], bool], str]
#: Parameter -> its rule.
Rules = Mapping[str, Rule]


def check(parameters: Any, rules: Rules, owner: str = "") -> None:
    """Raise InvalidParameterError if an attribute named in `rules` has a value that can't be used.

    `owner` is named in the message; it tells an encoder's parameters from the estimator's.
    """
    for name, (right, must) in rules.items():
        value = getattr(parameters, name)
        if not right(value):
            raise InvalidParameterError(
                f"`{name}`{f' of {owner}' if owner else ''} must be {must}.",
                seen=f"{name}={value!r}",
                fix="Give such a value, or none for the default.",
            )


def check_k(k: int) -> None:
    """Refuse a number of answers that is none."""
    if not is_whole(k):
        raise InvalidParameterError("`k` must be a whole number, 1 or more.", seen=repr(k), code="P-023")


def is_whole(value: Any, least: int = 1) -> bool:
    """Return whether it is a whole number from `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def is_number(value: Any) -> bool:
    """Return whether it is a finite number from 0."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < np.inf


def is_positive(value: Any) -> bool:
    """Return whether it is a finite number above 0."""
    return is_number(value) and value != 0


def is_share(value: Any) -> bool:
    """Return whether it is a number from 0, below 1."""
    return is_number(value) and float(value) < 1


def is_flag(value: Any) -> bool:
    """Return whether it is True or False."""
    return isinstance(value, bool | np.bool_)


def is_several(value: Any) -> bool:
    """Return whether it is a sequence of something, not empty."""
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0


def is_wholes(value: Any, least: int = 1) -> bool:
    """Return whether it is a sequence of whole numbers from `least`, at least one."""
    return is_several(value) and all(is_whole(one, least) for one in value)


def whole(least: int = 1, most: int | None = None) -> Rule:
    """Return the rule of a whole number from `least`, and to `most` where that is given."""
    if most is None:
        return (lambda value: is_whole(value, least)), f"a whole number from {least}"
    return (lambda value: is_whole(value, least) and value <= most), f"a whole number from {least} to {most}"


def one_of(*names: str) -> Rule:
    """Return the rule of one of some names."""
    return (lambda value: isinstance(value, str) and value in names), " or ".join(map(repr, names))


def optional(rule: Rule) -> Rule:
    """Return the rule of None, or of what `rule` says."""
    right, must = rule
    return (lambda value: value is None or right(value)), f"None or {must}"


FLAG: Rule = (is_flag, "True or False")
NUMBER: Rule = (is_number, "a number from 0")
POSITIVE: Rule = (is_positive, "a positive number")
SHARE: Rule = (is_share, "a share from 0, below 1")
LABEL: Rule = ((lambda value: isinstance(value, str) and value != ""), "a label")
SEED: Rule = ((lambda value: is_whole(value, 0) and value < 1 << 62), "a whole number from 0")
