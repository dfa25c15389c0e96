"""Every encoder by name; the only way from a name in a file, or on the command line, to an encoder."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kinfold.errors import ArtifactError, InvalidParameterError

if TYPE_CHECKING:
    from kinfold.nn.encoders.base import Encoder

#: Name -> where the class is. A module is imported when its class is asked for: names can be listed without torch.
ENCODERS: dict[str, str] = {
    "bag": "kinfold.nn.encoders.bag:BagOfEmbeddings",
    "char-cnn": "kinfold.nn.encoders.char_cnn:CharCNN",
    "word-cnn": "kinfold.nn.encoders.word_cnn:WordCNN",
    "rnn": "kinfold.nn.encoders.rnn:RNN",
    "gru": "kinfold.nn.encoders.gru:GRU",
    "lstm": "kinfold.nn.encoders.lstm:LSTM",
    "min-gru": "kinfold.nn.encoders.min_gru:MinGRU",
}


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


def encoder_class(name: str) -> type[Encoder]:
    """Return the class of an encoder that is in `ENCODERS`."""
    module, _, attribute = ENCODERS[name].partition(":")
    found: type[Encoder] = getattr(import_module(module), attribute)
    return found


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
