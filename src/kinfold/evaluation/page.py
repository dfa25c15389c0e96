"""The page every report is printed on: its look, safe text, and tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape

from kinfold.evaluation.coding import Answer
from kinfold.evaluation.intervals import Interval

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1c1f24; --soft: #5b6270; --line: #e4e2dd;
  --accent: #0b6e75; --accent-weak: #d9ecec; --warn: #b3541e;
  --s1: .25rem; --s2: .5rem; --s3: 1rem; --s4: 1.5rem; --s5: 2.5rem; --s6: 4rem;
  --body: 1rem; --small: .875rem; --lead: 1.25rem; --title: 1.9rem;
  font: 400 var(--body)/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--ink); background: var(--paper); font-variant-numeric: tabular-nums;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1b1f25; --ink: #e8e6e1; --soft: #9aa3b2; --line: #2c323b;
    --accent: #58c4c4; --accent-weak: #16373a; --warn: #e39a6b;
  }
}
body { margin: 0 auto; max-width: 62rem; padding: var(--s5) var(--s3) var(--s6); }
h1 { font-size: var(--title); line-height: 1.2; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: var(--body); margin: 0 0 var(--s3); }
.kicker { color: var(--soft); font-size: var(--small); margin: 0 0 var(--s2); overflow-wrap: anywhere; }
.verdict { font-size: var(--lead); line-height: 1.4; max-width: 44rem; margin: var(--s3) 0 var(--s5); }
.verdict { overflow-wrap: anywhere; }
.verdict b { color: var(--accent); font-weight: 600; }
.grid { display: grid; gap: var(--s4); }
.grid { grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); }
.grid .grid { grid-column: 1 / -1; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: var(--s4); }
section { min-width: 0; }
section.wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: var(--small); }
th { text-align: left; font-weight: 500; color: var(--soft); }
td, th { padding: var(--s2) var(--s2) var(--s2) 0; border-bottom: 1px solid var(--line); }
td, th { vertical-align: middle; overflow-wrap: break-word; }
tr:last-child td, tr:last-child th[scope=row] { border-bottom: 0; }
td.n, th.n { text-align: right; white-space: nowrap; padding-left: var(--s2); }
td.cell { padding-left: var(--s2); background: color-mix(in srgb, var(--accent) var(--share), transparent); }
td.top, th.top { vertical-align: top; }
table.many td, table.many th { padding: var(--s1); text-align: right; white-space: nowrap; }
table.many th[scope=row] { text-align: left; max-width: 12rem; overflow: hidden; text-overflow: ellipsis; }
th.name { width: 11rem; }
table.stack th[scope=row] { width: 9rem; vertical-align: top; overflow-wrap: anywhere; }
.text { overflow-wrap: anywhere; white-space: pre-wrap; }
.soft { color: var(--soft); }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg.square { max-width: 22rem; }
svg text { font: 400 11px system-ui, sans-serif; fill: var(--soft); }
svg text.ink { fill: var(--ink); }
.note { color: var(--soft); font-size: var(--small); margin: var(--s3) 0 0; overflow-wrap: anywhere; }
mark { background: var(--accent-weak); color: inherit; border-radius: .2rem; padding: 0 .15em; }
mark.w2 { background: color-mix(in srgb, var(--accent) 26%, var(--card)); }
mark.w3 { background: color-mix(in srgb, var(--accent) 38%, var(--card)); }
.against { text-decoration: underline solid var(--warn) .14em; text-underline-offset: .2em; }
.grams { margin: 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: var(--s1) var(--s2); }
.grams mark { white-space: pre-wrap; overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  .plot { display: none; } th.name { width: auto; } section { padding: var(--s3); } body { padding-top: var(--s4); }
  table.stack, table.stack tbody, table.stack tr, table.stack th[scope=row], table.stack td {
    display: block; width: auto; border: 0; padding: 0 0 var(--s1);
  }
  table.stack tr { padding: var(--s2) 0; }
  table.errors, table.errors tbody, table.errors tr, table.errors td { display: block; width: auto; }
  table.errors tr:first-child { display: none; }
  table.errors td { border: 0; padding: 0 0 var(--s1); }
  table.errors tr { border-bottom: 1px solid var(--line); padding: var(--s2) 0; }
  table.errors tr:last-child { border-bottom: 0; }
  table.errors td[data-name]::before { content: attr(data-name) ": "; color: var(--soft); }
}
@media print {
  :root { --paper: #fff; } body { max-width: none; padding: 0; } section, tr { break-inside: avoid; }
  .grid, .grid .grid { grid-template-columns: repeat(2, 1fr); }
  section.long { break-inside: auto; } h2 { break-after: avoid; } .scroll { overflow: visible; }
  td.cell, mark { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""

#: The page may load nothing at all; only its own style element counts.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def document(title: str, body: str) -> str:
    """Return a whole HTML page that needs nothing else; `body` is markup, `title` is text."""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown(title)}</title>\n<style>{STYLE}</style>\n{body}\n</html>\n"
    )


def shown(text: str) -> str:
    r"""Return text as safe HTML, with what is unseen or turns the line around written out: ``\u202e``."""
    return escape("".join(map(_visible, text)), quote=True)


def _visible(char: str) -> str:
    if char in "\n\t" or (char >= " " and char < "\x7f"):
        return char
    if unicodedata.category(char) in ("Cc", "Cs", "Cn") or (
        unicodedata.category(char) == "Cf" and char not in "\u200c\u200d"  # joiners shape Persian and emoji
    ):
        code = ord(char)
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


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
