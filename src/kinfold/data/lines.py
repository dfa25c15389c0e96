"""One record a line: plain texts, and fastText's ``__label__x text``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kinfold.data.blocks import Records, split_stream, to_strings
from kinfold.data.columns import Cell, Chunk, Plan
from kinfold.data.delimited import too_long_reject
from kinfold.data.faults import Reject, fault
from kinfold.data.ledger import Ledger
from kinfold.data.source import Peekable, Readable

PREFIX = "__label__"


def whole_lines(
    stream: Peekable, plan: Plan, ledger: Ledger, skipped: int = 0
) -> Iterator[tuple[list[str], list[int], list[int], list[int], list[Reject]]]:
    """Yield (lines, record numbers, line numbers, byte offsets, rejections), block by block."""
    number = 0
    for records in split_stream(stream, plan, ledger, delimiter=-1, quote=-1, skipped=skipped):
        if records.too_long is not None:
            number += 1
            yield [], [], [], [], [too_long_reject(records, number)]
        elif len(records):
            yield _decoded(records, number)
            number += len(records)


def _decoded(records: Records, number: int) -> tuple[list[str], list[int], list[int], list[int], list[Reject]]:
    good = np.ones(len(records), np.bool_)
    good[list(records.bad)] = False
    chosen = np.flatnonzero(good)
    texts = to_strings(records.column(chosen, 0, -1))
    rejected = [records.reject(i, number + i + 1, "D-009", reason) for i, reason in records.bad.items()]
    lines, offsets = records.lines[chosen].tolist(), records.offsets[chosen].tolist()
    return texts, (chosen + (number + 1)).tolist(), lines, offsets, rejected


class _Wrapped:
    """A stream whose longest lines are parted: the first blank after `width` bytes becomes a line end."""

    def __init__(self, inner: Readable, width: int) -> None:
        self._inner, self._width = inner, width
        self._since = 0

    def read(self, size: int, /) -> bytes:
        data = bytearray(self._inner.read(size))
        at = 0
        while (limit := at + self._width - self._since) < len(data):
            start = max(limit, at)
            end = data.rfind(b"\n", at, start)
            if end < 0:
                hits = [found for mark in (b" ", b"\n") if (found := data.find(mark, start)) >= 0]
                end = min(hits, default=-1)
            if end < 0:
                break
            data[end] = 10
            at, self._since = end + 1, 0
        last = data.rfind(b"\n", at)
        self._since = self._since + len(data) - at if last < 0 else len(data) - last - 1
        return bytes(data)


def read_text(stream: Peekable, plan: Plan, ledger: Ledger, skipped: int = 0) -> Iterator[Chunk]:
    """Yield plain texts, one a line.

    Raises
    ------
    DataError
        D-042: more than the text is wanted, and plain text has no columns.
    """
    extra = [role for role in plan.columns if role != "text"]
    if extra:
        raise fault(
            "D-042",
            f"{plan.name}: plain text has no column for {', '.join(extra)}",
            fix="format= (--format) if it is a table: csv, tsv, jsonl or fasttext",
        )
    if plan.limits.wrap is not None:
        stream = Peekable(_Wrapped(stream, plan.limits.wrap))
    for texts, numbers, lines, offsets, rejected in whole_lines(stream, plan, ledger, skipped):
        yield Chunk([texts], numbers, lines, offsets, rejected)


def read_fasttext(stream: Peekable, plan: Plan, ledger: Ledger, skipped: int = 0) -> Iterator[Chunk]:
    """Yield labels and texts of fastText lines; only the words before the text can be labels.

    Raises
    ------
    DataError
        D-042: more than text and label is wanted.
    """
    extra = [role for role in plan.columns if role not in ("text", "label")]
    if extra:
        what = f"{plan.name}: fastText lines have no column for {', '.join(extra)}"
        raise fault("D-042", what, fix="use CSV or JSON lines")
    for rows, numbers, lines, offsets, rejected in whole_lines(stream, plan, ledger, skipped):
        parsed = [parse_fasttext(row) for row in rows]
        texts: Sequence[Cell] = [text for text, _ in parsed]
        labels: Sequence[Cell] = [cell(names, plan.multi_label) for _, names in parsed]
        by_role = {"text": texts, "label": labels}
        yield Chunk([by_role[role] for role in plan.columns], numbers, lines, offsets, rejected)


def cell(names: tuple[str, ...], multi_label: bool | str | None) -> Cell:
    """Return a row's labels as a cell: a list only where several are allowed or there."""
    if multi_label or len(names) > 1:
        return names
    return names[0] if names else None


def parse_fasttext(row: str) -> tuple[str, tuple[str, ...]]:
    """Return (text, labels) of one line.

    >>> parse_fasttext("__label__good __label__short a joy, __label__bad is a word here")
    ('a joy, __label__bad is a word here', ('good', 'short'))
    """
    labels: list[str] = []
    rest = row
    while True:
        bare = rest.lstrip(" \t")
        if not bare.startswith(PREFIX):
            return rest, tuple(labels)
        end = min((at for at in (bare.find(" "), bare.find("\t")) if at >= 0), default=len(bare))
        labels.append(bare[len(PREFIX) : end])
        rest = bare[end + 1 :]
