"""A rejected record, and how places and foreign text are written in messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kinfold.errors import DataError


@dataclass(frozen=True, slots=True)
class Reject:
    """One record that was not used, and why.

    Parameters
    ----------
    record
        Its number in the file, from 1, the header and blank rows not counted.
    code
        ``"D-038"`` and the like; `docs/errors.md` lists them.
    reason
        One phrase.
    line, offset
        The physical line it starts on, from 1, and the byte it starts at, from 0, in the unpacked text;
        None for a format that has neither.
    excerpt
        The start of the record, escaped.
    """

    record: int
    code: str
    reason: str
    line: int | None = None
    offset: int | None = None
    excerpt: str = ""

    def to_dict(self, file: str) -> dict[str, Any]:
        """Return what a line of the rejected-rows file holds."""
        return {
            "file": file,
            "record": self.record,
            "line": self.line,
            "byte": self.offset,
            "code": self.code,
            "reason": self.reason,
            "excerpt": self.excerpt,
        }


class RecordFault(Exception):
    """Raised inside a reader to reject the record at hand; never leaves the `data` room."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def shown(text: str, limit: int = 64) -> str:
    """Return at most `limit` characters of `text`, what a terminal would not show as itself escaped."""
    cut = text[:limit]
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in cut)
    return safe + ("…" if len(text) > limit else "")


def shown_bytes(data: bytes, limit: int = 64) -> str:
    """Return `shown` of bytes; those that are not UTF-8 appear as hexadecimal escapes."""
    return shown(data[: 4 * limit].decode("utf-8", "backslashreplace"), limit)


def place(name: str, record: int | None = None, line: int | None = None, column: str | None = None) -> str:
    """Return where something is: ``reviews.csv, record 1 (line 2), column 'text'``."""
    made = name
    if record is not None:
        made += f", record {record:,}" + (f" (line {line:,})" if line is not None else "")
    elif line is not None:
        made += f", line {line:,}"
    return made + (f", column {column!r}" if column is not None else "")


def count(n: int, noun: str) -> str:
    """Return ``1 record`` or ``1,234 records``."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def fault(code: str, what: str, *, seen: str = "", why: str = "", fix: str = "") -> DataError:
    """Return the `DataError` of row `code` of the catalogue."""
    return DataError(what, seen=seen, why=why, fix=fix, code=code)
