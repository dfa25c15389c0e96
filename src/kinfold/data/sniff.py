"""Which format a file has, by its content and its name; refusals of what is no table at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from kinfold.data.columns import DELIMITERS, folded
from kinfold.data.faults import fault, shown_bytes
from kinfold.errors import DataError, InvalidParameterError

FORMATS = ("csv", "tsv", "jsonl", "parquet", "fasttext", "text", "xml")
_BY_ENDING = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xml": "xml",
    ".ft": "fasttext",
    ".pos": "text",
    ".neg": "text",
}
_PACKED_ENDING = re.compile(r"\.(gz|bz2|xz|zip)$", re.IGNORECASE)
_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "a PDF file",
    b"SQLite format 3\0": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x7fELF": "a program",
    b"\x89HDF": "an HDF5 file",
    b"ARROW1": "an Arrow file",
    b"\x93NUMPY": "a NumPy array",
}
_HTML = re.compile(rb"\s*(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
# Plain texts, too, may begin with a tag, a bracket or a brace: only what no text begins with decides by itself.
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\{\s*(?:\"|\}|$)|\[\s*(?:[\[{\"]|\]))")
_MAYBE = {"jsonl": re.compile(rb"(?:^|[\r\n])[ \t]*[{\[]"), "xml": re.compile(rb"\s*<"), "parquet": re.compile(b"PAR1")}
_LFS = b"version https://git-lfs.github.com/spec/"


def ending(name: str) -> str:
    """Return a file's ending in lower case, a packing one like ``.gz`` left off."""
    bare = _PACKED_ENDING.sub("", name)
    return bare[bare.rfind(".") :].lower() if "." in bare else ""


def refuse_foreign(name: str, head: bytes) -> None:
    """Raise for content that no format option could make readable: pictures, web pages, LFS pointers."""
    kind = next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), "")
    if kind:
        raise fault("D-011", f"{name} is {kind}, not a table", fix="export it as CSV, JSON lines or Parquet")
    if head.startswith(_LFS):
        raise fault(
            "D-014",
            f"{name} is a git-LFS pointer, not the data",
            seen=shown_bytes(head),
            fix="run: git lfs pull",
        )
    if _HTML.match(head):
        raise fault(
            "D-013",
            f"{name} is a web page, not data",
            seen=shown_bytes(head.lstrip()),
            why="the download answered with an error or a login page",
            fix="open the address in a browser, and fetch the file itself",
        )


def choose_format(
    name: str, head: bytes, format: str, delimiter: str | None, columns: Mapping[str, str | None]
) -> tuple[str, str]:
    """Return the format and, for delimited text, the delimiter.

    Parameters
    ----------
    name
        The file's name; ``"<stdin>"`` holds one text a line unless its content says otherwise.
    head
        The first bytes, unpacked, as UTF-8.
    format, delimiter
        What the caller said: ``"auto"`` and None for nothing.
    columns
        Role -> wanted column.

    Raises
    ------
    InvalidParameterError
        For an unknown format or delimiter.
    DataError
        D-011: the content is of another kind than the name says, or can't be told.
    """
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0'):
        raise InvalidParameterError(
            f"delimiter must be one ASCII character, got {delimiter!r}",
            fix="',' ';' '|' or '\\t'",
            code="D-012",
        )
    if format == "auto":
        format = _told("csv" if delimiter else "", name, head, columns)
    elif format not in FORMATS:
        raise InvalidParameterError(f"format must be auto or one of {', '.join(FORMATS)}, got {format!r}", code="D-011")
    if format in DELIMITERS:  # an unknown ending, told apart by the wanted columns
        return "csv", format
    return format, delimiter or ("\t" if format == "tsv" else ",")


def _told(said: str, name: str, head: bytes, columns: Mapping[str, str | None]) -> str:
    by_content = _by_content(head)
    by_name = said or _BY_ENDING.get(ending(name), "")
    if by_name in ("csv", "tsv", "text") and by_content in ("jsonl", "xml", "fasttext") and not said:
        if by_name == "text":
            return by_content
        raise _contradiction(name, by_name, by_content, head)
    if by_name in _MAYBE and not _MAYBE[by_name].search(head):
        raise _contradiction(name, by_name, by_content or "text", head)
    return by_name or by_content or _undecided(name, head, columns)


def _contradiction(name: str, by_name: str, by_content: str, head: bytes) -> DataError:
    return fault(
        "D-011",
        f"{name} is called {by_name}, but its content is {by_content}",
        seen=shown_bytes(head),
        fix=f"rename it, or format={by_content!r} (--format {by_content})",
    )


def _by_content(head: bytes) -> str:
    if head.lstrip().startswith(b"__label__"):
        return "fasttext"
    if _JSON.match(head):
        return "jsonl"
    return "xml" if _XML.match(head) else ""


def _undecided(name: str, head: bytes, columns: Mapping[str, str | None]) -> str:
    """Decide for a name that says nothing: delimited if the first line has the wanted columns, else text."""
    first = re.split(rb"[\r\n]", head.lstrip(), maxsplit=1)[0].decode("utf-8", "replace")
    wanted = {folded(role if column is None else column) for role, column in columns.items()}
    for mark in DELIMITERS:
        names = {folded(cell.strip('"')) for cell in first.split(mark)}
        if mark in first and wanted <= names:
            return mark
    if _only_texts(columns) and (name == "<stdin>" or ending(name) in (".txt", "")):
        return "text"
    raise fault(
        "D-011",
        f"{name}: its format can't be told from its name or content",
        seen=shown_bytes(head),
        fix=f"format= (--format), one of {', '.join(FORMATS)}",
    )


def _only_texts(columns: Collection[str]) -> bool:
    return set(columns) <= {"text"}
