"""XML rows: the elements under the root, their attributes and child texts as columns. No DTD, no entities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from kinfold.data.columns import Chunk, Plan
from kinfold.data.faults import count, fault, shown
from kinfold.data.jsonlines import Item, chunks
from kinfold.data.ledger import Ledger
from kinfold.data.source import Peekable
from kinfold.errors import DataError

# Expat scans an unfinished token anew at each feed; large feeds keep giant tokens from costing minutes.
_FEED = 1 << 20


def read_xml(stream: Peekable, plan: Plan, ledger: Ledger, encoding: str | None = None) -> Iterator[Chunk]:
    """Yield the wanted attributes or child texts of each element under the root.

    Parameters
    ----------
    encoding
        Overrides the one the file declares, where its bytes were converted on the way.

    Raises
    ------
    DataError
        D-025: a document type. D-026: a token beyond `Limits.max_token`. D-027: cut or malformed; the records
        before the damage have been yielded, and with `Plan.allow_truncated` it is a warning.
    """
    yield from chunks(xml_items(stream, plan, ledger, encoding), plan, ledger)


class _Rows:
    """Expat's handlers: they collect finished records in `ready`."""

    def __init__(self, plan: Plan, encoding: str | None) -> None:
        self.plan = plan
        self.ready: list[Item] = []
        self.depth, self.number, self.begin = 0, 0, (0, 0)
        self.held, self.seen_at = 0, 0
        self.row: dict[str, Any] = {}
        self.text: list[str] = []
        self.parser = expat.ParserCreate(encoding)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        # without this, comments and processing instructions would not count as progress
        self.parser.DefaultHandlerExpand = self.other

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.seen_at = self.parser.CurrentByteIndex
        if self.depth == 2:
            self.begin = (self.parser.CurrentLineNumber, self.seen_at)
            self.row = dict(attributes)
        if self.depth <= 3:
            self.text, self.held = [], 0

    def end(self, name: str) -> None:
        self.seen_at = self.parser.CurrentByteIndex
        if self.depth == 3:
            self._put(name, "".join(self.text))
        if self.depth == 2:
            own = "".join(self.text).strip()
            if own and not self.row:
                self._put(name, "".join(self.text))
            self.number += 1
            line, offset = self.begin
            self.ready.append(Item(self.number, line, offset, self.row, None, str(self.row)[:256]))
        if self.depth <= 3:
            self.text, self.held = [], 0
        self.depth -= 1

    def _put(self, name: str, text: str) -> None:
        if name not in self.row:
            self.row[name] = text
        elif isinstance(self.row[name], list):
            self.row[name].append(text)
        else:
            self.row[name] = [self.row[name], text]

    def characters(self, text: str) -> None:
        self.seen_at = self.parser.CurrentByteIndex
        if self.depth >= 2:
            self.text.append(text)
            self.held += len(text)
            if self.held > self.plan.limits.max_token:
                raise self.giant()

    def other(self, _: str) -> None:
        self.seen_at = self.parser.CurrentByteIndex

    def doctype(self, name: str, *_: object) -> None:
        raise fault(
            "D-025",
            f"{self.plan.name}, line {self.parser.CurrentLineNumber}: a document type (DTD) is not allowed",
            seen=f"<!DOCTYPE {shown(name)} ...>",
            why="its entities can fill the memory or read other files",
            fix="remove the DOCTYPE; the data do not need it",
        )

    def giant(self) -> DataError:
        return fault(
            "D-026",
            f"{self.plan.name}, line {self.parser.CurrentLineNumber:,}: one tag, comment or text is longer than "
            f"{self.plan.limits.max_token >> 20} MiB",
            seen=f"from byte {self.seen_at:,}",
            fix="cut it; the cap is Limits.max_token",
        )


def xml_items(stream: Peekable, plan: Plan, ledger: Ledger, encoding: str | None = None) -> Iterator[Item]:
    """Yield each element under the root as a record of its attributes and child texts; raises as `read_xml`."""
    rows = _Rows(plan, encoding)
    n_fed = 0
    while True:
        data = stream.read(_FEED)
        n_fed += len(data)
        try:
            rows.parser.Parse(data, not data)
        except (expat.ExpatError, LookupError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            yield from rows.ready
            _damaged(plan, ledger, rows, error)
            return
        yield from rows.ready
        rows.ready.clear()
        if not data:
            return
        if n_fed - rows.seen_at > plan.limits.max_token + _FEED:
            raise rows.giant()


def _damaged(plan: Plan, ledger: Ledger, rows: _Rows, error: Exception) -> None:
    line, column = getattr(error, "lineno", 0), getattr(error, "offset", 0)
    reason = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error)
    kept = f"{count(rows.number, 'record')} before it"
    if plan.allow_truncated:
        ledger.noted["D-027"] += 1
        ledger.warn(f"D-027: {plan.name} is damaged at line {line:,}: {reason}; {kept} kept")
        return
    raise fault(
        "D-027",
        f"{plan.name}, line {line:,}, column {column + 1:,}: the XML is cut or malformed",
        seen=shown(reason or ""),
        why=f"{kept} could be read",
        fix="fetch it again, or allow_truncated=True (--allow-truncated) to keep those",
    ) from error
