"""Answers of a search -> a table for people, or rows of CSV with one hit each."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from kinfold.cli.answers import Answer
from kinfold.cli.console import Console, aligned
from kinfold.data.export import excel_safe
from kinfold.types import Json

#: What is said of a query that nothing was found for.
NOTHING = "nothing found: the index knows no word of it"


def cut(text: str, chars: int) -> str:
    """Return the beginning of a text, with … where it was cut; all of it for 0."""
    return text if not chars or len(text) <= chars else text[:chars] + "…"


class ShownHits:
    """A table a query, the best first, on standard output.

    Parameters
    ----------
    titled
        Whether the query stands above its table: there are several.
    """

    def __init__(self, console: Console, *, titled: bool) -> None:
        self._console, self._titled = console, titled

    def write(self, answers: Sequence[Answer]) -> None:
        """Write some answers."""
        for one in answers:
            if "error" in one:
                error = one["error"]
                self._console.warn(f"record {one['record']:,}: {error['code']}: {error['reason']}")
                continue
            if self._titled:
                self._console.out(f"{_line(one['query'])}:")
            for line in self._lines(one["hits"]):
                self._console.out(line)

    def close(self, summary: Mapping[str, Json]) -> None:
        """Write nothing more."""

    def _lines(self, hits: Sequence[Mapping[str, Any]]) -> list[str]:
        if not hits:
            return [f"  {NOTHING}"]
        both = "found_by" in hits[0]
        head = ["", "score", "id", *(["found by"] if both else []), "text"]
        rows = [
            [
                str(hit["rank"]),
                f"{hit['score']:.4g}",
                hit["id"],
                *([_places(hit["found_by"])] if both else []),
                _line(hit["text"]),
            ]
            for hit in hits
        ]
        return aligned([head, *rows])


class HitRows:
    """CSV with a header and one row a hit; a query without any has one row, and so has what is no query."""

    def __init__(self, file: TextIO, way: str, *, safe: bool) -> None:
        self._file, self._safe = file, safe
        self._found_by = ["bm25", "dense"] if way == "hybrid" else []
        places = [f"place in {name}" for name in self._found_by]
        self._rows([["record", "query", "rank", "id", "score", *places, "text", "error"]])

    def write(self, answers: Sequence[Answer]) -> None:
        """Write some answers."""
        for one in answers:
            error = one.get("error")
            told = f"{error['code']}: {error['reason']}" if error else ""
            hits = one.get("hits") or [{}]
            self._rows([self._row(one, hit, told) for hit in hits])

    def close(self, summary: Mapping[str, Json]) -> None:
        """Write nothing more."""

    def _row(self, one: Answer, hit: Mapping[str, Any], told: str) -> list[Any]:
        places = [hit.get("found_by", {}).get(name) for name in self._found_by]
        cells = [one["record"], one.get("query"), hit.get("rank"), hit.get("id"), hit.get("score"), *places]
        cells += [hit.get("text"), told]
        return [excel_safe(cell) if self._safe and isinstance(cell, str) else cell for cell in cells]

    def _rows(self, rows: Sequence[Sequence[Any]]) -> None:
        held = io.StringIO()
        csv.writer(held, lineterminator="\n").writerows(rows)
        self._file.write(held.getvalue())


def _line(text: str) -> str:
    return " ".join(text.split())


def _places(found_by: Mapping[str, int]) -> str:
    return ", ".join(f"{way} {place}" for way, place in found_by.items())
