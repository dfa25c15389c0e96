"""What reading produces: one example, pair or link; and many of them as immutable columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, overload

from kinfold.errors import InvalidParameterError
from kinfold.types import Label


@dataclass(frozen=True, slots=True)
class Example:
    """One text, with its label and id where there are any."""

    text: str
    label: Label | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together or do not, as the label says."""

    left: str
    right: str
    label: Label | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A directed link between two ids."""

    source: str
    target: str
    weight: float = 1.0


def _pick(column: list[Any] | None, chosen: Sequence[int] | slice) -> list[Any] | None:
    if column is None:
        return None
    return column[chosen] if isinstance(chosen, slice) else [column[i] for i in chosen]


def _joined(columns: Iterable[list[Any] | None]) -> list[Any] | None:
    """Return the columns end to end; None if any of them is missing."""
    made: list[Any] = []
    for column in columns:
        if column is None:
            return None
        made += column
    return made


def _check_lengths(n: int, **columns: Sequence[Any] | None) -> None:
    for name, column in columns.items():
        if column is not None and len(column) != n:
            raise InvalidParameterError(
                f"there are {len(column):,} {name} for {n:,} rows", fix="give one value a row in every column"
            )


def _html(names: Sequence[str], rows: Iterable[Sequence[object]], total: int) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    cell = "<td>{}</td>".format
    body = "".join(f"<tr>{''.join(cell(escape(_short(value))) for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{total:,} rows</p>"


def _short(value: object) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return text if len(text) <= 120 else text[:119] + "…"


class Examples(Sequence[Example]):
    """Many examples, held as columns. Treat the lists as read-only.

    Parameters
    ----------
    texts
        N texts.
    labels
        N labels: strings, or for multi-label data tuples of strings. None: there is no label column.
    ids, groups, times
        N strings each, or None where the table has no such column.
    """

    __slots__ = ("groups", "ids", "labels", "texts", "times")

    def __init__(
        self,
        texts: Iterable[str],
        labels: Iterable[Label] | None = None,
        *,
        ids: Iterable[str] | None = None,
        groups: Iterable[str] | None = None,
        times: Iterable[str] | None = None,
    ) -> None:
        self.texts: list[str] = list(texts)
        self.labels: list[Label] | None = None if labels is None else list(labels)
        self.ids: list[str] | None = None if ids is None else list(ids)
        self.groups: list[str] | None = None if groups is None else list(groups)
        self.times: list[str] | None = None if times is None else list(times)
        _check_lengths(len(self.texts), labels=self.labels, ids=self.ids, groups=self.groups, times=self.times)

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Examples: ...
    def __getitem__(self, index: int | slice) -> Example | Examples:
        if isinstance(index, slice):
            return self._chosen(index)
        return Example(
            self.texts[index],
            None if self.labels is None else self.labels[index],
            None if self.ids is None else self.ids[index],
        )

    def __iter__(self) -> Iterator[Example]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Examples):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Examples.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Examples({len(self):,} rows, {'with' if self.labels is not None else 'no'} labels)"

    def _repr_html_(self) -> str:
        rows = [(e.id, e.label, e.text) for e in self[:5]]
        return _html(("id", "label", "text"), rows, len(self))

    def _chosen(self, chosen: Sequence[int] | slice) -> Examples:
        texts = _pick(self.texts, chosen) or []
        others = {name: _pick(getattr(self, name), chosen) for name in ("ids", "groups", "times")}
        return Examples(texts, _pick(self.labels, chosen), **others)

    def take(self, indices: Iterable[int]) -> Examples:
        """Return the rows at `indices`, in that order."""
        return self._chosen([int(i) for i in indices])

    @classmethod
    def concat(cls, parts: Iterable[Examples]) -> Examples:
        """Return the rows of all parts end to end; a column that one part lacks is dropped."""
        held = list(parts)
        others = {name: _joined(getattr(part, name) for part in held) for name in ("ids", "groups", "times")}
        labels = _joined(part.labels for part in held)
        texts = [text for part in held for text in part.texts]
        return cls(texts, labels if held else None, **(others if held else {}))


class Pairs(Sequence[Pair]):
    """Many pairs, held as columns. Treat the lists as read-only.

    Parameters
    ----------
    lefts, rights
        N texts each.
    labels, ids, groups, times
        N values each, or None where the table has no such column.
    """

    __slots__ = ("groups", "ids", "labels", "lefts", "rights", "times")

    def __init__(
        self,
        lefts: Iterable[str],
        rights: Iterable[str],
        labels: Iterable[Label] | None = None,
        *,
        ids: Iterable[str] | None = None,
        groups: Iterable[str] | None = None,
        times: Iterable[str] | None = None,
    ) -> None:
        self.lefts: list[str] = list(lefts)
        self.rights: list[str] = list(rights)
        self.labels: list[Label] | None = None if labels is None else list(labels)
        self.ids: list[str] | None = None if ids is None else list(ids)
        self.groups: list[str] | None = None if groups is None else list(groups)
        self.times: list[str] | None = None if times is None else list(times)
        others = {"labels": self.labels, "ids": self.ids, "groups": self.groups, "times": self.times}
        _check_lengths(len(self.lefts), rights=self.rights, **others)

    def __len__(self) -> int:
        return len(self.lefts)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Pairs: ...
    def __getitem__(self, index: int | slice) -> Pair | Pairs:
        if isinstance(index, slice):
            return self._chosen(index)
        return Pair(
            self.lefts[index],
            self.rights[index],
            None if self.labels is None else self.labels[index],
            None if self.ids is None else self.ids[index],
        )

    def __iter__(self) -> Iterator[Pair]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pairs):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Pairs.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Pairs({len(self):,} rows, {'with' if self.labels is not None else 'no'} labels)"

    def _repr_html_(self) -> str:
        rows = [(p.id, p.label, p.left, p.right) for p in self[:5]]
        return _html(("id", "label", "left", "right"), rows, len(self))

    def _chosen(self, chosen: Sequence[int] | slice) -> Pairs:
        lefts, rights = _pick(self.lefts, chosen) or [], _pick(self.rights, chosen) or []
        others = {name: _pick(getattr(self, name), chosen) for name in ("ids", "groups", "times")}
        return Pairs(lefts, rights, _pick(self.labels, chosen), **others)

    def take(self, indices: Iterable[int]) -> Pairs:
        """Return the rows at `indices`, in that order."""
        return self._chosen([int(i) for i in indices])

    @classmethod
    def concat(cls, parts: Iterable[Pairs]) -> Pairs:
        """Return the rows of all parts end to end; a column that one part lacks is dropped."""
        held = list(parts)
        others = {name: _joined(getattr(part, name) for part in held) for name in ("ids", "groups", "times")}
        labels = _joined(part.labels for part in held)
        lefts = [text for part in held for text in part.lefts]
        rights = [text for part in held for text in part.rights]
        return cls(lefts, rights, labels if held else None, **(others if held else {}))
