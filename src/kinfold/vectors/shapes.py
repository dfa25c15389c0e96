"""The outlines of the world's countries, from a package that carries them, on the plane of the map."""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinfold.errors import MachineError, MissingExtraError
from kinfold.types import Floats1d, Json
from kinfold.vectors.countries import LONG_NAMES, PARTS, UNCODED
from kinfold.vectors.projection import EXTRA

#: How wide the world is, in points, and how finely its outlines are kept: neighbours are rounded alike, so that no gap
#: opens between them.
WIDTH, GRID = 960.0, 0.4
#: Beyond these latitudes lie the ice of the north and Antarctica, which is drawn only if it has a score.
NORTH, SOUTH = 87.0, -57.0
_PACKAGE = "geo_intel_offline"
#: Smaller rings are left out, but for the largest of a country, in square points.
_SPECK = 0.3
#: Half the width of the projected world, in radii.
_HALF = 2.7066299836
_COEFFICIENTS = (1.340264, -0.081106, 0.000893, 0.003796)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A country's outline.

    Parameters
    ----------
    code, two
        ISO 3166: three letters and two; ``XKX`` and ``XK`` for Kosovo.
    name
        In English.
    rings
        Closed rings in steps of `GRID` points, (N, 2) each, x to the right and y downwards; none for a country that is
        too small to have one.
    area
        In square points.
    centre
        The middle of the largest ring, in points.
    """

    code: str
    two: str
    name: str
    rings: tuple[NDArray[np.int64], ...]
    area: float
    centre: tuple[float, float]

    def path(self) -> str:
        """Return the outline as an SVG path in steps of `GRID`."""
        return "".join(
            f"M{ring[0, 0]} {ring[0, 1]}l{' '.join(f'{x} {y}' for x, y in np.diff(ring, axis=0)[:-1].tolist())}z"
            for ring in self.rings
        )


@functools.cache
def world_shapes() -> tuple[Shape, ...]:
    """Return the shapes of all countries that have an ISO code, the largest first.

    Raises
    ------
    MissingExtraError
        The package with the outlines is not installed.
    MachineError
        It is, but its files are not what they were.

    Notes
    -----
    Outlines: Natural Earth, public domain, 1:10 million, as carried by the package geo-intel-offline; its data are
    read, its code is not run. Projection: Šavrič, Patterson and Jenny, The Equal Earth map projection, 2018: areas
    compare.
    """
    found: dict[str, tuple[str, str, list[Floats1d]]] = {}
    for code, two, name, ring in _coded(_outlines()):
        found.setdefault(code, (two, name, []))[2].append(ring)
    shapes = [_shape(code, *parts) for code, parts in found.items()]
    return tuple(sorted(shapes, key=lambda shape: (-shape.area, shape.code)))


def equal_earth(latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats1d, Floats1d]:
    """Return where places in degrees lie on the map, in points: x from the left, y down from the northern edge."""
    a, b, c, d = _COEFFICIENTS
    theta = np.arcsin(math.sqrt(3) / 2 * np.sin(np.radians(np.asarray(latitude, np.float64))))
    square = theta * theta
    sixth = square**3
    slope = 9 * d * sixth * square + 7 * c * sixth + 3 * b * square + a
    x = 2 * math.sqrt(3) * np.radians(np.asarray(longitude, np.float64)) * np.cos(theta) / (3 * slope)
    y = theta * (a + b * square + sixth * (c + d * square))
    scale = WIDTH / (2 * _HALF)
    return (x + _HALF) * scale, -y * scale


def _top() -> float:
    return float(equal_earth(NORTH, 0.0)[1])


def world_height(south: float = SOUTH) -> float:
    """Return how high the map is, in points, if it ends at a latitude."""
    return math.ceil(float(equal_earth(south, 0.0)[1]) - _top())


def _outlines() -> Iterator[tuple[str, str, str, list[list[list[float]]]]]:
    """Yield three letters, two letters, name and rings of (latitude, longitude) of each outline of the package."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("the map of the world needs the package geo-intel-offline", fix=EXTRA, code="U-011")
    folder = Path(spec.submodule_search_locations[0]) / "data"
    try:
        about = _read(folder / "metadata.json.gz")
        for key, outline in _read(folder / "polygons.json.gz").items():
            one = about[key]
            rings = [*(outline.get("exteriors") or [outline["exterior"]]), *outline["holes"]]
            yield str(one["iso3"]), str(one["iso2"]), str(one["name"]), rings
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MachineError(
            "the outlines of the package geo-intel-offline can't be read",
            seen=f"{type(error).__name__}: {error}"[:120],
            fix="install it again: pip install --force-reinstall geo-intel-offline",
            code="M-013",
        ) from error


def _read(path: Path) -> dict[str, Json]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def _coded(
    outlines: Iterator[tuple[str, str, str, list[list[list[float]]]]],
) -> Iterator[tuple[str, str, str, Floats1d]]:
    """Yield code, two letters, name and ring (N, 2), once parts stand by themselves; outlines without a code go."""
    for outline in outlines:
        code, two, name = UNCODED.get(outline[2], outline[:3])
        if len(code) != 3:
            continue
        for ring in outline[3]:
            places = np.array(ring, np.float64)
            latitude, longitude = places.mean(axis=0).tolist()
            part = next((p for p in PARTS if p[0] == code and _holds(p[4], latitude, longitude)), None)
            if part is not None:
                yield part[1], part[2], part[3], places
            else:
                yield code, two, LONG_NAMES.get(code, name), places


def _holds(box: tuple[float, float, float, float], latitude: float, longitude: float) -> bool:
    south, west, north, east = box
    return south <= latitude <= north and west <= longitude <= east


def _shape(code: str, two: str, name: str, places: list[Floats1d]) -> Shape:
    projected = []
    for place in places:
        x, y = equal_earth(place[:, 0], place[:, 1])
        projected.append(np.stack([x, y - _top()], axis=1))  # (N, 2)
    areas = [_area(ring) for ring in projected]
    largest = int(np.argmax(areas))
    low, high = projected[largest].min(axis=0), projected[largest].max(axis=0)
    rings = []
    for row, (ring, area) in enumerate(zip(projected, areas, strict=True)):
        if area >= _SPECK or row == largest:
            kept = _on_grid(ring)
            if len(kept) >= 4:
                rings.append(kept)
    centre = (low + high) / 2
    return Shape(code, two, name, tuple(rings), sum(areas), (float(centre[0]), float(centre[1])))


def _on_grid(ring: Floats1d) -> NDArray[np.int64]:
    """Return a closed ring on the grid without the points that say nothing."""
    points = np.rint(ring / GRID).astype(np.int64)
    points = np.concatenate([points, points[:1]])
    points = points[np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]]
    if len(points) < 4:
        return points
    steps = np.diff(points, axis=0)
    turns = steps[:-1, 0] * steps[1:, 1] != steps[:-1, 1] * steps[1:, 0]
    return points[np.r_[True, turns, True]]


def _area(ring: Floats1d) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
