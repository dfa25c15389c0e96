"""UTF-8 bytes in, blocks of whole records out: where each record and field lies, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from kinfold.data.columns import Plan
from kinfold.data.encoding import HEAD, has_multibyte
from kinfold.data.faults import Reject, count, fault, place, shown_bytes
from kinfold.data.ledger import Ledger
from kinfold.data.source import Peekable
from kinfold.errors import DataError
from kinfold.kernels import delimited as kernel
from kinfold.types import Array, Bytes1d, Ids1d, Ints1d


@dataclass(slots=True)
class Records:
    """The whole records of one block, blank ones left out.

    Parameters
    ----------
    data
        The block's bytes.
    starts, ends, flags
        (F,) places of the fields of all records, blank ones too.
    first, n_fields
        (R,) the first field of each record and how many it has.
    begins, stops
        (R,) first byte of a record, and the byte after its last field.
    lines, offsets
        (R,) physical line, from 1, and byte offset in the stream.
    bad
        Records, by their place in this block, that are not UTF-8.
    too_long
        Where this is set the block holds nothing but one line beyond all limits: its line and offset.
    """

    data: Bytes1d
    starts: Ids1d
    ends: Ids1d
    flags: Bytes1d
    first: Ids1d
    n_fields: Ids1d
    begins: Ids1d
    stops: Ids1d
    lines: Ints1d
    offsets: Ints1d
    bad: dict[int, str]
    too_long: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.begins)

    def cut(self, n: int) -> None:
        """Keep the first `n` records only."""
        self.first, self.n_fields, self.begins = self.first[:n], self.n_fields[:n], self.begins[:n]
        self.stops, self.lines, self.offsets = self.stops[:n], self.lines[:n], self.offsets[:n]

    def raw(self, record: int) -> bytes:
        """Return a record's bytes as they are in the file, without the line end."""
        return self.data[self.begins[record] : self.stops[record]].tobytes()

    def column(self, records: Ints1d, place: int, quote: int) -> pa.Array:
        """Return field `place` of the chosen records, which must be UTF-8, without its quotes."""
        return self._fields(self.first[records] + place, quote)

    def cells(self, record: int, quote: int) -> pa.Array:
        """Return all fields of one record."""
        return self._fields(int(self.first[record]) + np.arange(int(self.n_fields[record])), quote)

    def _fields(self, at: Array, quote: int) -> pa.Array:
        out, offsets = kernel.gather(self.data, self.starts[at], self.ends[at], self.flags[at], quote)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(out)]
        return pa.Array.from_buffers(pa.large_string(), len(at), buffers)

    def reject(self, record: int, number: int, code: str, reason: str) -> Reject:
        """Return the rejection of a record of this block."""
        raw = self.raw(record)
        return Reject(number, code, reason, int(self.lines[record]), int(self.offsets[record]), shown_bytes(raw))


def split_stream(
    stream: Peekable, plan: Plan, ledger: Ledger, *, delimiter: int, quote: int, skipped: int = 0
) -> Iterator[Records]:
    """Yield the records of a UTF-8 stream, block by block.

    Parameters
    ----------
    delimiter, quote
        Byte values, -1 for none.
    skipped
        Bytes before the stream's first: those of a byte order mark.

    Raises
    ------
    DataError
        D-033: a quote is never closed. D-008: the file is in another encoding.
    """
    splitter = _Splitter(stream, plan, ledger, delimiter, quote, skipped)
    yield from splitter.run()


