"""`kinfold audit`: what is on both sides of a split, models that must fail, and a split without leaks."""

from __future__ import annotations

import csv
import os
from contextlib import ExitStack
from typing import Any, TextIO

import numpy as np

from kinfold.cli.arguments.audit import SHARE, Audit
from kinfold.cli.console import Console
from kinfold.cli.model import load_model
from kinfold.cli.outfile import whole_file
from kinfold.cli.source import holds_pairs, locate, read_labelled
from kinfold.data.faults import shown
from kinfold.data.records import Examples, Pairs
from kinfold.data.table import Table, read_table
from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.audit import Audit as Audited
from kinfold.evaluation.audit import audit
from kinfold.types import Json

Rows = Examples | Pairs
#: The ids of the left and right sides of pairs.
Ids = tuple[list[str], list[str]]


def audit_split(options: Audit, console: Console) -> dict[str, Json]:
    """Do what `kinfold audit` does; return its JSON."""
    _check(options)
    with ExitStack() as stack:
        page = stack.enter_context(whole_file(options.report)) if options.report is not None else None
        files = [stack.enter_context(whole_file(path)) for path in _repaired_paths(options)]
        (train, train_ids), (test, test_ids), ledgers = _parts(options, console)
        given: dict[str, Any] = {
            "directed": options.directed,
            "threshold": options.threshold,
            "metric": options.metric,
            "seed": options.seed,
            "train_sides": train_ids,
            "test_sides": test_ids,
            "model": None if options.model is None else load_model(options.model, console, also=["match"]),
        }
        with console.progress() as report:
            made = audit(
                train, test, progress=report, **{name: value for name, value in given.items() if value is not None}
            )
        if page is not None:
            page.write(made.html(f"Can a score on {ledgers[-1].ledger.source} be believed?"))
        if files:
            _write_repaired(made, train, test, files)
    _show(made, options, console)
    return {
        "data": [options.train, options.test_data],
        **made.to_dict(),
        "ledgers": [t.ledger.to_dict() for t in ledgers],
    }


def _check(options: Audit) -> None:
    ending = "" if options.report is None else os.path.splitext(options.report)[1].lower()
    faults = (
        ((options.left is None) != (options.right is None), "--left and --right go together", "one of them"),
        (
            (options.left_id is None) != (options.right_id is None),
            "--left-id and --right-id go together",
            "one of them",
        ),
        (options.left is not None and options.text is not None, "rows are texts or pairs", "--text and --left"),
        (options.left_id is not None and _is_text(options), "only pairs have ids of their sides", "--left-id"),
        (options.test is not None and options.test_data is not None, "--test is a share of TRAIN", "TEST and --test"),
        (options.test is not None and not 0 < options.test < 1, "--test is a share, above 0 and below 1", options.test),
        (options.no_labels and options.label is not None, "there are labels or none", "--label and --no-labels"),
        (options.report is not None and ending != ".html", "the report is a page: end it in .html", options.report),
    )
    for wrong, what, seen in faults:
        if wrong:
            raise InvalidParameterError(what, seen=shown(str(seen)), fix="see kinfold audit --help", code="U-035")


def _is_text(options: Audit) -> bool:
    return options.left is None and not holds_pairs(options.train)


def _parts(options: Audit, console: Console) -> tuple[tuple[Any, Ids | None], tuple[Any, Ids | None], list[Table]]:
    """Return the training rows and the test rows, each with the ids of their sides, and the tables read."""
    names = [options.train, *([options.test_data] if options.test_data is not None else [])]
    tables = [read_labelled(name, options.reading(), console, pairs=not _is_text(options)) for name in names]
    sides = [_side_ids(name, options, console) for name in names]
    if len(tables) == 2:
        return (tables[0].rows, sides[0]), (tables[1].rows, sides[1]), tables
    rows = tables[0].rows
    n_test = round((SHARE if options.test is None else options.test) * len(rows))
    order = np.random.default_rng([options.seed or 0, 4]).permutation(len(rows))
    parts = np.sort(order[n_test:]).tolist(), np.sort(order[:n_test]).tolist()
    console.say(f"split at random: {len(parts[0]):,} rows to learn from, {len(parts[1]):,} to test on")
    train, test = ((rows.take(part), _taken(sides[0], part)) for part in parts)
    return train, test, tables


def _taken(sides: Ids | None, part: list[int]) -> Ids | None:
    return None if sides is None else ([sides[0][i] for i in part], [sides[1][i] for i in part])


def _side_ids(data: str, options: Audit, console: Console) -> Ids | None:
    """Return the ids of the sides of pairs, read from the same file in a second pass."""
    if options.left_id is None or options.right_id is None:
        return None
    dropped = ("rejected", "label", "id", "group", "merge_labels", "merge_duplicates", "multi_label")
    path, known = locate(data, options.reading(), console, pairs=True)
    given = {name: value for name, value in known.items() if name not in dropped}
    rows = read_table(path, **{**given, "left": options.left_id, "right": options.right_id}).pairs
    return rows.lefts, rows.rights


def _repaired_paths(options: Audit) -> list[str]:
    return [] if options.repaired is None else [f"{options.repaired}-{part}.csv" for part in ("train", "test")]


def _write_repaired(made: Audited, train: Rows, test: Rows, files: list[TextIO]) -> None:
    if not made.repair.n_train or not made.repair.n_test:
        raise DataError(
            "the split can't be repaired: nothing would be left to learn from, or to test on",
            seen=f"{made.repair.n_train:,} and {made.repair.n_test:,} rows; {made.repair.note}",
            fix="look for a text or id that stands in nearly every row, or get rows of other things",
            code="D-146",
        )
    for file, rows in zip(files, made.repair.apply(train, test), strict=True):
        texts = {"left": rows.lefts, "right": rows.rights} if isinstance(rows, Pairs) else {"text": rows.texts}
        others = {"label": rows.labels, "id": rows.ids, "group": rows.groups}
        columns = texts | {name: column for name, column in others.items() if column is not None}
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(_cells, zip(*columns.values(), strict=True)))


def _cells(row: tuple[Any, ...]) -> list[str]:
    """Return values as a file holds them: several labels of a row parted by |."""
    return ["|".join(value) if isinstance(value, tuple) else value for value in row]


def _show(made: Audited, options: Audit, console: Console) -> None:
    """Write the sentences as the result and the tables beside them."""
    for title, head, lines in made.tables():
        console.say(title, style="bold")
        console.table(head, lines)
    for sentence in made.sentences():
        console.out(sentence)
    if options.report is not None:
        console.say(f"report: {options.report}")
    for path in _repaired_paths(options):
        console.say(f"repaired split: {path}")
