"""JSON lines, and JSON arrays or pretty-printed objects small enough to be read whole."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from kinfold.data.columns import Cell, Chunk, Plan, resolve_keys
from kinfold.data.faults import RecordFault, Reject, count, fault, place, shown
from kinfold.data.ledger import Ledger
from kinfold.data.lines import whole_lines
from kinfold.data.source import Peekable
from kinfold.errors import DataError

#: Records looked at for the names of the columns before the first is handed on.
_SAMPLE = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_BRACKET = re.compile(r"[\[\]{}]")
_GAP = re.compile(r"[\s,]*")


class _Number(str):
    """The literal text of a JSON number."""

    __slots__ = ()


class Item(NamedTuple):
    """One parsed record, or why it could not be."""

    number: int
    line: int | None
    offset: int | None
    value: Any
    fault: RecordFault | None
    source: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise RecordFault("D-049", "a key occurs twice in one object")
    return made


def _constant(name: str) -> Any:
    raise RecordFault("D-029", f"{name} is not JSON")


class _Parser:
    """Strict JSON: no duplicate keys, no NaN, bounded depth and digits, numbers kept as written."""

    def __init__(self, plan: Plan) -> None:
        self._limits = plan.limits
        self.decoder = json.JSONDecoder(
            object_pairs_hook=_object,
            parse_int=self._number,
            parse_float=self._number,
            parse_constant=_constant,
        )

    def _number(self, literal: str) -> _Number:
        if len(literal) > self._limits.max_digits:
            raise RecordFault("D-050", f"a number of {len(literal):,} characters")
        if not math.isfinite(float(literal)):
            raise RecordFault("D-050", f"the number {shown(literal, 20)} is beyond all bounds")
        return _Number(literal)

    def check_depth(self, text: str) -> None:
        """Raise `RecordFault` if brackets nest too deep; those inside strings do not count."""
        limit = self._limits.max_depth
        if text.count("[") + text.count("{") <= limit:
            return
        bare = text.replace("\\\\", "").replace('\\"', "")
        depth = 0
        for outside in bare.split('"')[::2]:
            for bracket in _BRACKET.findall(outside):
                depth += 1 if bracket in "[{" else -1
                if depth > limit:
                    raise RecordFault("D-050", f"nested more than {limit} deep")

    def parse(self, text: str) -> Any:
        """Return the value of one line; raise `RecordFault`."""
        self.check_depth(text)
        try:
            return self.decoder.decode(text)
        except json.JSONDecodeError as error:
            raise RecordFault("D-029", f"not JSON: {error.msg} at character {error.pos + 1}") from error
        except RecursionError as error:
            raise RecordFault("D-050", "nested too deep") from error


def read_jsonlines(stream: Peekable, plan: Plan, ledger: Ledger, skipped: int = 0) -> Iterator[Chunk]:
    """Yield the wanted keys of JSON objects, one a line; strings as they are, numbers as written.

    Raises
    ------
    DataError
        D-028: an array, or pretty-printed JSON, that is damaged or too long to be read whole. D-042.
    """
    items = _whole(stream, plan, ledger) if _is_whole(stream, plan) else _by_line(stream, plan, ledger, skipped)
    yield from chunks(items, plan, ledger)


def chunks(items: Iterator[Item], plan: Plan, ledger: Ledger) -> Iterator[Chunk]:
    """Yield chunks of parsed objects, for every format whose records name their own columns."""
    batches = _batches(items)
    sample = next(batches, [])
    if not sample:
        return
    keys = dict.fromkeys(key for item in sample if isinstance(item.value, dict) for key in item.value)
    if not keys:
        if sample and not isinstance(sample[0].value, dict) and sample[0].fault is None:
            raise _no_objects(plan, sample[0])
        names = [column or role for role, column in plan.columns.items()]
    else:
        names = resolve_keys(plan, list(keys), ledger)
    rows = _Rows(plan, ledger, names)
    for held in chain([sample], batches):
        yield rows.chunk(held)


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Yield a short batch, then longer ones; what came before an error is handed on before it is raised."""
    held: list[Item] = []
    size = _SAMPLE
    try:
        for item in items:
            held.append(item)
            if len(held) == size:
                yield held
                held, size = [], 4096
    except DataError:
        if held:
            yield held
        raise
    if held:
        yield held


