"""A learning curve in; a picture with its bands, a page, or a fragment for a notebook, out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from kinfold.evaluation import learning_words, page
from kinfold.evaluation.page import head_row, note, section, shown
from kinfold.evaluation.power_law import FURTHEST
from kinfold.pages.document import document

if TYPE_CHECKING:
    from kinfold.evaluation.learning_curve import LearningCurve, ModelCurve

#: The picture's size, and the frame of the plot in it: left, top, right, bottom.
WIDTH, HEIGHT = 720, 380
LEFT, TOP, RIGHT, BOTTOM = 54, 14, 596, 334
#: A line for each model: its colour and its dashes.
LINES = (("var(--accent)", ""), ("var(--warn)", ' stroke-dasharray="7 4"'), ("var(--soft)", ' stroke-dasharray="2 3"'))
#: What the colours are where no page says it.
_COLOURS = "svg{--accent:#0b6e75;--warn:#b3541e;--soft:#5b6270;--line:#e4e2dd;--ink:#1c1f24;background:#fff}"
_TEXT = "text{font:11px system-ui,sans-serif;fill:var(--soft)}text.ink{fill:var(--ink)}"


class Frame:
    """Where rows and scores stand in the picture: rows by their logarithm, scores from `low` to `high`."""

    def __init__(self, curve: LearningCurve) -> None:
        every = list(curve.models.values())
        self.first = min(one.sizes[0] for one in every)
        self.last = FURTHEST * max(one.sizes[-1] for one in every)
        ends = [end for name in curve.models for _, band in curve.band(name) for end in (band.low, band.high)]
        ends += [float(score) for one in every for score in one.scores.ravel()]
        low, high = min(end for end in ends if end is not None), max(end for end in ends if end is not None)
        step = 0.01 if high - low < 0.08 else 0.02 if high - low < 0.16 else 0.05 if high - low < 0.4 else 0.1
        self.step = step
        self.low = max(0.0, math.floor(low / step) * step)
        self.high = max(self.low + step, min(1.0, math.ceil(high / step) * step))

    def x(self, rows: float) -> float:
        """Return how far right so many rows stand."""
        return LEFT + (RIGHT - LEFT) * math.log(rows / self.first) / math.log(self.last / self.first)

    def y(self, score: float) -> float:
        """Return how far down a score stands."""
        return BOTTOM - (BOTTOM - TOP) * (min(max(score, self.low), self.high) - self.low) / (self.high - self.low)


def picture(curve: LearningCurve, style: str = "") -> str:
    """Return the curves as SVG with a text that says the same: solid where measured, beyond that their bands only."""
    frame = Frame(curve)
    parts = [_axes(frame, curve)]
    drawn = list(zip(curve.models.values(), _lines(len(curve.models)), strict=True))
    parts += [_band(frame, one, curve.level, colour) for one, (colour, _) in drawn]
    parts += [_line(frame, one, colour, dash) for one, (colour, dash) in drawn]
    parts.append(_names(frame, curve))
    said = shown(" ".join(curve.sentences()))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
    return f"{head}{style}{''.join(parts)}</svg>"


def svg(curve: LearningCurve) -> str:
    """Return the picture with its own colours."""
    return picture(curve, f"<style>{_COLOURS}{_TEXT}</style>") + "\n"


def html(curve: LearningCurve, title: str = "") -> str:
    """Return the page."""
    heading = title or "What more rows would bring"
    kicker = f"kinfold learning curve · {', '.join(curve.models)} · {curve.n_train:,} rows, {curve.n_test:,} test rows"
    verdict, *rest = curve.sentences()
    told = "".join(f"<p>{shown(line)}</p>" for line in rest)
    how = (
        f"Dots: one training each, {curve.n_seeds} orders of the rows a size. Bands hold the score of a training with "
        f"{100 * curve.level:g} % probability, on other rows like these; right of the last dots they are forecasts."
    )
    head, *lines = learning_words.table(curve)
    cells = "".join(
        f'<tr><th scope="row">{shown(line[0])}</th>{"".join(_cell(text) for text in line[1:])}</tr>' for line in lines
    )
    columns = head_row(head[0], *((name, 'class="n"') for name in head[1:]))
    numbers = page.scrolling(f"<table>{columns}{cells}</table>", "Scores by size")
    cards = [
        section("c", "Scores by rows learned from", picture(curve) + note(how), wide=True),
        section("v", "In words", told, wide=True),
        section("t", "Numbers", numbers + note(_rows(curve)), wide=True, long=True),
    ]
    body = (
        f'<main>\n<p class="kicker">{shown(kicker)}</p>\n<h1>{shown(heading)}</h1>\n<p class="verdict">{shown(verdict)}'
        f'</p>\n<div class="grid">\n{"".join(cards)}\n</div>\n</main>'
    )
    return document(f"{heading}: learning curve", body, styles=(page.STYLE,), attributes=True)


def fragment(curve: LearningCurve) -> str:
    """Return the table and the sentences for a notebook."""
    head, *lines = learning_words.table(curve)
    told = "".join(f"<li>{shown(line)}</li>" for line in curve.sentences())
    return f"{page.plain_table(head, lines)}<ul>{told}</ul>"


def _cell(text: str) -> str:
    return f'<td class="n">{shown(text)}</td>'


def _rows(curve: LearningCurve) -> str:
    left_out = (
        f" {curve.n_shared:,} more rows shared a text or group with them and were left out." if curve.n_shared else ""
    )
    return f"{curve.n_train:,} rows to learn from; the same {curve.n_test:,} test rows throughout.{left_out}"


def _lines(n: int) -> list[tuple[str, str]]:
    return [LINES[min(k, len(LINES) - 1)] for k in range(n)]


def _axes(frame: Frame, curve: LearningCurve) -> str:
    parts = []
    steps = round((frame.high - frame.low) / frame.step)
    for k in range(steps + 1):
        score = frame.low + k * frame.step
        y = frame.y(score)
        parts.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{score:.2f}</text>')
    size, sizes = frame.last, []
    while size >= frame.first * 0.99:
        sizes.append(size)
        size /= 2
    every = 1 if len(sizes) <= 8 else 2
    for size in sizes[::every]:
        parts.append(f'<text x="{frame.x(size):.1f}" y="{BOTTOM + 17}" text-anchor="middle">{size:,.0f}</text>')
    middle = (LEFT + RIGHT) / 2
    parts.append(f'<text x="{middle:g}" y="{BOTTOM + 36}" text-anchor="middle">rows learned from</text>')
    turned = f'text-anchor="middle" transform="rotate(-90 12 {(TOP + BOTTOM) / 2:g})"'
    parts.append(f'<text x="12" y="{(TOP + BOTTOM) / 2:g}" {turned}>{shown(curve.metric)}</text>')
    return "".join(parts)


def _band(frame: Frame, one: ModelCurve, level: float, colour: str) -> str:
    grid = np.geomspace(one.sizes[0], FURTHEST * one.sizes[-1], 40)
    tails = ((1 - level) / 2, (1 + level) / 2)
    ends = np.array([np.quantile(1 - one.forecast.one(size), tails) for size in grid])  # (P, 2)
    there = [f"{frame.x(size):.1f},{frame.y(low):.1f}" for size, (low, _) in zip(grid, ends, strict=True)]
    back = [f"{frame.x(size):.1f},{frame.y(high):.1f}" for size, (_, high) in zip(grid, ends, strict=True)]
    return f'<polygon points="{" ".join(there + back[::-1])}" fill="{colour}" fill-opacity="0.14"/>'


def _line(frame: Frame, one: ModelCurve, colour: str, dash: str) -> str:
    points = " ".join(f"{frame.x(n):.1f},{frame.y(s):.1f}" for n, s in zip(one.sizes, one.means.tolist(), strict=True))
    dots = "".join(
        f'<circle cx="{frame.x(size):.1f}" cy="{frame.y(score):.1f}" r="2.5" fill="{colour}" fill-opacity="0.6"/>'
        for k, size in enumerate(one.sizes)
        for score in one.scores[:, k].tolist()
    )
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{points}"/>{dots}'


def _names(frame: Frame, curve: LearningCurve) -> str:
    """Return the models' names beside the ends of their bands, moved apart where they would touch."""
    ends = []
    for (name, one), (colour, _) in zip(curve.models.items(), _lines(len(curve.models)), strict=True):
        rows = FURTHEST * one.sizes[-1]
        ends.append((frame.y(float(np.median(1 - one.forecast.one(rows)))), frame.x(rows), name, colour))
    parts, above = [], -math.inf
    for y, x, name, colour in sorted(ends):
        above = max(y, above + 15)
        label = name if len(name) <= 18 else f"{name[:17]}…"
        parts.append(f'<rect x="{x + 6:.1f}" y="{above - 4:.1f}" width="10" height="3" fill="{colour}"/>')
        parts.append(f'<text class="ink" x="{x + 20:.1f}" y="{above + 2:.1f}">{shown(label)}</text>')
    return "".join(parts)
