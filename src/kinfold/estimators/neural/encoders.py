"""Encoders from their names, and to JSON and back: how a model folder holds the encoder of a net."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.estimators.registry import encoder_class
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.encoders.registry import ENCODERS


def encoder(name: str, **params: Any) -> Encoder:
    """Return the encoder of that name with these parameters.

    Raises
    ------
    InvalidParameterError
        If there is none of that name, or it has no such parameter.

    Examples
    --------
    >>> encoder("gru", units=64)
    GRU(units=64)
    """
    if name not in ENCODERS:
        raise InvalidParameterError(
            "There is no encoder of this name.", seen=repr(name)[:80], fix=f"One of {', '.join(ENCODERS)}."
        )
    kind = encoder_class(name)
    kind.check_names(params)
    return kind(**params)


def to_json(spec: Encoder) -> dict[str, Any]:
    """Return an encoder as JSON has it: its name and its parameters.

    Raises
    ------
    InvalidParameterError
        If it is none of `ENCODERS`: its class could not be found again.
    """
    place = f"{type(spec).__module__}:{type(spec).__name__}"
    for name, where in ENCODERS.items():
        if where == place:
            return {"name": name, "params": _plain(spec.get_params())}
    raise InvalidParameterError(
        "This encoder can't be written down: the registry does not have it.",
        seen=place[:80],
        fix="Give it a line in kinfold.nn.encoders.registry.",
    )


def from_json(value: Any) -> Encoder:
    """Return the encoder that `to_json` wrote; its parameters have been checked.

    Raises
    ------
    ArtifactError
        If it is not such a thing, or of an encoder or a parameter that is not known here.
    """
    parts = value if isinstance(value, dict) and set(value) == {"name", "params"} else {}
    name, params = parts.get("name"), parts.get("params")
    if not isinstance(name, str) or name not in ENCODERS or not isinstance(params, dict):
        raise ArtifactError(
            "This version of kinfold has no such encoder.",
            seen=repr(value)[:80],
            fix=f"One of {', '.join(ENCODERS)}; a newer kinfold may know more.",
        )
    try:
        found = encoder(name, **{key: _tuples(one) for key, one in params.items()})
        found.check()
    except InvalidParameterError as error:
        raise ArtifactError(error.what, seen=error.seen, fix=error.fix) from error
    return found


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def saved_params(params: dict[str, Any]) -> dict[str, Any]:
    """Return an estimator's parameters as a model folder holds them: vectors in memory are left out."""
    embedding = params["embedding"]
    named = fspath(embedding) if isinstance(embedding, str | PathLike) else None
    encoder = to_json(params["encoder"]) if isinstance(params["encoder"], Encoder) else params["encoder"]
    return {**params, "encoder": encoder, "embedding": named}


def with_encoder(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters whose encoder is one, where a model folder has it as JSON."""
    encoder = params.get("encoder")
    return {**params, "encoder": from_json(encoder) if isinstance(encoder, Mapping) else encoder}
