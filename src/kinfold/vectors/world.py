"""A score for each country in, a map of the world coloured by it out; no country is lost on the way without a word."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal, TypeAlias, get_args

import numpy as np

from kinfold.errors import DataError, InvalidParameterError
from kinfold.types import Floats1d, Json
from kinfold.vectors.countries import Gazetteer
from kinfold.vectors.pictures import Picture
from kinfold.vectors.shapes import world_shapes
from kinfold.vectors.tables import shown, text_table
from kinfold.vectors.world_page import world_page
from kinfold.vectors.world_picture import world_png, world_svg

Scale: TypeAlias = Literal["linear", "quantile"]
#: Colours of the scale.
N_BINS = 6


@dataclass(frozen=True, slots=True)
class Joined:
    """A score that found its country.

    Parameters
    ----------
    given
        What the country was called.
    code, name
        ISO 3166 and English; ``XKX`` for Kosovo.
    score
        As given.
    drawn
        Whether the map shows this score: of several given for one country the first is shown, the others are listed.
    """

    given: str
    code: str
    name: str
    score: float
    drawn: bool


@dataclass(frozen=True, slots=True)
class WorldMap(Picture):
    """Countries with scores, the highest first.

    Parameters
    ----------
    countries
        Every score that found its country.
    missing
        Names that belong to no country known here, with their scores.
    measure
        What the scores are, in a few words.
    edges
        The limits of the colours, rising.
    """

    countries: tuple[Joined, ...]
    missing: tuple[tuple[str, float], ...]
    measure: str
    edges: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.countries)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """Yield each country as it was called, with its score."""
        return ((one.given, one.score) for one in self.countries)

    def __str__(self) -> str:
        """Return a plain table, and what is not on the map below it."""
        return "\n".join([text_table(*self._cells()), *self.notes()])

    def notes(self) -> list[str]:
        """Return what a reader must know of scores that the map does not show, a sentence each."""
        lines = []
        if self.missing:
            names = ", ".join(f"{shown(name)} ({score:.3f})" for name, score in self.missing)
            lines.append(f"Not on the map, because no country is known by that name: {names}.")
        hidden = [one for one in self.countries if not one.drawn]
        if hidden:
            names = ", ".join(f"{shown(one.given)} ({one.name}, {one.score:.3f})" for one in hidden)
            lines.append(f"Not on the map, because an earlier score is shown for the same country: {names}.")
        return lines

    def bin(self, score: float) -> int:
        """Return which colour a score has, from 0."""
        return int(np.clip(np.searchsorted(self.edges, score, side="right") - 1, 0, len(self.edges) - 2))

    def to_dict(self) -> dict[str, Json]:
        """Return every score and what became of it as JSON holds it."""
        return {
            "measure": self.measure,
            "countries": [
                {"given": one.given, "code": one.code, "name": one.name, "score": one.score, "drawn": one.drawn}
                for one in self.countries
            ],
            "missing": [{"given": name, "score": score} for name, score in self.missing],
            "edges": list(self.edges),
        }

    def html(self, title: str = "") -> str:
        """Return one page with the map, its scale and all scores; it holds all it needs. `title` is its heading."""
        return world_page(self, title)

    def svg(self) -> str:
        """Return the map as SVG that stands for itself."""
        return world_svg(self)

    def csv(self) -> str:
        """Return a table of every score: what the country was called, code, name, score, and whether it is drawn."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["given", "code", "name", "score", "drawn"])
        writer.writerows([one.given, one.code, one.name, one.score, str(one.drawn).lower()] for one in self.countries)
        writer.writerows([name, "", "", score, "false"] for name, score in self.missing)
        return out.getvalue()

    def _png(self, dpi: int) -> bytes:
        return world_png(self, dpi)

    def _repr_html_(self) -> str:
        return self.svg() + "".join(f"<p>{escape(line)}</p>" for line in self.notes())

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        return ["country", "code", self.measure], [[o.given, o.code, f"{o.score:.3f}"] for o in self.countries]


def world_map(scores: Mapping[str, float], *, measure: str = "score", scale: Scale = "linear") -> WorldMap:
    """Put scores of countries on a map of the world.

    Parameters
    ----------
    scores
        By country: its English name, joined with blanks or underscores, or its code of two or three letters.
    measure
        What the scores are, in a few words, for the legend.
    scale
        ``"linear"``: each colour spans as much of the scores as any other. ``"quantile"``: each colour has as many
        countries, which shows differences among scores that lie close together.

    Returns
    -------
    WorldMap
        Its `missing` are the names that belong to no country.

    Raises
    ------
    DataError
        D-088: a score is no finite number, or no score belongs to a country.
    InvalidParameterError
        P-023: `scale` is none.
    MissingExtraError
        U-011: the package with the countries' outlines is not installed.
    """
    if scale not in get_args(Scale):
        raise InvalidParameterError("`scale` must be 'linear' or 'quantile'.", seen=repr(scale), code="P-023")
    names = {shape.code: shape.name for shape in world_shapes()}
    find = Gazetteer((shape.code, shape.two, shape.name) for shape in world_shapes())
    joined: list[Joined] = []
    missing: list[tuple[str, float]] = []
    taken: set[str] = set()
    for given, score in scores.items():
        value = _number(given, score)
        code = find.code(given)
        if code is None:
            missing.append((given, value))
        else:
            joined.append(Joined(given, code, names[code], value, code not in taken))
            taken.add(code)
    if not joined:
        raise DataError(
            "No score belongs to a country.",
            seen=", ".join(shown(name) for name, _ in missing[:5]) or "no scores",
            fix="name countries in English, or by their ISO codes of two or three letters",
            code="D-088",
        )
    joined.sort(key=lambda one: (-one.score, one.given))
    drawn = np.array([one.score for one in joined if one.drawn])
    return WorldMap(tuple(joined), tuple(missing), measure, _edges(drawn, scale))


def _number(given: str, score: float) -> float:
    try:
        value = float(score)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise DataError(
            f"The score of {shown(given)} is no finite number.",
            seen=repr(score)[:60],
            fix="leave the country out: it is then hatched as one without a score",
            code="D-088",
        )
    return value


def _edges(scores: Floats1d, scale: Scale) -> tuple[float, ...]:
    """Return the limits of the colours: at least two, and no colour without a breadth."""
    if scale == "quantile":
        edges = np.quantile(scores, np.linspace(0, 1, N_BINS + 1))
    else:
        edges = np.linspace(scores.min(), scores.max(), N_BINS + 1)
    kept = np.unique(edges)
    return tuple(kept.tolist()) if len(kept) > 1 else (float(kept[0]), float(kept[0]))
