"""A map of words in, one page to explore it out: search, zoom, classes to switch, neighbours, and a table if small."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from kinfold.pages.document import document
from kinfold.pages.text import seen, visible
from kinfold.types import Floats2d, Json
from kinfold.vectors.polarity import STEPS

if TYPE_CHECKING:
    from kinfold.vectors.maps import WordMap

_STYLES, _SCRIPT = ("vectors/pages/explore.css", "vectors/pages/map.css"), "vectors/pages/map.js"
#: Up to so many words also stand in a table.
MOST_ROWS = 400
#: Coordinates are whole numbers up to this: finer than any zoom can show.
_GRID = 100_000
#: So many shapes and colours tell classes apart; the script draws them in the same order.
N_SHAPES, N_COLOURS = 4, 8
_MARKS = (
    '<circle cx="8" cy="8" r="5"{0}/>',
    '<rect x="3.5" y="3.5" width="9" height="9"{0}/>',
    '<path d="M8 2.5L14 13H2z"{0}/>',
    '<path d="M8 1.5L14.5 8L8 14.5L1.5 8z"{0}/>',
)
_PLUS, _MINUS = '<path d="M8 2v12M2 8h12"/>', '<path d="M2 8h12"/>'
_WHOLE = '<path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4"/>'
METHODS = {"tsne": "t-SNE", "pca": "principal components"}


def map_page(drawn: WordMap, title: str = "") -> str:
    """Return the page of a map; `title` is its heading, by default what is drawn."""
    heading = title or f"A map of {len(drawn):,} words"
    body = [
        f'<p class="kicker">kinfold map · {len(drawn):,} words · {METHODS[drawn.method]}</p>',
        f"<h1>{visible(heading)}</h1>",
        f'<p class="verdict">{_verdict(drawn)}</p>',
        '<noscript><p class="note">This map is drawn by a script, which is switched off here.</p></noscript>',
        f'<div class="map">{_stage(drawn)}{_side(drawn)}</div>',
        '<p class="note">Drag to move, turn the wheel or pinch to come closer; with the keyboard: arrows, + and −, '
        "0 for the whole map. Lines lead to the nearest words of the space itself, wherever these are on the map.</p>",
        _lost(drawn),
        _table(drawn),
    ]
    return document(heading, "\n".join(filter(None, body)), styles=_STYLES, script=_SCRIPT, data=_data(drawn))


def mark_of(place: int) -> tuple[int, int]:
    """Return the colour and the shape of the class at this place."""
    return place % N_COLOURS, (place + place // N_COLOURS) % N_SHAPES


def class_names(drawn: WordMap) -> list[str]:
    """Return the classes of a map, the largest first, equally large ones by name; steps of a scale in their order."""
    given = Counter(name for name in drawn.classes or () if name is not None)
    if drawn.polarity is not None:
        return [name for name in reversed(drawn.polarity.names()) if name in given]
    return sorted(given, key=lambda name: (-given[name], name))


def class_marks(drawn: WordMap) -> list[tuple[str, int]]:
    """Return the name of the colour and the shape of each class, in the order of `class_names`.

    The ends of a scale differ in shape as well as in colour.
    """
    names = class_names(drawn)
    if drawn.polarity is None:
        return [(f"--c{colour}", shape) for colour, shape in map(mark_of, range(len(names)))]
    steps = [drawn.polarity.names().index(name) for name in names]
    return [(f"--p{step}", 1 if step < STEPS else 0) for step in steps]


def grid_points(points: Floats2d) -> tuple[list[int], list[int], list[float], list[float]]:
    """Return x, y as whole numbers on one scale, the middle of the map, and its extent both ways."""
    low = points.min(axis=0)
    extent = points.max(axis=0) - low
    scale = _GRID / max(float(extent.max()), 1e-12)
    whole = np.rint((points - low) * scale).astype(np.int64)
    spans = np.maximum(np.rint(extent * scale), _GRID / 50)
    return whole[:, 0].tolist(), whole[:, 1].tolist(), (extent * scale / 2).tolist(), spans.tolist()


def _data(drawn: WordMap) -> Json:
    x, y, centre, span = grid_points(drawn.points)
    names = class_names(drawn)
    places = {name: place for place, name in enumerate(names)}
    of = None if drawn.classes is None else [-1 if c is None else places[c] for c in drawn.classes]
    return {
        "words": [seen(word) for word in drawn.words],
        "x": x,
        "y": y,
        "centre": centre,
        "span": span,
        "names": [seen(name) for name in names],
        "marks": class_marks(drawn),
        "notes": None if drawn.polarity is None else [seen(note) for note in drawn.polarity.notes()],
        "of": of,
        "near": [[j for j in row if j >= 0] for row in drawn.neighbours.tolist()],
    }


def _verdict(drawn: WordMap) -> str:
    if drawn.quality is None:
        return "Too few words to say how far the map can be trusted."
    held = f"trustworthiness <b>{drawn.quality:.2f}</b> of 1"
    if drawn.quality >= 0.9:
        judged = f"Words close together here are close in the space too ({held})"
    elif drawn.quality >= 0.75:
        judged = f"Most words close together here are close in the space too ({held})"
    else:
        judged = f"Many words close together here are far apart in the space ({held}): trust the lines, not the plane"
    far = "; how far apart two groups lie means little." if drawn.method == "tsne" else "."
    return judged + far + _parted(drawn)


def _parted(drawn: WordMap) -> str:
    """Return how well the sides of a scale part."""
    if drawn.polarity is None or drawn.polarity.in_space is None:
        return ""
    sides = f"<bdi>{visible(drawn.polarity.toward)}</bdi> or <bdi>{visible(drawn.polarity.against)}</bdi>"
    share = f"<b>{100 * drawn.polarity.in_space:.0f} %</b>"
    return (
        f" Of the words nearest to a word in the space, {share} speak for the same side, {sides}; 50 % would be chance."
    )


def _stage(drawn: WordMap) -> str:
    said = f"Map of {len(drawn):,} words. Use the search field, or the table below it, to read it without seeing it."
    buttons = "".join(
        f'<button type="button" id="{name}" aria-label="{label}" title="{label}"><svg viewBox="0 0 16 16" fill="none" '
        f'stroke="currentColor" stroke-width="1.6" aria-hidden="true">{path}</svg></button>'
        for name, label, path in (
            ("closer", "closer", _PLUS),
            ("farther", "farther", _MINUS),
            ("whole", "whole map", _WHOLE),
        )
    )
    return (
        f'<div class="stage card"><canvas tabindex="0" role="img" aria-label="{visible(said)}"></canvas>'
        f'<div class="zoom controls">{buttons}</div><div class="tip card" hidden></div></div>'
    )


def _side(drawn: WordMap) -> str:
    find = (
        '<section class="card find controls"><div class="search"><label class="unseen" for="find">Find a word</label>'
        '<input type="search" id="find" placeholder="Find a word" autocomplete="off" spellcheck="false" '
        'role="combobox" aria-expanded="false" aria-controls="hits">'
        '<ul class="card" id="hits" role="listbox" aria-label="Words found" hidden></ul></div>'
        '<p class="said" role="status"></p></section>'
    )
    chosen = '<section class="card chosen" aria-live="polite" hidden><h2></h2><p class="soft"></p><ol></ol></section>'
    return f'<div class="side">{find}{_legend(drawn)}{chosen}</div>'


def _legend(drawn: WordMap) -> str:
    if drawn.classes is None:
        return ""
    names: list[str | None] = [*class_names(drawn)]
    counts = Counter(drawn.classes)
    if None in drawn.classes:
        names.append(None)
    rows = []
    marks = [*class_marks(drawn), ("--c-none", 0)]
    for place, name in enumerate(names):
        colour, shape = marks[place]
        fill = f"var({colour})"
        mark = _MARKS[shape].format(f' fill="{fill}" stroke="{fill}" stroke-width="1.5"')
        label = '<span class="soft">no class</span>' if name is None else f"<span><bdi>{visible(name)}</bdi></span>"
        count = counts[name]
        rows.append(
            f'<button type="button" aria-pressed="true" data-class="{-1 if name is None else place}">'
            f'<svg viewBox="0 0 16 16" aria-hidden="true">{mark}</svg>{label}'
            f'<span class="soft">{count:,}</span></button>'
        )
    said = "Classes" if drawn.polarity is None else "What a word speaks for, in log-odds"
    heading = f'<h2 id="classes">{said}</h2>'
    return (
        f'<section class="card controls" aria-labelledby="classes">{heading}'
        f'<div class="legend">{"".join(rows)}</div></section>'
    )


def _lost(drawn: WordMap) -> str:
    if not drawn.missing:
        return ""
    names = ", ".join(f"<bdi>{visible(word)}</bdi>" for word in drawn.missing)
    return f'<p class="note">Not drawn, because they have no vector ({len(drawn.missing):,}): {names}.</p>'


def _table(drawn: WordMap) -> str:
    if len(drawn) > MOST_ROWS:
        return ""
    head = '<th scope="col">word</th>' + ('<th scope="col">class</th>' if drawn.classes is not None else "")
    lines = []
    for i, word in enumerate(drawn.words):
        kind = "" if drawn.classes is None else f"<td>{visible(drawn.classes[i] or '')}</td>"
        near = ", ".join(f"<bdi>{visible(drawn.words[j])}</bdi>" for j in drawn.neighbours[i].tolist() if j >= 0)
        lines.append(f'<tr><th scope="row"><bdi>{visible(word)}</bdi></th>{kind}<td>{near}</td></tr>')
    return (
        f"<details><summary>All {len(drawn):,} words as a table</summary>"
        f'<div class="scroll" role="region" tabindex="0" aria-label="All words"><table>'
        f'<tr>{head}<th scope="col">nearest words</th></tr>{"".join(lines)}</table></div></details>'
    )