class _Splitter:
    def __init__(self, stream: Peekable, plan: Plan, ledger: Ledger, delimiter: int, quote: int, skipped: int) -> None:
        self.stream, self.plan, self.ledger = stream, plan, ledger
        self.delimiter, self.quote = delimiter, quote
        self.offset, self.line, self.record = skipped, 1, 0
        self.ends = np.zeros(3, np.int64)
        self.pending: DataError | None = None
        self.multibyte = has_multibyte(stream.peek(HEAD))

    def run(self) -> Iterator[Records]:
        limits = self.plan.limits
        tail, room, final = b"", limits.block_bytes, False
        while not final:
            more = self._read(room)
            final = len(more) < room
            data = np.frombuffer(bytearray(tail + more), np.uint8)
            split = kernel.split_records(data, self.delimiter, self.quote, final)
            tally = split[-1]
            consumed = int(tally[kernel.CONSUMED])
            tail = data[consumed:].tobytes()
            too_long = len(tail) > limits.max_record
            if consumed:
                yield self._records(data, split)
            if self.pending is not None:
                raise self.pending
            if tail and (final or (too_long and tally[kernel.OPEN_AT] >= 0)):
                raise self._unclosed(data, tally)
            if too_long:
                yield self._too_long(tail)
                tail, final = self._skip_line(tail)
            # a record longer than a block is scanned anew each time: doubling keeps that linear
            room = max(limits.block_bytes, len(tail))
        self._note_line_ends()

    def _read(self, room: int) -> bytes:
        parts, missing = [], room
        while missing:
            part = self.stream.read(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _records(self, data: Bytes1d, split: tuple[np.ndarray, ...]) -> Records:
        starts, ends, flags, first, begins, lines, blank, tally = split
        whole = data[: int(tally[kernel.CONSUMED])]
        keep = np.flatnonzero(blank == 0)
        closed = kernel.QUOTED | kernel.MALFORMED
        if len(keep) < len(blank):
            self.ledger.repaired["D-045"] += len(blank) - len(keep)
        made = Records(
            whole,
            starts,
            ends,
            flags,
            first[:-1][keep],
            np.diff(first)[keep],
            begins[keep],
            (ends + (flags & closed == kernel.QUOTED))[first[1:] - 1][keep],
            lines[keep].astype(np.int64) + self.line,
            begins[keep].astype(np.int64) + self.offset,
            {},
        )
        self._check_utf8(made)
        self.offset += int(tally[kernel.CONSUMED])
        self.line += int(tally[kernel.LINES])
        self.record += len(made)
        self.ends += tally[kernel.LF_ENDS : kernel.CR_ENDS + 1]
        return made

    def _check_utf8(self, made: Records) -> None:
        if not is_utf8(made.data):
            repaired = kernel.repair_surrogates(made.data)
            if repaired:
                self.ledger.repaired["D-055"] += repaired
            if not repaired or not is_utf8(made.data):
                self._find_bad(made)
        if not self.multibyte and len(made.data):
            self.multibyte = bool(made.data.max() >= 0x80)

    def _find_bad(self, made: Records) -> None:
        for i in range(len(made)):
            raw = made.raw(i)
            try:
                self.multibyte |= not raw.decode("utf-8").isascii()
            except UnicodeDecodeError as error:
                at = int(made.offsets[i]) + error.start
                byte = f"byte {raw[error.start]:02x} at {at:,}"
                if not self.multibyte:
                    # what came before it is handed on first, wherever the block began
                    self.pending = fault(
                        "D-008",
                        f"{self._place(i, int(made.lines[i]))}: not UTF-8, {byte}",
                        seen=shown_bytes(raw[max(0, error.start - 20) :]),
                        why="nothing before it needed UTF-8 either: the file is in another encoding",
                        fix='encoding="cp1252" (--encoding cp1252) for Windows, or latin-1, shift_jis, ...',
                    )
                    made.cut(i)
                    return
                made.bad[i] = f"not UTF-8: {byte}"

    def _place(self, ahead: int, line: int) -> str:
        """Return where the record is that comes `ahead` records after those counted so far."""
        header = self.plan.header and self.delimiter >= 0
        number = self.record + ahead + 1 - header
        return place(self.plan.name, number or None, line)

    def _unclosed(self, data: Bytes1d, tally: Ints1d) -> DataError:
        opened = int(tally[kernel.OPEN_AT])
        begin = int(tally[kernel.CONSUMED])
        line = self.line + int(tally[kernel.OPEN_LINE] - tally[kernel.LINES])
        swallowed = count(len(data) - opened, "byte")
        return fault(
            "D-033",
            f"{self._place(0, line)}: a quote is opened here and never closed",
            seen=shown_bytes(data[begin : begin + 256].tobytes()),
            why=f"everything after it, {swallowed}, would be one field",
            fix="close the quote, or quoting='none' (--quoting none) if quotes are plain characters here",
        )

    def _too_long(self, tail: bytes) -> Records:
        none, wide = np.zeros(0, np.int32), np.zeros(0, np.int64)
        data = np.frombuffer(bytearray(tail[:256]), np.uint8)
        nothing = np.zeros(0, np.uint8)
        where = (self.line, self.offset)
        return Records(data, none, none, nothing, none, none, none, none, wide, wide, {}, where)

    def _skip_line(self, tail: bytes) -> tuple[bytes, bool]:
        """Drop bytes up to the end of the line that was too long; return what follows, and whether that is all."""
        data = b"\r" if tail.endswith(b"\r") else b""
        self.offset += len(tail) - len(data)
        while True:
            more = self._read(1 << 20)
            data += more
            hits = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
            if hits:
                end = min(hits) + 1
                if data[end - 1 : end] == b"\r":
                    data += self._read(1) if end == len(data) else b""
                    end += data[end : end + 1] == b"\n"
                self.offset += end
                self.line += 1
                return data[end:], False
            if not more:
                return b"", True
            self.offset += len(data)
            data = b""

    def _note_line_ends(self) -> None:
        lf, crlf, cr = (int(n) for n in self.ends)
        odd = cr + min(lf, crlf)
        if odd:
            self.ledger.repaired["D-010"] += odd


def is_utf8(data: Bytes1d) -> bool:
    """Return whether the bytes are well-formed UTF-8."""
    offsets = np.array([0, len(data)], np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    array = pa.Array.from_buffers(pa.large_string(), 1, buffers)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def to_strings(array: pa.Array) -> list[str]:
    """Return an Arrow string array without nulls as Python strings, made in bulk.

    Not by way of numpy, for which Arrow imports pandas where there is one: half a second.
    """
    made: list[str] = array.to_pylist()
    return made
