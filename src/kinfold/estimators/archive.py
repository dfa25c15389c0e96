"""Arrays and JSON in one file of a checkpoint: written whole or not at all, checked when read.

An archive holds plain arrays and JSON; nothing in it can run code.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np

from kinfold.errors import ArtifactError
from kinfold.text.corpus import writing
from kinfold.types import Array, Json

#: Bytes summed at a time.
_BLOCK = 1 << 22
_DAMAGES = (BadZipFile, zlib.error, struct.error, ValueError, LookupError, TypeError, RuntimeError)


def write_archive(path: Path, arrays: Mapping[str, Array], said: Mapping[str, Json]) -> None:
    """Write arrays, none of them named "said", and what is said of them; replace what was there."""
    temporary = path.with_name(f"{path.name}.tmp")
    note = np.frombuffer(json.dumps(said).encode(), np.uint8)
    with writing(path.parent):
        try:
            with temporary.open("wb") as file:
                np.savez(file, allow_pickle=False, said=note, **arrays)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def read_archive(path: Path) -> tuple[dict[str, Array], dict[str, Json]]:
    """Return an archive's arrays and what it says, its sums checked first; to be called within `whole`."""
    with ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise BadZipFile("its sums don't add up")
    with np.load(path, allow_pickle=False) as held:
        arrays = {key: held[key] for key in held.files}
    return arrays, json.loads(arrays.pop("said").tobytes())


@contextmanager
def whole(path: Path, code: str) -> Iterator[None]:
    """Raise ArtifactError with that code where a block that reads a file finds it damaged."""
    try:
        yield
    except (*_DAMAGES, OSError, EOFError, OverflowError) as error:
        raise ArtifactError(
            f"{path}: this part of a checkpoint is damaged, or can't be read.",
            seen=str(error)[:80],
            fix="Start anew without resuming.",
            code=code,
        ) from error


def sum_of(path: Path, *, sync: bool = False) -> list[int]:
    """Return a file's length and CRC-32; `sync`: make sure that it is on the disk."""
    size = total = 0
    with path.open("rb") as file:
        if sync:
            os.fsync(file.fileno())
        while block := file.read(_BLOCK):
            size, total = size + len(block), zlib.crc32(block, total)
    return [size, total]
