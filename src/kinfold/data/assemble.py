"""Chunks of cells in, blocks of examples or pairs out: what every format's values must satisfy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kinfold.data.checks import is_number, single_labels
from kinfold.data.columns import TEXT_ROLES, Cell, Chunk, Plan
from kinfold.data.faults import Reject, count, fault, place, shown
from kinfold.data.ledger import Ledger
from kinfold.data.records import Example, Examples, Pair, Pairs
from kinfold.types import Label

#: Zero-width, bidirectional and control characters: invisible, but not nothing.
UNSEEN = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive records of a file.

    Parameters
    ----------
    rows
        Those that can be used.
    numbers
        The record number of each of them, ascending.
    rejected
        The others, ascending.
    """

    rows: Examples | Pairs
    numbers: Sequence[int]
    rejected: list[Reject]

    def in_order(self) -> Iterator[tuple[int, Example | Pair | Reject]]:
        """Yield (record number, record or rejection) for every record of the stretch, in file order."""
        bad = iter(self.rejected)
        next_bad = next(bad, None)
        rows: Sequence[Example | Pair] = self.rows
        for number, row in zip(self.numbers, rows, strict=True):
            while next_bad is not None and next_bad.record < number:
                yield next_bad.record, next_bad
                next_bad = next(bad, None)
            yield number, row
        while next_bad is not None:
            yield next_bad.record, next_bad
            next_bad = next(bad, None)


