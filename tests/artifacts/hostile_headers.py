"""Lies in the header of the weights: rows 95 and 96."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile_kit import (
    WEIGHTS,
    case,
    change_header,
    header_of,
    replace_file,
    replace_header,
)

# Rows 95 and 96: lies in the header of the weights.


def _length_lie(name: str, length: int) -> None:
    def builder(model: Path, marker: Path) -> None:
        header, body = header_of(model)
        replace_header(model, json.dumps(header).encode(), body, length)

    builder.__name__ = name
    case(95, "A-010")(builder)


_length_lie("header_longer_than_the_file", 1 << 20)
_length_lie("header_of_2_to_the_63", 1 << 63)
_length_lie("header_of_2_to_the_64_less_1", (1 << 64) - 1)


def _header_lie(name: str, text: Callable[[dict], bytes], code: str = "A-010") -> None:
    def builder(model: Path, marker: Path) -> None:
        header, body = header_of(model)
        replace_header(model, text(header), body)

    builder.__name__ = f"header_{name}"
    case(96 if "twice" in name else 95, code)(builder)


def _entry_lie(name: str, **fields: Any) -> None:
    def text(header: dict) -> bytes:
        header["weights"].update(fields)
        return json.dumps(header).encode()

    _header_lie(name, text)


def _shifted(header: dict, name: str, by: int) -> bytes:
    header[name]["data_offsets"] = [offset + by for offset in header[name]["data_offsets"]]
    return json.dumps(header).encode()


_header_lie("empty", lambda header: b"", "A-007")
_header_lie("not_json", lambda header: b"{weights: 1}", "A-007")
_header_lie("a_list", lambda header: b"[1, 2]")
_header_lie("not_utf8", lambda header: b'{"\xff\xfe": 1}', "A-007")
_header_lie("nested_100000_deep", lambda header: b"[" * 100_000, "A-007")
_header_lie("nested_in_a_key", lambda header: b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "A-007")
_header_lie("with_nan", lambda header: json.dumps(header | {"weights": float("nan")}).encode(), "A-007")
_header_lie("key_twice", lambda header: b'{"bias": {},' + json.dumps(header).encode()[1:], "A-007")
_header_lie("array_missing", lambda header: json.dumps({k: v for k, v in header.items() if k != "bias"}).encode())
_header_lie("array_too_many", lambda header: json.dumps(header | {"more": header["bias"]}).encode())
_header_lie("metadata_code", lambda header: json.dumps(header | {"__metadata__": {"format": "pt"}}).encode())
_header_lie("arrays_overlap", lambda header: _shifted(header, "hashes", -8))
_header_lie("arrays_leave_a_gap", lambda header: _shifted(header, "seen", 1))
_header_lie("offset_beyond_the_end", lambda header: _shifted(header, "seen", 1 << 40))
_header_lie("offset_negative", lambda header: _shifted(header, "bias", -8))
_header_lie("entry_not_a_mapping", lambda header: json.dumps(header | {"weights": [1, 2]}).encode())
_entry_lie("offsets_reversed", data_offsets=[96, 0])
_entry_lie("offsets_three", data_offsets=[0, 1, 2])
_entry_lie("shape_huge", shape=[1 << 40, 1 << 40])
_entry_lie("shape_negative", shape=[-1, -3])
_entry_lie("shape_float", shape=[40.0, 3.0])
_entry_lie("shape_true", shape=[True, 3])
_entry_lie("shape_swapped", shape=[3, 40])
_entry_lie("dtype_unknown", dtype="F8_E4M3")
_entry_lie("dtype_a_number", dtype=7)
_entry_lie("dtype_wider", dtype="F64")
_entry_lie("field_too_many", code="import os")


@case(95, "A-010")
def weights_with_bytes_behind_them(model, marker):
    replace_file(model, WEIGHTS, (model / WEIGHTS).read_bytes() + b"\0" * 64)


@case(95, "A-010")
def weights_empty(model, marker):
    replace_file(model, WEIGHTS, b"")


@case(95, "A-010")
def truth_value_of_two(model, marker):
    header, body = header_of(model)
    start = header["seen"]["data_offsets"][0]
    change_header(model, lambda header: None, body[:start] + b"\x02" + body[start + 1 :])
