"""Parquet: plain columns only, in bounded batches, a dictionary's values shared and not copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kinfold.data.columns import TEXT_ROLES, Cell, Chunk, Plan, resolve
from kinfold.data.faults import Reject, count, fault, shown
from kinfold.data.ledger import Ledger
from kinfold.data.source import Source
from kinfold.errors import KinfoldError

_ROWS = 4096


def read_parquet(source: Source, plan: Plan, ledger: Ledger) -> Iterator[Chunk]:
    """Yield the wanted columns of a Parquet file.

    Strings stay as they are. Integers become their decimal text (1 -> ``1``), booleans ``true`` and ``false``,
    dates and times their ISO text. Floating-point columns are refused, as 1.0 may once have been ``1``, unless
    their role is in `Plan.numeric`: then they become the shortest text that reads back as the same number.

    Raises
    ------
    DataError
        D-022: cut or damaged. D-023: a column's type. D-024: a row group beyond `Limits`.
    """
    try:
        file = pq.ParquetFile(source.file())
        names = [str(name) for name in file.schema_arrow.names]
        places = resolve(plan, names, ledger)
        fields = [file.schema_arrow.field(at) for at in places]
        makers = [_maker(plan, role, field) for role, field in zip(plan.columns, fields, strict=True)]
        _check_groups(plan, file)
        chosen = [names[at] for at in places]
        plain = [field.name for field in fields if _is_string(field.type)]
        file = pq.ParquetFile(source.file(), read_dictionary=plain)
        number = 0
        for batch in file.iter_batches(batch_size=_ROWS, columns=list(dict.fromkeys(chosen))):
            chunk = _chunk(batch, chosen, makers, number)
            number += batch.num_rows
            yield chunk
    except (pa.ArrowException, OSError, EOFError, ValueError, OverflowError, MemoryError) as error:
        if isinstance(error, KinfoldError):
            raise
        raise _damaged(plan, error) from error


def _damaged(plan: Plan, error: Exception) -> Exception:
    return fault(
        "D-022",
        f"{plan.name} is not a whole Parquet file",
        seen=shown(str(error), 200),
        why="it was cut, or changed after it was written",
        fix="fetch or write it again",
    )


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _maker(plan: Plan, role: str, field: pa.Field) -> Callable[[Any], Cell]:
    """Return the function that turns a column's Python values into cells; raise for a type that has none."""
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_string(kind) or pa.types.is_null(kind):
        return lambda value: value
    if role not in TEXT_ROLES:
        if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
            return str
        if pa.types.is_boolean(kind):
            return lambda value: "true" if value else "false"
        if pa.types.is_floating(kind) and role in plan.numeric:
            return repr
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            return lambda value: str(value.isoformat())
        if role == "label" and pa.types.is_list(kind) and _is_string(kind.value_type):
            return lambda value: tuple(value)
    floating = pa.types.is_floating(kind)
    raise fault(
        "D-023",
        f"{plan.name}, column {shown(field.name)!r}: its type can't be used as {role}",
        seen=shown(str(field.type)),
        why="1.0 may once have been the label 1" if floating else "only plain columns are read",
        fix=f"write the column as {'strings or integers' if floating else 'strings'}",
    )


def _check_groups(plan: Plan, file: pq.ParquetFile) -> None:
    for i in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(i).total_byte_size
        if size > plan.limits.max_row_group:
            raise fault(
                "D-024",
                f"{plan.name}: row group {i} unpacks to {count(size, 'byte')}",
                fix="write the file with smaller row groups; the cap is Limits.max_row_group",
            )


def _chunk(batch: pa.RecordBatch, chosen: Sequence[str], makers: Sequence[Callable[[Any], Cell]], number: int) -> Chunk:
    columns, bad = [], {}
    for name, make in zip(chosen, makers, strict=True):
        cells, broken = _cells(batch.column(name), make)
        columns.append(cells)
        bad.update(broken)
    rejected = [Reject(number + i + 1, "D-009", reason) for i, reason in sorted(bad.items())]
    good = [i for i in range(batch.num_rows) if i not in bad]
    values: list[Sequence[Cell]] = [[cells[i] for i in good] for cells in columns] if bad else list(columns)
    return Chunk(values, [number + i + 1 for i in good], rejected=rejected)


def _cells(array: pa.Array, make: Callable[[Any], Cell]) -> tuple[list[Cell], dict[int, str]]:
    """Return a column's cells, and the rows whose text is not UTF-8."""
    if pa.types.is_dictionary(array.type):
        unique, broken = _cells(array.dictionary, make)
        known = np.empty(len(unique) + 1, dtype=object)
        known[: len(unique)] = unique
        codes = array.indices.fill_null(len(unique)).to_numpy(zero_copy_only=False)
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) <= len(unique):
            raise pa.ArrowInvalid("a value beyond the end of the dictionary")
        return known[codes].tolist(), {i: broken[code] for i, code in enumerate(codes.tolist()) if code in broken}
    if _is_string(array.type):
        raw = array.cast(pa.large_binary() if pa.types.is_large_string(array.type) else pa.binary())
        raw.validate(full=True)  # a damaged file may hold offsets beyond the data
    try:
        values = array.to_pylist()
    except UnicodeDecodeError:
        return _one_by_one(raw)
    return [None if value is None else make(value) for value in values], {}


def _one_by_one(raw: pa.Array) -> tuple[list[Cell], dict[int, str]]:
    made: list[Cell] = []
    broken: dict[int, str] = {}
    for i, value in enumerate(raw.to_pylist()):
        try:
            made.append(None if value is None else value.decode("utf-8"))
        except UnicodeDecodeError as error:
            broken[i] = f"not UTF-8: byte {value[error.start]:02x} at {error.start:,} of the value"
            made.append(None)
    return made, broken
