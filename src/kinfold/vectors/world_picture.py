"""A map of the world in, its drawing out: SVG, also for the page, or PNG through matplotlib."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kinfold.pages.text import seen, visible
from kinfold.vectors.pictures import empty_axes, png_of
from kinfold.vectors.shapes import GRID, WIDTH, Shape, world_height, world_shapes

if TYPE_CHECKING:
    from kinfold.vectors.world import Joined, WorldMap

#: From pale to deep, evenly darker, so that the order shows without seeing the hue.
RAMP = ("#d3e8e4", "#a5d0cc", "#74b4b3", "#479697", "#23767b", "#0a4f57")
#: Countries smaller than this get a dot, in square points; and its radius.
_SMALL, DOT = 4.0, 2.6
_SEA, _EDGE, _LAND, _STRIPE, _INK, _SOFT = "#ffffff", "#ffffff", "#eceae6", "#b9b6b0", "#1c1f24", "#5b6270"
ANTARCTICA = "ATA"
#: Room below the map for the scale, in points.
_BELOW = 46.0


def colours_of(drawn: WorldMap, ramp: tuple[str, ...]) -> list[str]:
    """Return the colour of each step of the scale, spread over the ramp where there are fewer steps."""
    steps = len(drawn.edges) - 1
    places = np.linspace(0, len(ramp) - 1, steps).round().astype(int) if steps > 1 else [len(ramp) // 2]
    return [ramp[place] for place in places]


def limits_of(drawn: WorldMap) -> list[str]:
    """Return the limits of the colours as text, with as many decimals as tell them apart."""
    step = min((high - low for low, high in itertools.pairwise(drawn.edges)), default=0.0)
    decimals = min(6, max(0, 1 - math.floor(math.log10(step)))) if step > 0 else 3
    return [f"{edge:,.{decimals}f}".replace("-", "−") for edge in drawn.edges]


def world_svg(drawn: WorldMap) -> str:
    """Return the map and its scale as SVG that stands for itself, with colours for paper."""
    colours = colours_of(drawn, RAMP)
    height = height_of(drawn) + _BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" role="img" '
        f'aria-label="{visible(alternative(drawn))}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{WIDTH:g}" height="{height:g}" fill="{_SEA}"/>',
        map_group(drawn, colours, stripe=_STRIPE, land=_LAND, edge=_EDGE, titles=True),
    ]
    left, width = WIDTH / 2 - 180, 360 / len(colours)
    top = height_of(drawn) + 8
    parts.append(
        f'<text x="{left - 12:g}" y="{top + 11:g}" fill="{_INK}" text-anchor="end">{visible(drawn.measure)}</text>'
    )
    for step, colour in enumerate(colours):
        parts.append(f'<rect x="{left + step * width:g}" y="{top:g}" width="{width:g}" height="14" fill="{colour}"/>')
    for step, limit in enumerate(limits_of(drawn)):
        x = left + step * width
        parts.append(f'<text x="{x:g}" y="{top + 30:g}" fill="{_SOFT}" text-anchor="middle">{limit}</text>')
    parts.append(f'<rect x="{left + 380:g}" y="{top:g}" width="22" height="14" fill="url(#none)"/>')
    parts.append(f'<text x="{left + 408:g}" y="{top + 11:g}" fill="{_INK}">no score</text>')
    return "".join([*parts, "</svg>\n"])


def map_group(drawn: WorldMap, colours: list[str], *, stripe: str, land: str, edge: str, titles: bool = False) -> str:
    """Return the countries as SVG: those with a score in its colour, the others hatched, small ones with a dot.

    Parameters
    ----------
    colours
        One a step of the scale; any SVG paint.
    stripe, land, edge
        Paints of the hatching, of what lies under it, and of the borders.
    titles
        Whether each country carries its name and score as a title, for a picture without a script.
    """
    by_code = {one.code: (place, one) for place, one in enumerate(drawn.countries) if one.drawn}
    parts = [
        '<defs><pattern id="none" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="5" height="5" fill="{land}"/><path d="M0 0v5" stroke="{stripe}" stroke-width="2.4"/></pattern>'
        '<pattern id="rough" width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="12" height="12" fill="{land}"/><path d="M0 0v12" stroke="{stripe}" stroke-width="6"/></pattern>'
        "</defs>",
        f'<g transform="scale({GRID})" stroke="{edge}" stroke-width="1" stroke-linejoin="round">',
    ]
    dots = []
    for shape in shown_shapes(drawn):
        place, one = by_code.get(shape.code, (-1, None))
        paint = 'fill="url(#rough)"' if one is None else f'fill="{colours[drawn.bin(one.score)]}" data-i="{place}"'
        title = _title(one) if titles else ""
        if shape.rings:
            parts.append(f'<path d="{shape.path()}" fill-rule="evenodd" {paint}>{title}</path>')
        if one is not None and shape.area < _SMALL:
            x, y = shape.centre
            dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{DOT}" {paint}>{title}</circle>')
    ring = f'<g stroke="{edge}" stroke-width=".8">{"".join(dots)}</g>'
    return "".join([*parts, "</g>", ring])


def shown_shapes(drawn: WorldMap) -> list[Shape]:
    """Return the shapes that the map shows, the largest first."""
    return [shape for shape in world_shapes() if shape.code != ANTARCTICA or _reaches_south(drawn)]


def height_of(drawn: WorldMap) -> float:
    """Return how high the map is, in points."""
    return world_height(-90.0) if _reaches_south(drawn) else world_height()


def _reaches_south(drawn: WorldMap) -> bool:
    return any(one.code == ANTARCTICA for one in drawn.countries)


def alternative(drawn: WorldMap) -> str:
    """Return what the map shows in words."""
    first = ", ".join(f"{seen(one.given)} {one.score:.3g}" for one in drawn.countries[:5])
    last = ", ".join(f"{seen(one.given)} {one.score:.3g}" for one in drawn.countries[-3:])
    on = sum(one.drawn for one in drawn.countries)
    more = f"; lowest {last}" if len(drawn) > 8 else ""
    return f"Map of the world, {on} countries by {seen(drawn.measure)}: highest {first}{more}."


def world_png(drawn: WorldMap, dpi: int = 144) -> bytes:
    """Return the map and its scale as PNG; see `Picture.png`."""
    axes = empty_axes(WIDTH, height_of(drawn) + _BELOW, dpi)
    from matplotlib.patches import Circle, PathPatch, Rectangle
    from matplotlib.path import Path

    colours = colours_of(drawn, RAMP)
    by_code = {one.code: one for one in drawn.countries if one.drawn}
    empty: dict[str, Any] = {
        "facecolor": _LAND,
        "hatch": "//////",
        "hatch_linewidth": 1.2,
        "edgecolor": _STRIPE,
        "linewidth": 0.3,
    }
    for shape in shown_shapes(drawn):
        one = by_code.get(shape.code)
        style: dict[str, Any] = (
            empty if one is None else {"facecolor": colours[drawn.bin(one.score)], "edgecolor": _EDGE}
        )
        if shape.rings:
            path = Path.make_compound_path(*(Path(ring * GRID, closed=True) for ring in shape.rings))
            axes.add_patch(PathPatch(path, **{"linewidth": 0.4, **style}))
        if one is not None and shape.area < _SMALL:
            axes.add_patch(Circle(shape.centre, DOT, linewidth=0.6, zorder=3, **style))
    left, width, top = WIDTH / 2 - 180, 360 / len(colours), height_of(drawn) + 8
    text: dict[str, Any] = {"fontsize": 12, "va": "baseline", "parse_math": False}
    axes.text(left - 12, top + 11, seen(drawn.measure), ha="right", color=_INK, **text)
    for step, colour in enumerate(colours):
        axes.add_patch(Rectangle((left + step * width, top), width, 14, facecolor=colour, linewidth=0))
    for step, limit in enumerate(limits_of(drawn)):
        axes.text(left + step * width, top + 30, limit, ha="center", color=_SOFT, **text)
    axes.add_patch(Rectangle((left + 380, top), 22, 14, **empty))
    axes.text(left + 408, top + 11, "no score", ha="left", color=_INK, **text)
    return png_of(axes)


def _title(one: Joined | None) -> str:
    return "" if one is None else f"<title>{visible(one.given)}: {one.score:.3f}</title>"
