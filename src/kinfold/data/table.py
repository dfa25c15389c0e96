"""From a file to all its examples or pairs, and the ledger."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape

from kinfold.data.checks import check_duplicates, check_leak, label_groups, label_warnings, single_labels
from kinfold.data.faults import count, fault
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.reader import TableReader, open_table
from kinfold.data.records import Examples, Pairs
from kinfold.errors import InvalidParameterError
from kinfold.types import Label

__all__ = ["Table", "TableReader", "open_table", "read_table"]


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was read whole: its rows, and the account of them.

    Parameters
    ----------
    rows
        `Examples`, or `Pairs` where `left` and `right` were asked for.
    ledger
        What went in, and what became of it.
    """

    rows: Examples | Pairs
    ledger: Ledger

    @property
    def examples(self) -> Examples:
        """The rows as examples; raises for a table of pairs."""
        if isinstance(self.rows, Examples):
            return self.rows
        raise InvalidParameterError("this table holds pairs", fix="use .pairs, or read it with text=")

    @property
    def pairs(self) -> Pairs:
        """The rows as pairs; raises for a table of examples."""
        if isinstance(self.rows, Pairs):
            return self.rows
        raise InvalidParameterError("this table holds examples", fix="use .examples, or read it with left=, right=")

    def __len__(self) -> int:
        return len(self.rows)

    def _repr_html_(self) -> str:
        return f"{self.rows._repr_html_()}<p>{escape(str(self.ledger))}</p>"


def read_table(
    path: str | os.PathLike[str],
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    group: str | None = None,
    time: str | None = None,
    left: str | None = None,
    right: str | None = None,
    format: str = "auto",
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool = True,
    quoting: str = "minimal",
    multi_label: bool | str | None = None,
    merge_labels: bool = False,
    merge_duplicates: bool = False,
    numeric: tuple[str, ...] = (),
    max_rejected: float = 0.01,
    rejected: str | os.PathLike[str] | None = None,
    member: str | None = None,
    allow_truncated: bool = False,
    limits: Limits | None = None,
) -> Table:
    """Read a whole table into memory.

    The parameters are those of `open_table`, and two more. fastText lines give their labels without being asked.

    Parameters
    ----------
    merge_labels
        Join labels that differ only in case or outer space under their most frequent form.
    merge_duplicates
        Keep only the first of several rows with equal texts and label.

    Returns
    -------
    Table
        ``.examples`` or ``.pairs``, and ``.ledger``.

    Examples
    --------
    >>> table = read_table("reviews.csv", text="text", label="label")  # doctest: +SKIP
    >>> print(table.ledger)  # doctest: +SKIP
    400 in = 400 used + 0 rejected + 0 merged
    """
    reader = open_table(
        path,
        text=text,
        label=label,
        id=id,
        group=group,
        time=time,
        left=left,
        right=right,
        format=format,
        delimiter=delimiter,
        encoding=encoding,
        header=header,
        quoting=quoting,
        multi_label=multi_label,
        numeric=numeric,
        max_rejected=max_rejected,
        rejected=rejected,
        member=member,
        allow_truncated=allow_truncated,
        limits=limits,
    )
    with reader:
        if reader.ledger.format == "fasttext" and label is None:
            reader.take_label("label")
        parts = [block.rows for block in reader]
    pairs = [part for part in parts if isinstance(part, Pairs)]
    rows: Examples | Pairs = (
        Pairs.concat(pairs) if pairs else Examples.concat(part for part in parts if isinstance(part, Examples))
    )
    return _settled(rows, reader.ledger, merge_labels, merge_duplicates, text, label)


def _settled(
    rows: Examples | Pairs,
    ledger: Ledger,
    merge_labels: bool,
    merge_duplicates: bool,
    text: str | None,
    label: str | None,
) -> Table:
    """Do what needs all rows at once: look-alike labels, duplicates, contradictions, leaks."""
    if not len(rows):
        codes = ", ".join(f"{code}: {n:,}" for code, n in sorted(ledger.rejected.items()))
        worst = ledger.rejected.most_common(1)[0][0]
        raise fault(worst, f"{ledger.source}: none of {count(ledger.read, 'record')} can be used", seen=codes)
    if rows.labels is not None and merge_labels:
        _merge_labels(rows.labels, ledger)
    again = check_duplicates(rows, ledger)
    if merge_duplicates and again:
        dropped = set(again)
        rows = rows.take(i for i in range(len(rows)) if i not in dropped)
        ledger.merged, ledger.used = len(again), ledger.used - len(again)
    if rows.labels is not None:
        ledger.n_labels = single_labels(rows.labels)
        for message in label_warnings(ledger.n_labels):
            ledger.warn(message)
        if label is not None and label == text:
            ledger.warn(f"D-080: text and label are the same column, {label!r}")
        elif isinstance(rows, Examples):
            for message in check_leak(rows.texts, rows.labels):
                ledger.warn(message)
    return Table(rows, ledger)


def _merge_labels(labels: list[Label], ledger: Ledger) -> None:
    """Replace each label, in place, by the most frequent of those that differ only in case or space."""
    changed = {name: group[0] for group in label_groups(single_labels(labels)) for name in group[1:]}
    if not changed:
        return
    for i, label in enumerate(labels):
        if isinstance(label, str):
            new: Label = changed.get(label, label)
        else:
            new = tuple(dict.fromkeys(changed.get(name, name) for name in label))
        if new != label:
            labels[i] = new
            ledger.repaired["D-070"] += 1