class Assembler:
    """Checks values row by row and counts what it did in the ledger."""

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self.plan, self.ledger = plan, ledger
        self.roles = list(plan.columns)

    def block(self, chunk: Chunk) -> Block:
        """Return the chunk's records, those with unusable values rejected."""
        n = len(chunk.numbers)
        faults: dict[int, tuple[str, str]] = {}
        columns: dict[str, Sequence[Cell]] = {}
        for role, values in zip(self.roles, chunk.values, strict=True):
            cleaned = self._without_nul(values) if chunk.may_hold_nul else values
            if role == "label":
                columns[role] = cleaned
                self._check_labels(cleaned, chunk, faults)
            else:
                columns[role] = self._checked(role, cleaned, faults)
            if role in self.plan.numeric:
                self._check_numbers(role, cleaned, faults)
        rejected = chunk.rejected + [self._reject(chunk, columns, i, *why) for i, why in faults.items()]
        rejected.sort(key=lambda reject: reject.record)
        good = [i for i in range(n) if i not in faults] if faults else range(n)
        rows = self._rows({role: [v[i] for i in good] if faults else v for role, v in columns.items()})
        numbers = [chunk.numbers[i] for i in good] if faults else chunk.numbers
        self._count(len(numbers), rejected, rows)
        return Block(rows, numbers, rejected)

    def _count(self, n_used: int, rejected: list[Reject], rows: Examples | Pairs) -> None:
        ledger = self.ledger
        ledger.read += n_used + len(rejected)
        ledger.used += n_used
        ledger.rejected.update(reject.code for reject in rejected)
        if rows.labels is not None:
            ledger.n_labels.update(single_labels(rows.labels))
        texts = [rows.texts] if isinstance(rows, Examples) else [rows.lefts, rows.rights]
        odd = sum(map(_n_unseen, texts))
        if odd:
            ledger.noted["D-059"] += odd

    @property
    def _several(self) -> bool:
        return bool(self.plan.multi_label)

    def _without_nul(self, values: Sequence[Cell]) -> Sequence[Cell]:
        hit = [i for i, v in enumerate(values) if v is not None and _has_nul(v)]
        if not hit:
            return values
        made = list(values)
        for i in hit:
            value = made[i]
            made[i] = value.replace("\0", "") if isinstance(value, str) else _stripped(value)
        self.ledger.repaired["D-044"] += len(hit)
        return made

    def _checked(self, role: str, values: Sequence[Cell], faults: dict[int, tuple[str, str]]) -> Sequence[Cell]:
        limit = self.plan.limits.max_field
        if role in TEXT_ROLES:
            for i in [i for i, v in enumerate(values) if not v or v.isspace()]:  # type: ignore[union-attr]
                faults.setdefault(i, ("D-053", f"{role} is empty"))
        elif None in values:
            values = ["" if value is None else value for value in values]
        # a character takes at most four bytes, so short columns need no second look
        if max(map(len, filter(None, values)), default=0) > limit // 4:
            for i, value in enumerate(values):
                if value and len(str(value).encode("utf-8", "replace")) > limit:
                    faults.setdefault(i, ("D-043", f"{role} is longer than {count(limit, 'byte')}"))
        return values

    def _check_numbers(self, role: str, values: Sequence[Cell], faults: dict[int, tuple[str, str]]) -> None:
        for i, value in enumerate(values):
            if not isinstance(value, str) or not is_number(value):
                faults.setdefault(i, ("D-052", f"{role} is not a number: {shown(str(value), 20)}"))

    def _check_labels(self, values: Sequence[Cell], chunk: Chunk, faults: dict[int, tuple[str, str]]) -> None:
        """Find missing labels, and raise for what can't be a label; the values themselves stay."""
        suspects = {value for value in set(values) if self._suspect(value)}
        if not suspects:
            return
        for i, value in enumerate(values):
            if value not in suspects:
                continue
            if not self._several and _is_blank(value) and value != ():
                faults.setdefault(i, ("D-067", "the label is missing"))
                continue
            if self._several and value is None:
                faults.setdefault(i, ("D-067", "the label is missing"))
                continue
            if any(_is_blank(label) for label in self._labels(value)):
                faults.setdefault(i, ("D-067", "one of the labels is empty"))
                continue
            where = place(self.plan.name, chunk.numbers[i], chunk.lines[i] if chunk.lines else None, "label")
            self._refuse(value, where)

    def _suspect(self, value: Cell) -> bool:
        if _is_blank(value):
            return True
        if self.plan.multi_label is None and (isinstance(value, tuple) or "|" in str(value)):
            return True
        if self.plan.multi_label is False and isinstance(value, tuple):
            return True
        return any(_is_blank(x) or _is_long(x, self.plan.limits.max_label) for x in self._labels(value))

    def _labels(self, value: Cell) -> tuple[str, ...]:
        """Return the labels of a cell as the plan reads it."""
        if value is None:
            return ()
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(value))
        if not self._several:
            return (value,)
        mark = self.plan.multi_label if isinstance(self.plan.multi_label, str) else "|"
        return tuple(dict.fromkeys(value.split(mark))) if value.strip() else ()

    def _refuse(self, value: Cell, where: str) -> None:
        limit = self.plan.limits.max_label
        if any(_is_long(label, limit) for label in self._labels(value)):
            raise fault(
                "D-075",
                f"{where}: longer than {limit:,} characters, or of several lines",
                seen=shown(str(value)),
                why="the column holds texts, not labels",
                fix="name another label column: label= (--label)",
            )
        if not self._several:
            raise fault(
                "D-078",
                f"{where}: a list of labels where one is expected",
                seen=shown(", ".join(value) if isinstance(value, tuple) else str(value)),
                fix="multi_label=True (--multi-label) if rows have several labels"
                + ("; multi_label=False if '|' belongs to the label" if isinstance(value, str) else ""),
            )

    def _reject(self, chunk: Chunk, columns: dict[str, Sequence[Cell]], i: int, code: str, reason: str) -> Reject:
        excerpt = " | ".join(str(values[i])[:64] for values in columns.values() if values[i])
        line = chunk.lines[i] if chunk.lines else None
        offset = chunk.offsets[i] if chunk.offsets else None
        return Reject(chunk.numbers[i], code, reason, line, offset, shown(excerpt))

    def _rows(self, columns: dict[str, Sequence[Cell]]) -> Examples | Pairs:
        held: dict[str, list[str]] = {role: list(values) for role, values in columns.items()}  # type: ignore[arg-type]
        labels: list[Label] | None = None
        if "label" in columns:
            several = self._several
            labels = [self._labels(v) for v in columns["label"]] if several else list(held["label"])
        rest = {"ids": held.get("id"), "groups": held.get("group"), "times": held.get("time")}
        if "left" in held:
            return Pairs(held["left"], held["right"], labels, **rest)
        return Examples(held["text"], labels, **rest)


def _n_unseen(texts: list[str]) -> int:
    """Return how many texts hold a character that does not show."""
    if sum(map(len, texts)) > 1000 * len(texts):
        # long texts of a Parquet dictionary are one object many times over
        times = Counter(map(id, texts))
        once = {id(text): text for text in texts}
        return sum(times[key] for key, text in once.items() if not text.isprintable() and UNSEEN.search(text))
    return sum(1 for text in texts if not text.isprintable() and UNSEEN.search(text))


def _has_nul(value: str | tuple[str, ...]) -> bool:
    return "\0" in value if isinstance(value, str) else any("\0" in part for part in value)


def _stripped(value: Cell) -> Cell:
    return None if value is None else tuple(part.replace("\0", "") for part in value)


def _is_blank(value: Cell) -> bool:
    return value is None or not value or (isinstance(value, str) and value.isspace())


def _is_long(label: str, limit: int) -> bool:
    return len(label) > limit or "\n" in label or "\r" in label
