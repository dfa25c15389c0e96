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


def locate(data: str, given: Mapping[str, Any], console: Console) -> tuple[str | Path, dict[str, Any]]:
    """Return the path that DATA means, and how to read it: what was given goes before what is known of it."""
    kind, mark, name = data.partition(":")
    if mark and kind == "sample":
        path = sample_path(name)
        columns = {column: column for column in SAMPLES[name] if column != "text"}
        if "left" in columns:
            raise InvalidParameterError(
                "this sample holds pairs of texts", seen=data, fix="use sample:reviews", code="U-006"
            )
        return path, {**columns, **given}
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
        return found.path, {**found.reading.options, **given}
    return data, dict(given)


def share(done: int, total: int | None) -> float | None:
    """Return how much is done, if that can be known."""
    return done / total if total else None


def read_labelled(data: str, given: Mapping[str, Any], console: Console) -> Table:
    """Read labelled texts, and show the ledger and its warnings."""
    path, options = locate(data, given, console)
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
