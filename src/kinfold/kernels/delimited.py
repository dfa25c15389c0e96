"""Bytes of delimited text in, the places of its records and fields out; quotes as in RFC 4180.

No byte is copied or changed while splitting, and a record is only reported once its end has been seen,
so that a caller may cut a file into blocks anywhere and hand the unconsumed tail back with the next one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Bytes1d, Ids1d, Ints1d

#: Flags of a field.
QUOTED, DOUBLED, MALFORMED = 1, 2, 4
#: Places in the tally that `split_records` returns.
CONSUMED, LINES, LF_ENDS, CRLF_ENDS, CR_ENDS, OPEN_AT, OPEN_LINE, TALLY = 0, 1, 2, 3, 4, 5, 6, 7

_LF, _CR, _SPACE, _TAB = 10, 13, 32, 9


@njit(cache=True, nogil=True)
def split_records(
    data: Bytes1d, delimiter: int, quote: int, final: bool
) -> tuple[Ids1d, Ids1d, Bytes1d, Ids1d, Ids1d, Ids1d, Bytes1d, Ints1d]:
    """Split a block into records and fields.

    Parameters
    ----------
    data
        The bytes of the block, starting at a record's start.
    delimiter, quote
        Byte values; -1 for none.
    final
        Whether the block ends the file, so that its last record needs no line end.

    Returns
    -------
    starts, ends, flags
        (F,) first byte and byte after the last of each field, without its quotes; `QUOTED`, `DOUBLED` (holds
        doubled quotes) and `MALFORMED` (text after the closing quote).
    first
        (R + 1,) the first field of each record.
    begins, lines, blank
        (R,) first byte of each record, physical lines before it in this block, 1 for a record of nothing
        but delimiters, spaces and tabs.
    tally
        (TALLY,) bytes consumed, lines in them, records ended by LF, CRLF and CR, and where a quote
        stands open at the end of the block (byte and line, -1 where none does).
    """
    n = data.size
    n_ends, n_fields = _bounds(data, delimiter)
    starts = np.empty(n_fields, np.int32)
    ends = np.empty(n_fields, np.int32)
    flags = np.zeros(n_fields, np.uint8)
    first = np.empty(n_ends + 1, np.int32)
    begins = np.empty(n_ends, np.int32)
    lines = np.empty(n_ends, np.int32)
    blank = np.zeros(n_ends, np.uint8)
    tally = np.zeros(TALLY, np.int64)
    tally[OPEN_AT] = -1
    tally[OPEN_LINE] = -1
    pos, line, fields, records = 0, 0, 0, 0
    while pos < n:
        begin, begin_line, begin_field = pos, line, fields
        end_kind, is_blank = 0, True
        while True:
            flag = 0
            if pos < n and data[pos] == quote:
                start, stop, pos, line, flag = _quoted(data, pos, line, delimiter, quote, final)
                is_blank = False
                if pos < 0:
                    tally[OPEN_AT], tally[OPEN_LINE] = start - 1, stop
                    break
            else:
                start = pos
                pos, all_blank = _plain(data, pos, delimiter)
                is_blank &= all_blank
                stop = pos
            starts[fields], ends[fields], flags[fields] = start, stop, flag
            fields += 1
            if pos < n and data[pos] == delimiter:
                pos += 1
                continue
            end_kind, pos = _line_end(data, pos, final)
            break
        if end_kind == 0:  # the record goes on in the next block
            pos, line, fields = begin, begin_line, begin_field
            break
        tally[LF_ENDS + end_kind - 1] += end_kind < 4
        line += end_kind < 4
        first[records], begins[records], lines[records] = begin_field, begin, begin_line
        blank[records] = is_blank
        records += 1
    first[records] = fields
    tally[CONSUMED], tally[LINES] = pos, line
    return (
        starts[:fields],
        ends[:fields],
        flags[:fields],
        first[: records + 1],
        begins[:records],
        lines[:records],
        blank[:records],
        tally,
    )


@njit(cache=True, nogil=True)
def _bounds(data: Bytes1d, delimiter: int) -> tuple[int, int]:
    """Return how many records and fields there can be at most."""
    n_ends, n_delimiters = 1, 0
    for i in range(data.size):
        c = data[i]
        if c == delimiter:
            n_delimiters += 1
        elif c in (_LF, _CR):
            n_ends += 1
    return n_ends, n_ends + n_delimiters


@njit(cache=True, nogil=True)
def _plain(data: Bytes1d, pos: int, delimiter: int) -> tuple[int, bool]:
    """Return the end of the unquoted field at `pos`, and whether it holds spaces and tabs only."""
    is_blank = True
    while pos < data.size:
        c = data[pos]
        if c in (delimiter, _LF, _CR):
            break
        is_blank &= (c == _SPACE) | (c == _TAB)
        pos += 1
    return pos, is_blank


@njit(cache=True, nogil=True)
def _line_end(data: Bytes1d, pos: int, final: bool) -> tuple[int, int]:
    """Return the kind of line end at `pos` (1 LF, 2 CRLF, 3 CR, 4 end of file, 0 not known yet) and the next."""
    n = data.size
    if pos >= n:
        return (4, pos) if final else (0, pos)
    if data[pos] == _LF:
        return 1, pos + 1
    if pos + 1 < n:
        return (2, pos + 2) if data[pos + 1] == _LF else (3, pos + 1)
    return (3, pos + 1) if final else (0, pos)


@njit(cache=True, nogil=True)
def _quoted(
    data: Bytes1d, pos: int, line: int, delimiter: int, quote: int, final: bool
) -> tuple[int, int, int, int, int]:
    """Scan a quoted field from its opening quote: start, stop, next position, line, flag.

    Where the block ends inside it the position is -1, and stop holds the line of the opening quote.
    """
    n = data.size
    opened = line
    flag = QUOTED
    start = pos + 1
    pos = start
    while pos < n:
        c = data[pos]
        if c == quote:
            if pos + 1 < n and data[pos + 1] == quote:
                flag |= DOUBLED
                pos += 1
            elif pos + 1 < n or final:
                break
            else:
                return start, opened, -1, line, flag
        elif c == _LF or (c == _CR and not (pos + 1 < n and data[pos + 1] == _LF)):
            line += 1
        pos += 1
    if pos >= n:
        return start, opened, -1, line, flag
    stop = pos
    pos += 1
    while pos < n and data[pos] != delimiter and data[pos] != _LF and data[pos] != _CR:
        flag |= MALFORMED
        stop = pos + 1
        pos += 1
    return start, stop, pos, line, flag


@njit(cache=True, nogil=True)
def gather(data: Bytes1d, starts: Ids1d, ends: Ids1d, flags: Bytes1d, quote: int) -> tuple[Bytes1d, Ints1d]:
    """Copy the chosen fields end to end, doubled quotes halved; return the bytes and (F + 1,) offsets."""
    size = 0
    for i in range(starts.size):
        size += ends[i] - starts[i]
    out = np.empty(size, np.uint8)
    offsets = np.zeros(starts.size + 1, np.int64)
    at = 0
    for i in range(starts.size):
        pos, end = starts[i], ends[i]
        if flags[i] & DOUBLED:
            while pos < end:
                c = data[pos]
                out[at] = c
                at += 1
                pos += 2 if c == quote else 1
        else:
            for j in range(pos, end):
                out[at] = data[j]
                at += 1
        offsets[i + 1] = at
    return out[:at], offsets


@njit(cache=True, nogil=True)
def repair_surrogates(data: Bytes1d) -> int:
    """Overwrite UTF-8-like codes of lone surrogates with U+FFFD, which is as long; return how many."""
    repaired = 0
    for i in range(data.size - 2):
        if data[i] == 0xED and 0xA0 <= data[i + 1] <= 0xBF and 0x80 <= data[i + 2] <= 0xBF:
            data[i], data[i + 1], data[i + 2] = 0xEF, 0xBF, 0xBD
            repaired += 1
    return repaired
