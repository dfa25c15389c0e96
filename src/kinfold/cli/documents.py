"""DATA of `kinfold index` -> texts with distinct ids, and the ledger of how they were read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kinfold.cli.arguments.index import Index
from kinfold.cli.console import Console
from kinfold.cli.source import locate, show_ledger
from kinfold.data.faults import count, fault, shown
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.data.samples import SAMPLES, sample_path
from kinfold.data.table import open_table

#: The share of records that may lack an id, or above 1 their number: as the reader has it for all other faults.
_MAX_REJECTED = 0.01


@dataclass(slots=True)
class Collected:
    """Texts, each with an id of its own.

    Parameters
    ----------
    source
        Of the texts, for messages.
    ids, texts
        N each.
    merged, without_id
        Records that were there before, with the same id and text; records whose id is empty.
    """

    source: str
    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    merged: int = 0
    without_id: int = 0
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, name: str, text: str, record: int) -> None:
        """Take one record; raise DataError, D-171, if its id stands for another text already."""
        if not name.strip():
            self.without_id += 1
            return
        place, before = self._places.setdefault(name, (len(self.ids), record))
        if place == len(self.ids):
            self.ids.append(name)
            self.texts.append(text)
        elif self.texts[place] == text:
            self.merged += 1
        else:
            raise fault(
                "D-171",
                f"{self.source}: id {shown(name)!r} stands for two texts",
                seen=f"records {before:,} and {record:,}",
                why="a search answers with ids, so each must name one text",
                fix="--id another column; without --id the numbers of the records are ids",
            )


def read_documents(options: Index, console: Console) -> tuple[Collected, Ledger]:
    """Read the texts with progress shown, and show the ledger."""
    path, given = _located(options, console)
    given.pop("label", None)
    with console.progress() as report, open_table(path, **given) as reader:
        ledger = reader.ledger
        report(f"reading {os.path.basename(path) if path != '-' else 'standard input'}", None)
        found = Collected(ledger.source)
        for block in reader:
            rows = block.rows
            assert isinstance(rows, Examples)  # since no pairs were asked for
            names = [str(number) for number in block.numbers] if rows.ids is None else rows.ids
            for name, text, record in zip(names, rows.texts, block.numbers, strict=True):
                found.take(name, text, record)
    _settle(ledger, found, given.get("max_rejected", _MAX_REJECTED))
    show_ledger(ledger, console)
    return found, ledger


def _located(options: Index, console: Console) -> tuple[str | Path, dict[str, Any]]:
    given = options.reading()
    kind, mark, name = options.data.partition(":")
    if mark and kind == "sample" and options.text in SAMPLES.get(name, ()):
        return sample_path(name), given  # one side of a sample of pairs
    path, known = locate(options.data, given, console)
    if path == "-":
        known.setdefault("format", "text")
    return path, known


def _settle(ledger: Ledger, found: Collected, most: float) -> None:
    """Put what became of the records into the ledger; raise if too many have no id, or if none is left."""
    ledger.merged += found.merged
    ledger.used -= found.merged + found.without_id
    if found.without_id:
        ledger.rejected["D-172"] += found.without_id
    allowed = most * ledger.read if most <= 1 else most
    if found.without_id > allowed or not found.ids:
        codes = ", ".join(f"{code}: {n:,}" for code, n in sorted(ledger.rejected.items()))
        code = "D-172" if found.without_id else ledger.rejected.most_common(1)[0][0]
        raise fault(
            code,
            f"{ledger.source}: {count(found.without_id, 'record')} without an id"
            if found.without_id
            else f"{ledger.source}: none of {count(ledger.read, 'record')} can be used",
            seen=codes,
            fix="--id another column, or none" if found.without_id else "look at what was rejected: --rejected FILE",
        )
