"""Parameters of an estimator from `--set`, `--config`, `--seed` and `--threads`, the command line winning."""

from __future__ import annotations

import difflib
import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kinfold.cli.main import find
from kinfold.cli.signatures import Parameter, parameters
from kinfold.data.faults import shown
from kinfold.errors import InvalidParameterError, MachineError
from kinfold.estimators.presets import BLEND, NETS, SKIPGRAM
from kinfold.nn.encoders.registry import TEXT_ENCODERS


@dataclass(frozen=True, slots=True)
class Preset:
    """An estimator, by its module and class, and the parameters in which it differs from that class's defaults.

    `encoder` is the name of the encoder of a net, whose parameters are then set beside the estimator's: by their own
    names, or as ``encoder.NAME`` where the estimator has one of that name too.
    """

    module: str
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    encoder: str = ""

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameters that can be set, with the defaults of their classes."""
        return self.own_parameters() | self.encoder_parameters()

    def own_parameters(self) -> dict[str, Parameter]:
        """Return the parameters of the estimator; which encoder a net has is told by its name."""
        known = parameters(self.module, self.name)
        return {name: one for name, one in known.items() if not (self.encoder and name == "encoder")}

    def encoder_parameters(self) -> dict[str, Parameter]:
        """Return the parameters of the net's encoder; none where there is no encoder."""
        if not self.encoder:
            return {}
        module, _, name = TEXT_ENCODERS[self.encoder].removeprefix("kinfold.").partition(":")
        taken = parameters(self.module, self.name)
        named = {(f"encoder.{key}" if key in taken else key): own for key, own in parameters(module, name).items()}
        return {key: replace(own, name=key) for key, own in named.items()}

    def build(self, given: Mapping[str, Any]) -> Any:
        """Return a new estimator with the preset's parameters and those given, which go before them."""
        params = {**self.params, **given}
        own = self.encoder_parameters()
        of_encoder = {name.removeprefix("encoder."): params.pop(name) for name in list(params) if name in own}
        made = {"encoder": find(TEXT_ENCODERS[self.encoder])(**of_encoder)} if self.encoder else {}
        # Through the door of the command line: a help must not import what estimators take.
        kind = find(f"kinfold.{self.module}:{self.name}")
        return kind(**made, **params)


