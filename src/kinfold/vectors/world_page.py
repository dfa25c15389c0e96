"""A map of the world in, one page out: the answer, the map, its scale, and every score, on the map or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinfold.pages.document import document
from kinfold.pages.text import seen, visible
from kinfold.types import Json
from kinfold.vectors.shapes import WIDTH
from kinfold.vectors.world_picture import RAMP, alternative, colours_of, height_of, limits_of, map_group

if TYPE_CHECKING:
    from kinfold.vectors.world import Joined, WorldMap

_STYLES, _SCRIPT = ("vectors/pages/explore.css", "vectors/pages/world.css"), "vectors/pages/world.js"
#: The steps of the scale as the page's style names them, for light and dark.
_STEPS = tuple(f"var(--b{step})" for step in range(len(RAMP)))
_SOURCE = "Outlines: Natural Earth, public domain. Equal Earth projection: areas compare."


def world_page(drawn: WorldMap, title: str = "") -> str:
    """Return the page of a map of the world; `title` is its heading, by default what is measured."""
    heading = title or f"The world by {drawn.measure}"
    on = sum(one.drawn for one in drawn.countries)
    total = len(drawn.countries) + len(drawn.missing)
    body = [
        f'<p class="kicker">kinfold map · {on:,} of {total:,} scores on the map</p>',
        f"<h1>{visible(heading)}</h1>",
        f'<p class="verdict">{_verdict(drawn)}</p>',
        f'<div class="card world">{_picture(drawn)}<div class="tip card" hidden></div>{_scale(drawn)}</div>',
        *(f'<p class="note lost">{visible(line)}</p>' for line in drawn.notes()),
        f'<h2 class="gap">Every score</h2>{_table(drawn)}',
        f'<p class="note">{_SOURCE}</p>',
    ]
    return document(heading, "\n".join(body), styles=_STYLES, script=_SCRIPT, data=_data(drawn))


def _data(drawn: WorldMap) -> Json:
    return [
        [seen(one.given), seen(one.name), f"{one.score:.3f}", place] for place, one in enumerate(drawn.countries, 1)
    ]


def _formal(one: Joined) -> str:
    """Return the code of a country, after its name where that is not what it was called."""
    same = one.given.replace("_", " ").casefold() == one.name.casefold()
    return one.code if same else f"{one.name}, {one.code}"


def _verdict(drawn: WorldMap) -> str:
    first = [f"<b>{visible(one.given)}</b> {one.score:.2f}" for one in drawn.countries[:3]]
    listed = " and ".join([", ".join(first[:-1]), first[-1]]) if len(first) > 1 else first[0]
    lost = len(drawn.missing)
    rest = f" {lost:,} of the names given belong{'s' if lost == 1 else ''} to no country known here." if lost else ""
    return f"Highest by {visible(drawn.measure)}: {listed}.{rest}"


def _picture(drawn: WorldMap) -> str:
    group = map_group(drawn, colours_of(drawn, _STEPS), stripe="var(--stripe)", land="var(--land)", edge="var(--card)")
    return (
        f'<svg class="globe" viewBox="0 0 {WIDTH:g} {height_of(drawn):g}" role="img" '
        f'aria-label="{visible(alternative(drawn))}">{group}</svg>'
    )


def _scale(drawn: WorldMap) -> str:
    colours, limits = colours_of(drawn, _STEPS), limits_of(drawn)
    width = 300 / len(colours)
    parts = [
        f'<rect x="{20 + step * width:g}" y="2" width="{width:g}" height="14" fill="{colour}"/>'
        for step, colour in enumerate(colours)
    ]
    parts += [
        f'<text x="{20 + step * width:g}" y="32" text-anchor="middle">{limit}</text>'
        for step, limit in enumerate(limits)
    ]
    said = f"Scale from {limits[0]}, nearest to the page's colour, to {limits[-1]}, farthest from it."
    return (
        f'<div class="scale"><span>{visible(drawn.measure)}</span>'
        f'<svg viewBox="0 0 340 36" role="img" aria-label="{said}">{"".join(parts)}</svg>'
        '<svg class="key" viewBox="0 0 22 14" aria-hidden="true"><rect width="22" height="14" fill="url(#none)"/></svg>'
        "<span>no score</span></div>"
    )


def _table(drawn: WorldMap) -> str:
    low, high = drawn.countries[-1].score, drawn.countries[0].score
    rows = []
    for place, one in enumerate(drawn.countries):
        share = (one.score - low) / (high - low) if high > low else 1.0
        bar = (
            '<svg viewBox="0 0 200 8" preserveAspectRatio="none" aria-hidden="true">'
            '<rect width="200" height="8" rx="2" fill="var(--line)"/>'
            f'<rect width="{200 * share:.1f}" height="8" rx="2" fill="var(--accent)"/></svg>'
        )
        named = f'<bdi>{visible(one.given)}</bdi> <span class="soft">{visible(_formal(one))}</span>'
        rows.append(
            f'<tr data-i="{place}"><td class="n soft">{place + 1}</td><th scope="row">{named}</th>'
            f'<td class="bar">{bar}</td><td class="n">{one.score:.3f}</td>'
            f'<td class="where">{"yes" if one.drawn else "an earlier score is"}</td></tr>'
        )
    for name, score in drawn.missing:
        rows.append(
            f'<tr><td class="n soft">–</td><th scope="row"><bdi>{visible(name)}</bdi></th><td class="bar"></td>'
            f'<td class="n">{score:.3f}</td><td class="where">no country known</td></tr>'
        )
    head = '<th scope="col" class="n">rank</th><th scope="col">country</th><th scope="col" class="bar"></th>'
    head += f'<th scope="col" class="n">{visible(drawn.measure)}</th><th scope="col" class="where">on the map</th>'
    return (
        '<div class="card list" role="region" tabindex="0" aria-label="Every score">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
