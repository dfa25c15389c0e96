"""Files of word vectors that other programs read and write: word2vec as text or binary, GloVe, fastText's .vec."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from kinfold.errors import InvalidParameterError
from kinfold.types import Singles2d
from kinfold.vectors.formats_binary import read_binary
from kinfold.vectors.formats_file import VectorSource
from kinfold.vectors.formats_kept import KeptRows, ReadAccount
from kinfold.vectors.formats_sniff import BINARY, GLOVE, WORD2VEC, sniff
from kinfold.vectors.formats_text import Progress, read_text
from kinfold.vectors.formats_write import write_file

#: Name -> what it is.
FORMATS = {
    WORD2VEC: "a header line, then a word and its numbers a line; fastText's .vec is the same",
    BINARY: "a header line, then each word, a blank, and its float32 numbers",
    GLOVE: "a word and its numbers a line, no header",
}
#: End of a file's name -> the format it is written in; .gz after any of them packs it.
SUFFIXES = {".vec": WORD2VEC, ".txt": WORD2VEC, ".w2v": WORD2VEC, ".bin": BINARY, ".glove": GLOVE}
PACKED = ".gz"


@dataclass(frozen=True, slots=True)
class VectorFile:
    """What a file of word vectors held.

    Attributes
    ----------
    words
        V distinct words in the order of the file.
    vectors
        (V, D) float32.
    account
        What became of every row.
    """

    words: list[str]
    vectors: Singles2d
    account: ReadAccount


class Writable(Protocol):
    """What is written: words and their vectors."""

    @property
    def words(self) -> list[str]:
        """The words."""

    @property
    def vectors(self) -> Singles2d:
        """(V, D) float32."""


def read_vectors(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> VectorFile:
    """Read a file of word vectors, packed with gzip or not.

    The file is streamed: memory holds the table and a small buffer, and nothing is allocated on the word of a header
    that can't be true. Text is UTF-8, lines end with LF or CR LF, fields are parted by spaces or tabs; a word may hold
    spaces, since the last D fields of a row are its numbers. Numbers are rounded as Python's `float` and then float32
    would. Nothing is left out in silence: see `VectorFile.account`.

    Parameters
    ----------
    path
        The file.
    format
        One of `FORMATS`; None to tell by the content.
    limit
        Keep only the first so many words: files begin with the most frequent ones.
    progress
        Called as progress(what, share of the file read or None), block by block.

    Raises
    ------
    DataError
        The file is missing, empty, cut, damaged, in another encoding, of another kind, or a row is not like the
        others; the message names the line or record. Codes are D-001 to D-019 and D-081 to D-086.
    MachineError
        D-005: it can't be read. M-010: it does not fit into memory.
    InvalidParameterError
        P-025: no such format. P-023: a limit below 1.
    """
    if format is not None and format not in FORMATS:
        raise _no_format(repr(format))
    if limit is not None and limit < 1:
        raise InvalidParameterError("`limit` must be 1 or more, or None.", seen=repr(limit), code="P-023")
    with VectorSource(path) as source:
        shape = sniff(source, format, limit)
        kept = KeptRows(source, shape.dim, shape.promised, limit)
        if shape.marked:
            kept.note("D-006", "byte order marks passed over")
        read_rows = read_binary if shape.format == BINARY else read_text
        complete = read_rows(shape, kept, progress or _unsaid)
        return VectorFile(*kept.finish(shape.format, complete=complete))


def write_vectors(vectors: Writable, path: str | os.PathLike[str], *, format: str | None = None) -> None:
    """Write word vectors as a file that other programs read; only words and numbers are kept, not counts.

    The file appears whole or not at all. As text, each number has as few digits as tell it from every other float32,
    so that reading gives the same bits.

    Parameters
    ----------
    vectors
        Words and vectors.
    path
        The file; an existing one is replaced. ``.gz`` at its end packs it.
    format
        One of `FORMATS`; None to tell by the end of the name: .vec, .txt and .w2v word2vec, .bin word2vec-binary,
        .glove GloVe.

    Raises
    ------
    DataError
        D-087: the format has no way to write one of the words.
    InvalidParameterError
        P-025: no such format, or none that the name tells.
    MachineError
        D-005: the file can't be written; what was there before still is.
    """
    name = os.fspath(path)
    packed = name.lower().endswith(PACKED)
    stem = name[: -len(PACKED)] if packed else name
    chosen = SUFFIXES.get(os.path.splitext(stem)[1].lower()) if format is None else format
    if chosen not in FORMATS:
        raise _no_format(repr(os.path.basename(name)) if format is None else repr(format))
    write_file(name, vectors.words, vectors.vectors, chosen, packed=packed)


def _no_format(seen: str) -> InvalidParameterError:
    suffixes = ", ".join(f"{suffix} {format}" for suffix, format in SUFFIXES.items())
    return InvalidParameterError(
        f"The format of a vector file is one of {', '.join(FORMATS)}.",
        seen=seen,
        fix=f"name one with format=, or when writing end the name with one of {suffixes}",
        code="P-025",
    )


def _unsaid(what: str, share: float | None) -> None:
    """Report progress to nobody."""
