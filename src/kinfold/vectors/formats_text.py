"""Word vectors as text, read in blocks: word2vec with its header, GloVe without one, fastText's .vec."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinfold.errors import DataError
from kinfold.kernels import decimals as kernel
from kinfold.types import Ids2d
from kinfold.vectors.formats_file import VectorSource
from kinfold.vectors.formats_kept import KeptRows
from kinfold.vectors.formats_sniff import LONGEST_LINE, NOT_FINITE, NUMBER_LIKE, Shape, looks_like_header
from kinfold.vectors.tables import shown

#: Called as progress(what is being done, share of it that is done or None where that can't be known).
Progress = Callable[[str, float | None], None]
_BLOCK = 1 << 20
_DOUBTS = 4096


def read_text(shape: Shape, kept: KeptRows, progress: Progress) -> bool:
    """Keep the rows of a text file; return whether it was read to its end.

    Parameters
    ----------
    shape
        What `sniff` found.
    kept
        Where the rows go; its source is at its start.
    progress
        Told after every block.

    Raises
    ------
    DataError
        D-081: the header's count or width is wrong. D-082: a row is too short or too long. D-083: a field is no number
        or not finite. All name the line.
    """
    source = kept.source
    source.skip(shape.skipped)
    n_lines = 0 if shape.promised is None else 1
    doubts = np.empty((max(_DOUBTS, shape.dim), 3), np.int32)
    rest, final = b"", False
    while not final and not kept.full:
        block = source.read(_BLOCK)
        final = not block
        rest += block
        n_read, n_more = _read_block(rest, final, n_lines, shape, kept, doubts)
        rest = rest[n_read:]
        n_lines += n_more
        if len(rest) > LONGEST_LINE:
            raise _too_long(source, rest, n_lines + 1)
        progress(f"reading {source.name}", source.share())
    ended = not rest.strip() and not source.peek(1)
    if shape.promised is not None and ended and kept.rows < shape.promised:
        raise _wrong_header(source, f"{shape.promised:,} rows", f"the file has {kept.rows:,}")
    return ended


def _read_block(data: bytes, final: bool, n_lines: int, shape: Shape, kept: KeptRows, doubts: Ids2d) -> tuple[int, int]:
    """Keep the whole rows of a block; return the bytes and lines read."""
    numbers = np.frombuffer(data, np.uint8)
    most = data.count(b"\n") + final
    words, lines = np.empty((most, 2), np.int32), np.empty(most, np.int32)
    pos, line = 0, n_lines
    while pos < len(data) and not kept.full:
        out = kept.room(most if shape.promised is None else min(most, shape.promised + 1 - kept.rows))
        tally = kernel.parse_rows(numbers[pos:], final, len(out), out, words, lines, doubts).tolist()
        n_rows, n_read = tally[kernel.ROWS], tally[kernel.CONSUMED]
        places = (lines[:n_rows] + (line + 1)).tolist()
        for place, first, last in doubts[: tally[kernel.DOUBTS]].tolist():
            field = data[pos + first : pos + last]
            out.flat[place] = _doubtful(kept.source, field, places[place // shape.dim])
        if tally[kernel.FAULT]:
            field = data[pos + tally[kernel.FIRST] : pos + tally[kernel.LAST]]
            row = data[pos + n_read :].split(b"\n", 1)[0]
            at_first = kept.rows + n_rows == 0
            raise _fault(kept.source, shape, tally[kernel.FAULT], row, field, line + tally[kernel.LINES] + 1, at_first)
        kept.take([data[pos + first : pos + last] for first, last in words[:n_rows].tolist()], places, "line")
        kept.note("D-045", "blank lines passed over", tally[kernel.BLANK])
        if shape.promised is not None and kept.rows > shape.promised:
            raise _wrong_header(kept.source, f"{shape.promised:,} rows", f"line {places[-1]:,} is one more")
        pos += n_read
        line += tally[kernel.LINES]
        if not n_read:
            break
    return pos, line - n_lines


def _doubtful(source: VectorSource, field: bytes, line: int) -> float:
    """Return a number that only `float` can tell."""
    value = float(field)
    if abs(value) > np.finfo(np.float32).max:
        raise _not_finite(source, field, line)
    return value


def _fault(
    source: VectorSource, shape: Shape, kind: int, row: bytes, field: bytes, line: int, at_first: bool
) -> DataError:
    """Return the error for a row that can't be read."""
    fields = [part for part in row.replace(b"\t", b" ").rstrip(b"\r").split(b" ") if part]
    if kind == kernel.NUMBER and len(fields) > shape.dim:
        if NOT_FINITE.fullmatch(field) or NUMBER_LIKE.fullmatch(field):
            return _not_finite(source, field, line)
        return DataError(
            f"{source.name}, line {line:,}: a field is no number.",
            seen=f"{_shown(field)!r} among the last {shape.dim:,} of {len(fields):,} fields",
            why="numbers are written like -0.25 or 1.5e-3, with a point, and the word stands before them",
            fix="mend the line",
            code="D-083",
        )
    found = f"more than {shape.dim:,}" if kind == kernel.LONG else f"{max(len(fields) - 1, 0):,}"
    if at_first and shape.promised is not None:
        return _wrong_header(source, f"{shape.dim:,} numbers a row", f"line {line:,} has {found}")
    if line == 1 and looks_like_header(row):
        fix = "the first line is a header: leave out format=, or say format='word2vec'"
    else:
        fix = "mend the line, or write the file again: it may have been cut"
    return DataError(
        f"{source.name}, line {line:,}: the row has {found} numbers, the others have {shape.dim:,}.",
        seen=_shown(row),
        why=f"{_shown(field)!r} before the last {shape.dim:,} is a number too" if kind == kernel.LONG else "",
        fix=fix,
        code="D-082",
    )


def _not_finite(source: VectorSource, field: bytes, line: int) -> DataError:
    return DataError(
        f"{source.name}, line {line:,}: a number is not finite, or too large for float32.",
        seen=_shown(field),
        why="the training diverged, or the file is damaged",
        fix="train again with a lower learning rate, or leave the row out",
        code="D-083",
    )


def _too_long(source: VectorSource, start: bytes, line: int) -> DataError:
    return DataError(
        f"{source.name}, line {line:,}: longer than {LONGEST_LINE >> 20} MiB.",
        seen=_shown(start),
        why="no row of a vector file is; bytes of something else follow its rows",
        fix="write the file again",
        code="D-011",
    )


def _wrong_header(source: VectorSource, says: str, found: str) -> DataError:
    return DataError(
        f"{source.name}: the header says {says}, {found}.",
        why="the file was cut or put together from others, or its first line was changed",
        fix="mend the first line, or write the file again",
        code="D-081",
    )


def _shown(data: bytes) -> str:
    return shown(data[:200].decode("utf-8", "backslashreplace"), 80)
