"""Standard input, one text a line, or a pair with a tab between: answered as it comes, every line a record."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

from kinfold.data.assemble import Assembler, Block
from kinfold.data.columns import Chunk, Plan
from kinfold.data.faults import Reject, fault, shown_bytes
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits

_BOM = b"\xef\xbb\xbf"


class LineReader:
    """Blocks of the lines that have arrived, without waiting for more; `ledger` grows meanwhile.

    Parameters
    ----------
    pairs
        A line holds two texts with a tab between them.
    """

    def __init__(
        self, stream: io.BufferedReader | None = None, limits: Limits | None = None, *, pairs: bool = False
    ) -> None:
        self._stream = sys.stdin.buffer if stream is None else stream
        self._limits = limits or Limits()
        self.ledger = Ledger("<stdin>", "text")
        self._roles = ("left", "right") if pairs else ("text",)
        plan = Plan(self.ledger.source, dict.fromkeys(self._roles), self._limits)
        self._assembler = Assembler(plan, self.ledger)
        self._offset = 0

    def __iter__(self) -> Iterator[Block]:
        for lines in self._arrived():
            yield self._block(lines)
        if not self.ledger.read:
            raise fault(
                "D-003",
                "<stdin> is empty",
                seen="0 lines",
                fix=f"give {'pairs' if len(self._roles) == 2 else 'texts'}, one a line",
            )

    def _arrived(self) -> Iterator[list[bytes]]:
        """Yield the whole lines that one read brought; a line beyond all limits is cut, and so rejected."""
        most = self._limits.max_field + 2
        rest = b""
        # read1 returns what is there; read would wait for a full buffer.
        while more := self._stream.read1(1 << 20):  # type: ignore[union-attr]
            *lines, last = more.split(b"\n")
            if lines:
                lines[0] = rest + lines[0]
                rest = last
                yield lines
            elif len(rest) < most:
                rest += last
        if rest:
            yield [rest]

    def _block(self, lines: list[bytes]) -> Block:
        columns: list[list[str]] = [[] for _ in self._roles]
        numbers: list[int] = []
        rejected: list[Reject] = []
        for raw in lines:
            number = self.ledger.read + len(numbers) + len(rejected) + 1
            line = raw.removesuffix(b"\r")
            if number == 1 and line.startswith(_BOM):
                line = line.removeprefix(_BOM)
                self.ledger.repaired["D-006"] += 1
            try:
                text = line.decode("utf-8")
                fields = text.split("\t") if len(columns) == 2 else [text]
                if len(fields) == len(columns):
                    for column, field in zip(columns, fields, strict=True):
                        column.append(field)
                    numbers.append(number)
                else:
                    code = "D-038" if len(fields) < 2 else "D-037"
                    reason = f"two texts with a tab between them are needed; tabs: {len(fields) - 1}"
                    rejected.append(Reject(number, code, reason, number, self._offset, shown_bytes(line)))
            except UnicodeDecodeError as error:
                reason = f"not UTF-8: byte {line[error.start]:02x} at {self._offset + error.start:,}"
                rejected.append(Reject(number, "D-009", reason, number, self._offset, shown_bytes(line)))
            self._offset += len(raw) + 1
        return self._assembler.block(Chunk([*columns], numbers, list(numbers), None, rejected))
