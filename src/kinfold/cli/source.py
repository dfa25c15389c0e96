"""DATA on the command line -> a table and what reading it was like: files, `sample:NAME`, `fetch:NAME`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinfold.cli.console import Console
from kinfold.data.catalog import fetch_details
from kinfold.data.ledger import Ledger
from kinfold.data.samples import SAMPLES, sample_path
from kinfold.data.table import Table, read_table
from kinfold.errors import InvalidParameterError

_SHOWN_LABELS = 10


#: The column of each side where none is named.
SIDES = {"left": "left", "right": "right"}


def locate(
    data: str, given: Mapping[str, Any], console: Console, *, pairs: bool = False
) -> tuple[str | Path, dict[str, Any]]:
    """Return the path that DATA means, and how to read it: what was given goes before what is known of it.

    Raises
    ------
    InvalidParameterError
        U-006: it is known to hold pairs where single texts are wanted, or texts where `pairs` are.
    """
    path, known = _located(data, console)
    if known is not None and ("left" in known) != pairs:
        raise InvalidParameterError(
            "these are pairs of texts, not single ones" if not pairs else "these are single texts, not pairs",
            seen=data,
            fix=f"use sample:{'questions' if pairs else 'reviews'}, or name a file",
            code="U-006",
        )
    return path, {**(SIDES if pairs else {}), **(known or {}), **given}


def holds_pairs(data: str) -> bool:
    """Return whether DATA is the name of a sample of pairs."""
    kind, _, name = data.partition(":")
    return kind == "sample" and "left" in SAMPLES.get(name, ())


def _located(data: str, console: Console) -> tuple[str | Path, dict[str, Any] | None]:
    """Return the path, and how it is read where that is known."""
    kind, mark, name = data.partition(":")
    if mark and kind == "sample":
        return sample_path(name), {column: column for column in SAMPLES[name] if column != "text"}
    if mark and kind == "fetch":
        with console.progress() as report:
            found = fetch_details(name, progress=lambda done, total: report(f"fetching {name}", share(done, total)))
        for note in found.notes:
            console.warn(note)
        if not found.reading.options:
            raise InvalidParameterError(
                f"{found.dataset.name} is no table that can be read as it is: {found.reading.format}",
                seen=str(found.path),
                fix="unpack it, and name the file with the texts",
                code="U-006",
            )
        return found.path, dict(found.reading.options)
    return data, None


def share(done: int, total: int | None) -> float | None:
    """Return how much is done, if that can be known."""
    return done / total if total else None


def read_labelled(data: str, given: Mapping[str, Any], console: Console, *, pairs: bool = False) -> Table:
    """Read labelled texts or pairs, and show the ledger and its warnings."""
    path, options = locate(data, given, console, pairs=pairs)
    options.setdefault("label", "label")
    with console.progress() as report:
        report(f"reading {os.path.basename(path) if path != '-' else 'standard input'}", None)
        table = read_table(path, **options)
    show_ledger(table.ledger, console)
    return table


def show_ledger(ledger: Ledger, console: Console) -> None:
    """Show what went in and what became of it."""
    console.say(f"{ledger.source} ({ledger.format}): {ledger}")
    kinds = (("rejected", ledger.rejected), ("repaired", ledger.repaired), ("noted", ledger.noted))
    console.table(
        ("", "", ""), [(name, code, f"{n:,}") for name, counts in kinds for code, n in sorted(counts.items())]
    )
    for message in ledger.warnings:
        console.warn(message)


def show_labels(ledger: Ledger, console: Console) -> None:
    """Show how many rows have each label, the commonest first."""
    total = max(1, ledger.used)
    counts = sorted(ledger.n_labels.items(), key=lambda item: (-item[1], item[0]))
    rows = [(label, f"{n:,}", f"{100 * n / total:.1f} %") for label, n in counts[:_SHOWN_LABELS]]
    console.table(("label", "rows", "share"), rows)
    if len(counts) > _SHOWN_LABELS:
        console.say(f"  and {len(counts) - _SHOWN_LABELS:,} more labels")
