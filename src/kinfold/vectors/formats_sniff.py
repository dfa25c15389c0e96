"""The start of a file of word vectors in, its format and the width of its vectors out; or what the file is instead."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from kinfold.errors import DataError
from kinfold.vectors.formats_file import GZIP, VectorSource
from kinfold.vectors.tables import shown

WORD2VEC, BINARY, GLOVE = "word2vec", "word2vec-binary", "glove"
#: No line may be longer than this.
LONGEST_LINE = 1 << 24

_HEADER = re.compile(rb"[ \t]*([0-9]{1,40})[ \t]+([0-9]{1,40})[ \t\r]*")
#: A decimal number, as the kernel reads it.
NUMBER_LIKE = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
#: What programs write for a number that is not finite.
NOT_FINITE = re.compile(rb"[+-]?(?:nan|-?nan\([a-z0-9]*\)|inf|infinity|1\.#[a-z0-9]+)", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
#: UTF-8 with a byte order mark begins so.
MARK = b"\xef\xbb\xbf"
_WIDE = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
#: First bytes -> what the file is, its code, what to do.
_FOREIGN = (
    (b"\xba\x16\x4f\x2f", "a fastText model", "D-011", "name the .vec file that was written beside it"),
    (GZIP, "packed twice", "D-020", "unpack it once with gunzip"),
    (b"PK\x03\x04", "a zip archive", "D-019", "unpack it and name the file inside"),
    (b"BZh", "a bzip2 archive", "D-019", "unpack it with bunzip2 first"),
    (b"\xfd7zXZ\0", "an xz archive", "D-019", "unpack it with unxz first"),
    (b"7z\xbc\xaf", "a 7z archive", "D-019", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstandard archive", "D-019", "unpack it with unzstd first"),
    (b"\x80", "a pickle, which can run code and is never opened", "D-011", "write it as word2vec where it was made"),
    (b"\x93NUMPY", "a numpy array, which has no words", "D-011", "give it to WordVectors(words, vectors)"),
    (b"PAR1", "a Parquet file", "D-011", "write it as word2vec"),
    (b"version https://git-lfs", "a git-LFS pointer, not the file itself", "D-014", "git lfs pull"),
    (b"<", "a web page or XML", "D-013", "fetch the file itself"),
    (b"{", "JSON", "D-011", "write it as word2vec"),
)
_SAMPLE_LINES, _SAMPLE_BYTES = 50, 1 << 18
#: Rows with so many numbers are vectors even if most words hold blanks; with fewer they may be any table.
_SURE_WIDTH = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """What a vector file is.

    Attributes
    ----------
    format
        One of `WORD2VEC`, `BINARY`, `GLOVE`.
    dim
        The width of a vector.
    promised
        How many rows the header says there are; None without a header.
    skipped
        Bytes before the first row.
    marked
        Whether the file begins with a byte order mark.
    """

    format: str
    dim: int
    promised: int | None
    skipped: int
    marked: bool


def sniff(source: VectorSource, wanted: str | None, limit: int | None) -> Shape:
    """Return what the file is, by its first rows.

    Parameters
    ----------
    source
        The file, at its start.
    wanted
        The format the caller says it has, or None.
    limit
        How many rows will be read; None for all.

    Raises
    ------
    DataError
        D-003: it is empty. D-004: it has no rows. D-007: it is UTF-16 or UTF-32. D-081: it has no header where one is
        wanted, or one that promises more than the file holds. D-011, D-013, D-014, D-019: it holds no word vectors.
    """
    head = source.peek(4)
    if not head:
        raise DataError(f"{source.name} is empty.", fix="check how it was written", code="D-003")
    _refuse_wide(source, head)
    mark = len(MARK) if head.startswith(MARK) else 0
    first = _line(source, mark)
    header = _HEADER.fullmatch(first.rstrip(b"\n"))
    if wanted == GLOVE or (wanted is None and header is None):
        return Shape(GLOVE, _width(source, mark), None, mark, mark > 0)
    if header is None:
        raise _no_header(source, first)
    promised, dim = int(header[1]), int(header[2])
    skipped = mark + len(first)
    found = Shape(wanted or _kind(source, skipped, dim), dim, promised, skipped, mark > 0)
    _check_header(source, found, limit)
    return found


def no_vectors(source: VectorSource, first: bytes) -> DataError:
    """Return the error for a file that holds no word vectors: what it is, where that can be told.

    Parameters
    ----------
    source
        The file, at its start.
    first
        Its first line.
    """
    head = source.peek(1 << 10)
    for magic, kind, code, fix in _FOREIGN:
        if head.startswith(magic):
            return DataError(f"{source.name} is {kind}: no file of word vectors.", fix=fix, code=code)
    zeros = (head[::2].count(0), head[1::2].count(0))
    if max(zeros) > len(head) // 4 and min(zeros) == 0:
        return _wide(source, "UTF-16")
    if b"\r" in first.rstrip(b"\r\n") and not _CONTROL.search(first):
        fix = "convert its line ends: they are carriage returns alone"
    else:
        fix = "word2vec (text and binary), GloVe and fastText's .vec are read, packed with gzip or not"
    return DataError(
        f"{source.name} holds no word vectors that can be read.",
        seen=_shown(first),
        why="each row must be a word and its numbers, parted by blanks, as many in every row",
        fix=fix,
        code="D-011",
    )


def looks_like_header(line: bytes) -> bool:
    """Return whether a line is two whole numbers and nothing else."""
    return _HEADER.fullmatch(line.rstrip(b"\n")) is not None


def _line(source: VectorSource, start: int) -> bytes:
    """Return the line that begins at byte `start`, with its line feed."""
    size = 1 << 12
    while True:
        data = source.peek(start + size)[start:]
        end = data.find(b"\n") + 1
        if end or len(data) < size:
            return data[:end] if end else data
        if size > LONGEST_LINE:
            raise no_vectors(source, data)
        size *= 4


def _kind(source: VectorSource, start: int, dim: int) -> str:
    """Return whether text or binary rows follow a header: by whether the first one ends in numbers one can read."""
    window = source.peek(start + _SAMPLE_BYTES)[start:]
    row, ended, _ = window.partition(b"\n")
    fields = _fields(row)
    if len(window) == _SAMPLE_BYTES and not ended:
        del fields[-1:]  # perhaps cut
    last = fields[1:][-min(max(dim, 1), 8) :]
    if last and all(map(_is_number, last)):
        return WORD2VEC
    start_of_row = window[: len(row) + 4 * min(dim, _SAMPLE_BYTES)]
    try:
        start_of_row.decode()
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        return WORD2VEC if cut and not _CONTROL.search(start_of_row) else BINARY
    return BINARY if _CONTROL.search(start_of_row) else WORD2VEC


def _width(source: VectorSource, start: int) -> int:
    """Return how many numbers most of the first rows end in."""
    first = _line(source, start)
    window = source.peek(start + max(len(first), _SAMPLE_BYTES))[start:]
    lines = window.split(b"\n")
    if len(window) >= _SAMPLE_BYTES and len(lines) > 1:
        del lines[-1]  # perhaps cut
    widths: Counter[int] = Counter()
    n_blank = 0
    for line in lines[:_SAMPLE_LINES]:
        fields = _fields(line.rstrip(b" \t\r"))
        if fields:
            places = (i for i, field in enumerate(reversed(fields)) if not _is_number(field))
            # A blank before the first field stands for a word that is missing.
            width = min(next(places, len(fields)), len(fields) - (line[:1] not in b" \t"))
            widths[width] += 1
            n_blank += len(fields) - width > 1
    if not widths:
        raise DataError(f"{source.name} has no rows.", fix="check how it was written", code="D-004")
    width = max(widths, key=lambda width: (widths[width], width))
    other_table = width < _SURE_WIDTH and 2 * n_blank > widths.total()
    if not width or other_table or b"\r" in first.rstrip(b"\r\n"):
        raise no_vectors(source, first)
    return width


def _fields(line: bytes) -> list[bytes]:
    return [field for field in line.replace(b"\t", b" ").split(b" ") if field]


def _is_number(field: bytes) -> bool:
    return bool(NUMBER_LIKE.fullmatch(field) or NOT_FINITE.fullmatch(field))


def _refuse_wide(source: VectorSource, head: bytes) -> None:
    kind = next((kind for mark, kind in _WIDE.items() if head.startswith(mark)), "")
    if kind:
        raise _wide(source, kind)


def _wide(source: VectorSource, kind: str) -> DataError:
    return DataError(
        f"{source.name} is {kind}; files of word vectors are UTF-8.",
        fix=f"convert it: iconv -f {kind} -t UTF-8",
        code="D-007",
    )


def _no_header(source: VectorSource, first: bytes) -> DataError:
    return DataError(
        f"{source.name}, line 1: a word2vec file begins with two numbers, how many words and how wide.",
        seen=_shown(first),
        fix="format='glove' reads rows without a header",
        code="D-081",
    )


def _check_header(source: VectorSource, shape: Shape, limit: int | None) -> None:
    """Refuse a header that promises more than the file can hold, before anything is allocated for it."""
    if not shape.promised:
        raise DataError(f"{source.name} has no rows: its header says 0.", fix="check how it was written", code="D-004")
    says = f"{shape.promised:,} words of {shape.dim:,} numbers"
    if not shape.dim:
        raise DataError(
            f"{source.name}, line 1: the header promises vectors of no numbers.",
            seen=says,
            fix="mend it, or read rows without a header with format='glove'",
            code="D-081",
        )
    n_rows = shape.promised if limit is None else min(shape.promised, limit)
    fewest = n_rows * (2 + (4 if shape.format == BINARY else 2) * shape.dim) - 1
    if source.most_bytes is not None and fewest > source.most_bytes - shape.skipped:
        raise DataError(
            f"{source.name}, line 1: the header promises more than the file holds.",
            seen=says,
            why=f"that takes {fewest:,} bytes or more, and there are {source.most_bytes - shape.skipped:,}"
            + (" at most, unpacked" if source.packed else ""),
            fix="fetch the file again if it was cut; if its first line is no header, say format='glove'",
            code="D-081",
        )


def _shown(line: bytes) -> str:
    return shown(line[:200].rstrip(b"\r\n").decode("utf-8", "backslashreplace"), 80)
