"""A map of words in, a still picture of it out: SVG, or PNG through matplotlib; labels where there is room."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from kinfold.pages.text import seen, visible
from kinfold.types import Floats2d
from kinfold.vectors import polarity
from kinfold.vectors.map_page import METHODS, class_marks, class_names
from kinfold.vectors.pictures import empty_axes, png_of

if TYPE_CHECKING:
    from kinfold.vectors.maps import WordMap

#: The picture in points: its sides, the room around the map, and the height of a line of text.
WIDTH, HEIGHT, ROOM, LINE = 960, 720, 24, 11
COLOURS = ("#0072b2", "#c4510b", "#00795c", "#a3437f", "#806000", "#5a4bb5", "#8c2d19", "#43606b")
NO_CLASS, INK = "#8a8f98", "#1c1f24"
_MARKERS = ("o", "s", "^", "D")
_CUT = 32


def map_svg(drawn: WordMap) -> str:
    """Return the picture as SVG that stands for itself."""
    at, radius = _positions(drawn), _radius(len(drawn))
    said = f"Map of {len(drawn):,} words by {METHODS[drawn.method]}."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{visible(said)}" font-family="system-ui, sans-serif" font-size="{LINE}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for (x, y), (colour, shape) in zip(at.tolist(), _marks(drawn), strict=True):
        parts.append(f'<path d="{_mark(shape, x, y, radius)}" fill="{colour}" fill-opacity=".85"/>')
    halo = 'stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    for i, x, y in place_labels(drawn, at, radius):
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{INK}" {halo}>{visible(_short(drawn.words[i]))}</text>')
    for row, (name, (colour, shape)) in enumerate(zip(class_names(drawn), _legend(drawn), strict=True)):
        y = ROOM + row * 1.5 * LINE
        parts.append(f'<path d="{_mark(shape, 14, y - 4, 4)}" fill="{colour}"/>')
        parts.append(f'<text x="24" y="{y:.1f}" fill="{INK}" {halo}>{visible(_short(name))}</text>')
    return "".join([*parts, "</svg>\n"])


def map_png(drawn: WordMap, dpi: int = 144) -> bytes:
    """Return the picture as PNG, 13 by 10 inches; see `Picture.png`."""
    axes = empty_axes(WIDTH, HEIGHT, dpi)
    from matplotlib.patheffects import withStroke

    at, radius = _positions(drawn), _radius(len(drawn))
    marks = _marks(drawn)
    for colour, shape in dict.fromkeys(marks):
        rows = [i for i, mark in enumerate(marks) if mark == (colour, shape)]
        size = (2 * radius) ** 2
        axes.scatter(at[rows, 0], at[rows, 1], s=size, c=colour, marker=_MARKERS[shape], alpha=0.85, linewidths=0)
    halo = [withStroke(linewidth=3, foreground="#ffffff")]
    style: dict[str, Any] = {"fontsize": LINE, "color": INK, "path_effects": halo, "parse_math": False}
    for i, x, y in place_labels(drawn, at, radius):
        axes.text(x, y, seen(_short(drawn.words[i])), **style)
    for row, (name, (colour, shape)) in enumerate(zip(class_names(drawn), _legend(drawn), strict=True)):
        y = ROOM + row * 1.5 * LINE
        axes.scatter([14], [y - 4], s=64, c=colour, marker=_MARKERS[shape], linewidths=0)
        axes.text(24, y, seen(_short(name)), **style)
    return png_of(axes)


def place_labels(drawn: WordMap, at: Floats2d, radius: float) -> list[tuple[int, float, float]]:
    """Return (word, x, y) of the labels that cover no other, the first words first; x is left, y the line.

    Parameters
    ----------
    at
        (N, 2) where the words are, in points.
    radius
        Of a mark.
    """
    placed: list[tuple[int, float, float]] = []
    taken = np.zeros((0, 4))  # left, top, right, bottom
    if drawn.classes is not None:
        names = class_names(drawn)
        width = 30 + max((_width(_short(name)) for name in names), default=0)
        taken = np.array([[0, 0, width, ROOM + len(names) * 1.5 * LINE]])
    most = WIDTH * HEIGHT // 3500
    for i, (x, y) in enumerate(at.tolist()):
        if len(placed) >= most:
            break
        width = _width(_short(drawn.words[i]))
        for left, line in ((x + radius + 2, y + 4), (x - radius - 2 - width, y + 4), (x - width / 2, y - radius - 3)):
            box = np.array([left - 1, line - LINE, left + width + 1, line + 2])
            inside = box[0] >= 0 and box[2] <= WIDTH and box[1] >= 0 and box[3] <= HEIGHT
            clear = (box[:2] >= taken[:, 2:]).any(axis=1) | (box[2:] <= taken[:, :2]).any(axis=1)
            if inside and clear.all():
                placed.append((i, left, line))
                taken = np.vstack([taken, box])
                break
    return placed


def _positions(drawn: WordMap) -> Floats2d:
    """Return where the words are in the picture, (N, 2), both ways on one scale, y downwards."""
    low, high = drawn.points.min(axis=0), drawn.points.max(axis=0)
    extent = np.maximum(high - low, 1e-12)
    scale = float(((WIDTH - 4 * ROOM, HEIGHT - 2 * ROOM) / extent).min())
    middle = np.array([WIDTH, HEIGHT]) / 2
    return np.asarray(middle + (drawn.points - (low + high) / 2) * (scale, -scale))


def _radius(n: int) -> float:
    return 1.2 if n > 8000 else 1.8 if n > 1500 else 3.0


def _marks(drawn: WordMap) -> list[tuple[str, int]]:
    """Return the colour and shape of each word."""
    if drawn.classes is None:
        return [(COLOURS[0], 0)] * len(drawn)
    places = dict(zip(class_names(drawn), _legend(drawn), strict=True))
    return [(NO_CLASS, 0) if c is None else places[c] for c in drawn.classes]


def _legend(drawn: WordMap) -> list[tuple[str, int]]:
    """Return the colour and shape of each class, in the order of `class_names`."""
    colours = {f"--c{i}": colour for i, colour in enumerate(COLOURS)}
    colours |= {f"--p{i}": colour for i, colour in enumerate(polarity.COLOURS)}
    return [(colours[name], shape) for name, shape in class_marks(drawn)]


def _mark(shape: int, x: float, y: float, r: float) -> str:
    """Return the path of a mark: circle, square, triangle, diamond."""
    if shape == 0:
        return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
    if shape == 1:
        return f"M{x - 0.9 * r:.1f} {y - 0.9 * r:.1f}h{1.8 * r:.2f}v{1.8 * r:.2f}h{-1.8 * r:.2f}z"
    if shape == 2:
        return f"M{x:.1f} {y - 1.25 * r:.1f}l{1.15 * r:.2f} {2.05 * r:.2f}h{-2.3 * r:.2f}z"
    s = 1.3 * r
    return f"M{x:.1f} {y - s:.1f}l{s:.2f} {s:.2f}l{-s:.2f} {s:.2f}l{-s:.2f} {-s:.2f}z"


def _short(word: str) -> str:
    return word if len(word) <= _CUT else word[: _CUT - 1] + "…"


def _width(text: str) -> float:
    """Return about how wide a label is, in points."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.56 for c in text) * LINE
