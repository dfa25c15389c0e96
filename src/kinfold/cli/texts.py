"""DATA of `kinfold train embed` -> texts as they stream by, and the account of the files they came from."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from kinfold.cli.console import Console
from kinfold.cli.outfile import whole_file
from kinfold.cli.source import locate, show_ledger
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.records import Examples, Pairs
from kinfold.data.table import open_table
from kinfold.errors import InvalidParameterError


@dataclass(frozen=True, slots=True)
class Account:
    """What reading some files was like, as JSON holds it.

    Parameters
    ----------
    ledger
        The ledger of the file; of several files the sums of theirs, and a hash of their hashes.
    history
        One entry a file: source, rows, sha256.
    """

    ledger: dict[str, Any]
    history: list[dict[str, Any]]


#: Bytes after which a line of plain text is parted: text8 is one line of 100 MB.
_LONGEST_LINE = 1 << 16


class Texts:
    """The texts of one file or several, read anew each time they are iterated over; a pipe can be read once.

    Parameters
    ----------
    data
        Files, ``-``, ``sample:NAME`` and ``fetch:NAME``.
    given
        How to read them: arguments of `open_table`.

    Attributes
    ----------
    account_path
        Where to keep the account, for one who goes on later without reading them again; None for nowhere.
    needed
        Whether they will be read; not where a training goes on that had read them.
    """

    def __init__(self, data: Sequence[str], given: Mapping[str, Any], console: Console) -> None:
        if len(data) > 1 and "rejected" in given:
            raise InvalidParameterError(
                "--rejected takes the rejected records of one file",
                seen=f"{len(data)} files",
                fix="name one file, or join them first",
                code="U-007",
            )
        if len(set(data)) < len(data):
            raise InvalidParameterError("the same DATA is named twice", seen=", ".join(data), code="U-007")
        self._console = console
        self._files = [_located(one, given, console) for one in data]
        self._ledgers: list[Ledger] = []
        self.account_path: str | None = None
        self.needed = True

    def __iter__(self) -> Iterator[str]:
        ledgers = []
        for path, options in self._files:
            with open_table(path, **options) as reader:
                for block in reader:
                    yield from _texts(block.rows)
            ledgers.append(reader.ledger)
            show_ledger(reader.ledger, self._console)
        self._ledgers = ledgers
        if self.account_path is not None:
            with whole_file(self.account_path) as file:
                json.dump(asdict(self.account()), file)

    def account(self) -> Account:
        """Return the account of the last time the files were read to their end, or else the one that was kept."""
        if not self._ledgers and self.account_path is not None and os.path.exists(self.account_path):
            with open(self.account_path, encoding="utf-8") as file:
                return Account(**json.load(file))
        history = [{"source": one.source, "rows": one.used, "sha256": one.sha256} for one in self._ledgers]
        return Account(_joined(self._ledgers).to_dict(), history)


def _joined(ledgers: Sequence[Ledger]) -> Ledger:
    if len(ledgers) == 1:
        return ledgers[0]
    made = Ledger(", ".join(one.source for one in ledgers), ", ".join({one.format: 0 for one in ledgers}))
    for one in ledgers:
        made.read += one.read
        made.used += one.used
        made.rejected += one.rejected
        made.repaired += one.repaired
        made.noted += one.noted
        made.warnings += one.warnings
    made.size = sum(one.size or 0 for one in ledgers)
    made.sha256 = hashlib.sha256("".join(one.sha256 for one in ledgers).encode()).hexdigest()
    return made


def _texts(rows: Examples | Pairs) -> Iterator[str]:
    """Return the texts of some rows; both of a pair."""
    if isinstance(rows, Examples):
        return iter(rows.texts)
    return chain.from_iterable(zip(rows.lefts, rows.rights, strict=True))


def _located(data: str, given: Mapping[str, Any], console: Console) -> tuple[str | Path, dict[str, Any]]:
    """Return a file and how to read it; what can't be read is refused now, not when the files before it are."""
    path, options = locate(data, given, console)
    options.pop("label", None)
    options["limits"] = Limits(wrap=_LONGEST_LINE)
    if path == "-":
        options.setdefault("format", "text")
        if sys.stdin.isatty():
            console.say("one text a line; Ctrl-D ends")
    elif not (os.path.exists(path) and stat.S_ISFIFO(os.stat(path).st_mode)):
        open_table(path, **options).close()
    return path, options
