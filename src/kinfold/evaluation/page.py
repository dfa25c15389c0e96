"""The parts a report is put together from: safe text, cards, and tables."""

from __future__ import annotations

from collections.abc import Sequence

from kinfold.evaluation.coding import Answer
from kinfold.evaluation.intervals import Interval
from kinfold.pages.text import visible

#: What only reports look like.
STYLE = "evaluation/pages/report.css"


def shown(text: str) -> str:
    r"""Return text as safe HTML, with what is unseen or turns the line around written out: ``\u202e``."""
    return visible(text, lines=True)


def label(value: Answer) -> str:
    """Return a label, or several, as safe HTML that keeps its own writing direction."""
    if value is None:
        return '<span class="soft">no answer</span>'
    names = value if isinstance(value, tuple) else (value,)
    if not names:
        return '<span class="soft">none</span>'
    return ", ".join(f"<bdi>{shown(name)}</bdi>" for name in names)


def section(name: str, heading: str, body: str, *, wide: bool = False, long: bool = False) -> str:
    """Return one card of the page; `name` is its id, `heading` text, `body` markup."""
    style = " ".join(word for word, wanted in (("wide", wide), ("long", long)) if wanted)
    kind = f' class="{style}"' if style else ""
    return f'<section{kind} aria-labelledby="{name}">\n<h2 id="{name}">{shown(heading)}</h2>\n{body}\n</section>'


def note(text: str) -> str:
    """Return a line of small print; `text` is text."""
    return f'<p class="note">{shown(text)}</p>'


def scrolling(body: str, name: str) -> str:
    """Return markup in a region that scrolls sideways, also by keyboard, on a narrow screen."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{shown(name)}">{body}</div>'


def head_row(*cells: str | tuple[str, str]) -> str:
    """Return a row of column headings, each text or (text, attributes of its cell)."""
    pairs = [cell if isinstance(cell, tuple) else (cell, "") for cell in cells]
    return (
        "<tr>" + "".join(f'<th scope="col"{more and " " + more}>{shown(text)}</th>' for text, more in pairs) + "</tr>"
    )


def value_cell(value: Interval | None) -> str:
    """Return a table cell with a value and its interval, or why there is none."""
    if value is None:
        return '<td class="n soft">–</td>'
    if value.value is None:
        return f'<td class="n soft" style="white-space:normal">undefined: {shown(value.reason)}</td>'
    if value.low is None or value.high is None:
        return f'<td class="n">{value.value:.3f} <span class="soft">no interval</span></td>'
    return f'<td class="n">{value.value:.3f} <span class="soft">{value.low:.3f}–{value.high:.3f}</span></td>'


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table for a notebook, which has its own style; all cells are text."""
    top = "".join(f'<th scope="col" style="text-align:left">{shown(cell)}</th>' for cell in head)
    lines = ("".join(f'<td style="text-align:left">{shown(cell)}</td>' for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><tr>{top}</tr>{body}</table>"
