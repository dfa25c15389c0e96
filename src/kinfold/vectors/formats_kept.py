"""What is kept of a file of word vectors, row after row, and the account of every row that was in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from kinfold.errors import DataError, MachineError
from kinfold.types import Json, Singles2d
from kinfold.vectors.formats_file import VectorSource
from kinfold.vectors.tables import shown

#: More than this share of rows without a usable word is no accident.
MOST_REJECTED = 0.01
#: A table whose size is not known beforehand grows by this share.
_GROWTH = 0.125
_FIRST_ROWS, _FIRST_BYTES = 4096, 1 << 24


@dataclass(frozen=True, slots=True)
class ReadAccount:
    """What became of the rows of a vector file: rows = kept + duplicates + rejected.

    Attributes
    ----------
    source, format, packed
        The file's name, what it was read as, and whether it was packed.
    rows
        Rows read; blank lines are none.
    kept, duplicates, rejected
        Rows used; rows whose word stood in an earlier row; rows without a usable word.
    complete
        Whether the file was read to its end; False if `limit` ended it.
    notes
        One sentence for each thing worth knowing, with the first place it was seen at.
    """

    source: str
    format: str
    packed: bool
    rows: int
    kept: int
    duplicates: int
    rejected: int
    complete: bool
    notes: tuple[str, ...]

    def __str__(self) -> str:
        """Return the sum."""
        more = "" if self.complete else ", not read to the end"
        return (
            f"{self.rows:,} rows = {self.kept:,} kept + {self.duplicates:,} duplicates + {self.rejected:,} "
            f"rejected{more}"
        )

    def to_dict(self) -> dict[str, Json]:
        """Return the account as JSON can hold it."""
        rows = {"in": self.rows, "used": self.kept, "rejected": self.rejected, "merged": self.duplicates}
        return {
            "source": self.source,
            "format": self.format,
            "packed": self.packed,
            "rows": rows,
            "complete": self.complete,
            "notes": list(self.notes),
        }

    def _repr_html_(self) -> str:
        lines = [("source", self.source), ("format", self.format), ("rows", str(self))]
        lines += [("note", note) for note in self.notes]
        cells = "".join(f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in lines)
        return f"<table>{cells}</table>"


class KeptRows:
    """The rows kept so far: distinct words, and a table of their numbers that grows in place.

    Parameters
    ----------
    source
        The file they are from.
    dim
        The width of a vector.
    promised
        How many rows the file says it has, if it does.
    limit
        Keep no more than these, if given.

    Raises
    ------
    MachineError
        M-010: the table would not fit into memory.
    """

    def __init__(self, source: VectorSource, dim: int, promised: int | None, limit: int | None) -> None:
        self.source, self.dim = source, dim
        self.words: list[str] = []
        self.rows = 0
        self._seen: set[str] = set()
        self._notes: dict[str, tuple[int, str]] = {}
        self._limit = limit
        known = promised is not None and not source.packed and source.most_bytes is not None
        first = max(1, min(_FIRST_ROWS, _FIRST_BYTES // (4 * dim)))
        n_rows = promised + 1 if known and promised is not None else first
        self._table: Singles2d = np.empty((0, dim), np.float32)
        self._allocate(n_rows if limit is None else min(n_rows, limit))

    @property
    def full(self) -> bool:
        """Whether as many rows are kept as were asked for."""
        return self._limit is not None and len(self.words) >= self._limit

    def room(self, n_rows: int) -> Singles2d:
        """Return where the next rows go, (n, D) with at most `n_rows` rows: no more than may still be kept."""
        if self._limit is not None:
            n_rows = min(n_rows, self._limit - len(self.words))
        needed = len(self.words) + n_rows
        if needed > len(self._table):
            self._allocate(max(needed, int(len(self._table) * (1 + _GROWTH))))
        return self._table[len(self.words) : needed]

    def take(self, names: Sequence[bytes], places: Sequence[int], unit: str) -> None:
        """Keep the rows that were put into `room`, but for those without a usable word and for duplicates.

        Parameters
        ----------
        names
            The word of each row, as in the file.
        places
            The line or record of each row, from 1.
        unit
            ``"line"`` or ``"record"``.
        """
        first = len(self.words)
        self.rows += len(names)
        words = self._decoded(names, places, unit)
        distinct = set(words)
        if None not in distinct and len(distinct) == len(words) and self._seen.isdisjoint(distinct):
            self._seen |= distinct  # type: ignore[arg-type]
            self.words += words  # type: ignore[arg-type]
            return
        kept: list[int] = []
        for i, word in enumerate(words):
            if word is None:
                continue
            if word in self._seen:
                self._note("D-084", "rows left out since their word stood in an earlier row", places[i], unit, word)
                continue
            self._seen.add(word)
            self.words.append(word)
            kept.append(i)
        self._table[first : first + len(kept)] = self._table[first : first + len(names)][kept]

    def finish(self, format: str, *, complete: bool) -> tuple[list[str], Singles2d, ReadAccount]:
        """Return words, table and account.

        Raises
        ------
        DataError
            D-004: there are no rows. D-008: too many rows have no usable word.
        """
        counts = {code: count for code, (count, _) in self._notes.items()}
        bad_bytes, no_word = counts.get("D-009", 0), counts.get("D-085", 0)
        rejected = bad_bytes + no_word
        if rejected > MOST_REJECTED * self.rows:
            code = "D-009" if bad_bytes >= no_word else "D-085"
            raise DataError(
                f"{self.source.name}: {rejected:,} of {self.rows:,} rows have no usable word.",
                seen=self._notes[code][1],
                why="the file is not UTF-8, or damaged" if code == "D-009" else "the words are missing",
                fix="convert it: iconv -f latin1 -t utf-8 (or what it was written in)"
                if code == "D-009"
                else "write the file again, or leave these rows out",
                code="D-008" if code == "D-009" else code,
            )
        if not self.words:
            raise DataError(f"{self.source.name} has no rows.", fix="check how it was written", code="D-004")
        self._table.resize((len(self.words), self.dim), refcheck=False)
        account = ReadAccount(
            source=self.source.name,
            format=format,
            packed=self.source.packed,
            rows=self.rows,
            kept=len(self.words),
            duplicates=counts.get("D-084", 0),
            rejected=rejected,
            complete=complete,
            notes=tuple(f"{code}: {text}: {count:,}" for code, (count, text) in sorted(self._notes.items())),
        )
        return self.words, self._table, account

    def note(self, code: str, text: str, count: int = 1) -> None:
        """Count something that changes no row but is worth knowing."""
        if count:
            before = self._notes.get(code, (0, text))
            self._notes[code] = (before[0] + count, before[1])

    def _note(self, code: str, what: str, place: int, unit: str, word: str) -> None:
        self.note(code, f'{what}, first at {unit} {place:,} ("{shown(word, 40)}")')

    def _decoded(self, names: Sequence[bytes], places: Sequence[int], unit: str) -> list[str | None]:
        """Return each word, or None where there is none or it is not UTF-8."""
        try:
            words: list[str | None] = list(map(bytes.decode, names))
        except UnicodeDecodeError:
            words = []
            for name, place in zip(names, places, strict=True):
                try:
                    words.append(name.decode())
                except UnicodeDecodeError:
                    words.append(None)
                    text = name[:80].decode("utf-8", "backslashreplace")
                    self._note("D-009", "rows left out since their word is not UTF-8", place, unit, text)
        for i, word in enumerate(words):
            if word == "":
                words[i] = None
                self._note("D-085", "rows left out since they have no word", places[i], unit, "")
        return words

    def _allocate(self, n_rows: int) -> None:
        """Make the table this long; what is in it stays, and where the system can move pages nothing is copied."""
        n_bytes = n_rows * self.dim * 4
        most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        try:
            if n_bytes > most:
                raise MemoryError
            if len(self._table):
                self._table.resize((n_rows, self.dim), refcheck=False)
            else:
                self._table = np.empty((n_rows, self.dim), np.float32)
        except MemoryError:
            raise MachineError(
                f"{self.source.name} does not fit into memory: {n_rows:,} rows of {self.dim:,} numbers.",
                seen=f"{n_bytes:,} of {most:,} bytes",
                fix="read fewer with limit=, or use a larger machine",
                code="M-010",
            ) from None
