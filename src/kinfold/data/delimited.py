"""CSV, TSV and their kin: records of a fixed number of fields, checked one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kinfold.data.blocks import Records, split_stream, to_strings
from kinfold.data.columns import Cell, Chunk, Plan, delimiter_fault, other_delimiter, resolve
from kinfold.data.faults import Reject, count, fault, place, shown_bytes
from kinfold.data.ledger import Ledger
from kinfold.data.source import Peekable
from kinfold.kernels import delimited as kernel

_QUOTE = ord('"')


def read_delimited(stream: Peekable, plan: Plan, ledger: Ledger, skipped: int = 0) -> Iterator[Chunk]:
    """Yield the wanted columns of delimited text, chunk by chunk.

    Parameters
    ----------
    stream
        UTF-8 bytes, a byte order mark already skipped.
    skipped
        How long that mark was.

    Raises
    ------
    DataError
        D-008, D-012, D-033, D-036, D-039, D-041, D-042: the file as a whole can't be read so.
    """
    quote = -1 if plan.quoting == "none" else _QUOTE
    table = _Delimited(plan, ledger, quote)
    for records in split_stream(stream, plan, ledger, delimiter=ord(plan.delimiter), quote=quote, skipped=skipped):
        chunk = table.chunk(records)
        if chunk is not None:
            yield chunk


class _Delimited:
    """What is carried from block to block: the columns' places and the record number."""

    def __init__(self, plan: Plan, ledger: Ledger, quote: int) -> None:
        self.plan, self.ledger, self.quote = plan, ledger, quote
        self.places: list[int] = []
        self.width = 0
        self.number = 0
        self.known: dict[str, str] = {}

    def chunk(self, records: Records) -> Chunk | None:
        if records.too_long is not None:
            return self._too_long(records)
        begin = 0
        if not self.width and len(records):
            begin = self._header(records)
        n = len(records) - begin
        if n <= 0:
            return None
        if self.number == 0:
            self._check_first(records, begin)
        chosen, rejected = self._sorted_out(records, begin)
        values: list[Sequence[Cell]] = [
            self._strings(role, records.column(chosen, at, self.quote))
            for role, at in zip(self.plan.columns, self.places, strict=True)
        ]
        numbers = (chosen + (self.number - begin + 1)).tolist()
        lines, offsets = records.lines[chosen].tolist(), records.offsets[chosen].tolist()
        self.number += n
        return Chunk(values, numbers, lines, offsets, rejected, bool((records.data == 0).any()))

    def _header(self, records: Records) -> int:
        """Take the first record for the header, or number the columns; return how many records that used."""
        if records.bad.get(0):
            what = f"{place(self.plan.name, line=int(records.lines[0]))}: the first row is {records.bad[0]}"
            raise fault("D-008", what, fix="name the encoding: encoding= (--encoding)")
        self.width = int(records.n_fields[0])
        cells = to_strings(records.cells(0, self.quote))
        line = int(records.lines[0])
        other = other_delimiter(self.plan, cells)
        if other:
            raise delimiter_fault(self.plan, cells, other, line)
        names = cells if self.plan.header else [str(at + 1) for at in range(self.width)]
        self.places = resolve(self.plan, names, self.ledger, line=line)
        return int(self.plan.header)

    def _check_first(self, records: Records, begin: int) -> None:
        n_fields = int(records.n_fields[begin])
        if n_fields > self.width and self.plan.header:
            n_alike = int((records.n_fields[begin:] == n_fields).sum())
            raise fault(
                "D-036",
                f"{place(self.plan.name, 1, int(records.lines[begin]))}: "
                f"{count(n_fields, 'field')}, the header has {self.width}",
                seen=shown_bytes(records.raw(begin)),
                why="a delimiter in a text that is not quoted, or a missing column name",
                fix=f"quote the text, or name another delimiter: delimiter= (--delimiter)"
                f"  ({n_alike:,} of the first {count(len(records) - begin, 'record')} have this)",
            )

    def _sorted_out(self, records: Records, begin: int) -> tuple[np.ndarray, list[Reject]]:
        """Return the records that are whole, and the rejections of the others."""
        wrong = records.n_fields[begin:] != self.width
        malformed = (records.flags & kernel.MALFORMED) > 0
        if malformed.any():
            upto = np.concatenate([[0], np.cumsum(malformed)])
            first = records.first[begin:]
            wrong |= upto[first + records.n_fields[begin:]] > upto[first]
        if records.bad:
            wrong[[i - begin for i in records.bad if i >= begin]] = True
        rejected = []
        for i in (np.flatnonzero(wrong) + begin).tolist():
            code, reason = self._reason(records, i)
            rejected.append(records.reject(i, self.number + i - begin + 1, code, reason))
        return np.flatnonzero(~wrong) + begin, rejected

    def _reason(self, records: Records, i: int) -> tuple[str, str]:
        if i in records.bad:
            return "D-009", records.bad[i]
        n = int(records.n_fields[i])
        if n != self.width:
            code = "D-037" if n > self.width else "D-038"
            return code, f"{count(n, 'field')} where {self.width} are expected"
        return "D-034", "text after a closing quote"

    def _strings(self, role: str, array: pa.Array) -> Sequence[Cell]:
        if role not in ("label", "group"):
            return to_strings(array)
        # labels recur: one object each keeps a million of them small
        coded = pc.dictionary_encode(array)
        names = [self.known.setdefault(name, name) for name in to_strings(coded.dictionary)]
        return [names[code] for code in coded.indices.to_pylist()]

    def _too_long(self, records: Records) -> Chunk:
        self.number += 1
        return Chunk([[] for _ in self.plan.columns], [], [], [], [too_long_reject(records, self.number)])


def too_long_reject(records: Records, number: int) -> Reject:
    """Return the rejection of a line beyond `Limits.max_record`."""
    assert records.too_long is not None
    line, offset = records.too_long
    excerpt = shown_bytes(records.data.tobytes())
    return Reject(number, "D-043", "a line without end", line, offset, excerpt)