def _no_objects(plan: Plan, item: Item) -> Exception:
    return fault(
        "D-028",
        f"{place(plan.name, item.number, item.line)}: not a JSON object",
        seen=shown(item.source),
        fix='each record must be an object with its columns as keys: {"text": "...", "label": "..."}',
    )


class _Rows:
    """Turns objects into columns; the first record's kinds of values bind the later ones."""

    def __init__(self, plan: Plan, ledger: Ledger, names: Sequence[str]) -> None:
        self.roles = list(plan.columns)
        self.names, self.ledger = names, ledger
        self.kinds: dict[str, str] = {}

    def chunk(self, items: list[Item]) -> Chunk:
        rows: list[list[Cell]] = []
        good: list[Item] = []
        rejected: list[Reject] = []
        for item in items:
            try:
                if item.fault is not None:
                    raise item.fault
                rows.append(self._row(item))
                good.append(item)
            except RecordFault as error:
                excerpt = shown(item.source)
                rejected.append(Reject(item.number, error.code, str(error), item.line, item.offset, excerpt))
        values: list[Sequence[Cell]] = [[row[i] for row in rows] for i in range(len(self.roles))]
        lines = [item.line or 0 for item in good]
        return Chunk(values, [item.number for item in good], lines, [i.offset or 0 for i in good], rejected)

    def _row(self, item: Item) -> list[Cell]:
        if not isinstance(item.value, dict):
            raise RecordFault("D-048", "not an object")
        found = [(role, *self._cell(role, name, item)) for role, name in zip(self.roles, self.names, strict=True)]
        for role, kind, _ in found:
            if kind != "null" and self.kinds.setdefault(role, kind) != kind:
                raise RecordFault("D-048", f"{role} is a {kind}, the first one was a {self.kinds[role]}")
        return [cell for _, _, cell in found]

    def _cell(self, role: str, name: str, item: Item) -> tuple[str, Cell]:
        if name not in item.value:
            raise RecordFault("D-048", f"key {shown(name)!r} is missing")
        value = item.value[name]
        kind, made = _as_cell(value)
        if role in ("text", "left", "right") and kind not in ("string", "null"):
            raise RecordFault("D-048", f"{shown(name)!r} is a {kind}, not a string")
        if kind == "object" or (kind == "list" and role != "label"):
            raise RecordFault("D-048", f"{shown(name)!r} is a {kind}")
        if "\\u" in item.source:
            made = self._repaired(made)
        return kind, made

    def _repaired(self, made: Cell) -> Cell:
        """Replace lone surrogates, which only an escape can write, by U+FFFD."""
        if isinstance(made, tuple):
            return tuple(str(self._repaired(part)) for part in made)
        if made is None:
            return None
        clean, n = _SURROGATE.subn("\ufffd", made)
        if n:
            self.ledger.repaired["D-055"] += n
        return clean


def _as_cell(value: Any) -> tuple[str, Cell]:
    if isinstance(value, _Number):
        return "number", str(value)
    if isinstance(value, str):
        return "string", value
    if value is None:
        return "null", None
    if isinstance(value, bool):
        return "boolean", "true" if value else "false"
    if isinstance(value, dict):
        return "object", None
    parts = [_as_cell(part) for part in value]
    if any(kind not in ("string", "number") for kind, _ in parts):
        raise RecordFault("D-048", "a list of something other than strings and numbers")
    return "list", tuple(str(part) for _, part in parts)


