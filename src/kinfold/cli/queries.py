"""The queries of `kinfold search`: arguments, standard input as it comes, or a table, as blocks alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from kinfold.cli.arguments.search import Search
from kinfold.cli.console import Console
from kinfold.cli.lines import LineReader
from kinfold.cli.source import locate
from kinfold.data.assemble import Block
from kinfold.data.faults import count, fault
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.data.table import TableReader, open_table
from kinfold.errors import InvalidParameterError


class Queries:
    """What was asked, checked before an index is opened.

    Raises
    ------
    InvalidParameterError
        U-062: there is no query, an empty one, or queries from two places.
    """

    def __init__(self, options: Search) -> None:
        asked = options.query or []
        if bool(asked) == (options.queries is not None):
            raise _wrong("queries are arguments, or come from --queries", "both" if asked else "neither")
        if any(not query.strip() for query in asked):
            raise _wrong("a query is empty", repr(next(query for query in asked if not query.strip())))
        if "-" in asked and len(asked) > 1:
            raise _wrong("- stands alone: it is all of standard input", " ".join(asked)[:60])
        if options.queries is None and (options.reading() or options.rejected):
            raise _wrong("options of reading are for --queries FILE", ", ".join(options.reading()))
        self._options = options
        self._source = "-" if asked == ["-"] else options.queries
        self._asked = asked

    def open(self, console: Console) -> Reading:
        """Return the queries, to be iterated over once."""
        given = self._options.reading()
        if self._source is None:
            return Reading(self._asked)
        if self._source == "-" and not set(given) - {"format"} and given.get("format", "text") in ("auto", "text"):
            if sys.stdin.isatty():
                console.say("one query a line; Ctrl-D ends")
            return Reading(LineReader())
        path, known = locate(self._source, given, console)
        if path == "-":
            known.setdefault("format", "text")
        known.pop("label", None)
        return Reading(open_table(path, **{**known, "max_rejected": 1.0}))


class Reading:
    """Queries as blocks: a context manager, whatever they come from."""

    def __init__(self, inner: TableReader | LineReader | Sequence[str]) -> None:
        self._inner = inner
        self.live = isinstance(inner, LineReader)

    @property
    def ledger(self) -> Ledger | None:
        """The account of a file or of standard input; None for arguments."""
        return self._inner.ledger if isinstance(self._inner, TableReader | LineReader) else None

    def rows(self) -> dict[str, Any]:
        """Return how many queries went in, and what became of them."""
        if isinstance(self._inner, TableReader | LineReader):
            found: dict[str, Any] = self._inner.ledger.to_dict()["rows"]
            return found
        return {"in": len(self._inner), "used": len(self._inner), "rejected": 0, "merged": 0}

    def check_used(self) -> None:
        """Raise if there were records, and none of them is a query."""
        ledger = self.ledger
        if ledger is not None and ledger.read and not ledger.used:
            what = f"{ledger.source}: none of {count(ledger.read, 'record')} is a query"
            codes = ", ".join(f"{name}: {n:,}" for name, n in sorted(ledger.rejected.items()))
            raise fault(ledger.rejected.most_common(1)[0][0], what, seen=codes)

    def __iter__(self) -> Iterator[Block]:
        if isinstance(self._inner, TableReader | LineReader):
            return iter(self._inner)
        return iter([Block(Examples(self._inner), range(1, len(self._inner) + 1), [])])

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self._inner, TableReader):
            self._inner.close()


def _wrong(what: str, seen: str) -> InvalidParameterError:
    fix = 'kinfold search INDEX "words to find", or --queries FILE, or - for standard input'
    return InvalidParameterError(what, seen=seen, fix=fix, code="U-062")
