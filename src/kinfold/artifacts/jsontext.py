"""JSON that means one thing only: no repeated key, no NaN, no endless nesting; tuples stay tuples."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.types import Json

MAX_DEPTH = 16
MAX_DIGITS = 20
#: JSON has no tuple, and an estimator's parameter must come back as the type it was.
TUPLE = "tuple"

# An unclosed string matches to the end of the text, so that no input makes the search start over.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def shown(value: object, limit: int = 64) -> str:
    """Return `value` as text that is short and safe to print: control characters escaped."""
    text = value if isinstance(value, str) else repr(value)
    cut = text if len(text) <= limit else text[: limit - 3] + "..."
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


def parse(data: bytes, where: str) -> Json:
    """Return what strict JSON says; a tuple that `dump` wrote stays in its tagged form (see `untag`).

    Raises
    ------
    ArtifactError
        Not UTF-8, not JSON, a repeated key, NaN or Infinity, a number beyond float64 or 20 digits, a lone
        surrogate, or more than 16 levels.
    """
    try:
        text = data.decode("utf-8")
        _check_depth(text)
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_short_int,
            parse_float=_finite_float,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ArtifactError(
            f"{where} is not JSON as kinfold writes it: {shown(str(error), 160)}",
            seen=shown(data[:48].decode("utf-8", "replace")),
            why="the file is damaged, or was not written by kinfold",
            code="A-007",
        ) from error
    return value


def dump(value: Json) -> bytes:
    """Return readable JSON, LF ended."""
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")


def plain(value: object, where: str) -> Json:
    """Return `value` as JSON with tuples tagged; numpy scalars become Python's.

    Raises
    ------
    InvalidParameterError
        Something JSON can't hold: an object, NaN, half a surrogate pair, a key that is not a string.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool) or (isinstance(value, str) and _encodable(value)):
        return value
    if isinstance(value, int) and len(str(abs(value))) <= MAX_DIGITS:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, tuple):
        return {TUPLE: [plain(item, where) for item in value]}
    if isinstance(value, list):
        return [plain(item, where) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value) and set(value) != {TUPLE}:
        return {plain(key, where): plain(item, f"{where}.{shown(key)}") for key, item in value.items()}
    raise InvalidParameterError(
        f"{where} can't be saved: a model folder holds numbers, text, true/false, lists and mappings of text",
        seen=f"{type(value).__name__} {shown(value)}",
        fix="give a plain value before fit, for example a whole number as random_state",
        code="P-021",
    )


def untag(value: Json) -> Any:
    """Return `value` with the tagged tuples made tuples again."""
    if isinstance(value, dict):
        if set(value) == {TUPLE} and isinstance(value[TUPLE], list):
            return tuple(untag(item) for item in value[TUPLE])
        return {key: untag(item) for key, item in value.items()}
    return [untag(item) for item in value] if isinstance(value, list) else value


def without_nonfinite(value: Any) -> Any:
    """Return `value` with NaN and infinities as None: an undefined metric must not cost a save."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: without_nonfinite(item) for key, item in value.items()}
    return [without_nonfinite(item) for item in value] if isinstance(value, list | tuple) else value


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} levels deep")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {shown(name)} is there twice")
        found[name] = value
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number that JSON has")


def _short_int(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"a whole number of {len(digits):,} digits")
    return int(digits)


def _finite_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:32]} is beyond what a float holds")
    return value