_NEURAL = "estimators.neural"
#: Task -> what `--model` names there; the first is taken where none is named.
MODELS: dict[str, dict[str, Preset]] = {
    "classify": {
        "linear": Preset("estimators.linear.classifier", "LinearTextClassifier"),
        **{name: Preset(f"{_NEURAL}.classifier", "TextClassifier", NETS.get(name, {}), name) for name in TEXT_ENCODERS},
        "blend": Preset("estimators.blended.classifier", "BlendedClassifier", BLEND),
    },
    "regress": {
        name: Preset(f"{_NEURAL}.regressor", "TextRegressor", NETS.get(name, {}), name) for name in TEXT_ENCODERS
    },
    "match": {
        "boosted": Preset("estimators.boosted.matcher", "BoostedPairMatcher"),
        **{name: Preset("estimators.pairs.matcher", "PairMatcher", NETS.get(name, {}), name) for name in TEXT_ENCODERS},
        "blend": Preset("estimators.blended.matcher", "BlendedPairMatcher"),
    },
    "embed": {name: Preset("estimators.skipgram.estimator", "SkipGram", params) for name, params in SKIPGRAM.items()},
}

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_INT = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_PLAIN = ("None", "bool", "int", "float", "tuple", "Sequence", "words", "str")
_WORDS = {
    "None": "none",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "tuple": "whole numbers such as 1,3",
    "Sequence": "whole numbers such as 8,8 or [[3,5],8]",
    "words": "words such as no,not",
    "str": "text",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Which model, and the parameters that were given; the others keep their defaults."""

    model: str
    preset: Preset
    given: dict[str, Any]

    @property
    def is_net(self) -> bool:
        """Whether it is a net, whose training can be stopped and go on."""
        return bool(self.preset.encoder)

    def build(self) -> Any:
        """Return a new estimator with these parameters."""
        return self.preset.build(self.given)


def settings(
    task: str,
    model: str | None = None,
    config: str | None = None,
    assignments: Sequence[str] = (),
    *,
    seed: int | None = None,
    threads: int | None = None,
    valid: float | None = None,
    directed: bool | None = None,
) -> Settings:
    """Return what `--model`, `--config`, `--set` and the options for one parameter say together.

    `valid` is that of `kinfold train embed`; to `kinfold train classify` it names a file, which is no parameter.
    `directed` is that of `kinfold train match`.

    Raises
    ------
    InvalidParameterError
        An unknown model or parameter, or a value of the wrong kind; nearest names are proposed.
    """
    filed = _read_config(config) if config is not None else {}
    names = MODELS[task]
    name = model or filed.get("estimator", {}).get("name") or next(iter(names))
    if name not in names:
        raise InvalidParameterError(
            "there is no model of this name", seen=shown(str(name)), fix=_nearest(str(name), list(names)), code="U-002"
        )
    known = names[name].parameters()
    given = {key: _filed(_known(key, known), value) for key, value in filed.get("params", {}).items()}
    said = dict(parse_assignment(text, known) for text in assignments)
    options = (
        ("--seed", "random_state", seed),
        ("--threads", "n_threads", threads),
        ("--valid", "valid", valid),
        ("--directed", "directed", directed),
    )
    for option, key, value in options:
        if value is None:
            continue
        if key not in known:
            raise InvalidParameterError(
                f"{option} says nothing to this model",
                seen=f"--model {name}",
                fix="leave it out; OMP_NUM_THREADS=1 before the command sets how many threads scikit-learn takes",
                code="U-003",
            )
        if said.get(key, value) != value:
            raise InvalidParameterError(
                f"{option} and --set {key} contradict each other", fix="give one of them", code="U-003"
            )
        said[key] = value
    return Settings(name, names[name], given | said)


def parse_assignment(text: str, known: Mapping[str, Parameter]) -> tuple[str, Any]:
    """Return the name and value of ``name=value``."""
    name, mark, value = text.partition("=")
    if not mark:
        raise InvalidParameterError(
            "--set takes name=value", seen=shown(text), fix="for example --set min_df=3", code="U-003"
        )
    parameter = _known(name.strip(), known)
    return parameter.name, parse_value(parameter, value.strip())


def parse_value(parameter: Parameter, text: str) -> Any:
    """Return text as a value of one of the parameter's kinds, the narrowest that fits."""
    kinds = parameter.kinds
    if "None" in kinds and text.lower() in ("none", "null", ""):
        return None
    if "bool" in kinds and text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    if "int" in kinds and _INT.fullmatch(text):
        return int(text)
    if "float" in kinds and _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if "Sequence" in kinds and text.startswith("["):
        return _json(parameter, text)
    if ("tuple" in kinds or "Sequence" in kinds) and _INT.fullmatch(text.strip("([])").split(",")[0].strip()):
        numbers = [part.strip() for part in text.strip("([])").split(",")]
        if all(map(_INT.fullmatch, numbers)):
            return tuple(map(int, numbers))
    if any(kind not in _PLAIN for kind in kinds) and text.startswith("{"):
        return _json(parameter, text)
    if "words" in kinds:
        return tuple(word.strip() for word in text.split(",") if word.strip())
    if "str" in kinds:
        return text
    raise _unfit(parameter, text)


def default_text(value: Any) -> str:
    """Return a default as `--set` would take it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping) or (isinstance(value, tuple) and any(isinstance(one, tuple) for one in value)):
        return json.dumps(value, separators=(",", ":"))
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _json(parameter: Parameter, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _unfit(parameter, text) from error


def _unfit(parameter: Parameter, value: object) -> InvalidParameterError:
    wanted = [_WORDS.get(kind, 'JSON such as {"a": 2}') for kind in parameter.kinds]
    return InvalidParameterError(
        f"{parameter.name} can't have this value",
        seen=shown(str(value)),
        fix=f"{parameter.name}= takes {' or '.join(dict.fromkeys(wanted))}; default {default_text(parameter.default)}",
        code="U-004",
    )


def _known(name: str, known: Mapping[str, Parameter]) -> Parameter:
    if name in known:
        return known[name]
    raise InvalidParameterError(
        "the model has no parameter of this name", seen=shown(name), fix=_nearest(name, list(known)), code="U-004"
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"


def _filed(parameter: Parameter, value: Any) -> Any:
    """Return a value of a TOML file as the parameter takes it."""
    kinds = parameter.kinds
    if isinstance(value, str):
        return parse_value(parameter, value)
    if isinstance(value, bool):
        fits = "bool" in kinds
    elif isinstance(value, int):
        if "int" not in kinds and "float" in kinds:
            return float(value)
        fits = "int" in kinds
    elif isinstance(value, float):
        fits = "float" in kinds and math.isfinite(value)
    elif isinstance(value, list):
        words = "words" in kinds and all(isinstance(item, str) for item in value)
        fits = "Sequence" in kinds or words or ("tuple" in kinds and all(type(item) is int for item in value))
        value = tuple(value)
    else:
        fits = isinstance(value, dict) and any(kind not in _PLAIN for kind in kinds)
    if not fits:
        raise _unfit(parameter, value)
    return value


def _read_config(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            held = tomllib.load(file)
    except OSError as error:
        raise MachineError(f"{shown(path, 200)} can't be read: {error.strerror}", fix="check --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidParameterError(
            f"{shown(path, 200)} is not TOML: {error}",
            fix='it should look like: [estimator] name = "linear" [params] min_df = 3, each on a line',
            code="U-005",
        ) from error
    odd = [*set(held) - {"estimator", "params"}]
    if not odd and isinstance(held.get("estimator", {}), dict):
        odd = [f"estimator.{name}" for name in set(held.get("estimator", {})) - {"name"}]
    if odd or not all(isinstance(part, dict) for part in held.values()):
        raise InvalidParameterError(
            f"{shown(path, 200)}: only the tables [estimator], with name, and [params] are known",
            seen=shown(", ".join(sorted(odd)) or "a value where a table is expected"),
            fix='[estimator] name = "linear" and [params] with the names of --set',
            code="U-005",
        )
    return held