def _by_line(stream: Peekable, plan: Plan, ledger: Ledger, skipped: int) -> Iterator[Item]:
    parser = _Parser(plan)
    for texts, numbers, lines, offsets, rejected in whole_lines(stream, plan, ledger, skipped):
        made = [Item(r.record, r.line, r.offset, None, RecordFault(r.code, r.reason), r.excerpt) for r in rejected]
        for text, number, line, offset in zip(texts, numbers, lines, offsets, strict=True):
            value, error = None, None
            try:
                value = parser.parse(text)
            except RecordFault as caught:
                error = caught
            made.append(Item(number, line, offset, value, error, text))
        yield from sorted(made, key=lambda item: item.number)


def _is_whole(stream: Peekable, plan: Plan) -> bool:
    """Return whether the file is one array, or objects over several lines, judged by its first line."""
    head = stream.peek(1 << 16).lstrip()
    if head.startswith(b"["):
        return True
    first = re.split(rb"[\r\n]", head, maxsplit=1)[0].strip()
    if len(first) == len(head) or not re.fullmatch(rb'\{\s*|\{\s*"[^"\\]*(?:\\.[^"\\]*)*"\s*:.*[,\[{]', first):
        return False
    try:
        _Parser(plan).parse(first.decode("utf-8", "replace"))
    except RecordFault:
        return True
    return False


def _whole(stream: Peekable, plan: Plan, ledger: Ledger) -> Iterator[Item]:
    limit = plan.limits.max_array
    parts: list[bytes] = []
    size = 0
    while part := stream.read(1 << 20):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise fault(
                "D-028",
                f"{plan.name} is one JSON array, or pretty-printed, and longer than {limit >> 20} MiB",
                why="it would have to be held in memory whole",
                fix=f"make it one object a line: jq -c '.[]' {plan.name} > rows.jsonl",
            )
    try:
        text = b"".join(parts).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise fault(
            "D-008",
            f"{plan.name}: not UTF-8 at byte {error.start:,}",
            seen=shown(repr(error.object[error.start : error.start + 8])),
            fix="name the encoding: encoding= (--encoding)",
        ) from error
    text, n_surrogates = _SURROGATE.subn("\ufffd", text)
    if n_surrogates:
        ledger.repaired["D-055"] += n_surrogates
    ledger.repaired["D-028"] += 1
    yield from _objects(text, plan)


def _objects(text: str, plan: Plan) -> Iterator[Item]:
    parser = _Parser(plan)
    at = len(text) - len(text.lstrip())
    in_array = text.startswith("[", at)
    at += in_array
    number, line, counted = 0, 1, 0
    while True:
        at = _GAP.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text) or (in_array and text[at] == "]"):
            break
        line += text.count("\n", counted, at)
        counted = at
        number += 1
        value, error = None, None
        try:
            value, end = parser.decoder.raw_decode(text, at)
            parser.check_depth(text[at:end])
        except RecordFault as caught:
            error = caught
            end = _end_of(text, at)
        except (json.JSONDecodeError, RecursionError) as caught:
            raise _broken(plan, number, line, text[at:], caught) from caught
        yield Item(number, line, None, value, error, text[at:end])
        at = end
    if (in_array and (at >= len(text) or text[at + 1 :].strip())) or not number:
        rest = "ends too early" if at >= len(text) else "goes on after its end"
        what = f"{plan.name}: the JSON array {rest}" if number else f"{plan.name}: an empty JSON array"
        raise fault("D-028", what, seen=count(number, "record"), fix="fetch or write the file again")


def _end_of(text: str, at: int) -> int:
    """Return the end of the well-formed value at `at`, its contents not judged."""
    return json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(text, at)[1]


def _broken(plan: Plan, number: int, line: int, rest: str, error: Exception) -> Exception:
    return fault(
        "D-028",
        f"{place(plan.name, number, line)}: the JSON is broken here",
        seen=shown(rest),
        why=shown(getattr(error, "msg", "nested too deep")),
        fix=f"mend it, or make it one object a line: jq -c '.[]' {plan.name} > rows.jsonl",
    )
