"""An open table: from a file to blocks of checked records, with memory that does not grow with the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType

from kinfold.data import archive, sniff
from kinfold.data.assemble import Assembler, Block
from kinfold.data.columns import TEXT_ROLES, Chunk, Plan
from kinfold.data.delimited import read_delimited
from kinfold.data.encoding import HEAD, as_utf8
from kinfold.data.faults import fault
from kinfold.data.jsonlines import read_jsonlines
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.lines import read_fasttext, read_text
from kinfold.data.parquet import read_parquet
from kinfold.data.rejects import RejectedRows
from kinfold.data.source import Peekable, Source
from kinfold.data.xml import read_xml
from kinfold.errors import InvalidParameterError, KinfoldError

_READERS = {
    "csv": read_delimited,
    "tsv": read_delimited,
    "jsonl": read_jsonlines,
    "text": read_text,
    "fasttext": read_fasttext,
}


class TableReader:
    """An open table: iterate over it for its blocks; `ledger` grows meanwhile. Made by `open_table`."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        plan: Plan,
        *,
        format: str,
        delimiter: str | None,
        encoding: str,
        member: str | None,
        max_rejected: float,
        rejected: str | os.PathLike[str] | None,
    ) -> None:
        self._source = Source(path)
        try:
            self.ledger = Ledger(self._source.name)
            self._max_rejected = max_rejected
            self._plan = replace(plan, name=self._source.name)
            self._start = self._opened(format, delimiter, encoding, member)
            self._rejects = RejectedRows(rejected, self._source.path, self._source.name)
        except BaseException:
            self._source.close()
            raise

    def _opened(
        self, format: str, delimiter: str | None, encoding: str, member: str | None
    ) -> Callable[[], Iterator[Chunk]]:
        """Find out what the file is; return what starts the reading of its rows."""
        source, ledger, plan = self._source, self.ledger, self._plan
        raw = Peekable(source)
        start = raw.peek(512)
        if not start:
            raise fault("D-003", f"{source.name} is empty", seen="0 bytes", fix="check how it was written")
        if start.startswith(b"PAR1") or format == "parquet":
            self._check_parquet()
            return lambda: read_parquet(source, self._plan, ledger)
        stream, packed, inner = archive.unpacked(source, raw, member, plan.limits, ledger)
        if packed and not source.name.lower().endswith("." + packed) and not source.is_stdin:
            ledger.repaired["D-011"] += 1
            ledger.warn(f"D-011: {source.name} is {packed}-packed, though its name does not say so")
        sniff.refuse_foreign(source.name, stream.peek(512))
        text, skipped = as_utf8(stream, encoding, source.name, ledger)
        head = text.peek(HEAD)
        if not head:
            raise fault("D-003", f"{source.name} is empty", seen="0 bytes inside", fix="check how it was written")
        sniff.refuse_foreign(source.name, head)
        ledger.format, mark = sniff.choose_format(inner, head, format, delimiter, plan.columns)
        self._plan = replace(plan, delimiter=mark, guessed=delimiter is None)
        if ledger.format == "parquet":
            raise fault("D-022", f"{source.name} is not a Parquet file", fix="check how it was written")
        if ledger.format == "xml":
            return lambda: read_xml(text, self._plan, ledger, None if text is stream else "utf-8")
        return lambda: _READERS[ledger.format](text, self._plan, ledger, skipped)

    def _check_parquet(self) -> None:
        source = self._source
        if not source.seekable:
            what = f"{source.name}: Parquet can't be read from a pipe"
            raise fault("D-011", what, why="its index is at its end", fix="name the file instead")
        if sniff.ending(source.name) not in (".parquet", ".pq"):
            self.ledger.repaired["D-011"] += 1
            self.ledger.warn(f"D-011: {source.name} is a Parquet file, though its name does not say so")
        self.ledger.format = "parquet"

    def take_label(self, name: str) -> None:
        """Read the label column too; for a caller who learns from the file's format that there is one."""
        self._plan = replace(self._plan, columns={**self._plan.columns, "label": name})

    def __enter__(self) -> TableReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and the file of rejected rows."""
        self._source.close()
        self._rejects.close()

    def __iter__(self) -> Iterator[Block]:
        assembler = Assembler(self._plan, self.ledger)
        for chunk in self._start():
            block = assembler.block(chunk)
            self._rejects.write(block.rejected)
            self._rejects.check(self.ledger, self._max_rejected, self._plan.limits, at_end=False)
            yield block
        self._source.finish(self.ledger)
        self._finish()

    def _finish(self) -> None:
        ledger = self.ledger
        if ledger.read == 0:
            raise fault(
                "D-004", f"{ledger.source} has no rows", seen="a header at most", fix="check how it was written"
            )
        if not ledger.balanced:
            raise KinfoldError(f"the ledger does not add up: {ledger}", fix="please report this", code="D-000")
        self._rejects.check(ledger, self._max_rejected, self._plan.limits, at_end=True)


def open_table(
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
    numeric: tuple[str, ...] = (),
    max_rejected: float = 0.01,
    rejected: str | os.PathLike[str] | None = None,
    member: str | None = None,
    allow_truncated: bool = False,
    limits: Limits | None = None,
) -> TableReader:
    """Open a table to be read block by block, with memory that does not grow with the file.

    Parameters
    ----------
    path
        A file, packed or not, or ``"-"`` for standard input.
    text, label, id, group, time
        Names of columns. Without `text` the column called ``text`` is taken, or the only one. All values are
        strings, as the file has them. Of fastText lines `label`, whatever its name, asks for the labels.
    left, right
        Names of the two text columns of a table of pairs, instead of `text`.
    format
        ``"csv"``, ``"tsv"``, ``"jsonl"``, ``"parquet"``, ``"fasttext"``, ``"text"`` (one text a line) or
        ``"xml"``; ``"auto"`` goes by content and name.
    delimiter
        One ASCII character; None: a comma, or a tab for TSV.
    encoding
        Of the text; a byte order mark decides over it.
    header
        Whether the first row has the names; without it columns are called ``"1"``, ``"2"``, ...
    quoting
        ``"minimal"``: fields may be quoted as in RFC 4180; ``"none"``: a quote is a plain character.
    multi_label
        True: cells hold several labels, as a list or parted by ``|``; a string: parted by that; False: one label,
        ``|`` or not; None: one, and whatever looks like several is an error.
    numeric
        Of "label", "id", "group" and "time" those whose values must be numbers; other rows are rejected.
    max_rejected
        The share of records that may be rejected before reading stops, or above 1 their number.
    rejected
        Where to write rejected records, one JSON object a line.
    member
        Which file of a zip archive.
    allow_truncated
        Keep the records before the damage in a cut XML file.
    limits
        Caps on sizes; None: the defaults of `Limits`.

    Returns
    -------
    TableReader
        A context manager that yields `Block`s.

    Raises
    ------
    DataError, MachineError
        With the codes of docs/errors.md.
    InvalidParameterError
        For parameters that contradict one another.

    Examples
    --------
    >>> with open_table("reviews.csv", text="text") as table:  # doctest: +SKIP
    ...     for block in table:
    ...         for number, record in block.in_order():
    ...             print(number, record)
    """
    if quoting not in ("minimal", "none"):
        raise InvalidParameterError(f"quoting must be 'minimal' or 'none', got {quoting!r}")
    if max_rejected < 0:
        raise InvalidParameterError(f"max_rejected must be 0 or more, got {max_rejected}")
    if multi_label == "":
        raise InvalidParameterError("multi_label must be True, False, None or a separator, got ''", fix="'|'")
    columns = _columns(text, left, right, {"label": label, "id": id, "group": group, "time": time})
    if not set(numeric) <= set(columns) - set(TEXT_ROLES):
        raise InvalidParameterError(f"numeric must be of the columns read, got {numeric!r}", fix="numeric=('label',)")
    plan = Plan(
        os.fspath(path),
        columns,
        limits or Limits(),
        quoting=quoting,
        header=header,
        multi_label=multi_label,
        numeric=tuple(numeric),
        allow_truncated=allow_truncated,
    )
    return TableReader(
        path,
        plan,
        format=format,
        delimiter=delimiter,
        encoding=encoding,
        member=member,
        max_rejected=max_rejected,
        rejected=rejected,
    )


def _columns(
    text: str | None, left: str | None, right: str | None, others: Mapping[str, str | None]
) -> dict[str, str | None]:
    if (left is None) != (right is None):
        raise InvalidParameterError("a table of pairs needs both left and right", fix="left= and right=")
    if left is not None and text is not None:
        raise InvalidParameterError("text= is for examples, left= and right= for pairs; both were given")
    first: dict[str, str | None] = {"text": text} if left is None else {"left": left, "right": right}
    return first | {role: name for role, name in others.items() if name is not None}
