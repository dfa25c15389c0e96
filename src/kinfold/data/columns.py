"""Which columns are wanted, where they are, and what a reader hands on: a chunk of their values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from kinfold.data.faults import Reject, fault, place, shown
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.errors import DataError

#: A value as the file has it: text, nothing, or a list (JSON, Parquet, XML, several fastText labels).
Cell: TypeAlias = str | tuple[str, ...] | None

TEXT_ROLES = ("text", "left", "right")
DELIMITERS = {",": "a comma", "\t": "a tab", ";": "a semicolon", "|": "a pipe"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one read was asked to do.

    Parameters
    ----------
    name
        The source, for messages.
    columns
        Role ("text", "left", "right", "label", "id", "group", "time") -> column name. A text role with the
        name None takes the column called as the role, or the only one.
    delimiter, quoting, header
        Of delimited text; `guessed` says that the delimiter was not given by the caller.
    multi_label
        True or a separator: cells hold several labels; False: one, whatever it looks like; None: not said.
    numeric
        Roles whose values must be numbers.
    allow_truncated
        Keep the rows before the damage in a cut or malformed XML file.
    """

    name: str
    columns: Mapping[str, str | None]
    limits: Limits
    delimiter: str = ","
    guessed: bool = True
    quoting: str = "minimal"
    header: bool = True
    multi_label: bool | str | None = None
    numeric: tuple[str, ...] = ()
    allow_truncated: bool = False


@dataclass(slots=True)
class Chunk:
    """Some consecutive records: the values of those accepted so far, and those rejected.

    `values` holds one list a role, in the order of `Plan.columns`; `numbers`, `lines` and `offsets` run
    beside them (`lines` and `offsets` are None for a format that has neither).
    """

    values: list[Sequence[Cell]]
    numbers: Sequence[int]
    lines: Sequence[int] | None = None
    offsets: Sequence[int] | None = None
    rejected: list[Reject] = field(default_factory=list)
    may_hold_nul: bool = True


def folded(name: str) -> str:
    """Return a column or label as people mean it: no outer space, no case."""
    return name.strip().casefold()


def resolve(plan: Plan, names: Sequence[str], ledger: Ledger, *, line: int | None = None) -> list[int]:
    """Return the place of each wanted column among `names`.

    Raises
    ------
    DataError
        D-039: a name occurs twice. D-041: the first row is data. D-042: a column is not there.
    """
    _refuse_duplicates(plan, names, line)
    return [_place(plan, role, column, names, ledger, line) for role, column in plan.columns.items()]


def _place(plan: Plan, role: str, column: str | None, names: Sequence[str], ledger: Ledger, line: int | None) -> int:
    asked = role if column is None else column
    if asked in names:
        return names.index(asked)
    alike = [i for i, name in enumerate(names) if folded(name) == folded(asked)]
    if len(alike) == 1:
        if column is not None:
            ledger.repaired["D-040"] += 1
            ledger.warn(f"D-040: column {shown(names[alike[0]])!r} was taken for {shown(asked)!r}")
        return alike[0]
    if column is None and len(names) == 1:
        return 0
    raise not_found(plan, asked, names, line)


def not_found(plan: Plan, asked: str, names: Sequence[str], line: int | None = None) -> DataError:
    """Return the error for a column that is not there: another delimiter, no header, or a wrong name."""
    where = place(plan.name, line=line)
    listed = ", ".join(shown(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
    if line is not None and plan.header:
        other = other_delimiter(plan, names)
        if other:
            return delimiter_fault(plan, names, other, line)
        if _looks_like_data(names):
            return fault(
                "D-041",
                f"{where}: the first row does not look like a header",
                seen=shown(plan.delimiter.join(names), 120),
                why=f"there is no column {asked!r}, and these are hardly column names",
                fix="header=False (--no-header), and columns by number: text='1', label='2'",
            )
    near = difflib.get_close_matches(folded(asked), [folded(name) for name in names], n=1, cutoff=0.6)
    nearest = next((name for name in names if near and folded(name) == near[0]), "")
    fix = f"did you mean {shown(nearest)!r}?" if nearest else "name one of these columns"
    return fault("D-042", f"{where}: there is no column {asked!r}", seen=f"columns: {listed}", fix=fix)


def _looks_like_data(names: Sequence[str]) -> bool:
    """Return whether any cell is a number or a sentence, as column names never are."""
    return any(name.strip().lstrip("-").replace(".", "", 1).isdecimal() or name.count(" ") > 3 for name in names)


def _refuse_duplicates(plan: Plan, names: Sequence[str], line: int | None) -> None:
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if name and name in seen:
            raise fault(
                "D-039",
                f"{place(plan.name, line=line)}: two columns are called {shown(name)!r}",
                seen=f"columns {seen[name] + 1} and {i + 1} of {len(names)}",
                why="which one is meant can't be known",
                fix="rename one of them" + ("" if _looks_like_data(names) is False else ", or header=False"),
            )
        seen[name] = i


def other_delimiter(plan: Plan, names: Sequence[str]) -> str:
    """Return the delimiter that the first row was more likely written with; "" where none is."""
    if len(names) != 1 or not plan.guessed or names[0] in plan.columns.values():
        return ""
    counts = {mark: names[0].count(mark) for mark in DELIMITERS if mark != plan.delimiter}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ""


def delimiter_fault(plan: Plan, names: Sequence[str], other: str, line: int) -> DataError:
    """Return the error for a file whose fields are parted by another delimiter than expected."""
    written = "\\t" if other == "\t" else other
    return fault(
        "D-012",
        f"{place(plan.name, line=line)}: one column only, but there is {DELIMITERS[other]} in its name",
        seen=shown(names[0]),
        why=f"the fields are parted by {DELIMITERS[other]}, not by {DELIMITERS.get(plan.delimiter, 'that')}",
        fix=f"delimiter={other!r} (--delimiter '{written}')",
    )


def resolve_keys(plan: Plan, keys: Sequence[str], ledger: Ledger) -> list[str]:
    """Return the key of each wanted column, for formats whose records name their own columns."""
    return [keys[i] for i in resolve(plan, keys, ledger)]
