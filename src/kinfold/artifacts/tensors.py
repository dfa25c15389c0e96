"""Arrays as a safetensors file: written without a copy, its header checked before anything is allocated."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from kinfold.artifacts import jsontext
from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.types import Array, Json

#: safetensors' names of the types we keep, by numpy name.
DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
}
MAX_HEADER = 1 << 20
ARRAY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")
_NUMPY = {short: name for name, short in DTYPES.items()}
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """What one array must be: numpy type name and shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes its data takes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def describe(arrays: Mapping[str, Array]) -> dict[str, ArraySpec]:
    """Return the type and shape of every array, in the order they are written."""
    for name, array in arrays.items():
        if not ARRAY_NAME.fullmatch(name) or array.dtype.name not in DTYPES:
            raise InvalidParameterError(
                f"array {jsontext.shown(name)} can't be saved",
                seen=f"type {array.dtype.name}",
                fix=f"use a name like weights_1 and one of {', '.join(DTYPES)}",
                code="P-022",
            )
    # The widest types first, so that every array starts where its type wants it.
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    return {name: ArraySpec(arrays[name].dtype.name, arrays[name].shape) for name in order}


def encode(arrays: Mapping[str, Array]) -> list[memoryview]:
    """Return the file as pieces to be written one after the other; array data is not copied."""
    header: dict[str, Json] = {}
    offset = 0
    for name, spec in describe(arrays).items():
        end = offset + spec.nbytes
        header[name] = {"dtype": DTYPES[spec.dtype], "shape": list(spec.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    pieces = [memoryview(len(text).to_bytes(8, "little") + text)]
    return pieces + [_raw(arrays[name]).data for name in header if arrays[name].size]


def _raw(array: Array) -> Array:
    little = array.astype(array.dtype.newbyteorder("<"), copy=False) if sys.byteorder == "big" else array
    return np.ascontiguousarray(little).reshape(-1).view(np.uint8)


def check_header(data: bytes, n_data: int, expected: Mapping[str, ArraySpec], where: str) -> dict[str, int]:
    """Return where each array starts, after checking that the header says exactly what is expected.

    Parameters
    ----------
    data
        The header's JSON, without its length.
    n_data
        Bytes of array data behind the header.
    expected
        Type and shape every array must have; no other may be there.
    where
        The file's name, for messages.
    """
    header = jsontext.parse(data, f"the header of {where}")
    if not isinstance(header, dict):
        raise _bad(where, "its header is not a mapping", type(header).__name__)
    if set(header) != set(expected):
        odd = sorted(set(header) ^ set(expected))
        raise _bad(where, "the header's arrays are not the ones this model has", ", ".join(odd[:4]))
    starts: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    for name, entry in header.items():
        begin, end = _check_entry(name, entry, expected[name], where)
        starts[name] = begin
        spans.append((begin, end))
    position = 0
    for begin, end in sorted(spans):
        if begin != position:
            raise _bad(where, "its arrays overlap or leave a gap", f"byte {begin} after byte {position}")
        position = end
    if position != n_data:
        raise _bad(where, "its header does not account for its bytes", f"{position:,} of {n_data:,} bytes")
    return starts


def _check_entry(name: str, entry: Json, expected: ArraySpec, where: str) -> tuple[int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _bad(where, f"array {name} is not described as dtype, shape and data_offsets", entry)
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not (_counts(shape) and _counts(offsets)):
        raise _bad(where, f"array {name} has a shape or offsets that are not whole numbers", entry)
    dtype = _NUMPY.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if dtype != expected.dtype or tuple(shape) != expected.shape:
        want = f"{expected.dtype} {expected.shape}"
        raise _bad(where, f"array {name} must be {want}", f"{entry['dtype']} {tuple(shape)}")
    if len(offsets) != 2 or offsets[1] - offsets[0] != expected.nbytes:
        raise _bad(where, f"array {name} takes {expected.nbytes:,} bytes", f"offsets {offsets}")
    return offsets[0], offsets[1]


def _counts(value: Json) -> bool:
    return isinstance(value, list) and all(type(number) is int and number >= 0 for number in value)


def arrays_in(buffer: Array, starts: Mapping[str, int], specs: Mapping[str, ArraySpec]) -> dict[str, Array]:
    """Return the arrays as views of `buffer` (copies only where a view would be misaligned)."""
    arrays: dict[str, Array] = {}
    for name, start in starts.items():
        spec = specs[name]
        raw = buffer[start : start + spec.nbytes]
        array = np.ndarray(spec.shape, np.dtype(spec.dtype).newbyteorder("<"), raw)
        aligned = array.flags.aligned and sys.byteorder == "little"
        arrays[name] = array if aligned else array.astype(spec.dtype)
    return arrays


def pieces_of(starts: Mapping[str, int], specs: Mapping[str, ArraySpec]) -> Iterator[tuple[str, int, int]]:
    """Yield (array, bytes of it before, bytes) for all data in the order of the file, in pieces of whole numbers."""
    for name in sorted(starts, key=lambda name: (starts[name], specs[name].nbytes)):
        step = _BLOCK * np.dtype(specs[name].dtype).itemsize
        for before in range(0, specs[name].nbytes, step):
            yield name, before, min(step, specs[name].nbytes - before)


def check_values(arrays: Mapping[str, Array], where: str) -> None:
    """Raise ArtifactError if a float is NaN or infinite, or a truth value is neither 0 nor 1."""
    for name, array in arrays.items():
        flat = array.reshape(-1)
        for start in range(0, flat.size, _BLOCK):
            wrong = value_fault(name, flat[start : start + _BLOCK], start, where)
            if wrong is not None:
                raise wrong


def value_fault(name: str, block: Array, start: int, where: str) -> ArtifactError | None:
    """Return the error for the first wrong number in a part (n,) of an array that begins at number `start`, if any."""
    if block.dtype.kind == "b":
        most = int(block.view(np.uint8).max(initial=0))
        if most > 1:
            return _bad(where, f"array {name} holds a truth value that is neither 0 nor 1", most)
    elif block.dtype.kind == "f":
        good = np.isfinite(block)
        if not good.all():
            return ArtifactError(
                f"{where}: array {name} holds a number that is not finite",
                seen=f"{block[~good][0]} at position {start + int(np.argmin(good)):,}",
                why="training diverged, or the file was made by hand",
                fix="train again; a model with such weights answers nonsense",
                code="A-011",
            )
    return None


def _bad(where: str, what: str, seen: object) -> ArtifactError:
    return ArtifactError(
        f"{where}: {what}",
        seen=jsontext.shown(seen),
        why="the file is damaged, or was not written by kinfold",
        code="A-010",
    )
