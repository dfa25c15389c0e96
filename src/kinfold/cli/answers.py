"""Answers of a model -> JSON lines, CSV, or one JSON object, written as they come."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TextIO

from kinfold.data.export import excel_safe
from kinfold.data.faults import Reject
from kinfold.types import Floats2d, Json

Answer = dict[str, Json]


class Writer(Protocol):
    """Where answers go."""

    def write(self, answers: Sequence[Answer]) -> None:
        """Write some answers."""

    def close(self, summary: Mapping[str, Json]) -> None:
        """Write what comes after the last answer, if anything."""


def answer(record: int, id: str | None, label: Any, row: Floats2d, classes: Sequence[str], proba: bool) -> Answer:
    """Return one answer.

    Parameters
    ----------
    record, id
        The record's number and, where there is one, its id.
    label
        What the model answers: a label, None, or a tuple of labels.
    row
        (C,) its probabilities, in the order of `classes`.
    proba
        Whether to give all of them.
    """
    made: Answer = {"record": record} | ({} if id is None else {"id": id})
    if isinstance(label, tuple):
        made["labels"] = list(label)
    else:
        made["label"] = label
        made["probability"] = None if label is None else round(float(row[classes.index(label)]), 6)
    if proba:
        made["probabilities"] = {name: round(float(p), 6) for name, p in zip(classes, row, strict=True)}
    return made


def number(record: int, id: str | None, value: float) -> Answer:
    """Return one answer of a model that tells numbers."""
    return {"record": record} | ({} if id is None else {"id": id}) | {"value": float(f"{value:.7g}")}


def columns(model: Any, *, ids: bool, proba: bool) -> dict[str, str]:
    """Return the columns of a table of a model's answers: their headings -> where an answer has them.

    What is an answer's ``probabilities`` is told by a heading ``p(LABEL)``.
    """
    made = {"record": "record"} | ({"id": "id"} if ids else {})
    if model.task == "regress":
        return made | {"value": "value"}
    made |= {"labels": "labels"} if model.multilabel_ else {"label": "label", "probability": "probability"}
    return made | ({f"p({name})": name for name in model.classes_} if proba else {})


def refusal(reject: Reject) -> Answer:
    """Return the answer to a record that can't be used."""
    return {"record": reject.record, "error": {"code": reject.code, "reason": reject.reason, "line": reject.line}}


class JsonLines:
    """One JSON object a line."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, answers: Sequence[Answer]) -> None:
        """Write some answers."""
        self._file.write("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in answers))

    def close(self, summary: Mapping[str, Json]) -> None:
        """Write nothing more."""


class OneObject:
    """One JSON object that holds all answers, and the summary after them."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._between = file, ""
        file.write('{"answers": [')

    def write(self, answers: Sequence[Answer]) -> None:
        """Write some answers."""
        for one in answers:
            self._file.write(self._between + json.dumps(one, ensure_ascii=False))
            self._between = ",\n"

    def close(self, summary: Mapping[str, Json]) -> None:
        """Write the summary beside the answers."""
        self._file.write("], " + json.dumps(summary, ensure_ascii=False)[1:] + "\n")


class Csv:
    """A table with a header, `columns` as the function of that name gives; labels of a row are joined by ``|``."""

    def __init__(self, file: TextIO, columns: Mapping[str, str], *, safe: bool) -> None:
        self._file, self._columns, self._safe = file, columns, safe
        self._rows([[*columns, "error"]])

    def write(self, answers: Sequence[Answer]) -> None:
        """Write some answers."""
        self._rows([self._row(one) for one in answers])

    def close(self, summary: Mapping[str, Json]) -> None:
        """Write nothing more."""

    def _row(self, one: Answer) -> list[Any]:
        stated, wrong = one.get("probabilities", {}), one.get("error")
        cells = [
            stated.get(key) if heading.startswith("p(") else self._cell(one.get(key))
            for heading, key in self._columns.items()
        ]
        return [*cells, f"{wrong['code']}: {wrong['reason']}" if wrong else ""]

    def _cell(self, value: Any) -> Any:
        text = "|".join(value) if isinstance(value, list) else value
        return excel_safe(text) if self._safe and isinstance(text, str) else text

    def _rows(self, rows: Sequence[Sequence[Any]]) -> None:
        held = io.StringIO()
        csv.writer(held, lineterminator="\n").writerows(rows)
        self._file.write(held.getvalue())
