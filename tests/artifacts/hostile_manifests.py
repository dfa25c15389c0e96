"""Manifests and vocabularies that lie, are damaged, or are of another version: rows 98 to 106."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

from hostile_kit import (
    VERSION,
    VOCABULARY,
    WEIGHTS,
    case,
    change_header,
    change_manifest,
    header_of,
    replace_file,
    reseal,
)

# Row 98: classes.


def _class_lie(name: str, value: Any, code: str) -> None:
    def builder(model: Path, marker: Path) -> None:
        change_manifest(model, estimator=value)

    builder.__name__ = f"class_{name}"
    case(98, code)(builder)


_class_lie("os_system", "os.system", "A-007")
_class_lie("with_a_module", "toy_estimator:ToyClassifier", "A-007")
_class_lie("a_mapping", {"module": "os", "name": "system"}, "A-007")
_class_lie("of_the_standard_library", "Popen", "A-009")
_class_lie("dunder", "__import__", "A-007")


@case(98, "A-007")
def module_key_in_the_manifest(model, marker):
    change_manifest(model, module="os")


@case(98, "A-009")
def parameter_unknown(model, marker):
    change_manifest(model, params={"__class__": "os.system"})


# Row 99: sizes.


@case(99, "A-010")
def hidden_of_a_billion(model, marker):
    change_manifest(model, params={"hidden": 10**9})


@case(99, "A-010")
def hidden_and_arrays_of_a_billion(model, marker):
    def edit(document: dict) -> None:
        document["params"]["hidden"] = 10**9
        document["arrays"]["hashes"]["shape"] = [10**9]

    reseal(model, edit)


@case(99, "A-015")
def hidden_a_text(model, marker):
    change_manifest(model, params={"hidden": "many"})


@case(99, "A-012")
def vocabulary_of_ten_million(model, marker):
    change_manifest(model, vocabularies={"words": 10_000_000})


@case(99, "A-007")
def manifest_nested_too_deep(model, marker):
    reseal(model, text=b'{"params":' + b"[" * 200_000 + b"]" * 200_000 + b"}")


@case(99, "A-007")
def manifest_quotes_without_end(model, marker):
    reseal(model, text=b'"' + b'\\"' * 500_000)


@case(99, "A-007")
def manifest_number_of_5000_digits(model, marker):
    change_manifest(model, threads=0)
    text = (model / VERSION / "manifest.json").read_bytes()
    reseal(model, text=text.replace(b'"threads": 0', b'"threads": ' + b"9" * 5000))


@case(99, "A-014")
def manifest_of_two_megabytes(model, marker):
    change_manifest(model, notes={"more": "x" * (2 << 20)})


@case(99, "A-014")
def vocabulary_of_two_gigabytes(model, marker):
    with open(model / VOCABULARY, "r+b") as file:
        file.truncate(2 << 30)
    reseal(model, lambda document: document["files"]["words.vocab.txt"].update(bytes=2 << 30))


@case(99, "A-014")
def weights_of_a_terabyte(model, marker):
    with open(model / WEIGHTS, "r+b") as file:
        file.truncate(1 << 40)
    reseal(model, lambda document: document["files"]["weights.safetensors"].update(bytes=1 << 40))


@case(99, "A-010")
def weights_of_four_gigabytes_of_nothing(model, marker):
    with open(model / WEIGHTS, "r+b") as file:
        file.truncate(4 << 30)
    reseal(model, lambda document: document["files"]["weights.safetensors"].update(bytes=4 << 30))


@case(100, "A-009")
def regular_expression_that_never_ends(model, marker):
    change_manifest(model, params={"token_pattern": "(a+)+$"})


# Rows 102 to 106: damage, mixtures and other versions.


@case(103, "A-006")
def weights_cut_short(model, marker):
    os.truncate(model / WEIGHTS, (model / WEIGHTS).stat().st_size - 1)


@case(103, "A-004")
def weights_missing(model, marker):
    (model / WEIGHTS).unlink()


@case(103, "A-004")
def manifest_missing(model, marker):
    (model / VERSION / "manifest.json").unlink()


@case(103, "A-003")
def current_missing(model, marker):
    (model / "CURRENT").unlink()


@case(103, "A-004")
def version_missing(model, marker):
    shutil.rmtree(model / VERSION)


@case(103, "A-001")
def nothing_there(model, marker):
    return model.parent / "modle"


@case(104, "A-010")
def words_fewer_than_rows(model, marker):
    data = (model / VOCABULARY).read_bytes().split(b"\n", 1)[1]
    (model / VOCABULARY).write_bytes(data)
    reseal(model, lambda document: document["vocabularies"].update(words=data.count(b"\n")))


@case(104, "A-010")
def labels_more_than_columns(model, marker):
    reseal(model, lambda document: document["values"]["labels"].append("more"))


@case(104, "A-015")
def labels_missing(model, marker):
    change_manifest(model, values={})


@case(104, "A-013")
def answers_other_than_the_expected(model, marker):
    reseal(model, lambda document: document["expected"][0].__setitem__(0, 0.125))


@case(104, "A-013")
def expected_answers_of_another_width(model, marker):
    change_manifest(model, expected=[[0.5], [0.5], [0.5]])


def _nonfinite(name: str, number: float) -> None:
    def builder(model: Path, marker: Path) -> None:
        header, body = header_of(model)
        start = header["weights"]["data_offsets"][0]
        change_header(model, lambda header: None, body[:start] + struct.pack("<f", number) + body[start + 4 :])

    builder.__name__ = f"weights_with_{name}"
    case(105, "A-011")(builder)


_nonfinite("nan", float("nan"))
_nonfinite("infinity", float("inf"))


def _format(name: str, value: Any) -> None:
    def builder(model: Path, marker: Path) -> None:
        change_manifest(model, format=value)

    builder.__name__ = f"format_{name}"
    case(106, "A-008")(builder)


_format("newer", 2)
_format("older", 0)
_format("a_text", "1")
_format("true", True)


@case(106, "A-008")
def format_missing(model, marker):
    reseal(model, lambda document: document.pop("format"))


# Text that is not what it should be, at any row's place.


@case(99, "A-007")
def manifest_key_twice(model, marker):
    text = (model / VERSION / "manifest.json").read_bytes()
    reseal(model, text=b'{"estimator": "ToyClassifier",' + text[1:])


@case(99, "A-007")
def manifest_with_infinity(model, marker):
    text = (model / VERSION / "manifest.json").read_bytes()
    reseal(model, text=text.replace(b'"tag": 1', b'"tag": 1e999'))


@case(99, "A-007")
def manifest_with_half_a_surrogate_pair(model, marker):
    change_manifest(model, created="\ud800")


@case(104, "A-012")
def vocabulary_not_utf8(model, marker):
    data = (model / VOCABULARY).read_bytes()
    replace_file(model, VOCABULARY, b"\xff" + data[1:])


@case(104, "A-012")
def vocabulary_with_an_empty_line(model, marker):
    data = (model / VOCABULARY).read_bytes()
    first, rest = data.split(b"\n", 1)
    replace_file(model, VOCABULARY, b"\n" + first + b"x" + rest)


@case(104, "A-012")
def vocabulary_without_a_last_line_end(model, marker):
    replace_file(model, VOCABULARY, b"a\n" + (model / VOCABULARY).read_bytes()[:-1])


@case(104, "A-006")
def weights_of_another_run(model, marker):
    """The manifest is good, the weights are of another training run: same shapes, other numbers."""
    header, body = header_of(model)
    text = json.dumps(header).encode()
    data = bytearray((model / WEIGHTS).read_bytes())
    data[-len(body) : -len(body) + 4] = struct.pack("<f", 0.25)
    assert text
    (model / WEIGHTS).write_bytes(bytes(data))
