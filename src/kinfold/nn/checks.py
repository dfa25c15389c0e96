"""What a parameter of an encoder may be, as predicates that several encoders share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from kinfold.errors import InvalidParameterError

#: Parameter -> (whether a value can be used, what it must be).
Rules = Mapping[str, tuple[Callable[[Any], bool], str]]


def check(owner: str, values: Mapping[str, Any], rules: Rules) -> None:
    """Raise InvalidParameterError if a value named in `rules` can't be used; `owner` is whose it is."""
    for name, (right, must) in rules.items():
        if not right(values[name]):
            raise InvalidParameterError(
                f"`{name}` of {owner} can't be used.", seen=f"{name}={values[name]!r}", fix=f"It must be {must}."
            )


def is_whole(value: Any, least: int = 1) -> bool:
    """Return whether it is a whole number from `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def is_share(value: Any) -> bool:
    """Return whether it is a number from 0, below 1."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < 1


def is_wholes(value: Any, least: int = 1) -> bool:
    """Return whether it is a sequence of whole numbers from `least`, at least one."""
    return is_several(value) and all(is_whole(one, least) for one in value)


def is_several(value: Any) -> bool:
    """Return whether it is a sequence of something, not empty."""
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0


def each(value: Any, n: int) -> tuple[int, ...]:
    """Return `n` whole numbers from one that holds for all, or from a sequence of them."""
    return tuple(int(one) for one in value) if isinstance(value, Sequence) else (int(value),) * n


def whole(least: int = 1) -> tuple[Callable[[Any], bool], str]:
    """Return the rule of a whole number from `least`."""
    return (lambda value: is_whole(value, least)), f"a whole number from {least}"


def one_of(*names: str) -> tuple[Callable[[Any], bool], str]:
    """Return the rule of one of some names."""
    return (lambda value: isinstance(value, str) and value in names), " or ".join(map(repr, names))


SHARE = (is_share, "a share from 0, below 1")
FLAG = ((lambda value: isinstance(value, bool)), "True or False")


def same_length(owner: object, name: str, value: Any, n: int) -> None:
    """Raise InvalidParameterError if `value` is a sequence that has not one entry for each of `n` layers."""
    if is_several(value) and len(value) != n:
        raise InvalidParameterError(
            f"`{name}` of {type(owner).__name__} has one entry for each layer.",
            seen=f"{len(value)} for {n}",
            fix="Give as many, or one number for all.",
        )
