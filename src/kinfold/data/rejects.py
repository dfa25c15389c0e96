"""The file of rejected rows, and the rule when there are too many of them."""

from __future__ import annotations

import json
import os
from typing import TextIO

from kinfold.data.faults import Reject, count, fault, place
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.source import machine_fault
from kinfold.errors import InvalidParameterError

_DEFAULT_SHARE = 0.01


class RejectedRows:
    """Keeps the first rejected row for messages, and writes all of them if there is a path.

    Parameters
    ----------
    path
        Where to write, or None.
    source, name
        The input's path, which must not be overwritten, and its name.
    """

    def __init__(self, path: str | os.PathLike[str] | None, source: str, name: str) -> None:
        self._name = name
        self._first: Reject | None = None
        self._file: TextIO | None = None
        self._path = path
        if path is None:
            return
        if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            raise InvalidParameterError("rejected= names the input itself", fix="name another file")
        try:
            self._file = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 (open as long as the reader)
        except OSError as error:
            raise machine_fault(os.fspath(path), error, "written") from error

    def write(self, rejects: list[Reject]) -> None:
        """Write rejected rows in the order they have."""
        if not rejects:
            return
        self._first = self._first or rejects[0]
        if self._file is None:
            return
        try:
            for reject in rejects:
                self._file.write(json.dumps(reject.to_dict(self._name), ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise machine_fault(os.fspath(self._path or ""), error, "written") from error

    def check(self, ledger: Ledger, allowed: float, limits: Limits, *, at_end: bool) -> None:
        """Raise if too many records were rejected: a share only at the end, a number at once."""
        n = ledger.n_rejected
        if allowed > 1:
            too_many = n > allowed
        else:
            capped = allowed <= _DEFAULT_SHARE and n > limits.max_rejected
            too_many = capped or (at_end and n > allowed * ledger.read)
        if not too_many or self._first is None:
            return
        first = self._first
        code = ledger.rejected.most_common(1)[0][0]
        kinds = ", ".join(f"{kind}: {times:,}" for kind, times in sorted(ledger.rejected.items()))
        limit = f"{allowed:,.0f} records" if allowed > 1 else f"{allowed:.3g} of them"
        raise fault(
            code,
            f"{place(self._name, first.record, first.line)}: {first.reason}; "
            f"{n:,} of {count(ledger.read, 'record')} were rejected",
            seen=f"{kinds}; the first: {first.excerpt}",
            why=f"more than {limit} were rejected, so something is wrong with the file or how it is read",
            fix="look at them with rejected='rejected.jsonl' (--rejected), mend them, or allow more: max_rejected=",
        )

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
