"""What people say of words, read from files: how alike pairs are, and which word answers an analogy."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator

from kinfold.data import archive, sniff
from kinfold.data.encoding import as_utf8
from kinfold.data.faults import fault, place, shown, shown_bytes
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.source import Peekable, Source
from kinfold.errors import DataError

#: Left word, right word, score.
WordPair = tuple[str, str, float]
#: a is to b as c is to d.
Question = tuple[str, str, str, str]
#: The section of questions that stand before any section's name.
UNNAMED = "questions"
#: Gold sets have thousands of lines; a file beyond this is none.
_LIMITS = Limits(max_out=64 << 20)
_BLANKS = re.compile("[ \t]+")


def read_similarity(path: str | os.PathLike[str]) -> list[WordPair]:
    """Read pairs of words with a score each: two words and a number a line.

    Fields are parted by tabs if the line has one, else by commas, else by blanks. Blank lines, lines that begin with
    ``#`` and a first line whose score is no number (a header) are passed over.

    Parameters
    ----------
    path
        UTF-8, packed or not.

    Returns
    -------
    list of (left, right, score)
        In the order of the file, as it has them.

    Raises
    ------
    DataError
        D-003, D-004: it is empty, or has no pairs. D-037, D-038: a line has more or fewer fields. D-052: a score is no
        finite number. All name the line; and those of any file that is read.
    """
    name = shown(os.path.basename(os.fspath(path)), 120)
    pairs: list[WordPair] = []
    first = True
    for line, text in _lines(path):
        if text.startswith("#"):
            continue
        fields = _parted(text)
        number = _number(fields[-1])
        if first and number is None and len(fields) == 3:
            first = False
            continue
        first = False
        _check_count(name, line, text, fields, 3, "two words and a score")
        if number is None:
            raise fault(
                "D-052",
                f"{place(name, line=line)}: the score is no finite number",
                seen=shown(fields[-1]),
                fix="write it like 7.35, or leave the line out",
            )
        pairs.append((fields[0], fields[1], number))
    if not pairs:
        raise fault("D-004", f"{name} has no pairs", fix="each line is two words and a score, parted by tabs")
    return pairs


def read_analogies(path: str | os.PathLike[str]) -> dict[str, list[Question]]:
    """Read analogies, four words a line, in sections: the form of the questions that came with word2vec.

    A line that begins with ``:`` names the section of the lines after it; blank lines and lines that begin with ``#``
    are passed over.

    Parameters
    ----------
    path
        UTF-8, packed or not.

    Returns
    -------
    dict of section -> list of (a, b, c, d)
        a is to b as c is to d, in the order of the file. Questions before any section are in ``"questions"``; a
        section that is named twice is one.

    Raises
    ------
    DataError
        D-003, D-004: it is empty, or has no questions. D-037, D-038: a line has more or fewer than four words. All name
        the line; and those of any file that is read.
    """
    name = shown(os.path.basename(os.fspath(path)), 120)
    sections: dict[str, list[Question]] = {}
    section = UNNAMED
    for line, text in _lines(path):
        if text.startswith("#"):
            continue
        if text.startswith(":"):
            section = text[1:].strip(" \t") or UNNAMED
            sections.setdefault(section, [])
            continue
        words = text.split("\t") if "\t" in text else _BLANKS.split(text)
        _check_count(name, line, text, words, 4, "four words: a is to b as c is to d")
        sections.setdefault(section, []).append((words[0], words[1], words[2], words[3]))
    if not any(sections.values()):
        raise fault("D-004", f"{name} has no questions", fix="each line is four words, parted by blanks")
    return sections


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """Yield the number and text of every line that is not blank, without blanks around it."""
    source = Source(path)
    try:
        ledger = Ledger(source.name)
        raw = Peekable(source)
        if not raw.peek(1):
            raise fault("D-003", f"{source.name} is empty", seen="0 bytes", fix="check how it was written")
        stream, _, name = archive.unpacked(source, raw, None, _LIMITS, ledger)
        text, _ = as_utf8(stream, "utf-8", name, ledger)
        sniff.refuse_foreign(source.name, text.peek(512))
        data = b""
        while block := text.read(1 << 20):
            data += block
        source.finish(ledger)
    finally:
        source.close()
    for number, line in enumerate(data.split(b"\n"), 1):
        bare = line.strip(b" \t\r")
        if bare:
            yield number, _decoded(bare, source.name, number)


def _decoded(line: bytes, name: str, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise fault(
            "D-008",
            f"{place(name, line=number)}: not UTF-8",
            seen=shown_bytes(line),
            why=error.reason,
            fix="convert the file: iconv -f latin1 -t utf-8, or what it was written in",
        ) from error


def _parted(text: str) -> list[str]:
    if "\t" in text:
        return [field.strip(" ") for field in text.split("\t")]
    if "," in text:
        return [field.strip(" ") for field in text.split(",")]
    return _BLANKS.split(text)


def _number(field: str) -> float | None:
    try:
        number = float(field) if "_" not in field else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _check_count(name: str, line: int, text: str, fields: list[str], wanted: int, what: str) -> None:
    if len(fields) == wanted and all(fields):
        return
    raise _miscounted(name, line, text, fields, wanted, what)


def _miscounted(name: str, line: int, text: str, fields: list[str], wanted: int, what: str) -> DataError:
    many = len(fields) > wanted
    return fault(
        "D-037" if many else "D-038",
        f"{place(name, line=line)}: {len(fields)} fields, and each line must be {what}",
        seen=shown(text),
        why="" if many or all(fields) else "one of them is empty",
        fix="keep the columns that are needed, such as with cut -f1,2,4" if many else "complete the line",
    )
