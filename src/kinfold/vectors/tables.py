"""Answers as tables: columns of cells in; aligned text for a terminal, or HTML for a notebook, out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from kinfold.types import Json


def shown(text: str, limit: int = 64) -> str:
    """Return a word short and safe to print: what can't be seen is escaped, so that no file can steer a terminal."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return lines of equally wide columns: the first column to the left, numbers to the right."""
    cells = [[shown(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        blanks = [" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        parts = [row[0] + blanks[0], *(blank + cell for cell, blank in zip(row[1:], blanks[1:], strict=True))]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table for a notebook, which has its own style; all cells are text."""
    aligned = ["left", *["right"] * (len(head) - 1)]

    def line(cells: Sequence[str], tag: str) -> str:
        inner = (
            f'<{tag} style="text-align:{side}">{escape(shown(cell))}</{tag.split()[0]}>'
            for cell, side in zip(cells, aligned, strict=True)
        )
        return f"<tr>{''.join(inner)}</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


def scored_cells(
    scored: Iterable[tuple[str, float]], stability: Sequence[float] | None, sign: str = ""
) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of a table of words with scores, and with their stability where it is known.

    Parameters
    ----------
    scored
        Words with their scores.
    stability
        One a word, from 0 to 1.
    sign
        ``"+"`` to show that of positive scores too.
    """
    rows = [[word, f"{score:{sign}.3f}"] for word, score in scored]
    if stability is None:
        return ["word", "score"], rows
    return ["word", "score", "stable"], [[*row, f"{100 * s:.0f} %"] for row, s in zip(rows, stability, strict=True)]


def scored_rows(scored: Iterable[tuple[str, float]], stability: Sequence[float] | None) -> list[Json]:
    """Return words with scores, and with their stability where it is known, as JSON holds them."""
    rows: list[dict[str, Json]] = [{"word": word, "score": score} for word, score in scored]
    for row, share in zip(rows, stability or (), strict=False):
        row["stability"] = share
    return [*rows]


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
