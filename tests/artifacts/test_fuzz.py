"""Manifests and headers changed at random but sealed correctly: a model or an ArtifactError, never anything else."""

from __future__ import annotations

import json
import random
import struct

import pytest
from hostile_kit import VERSION, WEIGHTS, header_of, replace_header, reseal, seal
from toy_estimator import fitted, load_toy, save_toy

from kinfold.artifacts.versions import describe, verify
from kinfold.errors import KinfoldError

N_CHANGES = 400
ODD = [None, True, 0, -1, 1.5, 10**18, 10**30, "", "\x00", "../x", "v000001", [], [[]], {}, {"tuple": [1]}]
ODD += [{"tuple": 1}, {"a": {"b": []}}, [0, -1], ["float32"], "float32", "F32", 2**63, 1e308, "nan", "é" * 99]


@pytest.fixture
def model(tmp_path):
    save_toy(fitted(1, n_words=6), tmp_path / "m")
    return tmp_path / "m"


def _change(value, chance):
    """Return `value` with one thing somewhere inside it replaced, removed, repeated or renamed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        what = chance.random()
        rest = {name: item for name, item in value.items() if name != key}
        if what < 0.1:
            return rest
        if what < 0.2:
            return rest | {chance.choice(["x", "__class__", "../x", "", key + "\n"]): value[key]}
        return value | {key: _change(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        changed = [] if chance.random() < 0.1 else [_change(value[at], chance)]
        return [*value[:at], *changed, *value[at + 1 :]]
    return chance.choice(ODD)


def _outcome(action, model):
    try:
        action(model)
    except KinfoldError as error:
        assert error.exit_code == 4
        assert "\x00" not in str(error)
        return error.code
    return ""


def test_changed_manifests(model):
    chance, codes = random.Random(0), set()
    path = model / VERSION / "manifest.json"
    good = json.loads(path.read_bytes())
    for _ in range(N_CHANGES):
        seal(model, json.dumps(_change(good, chance)).encode())
        codes |= {_outcome(action, model) for action in (load_toy, verify, describe)}
    assert {"A-006", "A-007", "A-008", "A-009", "A-010", "A-012", "A-013"} <= codes


def test_changed_headers(model):
    chance, codes = random.Random(1), set()
    header, body = header_of(model)
    for _ in range(N_CHANGES):
        changed = _change(header, chance)
        if changed != header:
            replace_header(model, json.dumps(changed).encode(), body)
            codes.add(_outcome(load_toy, model))
    assert codes == {"A-007", "A-010"}


def test_changed_bytes(model):
    """Any bytes in the place of the weights' header, its length right or wrong."""
    chance = random.Random(2)
    data = (model / WEIGHTS).read_bytes()
    n_header = struct.unpack("<Q", data[:8])[0]
    for _ in range(N_CHANGES):
        spoiled = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            spoiled[chance.randrange(8 + n_header)] = chance.randrange(256)
        (model / WEIGHTS).write_bytes(spoiled)
        reseal(model)
        _outcome(load_toy, model)
