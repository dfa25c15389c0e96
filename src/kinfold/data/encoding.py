"""Any encoding in, UTF-8 bytes out: byte order marks, named encodings, strictly decoded."""

from __future__ import annotations

import codecs
import difflib
import encodings.aliases
import re

from kinfold.data.faults import fault
from kinfold.data.ledger import Ledger
from kinfold.data.source import Peekable, Readable
from kinfold.errors import DataError, InvalidParameterError

# UTF-32 first: its little-endian mark starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf][\x80-\xbf][\x80-\xbf]"
)
#: How much of a file's start is looked at for its format and encoding.
HEAD = 1 << 16


def codec_name(encoding: str) -> str:
    """Return the canonical name of a text encoding.

    Raises
    ------
    InvalidParameterError
        For one that Python does not know, or that is no text encoding.
    """
    try:
        info = codecs.lookup(encoding)
        "".encode(encoding)
    except (LookupError, ValueError) as error:
        near = difflib.get_close_matches(encoding.lower(), sorted(encodings.aliases.aliases), n=3)
        raise InvalidParameterError(
            f"encoding must be a text encoding, got {encoding!r}",
            fix=f"did you mean {', '.join(near)}?" if near else "utf-8, cp1252, latin-1, utf-16, shift_jis, ...",
            code="D-008",
        ) from error
    return "utf-8" if info.name == "utf-8-sig" else info.name


def has_multibyte(data: bytes) -> bool:
    """Return whether there is non-ASCII text in it that is well-formed UTF-8."""
    return _MULTIBYTE.search(data) is not None


class _Transcoder:
    """Bytes of another encoding in, UTF-8 out."""

    def __init__(self, inner: Readable, encoding: str, name: str) -> None:
        self._inner, self._encoding, self._name = inner, encoding, name
        wide = encoding.startswith(("utf-16", "utf-32"))
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass" if wide else "strict")
        self._n_in, self._n_lines = 0, 0
        self._done = False

    def read(self, size: int, /) -> bytes:
        while not self._done:
            data = self._inner.read(size)
            self._done = not data
            held = len(self._decoder.getstate()[0])
            try:
                text = self._decoder.decode(data, final=self._done)
            except UnicodeDecodeError as error:
                raise self._fault(error, self._n_in - held) from error
            except UnicodeError as error:  # a UTF-16 or UTF-32 stream without a mark
                raise fault(
                    "D-007",
                    f"{self._name} is not {self._encoding}",
                    seen=str(error),
                    fix='encoding="utf-16-le", "utf-16-be" or the like (--encoding)',
                ) from error
            self._n_in += len(data)
            self._n_lines += text.count("\n")
            if text:
                return text.encode("utf-8", "surrogatepass")
        return b""

    def _fault(self, error: UnicodeDecodeError, base: int) -> DataError:
        before = bytes(error.object[: error.start]).decode(self._encoding, "replace")
        line = self._n_lines + before.count("\n") + 1
        return fault(
            "D-008",
            f"{self._name}, line {line:,}: not {self._encoding} at byte {base + error.start:,}",
            seen=" ".join(f"{byte:02x}" for byte in error.object[error.start : error.end][:4]),
            why=error.reason,
            fix="name the encoding the file was written in: encoding= (--encoding)",
        )


def as_utf8(stream: Peekable, encoding: str, name: str, ledger: Ledger) -> tuple[Peekable, int]:
    """Return the stream as UTF-8, and the bytes of a byte order mark that were skipped before it.

    A mark decides over `encoding`. UTF-8 itself is passed through and checked later, record by record.

    Raises
    ------
    DataError
        D-007: wide characters without a mark.
    """
    wanted = codec_name(encoding)
    head = stream.peek(4)
    mark, marked = next(((mark, kind) for mark, kind in _MARKS if head.startswith(mark)), (b"", ""))
    if marked == "utf-8":
        stream.read(len(mark))
        ledger.repaired["D-006"] += 1
        if wanted != "utf-8":
            ledger.warn(f"D-006: {name} is marked as UTF-8, so encoding={encoding!r} was not used")
        return stream, len(mark)
    if marked:
        ledger.repaired["D-007"] += 1
        return Peekable(_Transcoder(stream, marked, name)), 0
    if wanted != "utf-8":
        return Peekable(_Transcoder(stream, wanted, name)), 0
    _refuse_wide(stream.peek(HEAD), name)
    return stream, 0


def _refuse_wide(head: bytes, name: str) -> None:
    """Raise if every second byte, or three of four, is zero: UTF-16 or UTF-32 without a mark."""
    n = len(head) // 4 * 4
    if n < 8:
        return
    zeros = [head[place:n:4].count(0) / (n // 4) for place in range(4)]
    guess = ""
    if min(zeros[1], zeros[3]) > 0.5 and max(zeros[0], zeros[2]) < 0.5:
        guess = "utf-16-le"
    elif min(zeros[0], zeros[2]) > 0.5 and max(zeros[1], zeros[3]) < 0.5:
        guess = "utf-16-be"
    elif min(zeros[1:]) > 0.5 > zeros[0]:
        guess = "utf-32-le"
    elif min(zeros[:3]) > 0.5 > zeros[3]:
        guess = "utf-32-be"
    if guess:
        raise fault(
            "D-007",
            f"{name} looks like {guess} without a byte order mark",
            seen=f"{head[:n].count(0):,} zero bytes in the first {n:,}",
            fix=f'encoding="{guess}" (--encoding {guess})',
        )
