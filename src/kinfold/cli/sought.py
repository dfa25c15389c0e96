"""FILE of `kinfold evaluate INDEX FILE` -> queries with the places of what each should find, and the ledger."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.source import locate, show_ledger
from kinfold.data.faults import count, fault, shown
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.data.table import open_table
from kinfold.index.search import SearchIndex


@dataclass(slots=True)
class Sought:
    """Queries whose answers are known.

    Parameters
    ----------
    texts
        N queries.
    relevant
        For each the places, in the index, of what it should find: at least one.
    own
        For each its own place in the index, which is no candidate; -1 for none.
    groups
        What each belongs to; None where nothing is said of it.
    unknown
        Ids to be found that the index does not have, as many as are shown.
    """

    texts: list[str] = field(default_factory=list)
    relevant: list[list[int]] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    groups: list[str] | None = None
    unknown: list[str] = field(default_factory=list)


_SHOWN_IDS = 3


def read_sought(options: Evaluate, index: SearchIndex, console: Console) -> tuple[Sought, Ledger]:
    """Read the queries, show the ledger, and say what makes the figures mean less.

    Raises
    ------
    DataError
        D-176: nothing that is to be found is in the index. D-175: no query says what is to be found.
    """
    path, given = locate(options.data[0], options.reading(), console)
    given |= {"text": options.query or "query", "label": options.relevant or "relevant", "id": options.own}
    given["multi_label"] = options.label_separator or True
    given.setdefault("max_rejected", 1.0)
    places = {name: place for place, name in enumerate(index.ids)}
    found = Sought()
    with console.progress() as report, open_table(path, **given) as reader:
        ledger = reader.ledger
        report(f"reading {os.path.basename(path) if path != '-' else 'standard input'}", None)
        for block in reader:
            assert isinstance(block.rows, Examples)  # since no pairs were asked for
            _take(block.rows, places, found, ledger)
    ledger.n_labels.clear()  # ids, not labels
    n_without = ledger.rejected.pop("D-067", 0)
    if n_without:
        ledger.rejected["D-175"] += n_without
    _check(found, ledger)
    n_there = _n_in_index(found, index)
    if n_there:
        ledger.noted["D-178"] += n_there
        ledger.warn(
            f"D-178: {n_there:,} of {len(found.texts):,} queries stand in the index word for word and find themselves: "
            "--own names the column of their ids"
        )
    show_ledger(ledger, console)
    return found, ledger


def _take(rows: Examples, places: dict[str, int], found: Sought, ledger: Ledger) -> None:
    """Take the queries of a block that have something to be found; count the others."""
    if rows.groups is not None and found.groups is None:
        found.groups = []
    for i, text in enumerate(rows.texts):
        wanted = _wanted(rows.labels, i)
        own = -1 if rows.ids is None else places.get(rows.ids[i], -1)
        there = sorted({places[name] for name in wanted if name in places} - {own})
        missing = [name for name in wanted if name not in places]
        found.unknown += missing[: _SHOWN_IDS - len(found.unknown)] if len(found.unknown) < _SHOWN_IDS else []
        if not there:
            ledger.used -= 1
            ledger.rejected["D-176" if missing else "D-175"] += 1
            continue
        if missing:
            ledger.noted["D-177"] += 1
        found.texts.append(text)
        found.relevant.append(there)
        found.own.append(own)
        if found.groups is not None and rows.groups is not None:
            found.groups.append(rows.groups[i])


def _wanted(labels: Sequence[object] | None, i: int) -> list[str]:
    value = () if labels is None else labels[i]
    listed = value if isinstance(value, tuple) else (value,)
    return [str(name).strip() for name in listed]


def _check(found: Sought, ledger: Ledger) -> None:
    listed = ", ".join(shown(name, 40) for name in found.unknown)
    if not found.texts:
        code = "D-176" if ledger.rejected["D-176"] else ledger.rejected.most_common(1)[0][0]
        raise fault(
            code,
            f"{ledger.source}: no query has anything to be found in the index",
            seen=", ".join(f"{name}: {n:,}" for name, n in sorted(ledger.rejected.items()))
            + (f"; ids such as {listed}" if listed else ""),
            fix="--relevant names the column of ids, which are those that kinfold index was given with --id",
        )
    if found.unknown:
        n = ledger.rejected["D-176"] + ledger.noted["D-177"]
        ledger.warn(f"D-176, D-177: ids that the index does not have, such as {listed}, in {count(n, 'record')}")


def _n_in_index(found: Sought, index: SearchIndex) -> int:
    """Return how many queries are a document that is neither left out nor to be found."""
    asked: dict[str, list[int]] = {}
    for i, text in enumerate(found.texts):
        asked.setdefault(text.strip(), []).append(i)
    hit = set()
    for place, text in enumerate(index.texts):
        for i in asked.get(text.strip(), ()):
            if place != found.own[i] and place not in found.relevant[i]:
                hit.add(i)
    return len(hit)
