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
    """A table with a header; several labels of a row are joined by ``|``."""

    def __init__(
        self, file: TextIO, classes: Sequence[str], *, several: bool, ids: bool, proba: bool, safe: bool
    ) -> None:
        self._file, self._classes = file, list(classes)
        self._several, self._ids, self._proba, self._safe = several, ids, proba, safe
        head = ["record", *(["id"] if ids else []), *(["labels"] if several else ["label", "probability"])]
        head += [f"p({name})" for name in classes] if proba else []
        self._rows([[*head, "error"]])

    def write(self, answers: Sequence[Answer]) -> None:
        """Write some answers."""
        self._rows([self._row(one) for one in answers])

    def close(self, summary: Mapping[str, Json]) -> None:
        """Write nothing more."""

    def _row(self, one: Answer) -> list[Any]:
        cells = [one["record"], *([self._cell(one.get("id"))] if self._ids else [])]
        if self._several:
            cells.append(self._cell("|".join(one.get("labels", ()))))
        else:
            cells += [self._cell(one.get("label")), one.get("probability")]
        if self._proba:
            stated = one.get("probabilities", {})
            cells += [stated.get(name) for name in self._classes]
        wrong = one.get("error")
        return [*cells, f"{wrong['code']}: {wrong['reason']}" if wrong else ""]

    def _cell(self, text: str | None) -> str | None:
        return excel_safe(text) if self._safe and text is not None else text

    def _rows(self, rows: Sequence[Sequence[Any]]) -> None:
        held = io.StringIO()
        csv.writer(held, lineterminator="\n").writerows(rows)
        self._file.write(held.getvalue())
