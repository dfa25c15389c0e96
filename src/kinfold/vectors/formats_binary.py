"""Word vectors as word2vec writes them in binary: a header line, then each word, a blank, and its float32 numbers."""

from __future__ import annotations

import sys

import numpy as np

from kinfold.errors import DataError
from kinfold.kernels import wordrecords as kernel
from kinfold.vectors.formats_file import VectorSource
from kinfold.vectors.formats_kept import KeptRows
from kinfold.vectors.formats_sniff import Shape
from kinfold.vectors.formats_text import Progress
from kinfold.vectors.tables import shown

_BLOCK = 1 << 20


def read_binary(shape: Shape, kept: KeptRows, progress: Progress) -> bool:
    """Keep the rows of a binary file, as `read_text` keeps those of text; return whether it was read to its end.

    Raises
    ------
    DataError
        D-086: the file is cut, goes on after its last row, or its records are not as wide as its header says. D-083: a
        number is not finite. All name the record.
    """
    source = kept.source
    source.skip(shape.skipped)
    promised = shape.promised or 0
    rest = b""
    while kept.rows < promised and not kept.full:
        block = source.read(max(_BLOCK, 4 * shape.dim))
        rest += block
        rest = rest[_read_block(rest, promised, kept) :]
        if not block:
            raise _cut(source, shape, kept.rows, rest)
        progress(f"reading {source.name}", source.share())
    if kept.rows < promised:
        return False
    rest += source.read(_BLOCK)
    if rest.strip(b"\r\n"):
        raise DataError(
            f"{source.name} goes on after the {promised:,} records that its header promises.",
            seen=shown(rest[:40].decode("utf-8", "backslashreplace")),
            why="the header's count or width is wrong, or files were put together",
            fix="write the file again",
            code="D-086",
        )
    return True


def _read_block(data: bytes, promised: int, kept: KeptRows) -> int:
    """Keep the whole records of a block; return the bytes read."""
    raw = np.frombuffer(data, np.uint8)
    most = len(data) // (4 * kept.dim + 1)
    words = np.empty((most, 2), np.int32)
    pos = 0
    while kept.rows < promised and not kept.full:
        out = kept.room(min(most, promised - kept.rows))
        tally = kernel.split_records(raw[pos:], len(out), out.view(np.uint8), words).tolist()
        n_rows = tally[kernel.ROWS]
        places = list(range(kept.rows + 1, kept.rows + n_rows + 1))
        if sys.byteorder == "big":
            out[:n_rows].byteswap(inplace=True)
        finite = np.isfinite(out[:n_rows]).all(axis=1)  # (rows,)
        names = [data[pos + first : pos + last] for first, last in words[:n_rows].tolist()]
        if not finite.all():
            wrong = int(np.argmin(finite))
            raise _not_finite(kept.source, names[wrong], places[wrong])
        if tally[kernel.FAULT]:
            raise _no_record(kept.source, kept.rows + n_rows + 1, kept.dim, data[pos + tally[kernel.CONSUMED] :])
        if not n_rows:
            break
        kept.take(names, places, "record")
        pos += tally[kernel.CONSUMED]
    return pos


def _cut(source: VectorSource, shape: Shape, n_rows: int, rest: bytes) -> DataError:
    return DataError(
        f"{source.name} is cut: it ends in record {n_rows + 1:,} of {shape.promised:,}.",
        seen=f"{len(rest):,} bytes of it; the numbers alone take {4 * shape.dim:,}",
        why="an interrupted download or copy, or a header that promises too much",
        fix="fetch it again, or read the first rows with limit=",
        code="D-086",
    )


def _no_record(source: VectorSource, record: int, dim: int, data: bytes) -> DataError:
    return DataError(
        f"{source.name}, record {record:,}: no word stands where one should.",
        seen=shown(data[:40].decode("utf-8", "backslashreplace"), 60),
        why=f"the vectors are not {dim:,} numbers wide, or the file is damaged",
        fix="check the width in its first line, or fetch it again",
        code="D-086",
    )


def _not_finite(source: VectorSource, name: bytes, record: int) -> DataError:
    return DataError(
        f"{source.name}, record {record:,}: a number is not finite.",
        seen=f"the vector of {shown(name[:80].decode('utf-8', 'backslashreplace'), 60)!r}",
        why="the training diverged, the header's width is wrong, or the file is damaged",
        fix="train again with a lower learning rate, or fetch it again",
        code="D-083",
    )
