"""Word vectors out, as a file that is written whole or not at all."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

import numpy as np

from kinfold.errors import DataError
from kinfold.kernels import decimals, wordrecords
from kinfold.types import Singles2d
from kinfold.vectors.formats_file import machine_fault
from kinfold.vectors.formats_sniff import BINARY, GLOVE, MARK
from kinfold.vectors.tables import shown

#: Numbers formatted at a time.
_BLOCK_NUMBERS = 1 << 19
#: What ends a word or a row in each format, so that no word may hold it.
_FORBIDDEN = {BINARY: " \n\0", "": " \t\n\r"}


def write_file(path: str, words: Sequence[str], table: Singles2d, format: str, *, packed: bool) -> None:
    """Write words (V) and their vectors (V, D).

    Raises
    ------
    DataError
        D-087: a word that the format has no way to write.
    MachineError
        D-005: the file can't be written; what was at `path` before is still there.
    """
    names = _encoded(words, format)
    try:
        with whole_file(path) as raw, _packing(raw, packed) as file:
            if format != GLOVE:
                file.write(f"{len(words)} {table.shape[1]}\n".encode("ascii"))
            write_rows = _write_records if format == BINARY else _write_lines
            step = max(1, _BLOCK_NUMBERS // table.shape[1])
            for first in range(0, len(words), step):
                write_rows(file, names[first : first + step], table[first : first + step])
    except OSError as error:
        raise machine_fault(shown(path, 200), "written", error) from error


@contextmanager
def whole_file(path: str) -> Iterator[BinaryIO]:
    """Open a file for writing that gets its name once all of it is on the disk, and is gone if that fails."""
    target = os.path.realpath(path)
    if os.path.lexists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        with open(target, "wb") as file:  # a pipe, or a folder, which is refused here
            yield file
        return
    partial = f"{target}.{os.getpid()}.part"
    try:
        with open(partial, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
        _sync_folder(os.path.dirname(target))
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _sync_folder(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _packing(raw: BinaryIO, packed: bool) -> Iterator[BinaryIO]:
    """Yield what packs into `raw`, the same bytes for the same vectors, or `raw` itself."""
    if not packed:
        yield raw
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) as file:
        yield cast(BinaryIO, file)


def _encoded(words: Sequence[str], format: str) -> list[bytes]:
    """Return the words as UTF-8, once it is sure that each will be read again as what it is."""
    forbidden = _FORBIDDEN.get(format, _FORBIDDEN[""])
    names = [word.encode() for word in words]
    joined = "".join(words)
    if any(c in joined for c in forbidden):
        i = next(i for i, word in enumerate(words) if any(c in word for c in forbidden))
        raise _unwritable(words[i], i, format, "it holds a character that ends a word there")
    if format == GLOVE and names[0].startswith(MARK):
        raise _unwritable(words[0], 0, format, "the file would seem to begin with a byte order mark")
    longest = max(range(len(names)), key=lambda i: len(names[i]))
    if format == BINARY and len(names[longest]) > wordrecords.LONGEST_WORD:
        raise _unwritable(words[longest], longest, format, f"it is longer than {wordrecords.LONGEST_WORD:,} bytes")
    return names


def _unwritable(word: str, row: int, format: str, why: str) -> DataError:
    return DataError(
        f"Word {row + 1:,} can't be written as {format}.",
        seen=repr(shown(word)),
        why=why,
        fix="kinfold.save keeps every word; or replace it before writing, with _ in place of blanks",
        code="D-087",
    )


def _write_lines(file: BinaryIO, names: Sequence[bytes], table: Singles2d) -> None:
    bounds = np.zeros(len(names) + 1, np.int64)
    np.cumsum([len(name) for name in names], out=bounds[1:])
    out = np.empty(int(bounds[-1]) + len(names) + table.size * decimals.NUMBER_BYTES, np.uint8)
    joined = np.frombuffer(b"".join(names), np.uint8)
    size = decimals.format_rows(np.ascontiguousarray(table), joined, bounds, out)
    file.write(out[:size].data)


def _write_records(file: BinaryIO, names: Sequence[bytes], table: Singles2d) -> None:
    little = np.ascontiguousarray(table, dtype="<f4")
    file.write(
        b"".join(part for name, row in zip(names, little, strict=True) for part in (name, b" ", row.data, b"\n"))
    )
