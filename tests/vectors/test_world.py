"""Scores on a map of the world: every country finds its shape, and one that does not is told of."""

import csv
import importlib.util
import io
import json
import shutil
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from kinfold.errors import DataError, InvalidParameterError, MachineError, MissingExtraError
from kinfold.vectors import shapes
from kinfold.vectors.countries import Gazetteer
from kinfold.vectors.pictures import ENDINGS
from kinfold.vectors.shapes import WIDTH, equal_earth, world_height, world_shapes
from kinfold.vectors.world import world_map
from kinfold.vectors.world_picture import RAMP

needs_shapes = pytest.mark.skipif(
    importlib.util.find_spec("geo_intel_offline") is None, reason="geo-intel-offline comes with the extra plots"
)
SVG = "{http://www.w3.org/2000/svg}"
#: Names as lists of word vectors write them, with what they must lead to.
NAMES = {
    "Canada": "CAN", "Czech_Republic": "CZE", "UAE": "ARE", "East_Timor": "TLS", "Swaziland": "SWZ", "Papua": "PNG",
    "Reunion": "REU", "French_Guiana": "GUF", "Svalbard": "SJM", "United_States": "USA", "England": "GBR",
    "Ivory_Coast": "CIV", "Congo": "COD", "Bosnia": "BIH", "Macedonia": "MKD", "Gaza_Strip": "PSE", "Kosovo": "XKX",
    "Montenegro": "MNE", "Virgin_Islands": "VIR", "Vatican": "VAT", "Burma": "MMR", "cuba": "CUB", "the gambia": "GMB",
    "Côte d'Ivoire": "CIV", "St. Lucia": "LCA", "Taiwan": "TWN", "SOUTH KOREA": "KOR", "north_korea": "PRK",
    "Cape Verde": "CPV", "Sao Tome and Principe": "STP", "Trinidad & Tobago": "TTO", "somalia": "SOM", "cyprus": "CYP",
    "kazakhstan": "KAZ", "norway": "NOR", "france": "FRA", "netherlands": "NLD", "niger": "NER", "nigeria": "NGA",
    "fr": "FRA", "tw": "TWN", "xk": "XKX", "no": "NOR", "DEU": "DEU", "gbr": "GBR", "uk": "GBR", "bm": "BMU",
}  # fmt: skip


def test_names_and_codes_lead_to_one_country():
    find = Gazetteer([("ABC", "ab", "Abland"), ("GBR", "GB", "United Kingdom"), ("XYZ", "xy", "St. Ab & Cé")])
    asked = ("abland", "The ABLAND", "ab", "Abc", "saint_ab_and_ce", "england", "atlantis", "ab-13", "")
    assert [find.code(name) for name in asked] == ["ABC", "ABC", "ABC", "ABC", "XYZ", "GBR", None, None, None]
    assert find.code("france") is None  # another name counts only for a country that is there


@needs_shapes
def test_every_country_has_one_shape_and_its_codes():
    found = world_shapes()
    codes = [shape.code for shape in found]
    assert len(codes) == len(set(codes)) > 240
    assert len({shape.two for shape in found}) == len(found)
    assert {*NAMES.values()} <= set(codes)
    assert [shape.area for shape in found] == sorted((shape.area for shape in found), reverse=True)
    for shape in found:
        for ring in shape.rings:
            assert (ring[0] == ring[-1]).all() and len(ring) >= 4


@needs_shapes
def test_countries_lie_where_they_are():
    by_code = {shape.code: shape for shape in world_shapes()}
    top = float(equal_earth(shapes.NORTH, 0)[1])
    for code, latitude, longitude in (
        ("FRA", 46.6, 2.4), ("GUF", 4, -53), ("REU", -21.1, 55.5), ("SJM", 78.5, 16), ("AUS", -25, 134),
        ("BRA", -10, -53),
    ):  # fmt: skip
        x, y = equal_earth(latitude, longitude)
        assert by_code[code].centre == pytest.approx((float(x), float(y) - top), abs=25)
    assert by_code["RUS"].area > by_code["CAN"].area > by_code["BRA"].area > by_code["AUS"].area > by_code["GRL"].area


def test_the_projection_keeps_areas():
    # Cells of 1 by 1 degree: their area on the map over that on the globe is the same everywhere.
    ratios = []
    for latitude in (-70, -30, 0, 15, 50, 80):
        for longitude in (-150, 0, 90):
            x, y = equal_earth([latitude, latitude, latitude + 1, latitude + 1], [longitude, longitude + 1] * 2)
            corners = np.stack([x, y], axis=1)[[0, 1, 3, 2]]
            after = np.roll(corners, -1, axis=0)
            area = abs(np.sum(corners[:, 0] * after[:, 1] - corners[:, 1] * after[:, 0]))
            ratios.append(area / (np.sin(np.radians(latitude + 1)) - np.sin(np.radians(latitude))))
    assert max(ratios) / min(ratios) < 1.001
    assert equal_earth(0, [-180, 0, 180])[0] == pytest.approx([0, WIDTH / 2, WIDTH], abs=1e-6)


@needs_shapes
def test_the_join_loses_none():
    found = world_map({name: float(i) for i, name in enumerate(NAMES)})
    assert {one.given: one.code for one in found.countries} == NAMES
    assert found.missing == ()
    assert len([one for one in found.countries if one.drawn]) == len(set(NAMES.values()))


@needs_shapes
def test_what_is_not_on_the_map_is_told_everywhere():
    found = world_map({"england": 2.0, "atlantis": 1.5, "uk": 3.0, "peru": 0.5}, measure="likeness")
    assert found.missing == (("atlantis", 1.5),)
    assert [(one.given, one.drawn) for one in found.countries] == [("uk", False), ("england", True), ("peru", True)]
    for text in (str(found), found.html(), found._repr_html_()):
        assert "atlantis" in text and "uk" in text
    assert [row["name"] for row in csv.DictReader(io.StringIO(found.csv()))][-1] == ""
    assert found.to_dict()["missing"] == [{"given": "atlantis", "score": 1.5}]
    assert "2 of 4 scores on the map" in found.html()


@needs_shapes
def test_every_drawn_country_is_in_the_picture_with_its_colour():
    scores = {name: float(i) for i, name in enumerate(dict.fromkeys(NAMES.values()))}
    found = world_map(scores)
    drawn = {
        element.find(f"{SVG}title").text.split(":")[0]: element.get("fill")
        for element in ET.fromstring(found.svg()).iter()
        if element.tag in (f"{SVG}path", f"{SVG}circle") and element.find(f"{SVG}title") is not None
    }
    assert set(drawn) == set(scores)  # also those that have no outline at this scale: they are dots
    for name, score in scores.items():
        assert drawn[name] == RAMP[found.bin(score)]


@needs_shapes
def test_the_scale_covers_all_scores():
    scores = dict(zip(["fr", "de", "es", "it", "pt", "nl", "be", "ch"], [0, 1, 2, 3, 4, 5, 6, 100], strict=True))
    linear, quantile = world_map(scores), world_map(scores, scale="quantile")
    assert [linear.bin(score) for score in scores.values()] == [0] * 7 + [5]
    assert [quantile.bin(score) for score in scores.values()] == [0, 0, 1, 2, 3, 4, 5, 5]
    assert linear.bin(-5) == 0 and linear.bin(1e9) == 5
    same = world_map({"fr": 1.0, "de": 1.0})
    assert same.bin(1.0) == 0 and ET.fromstring(same.svg()) is not None and same.html()


@needs_shapes
def test_antarctica_is_there_if_it_has_a_score():
    assert world_map({"fr": 1.0}).svg().count("<path") + 1 == world_map({"fr": 1.0, "aq": 2.0}).svg().count("<path")
    root = ET.fromstring(world_map({"aq": 2.0}).svg())
    assert float(root.get("viewBox").split()[3]) > world_height() + 46


@needs_shapes
def test_every_ending_is_written(tmp_path):
    found = world_map({"fr": 1.0, "pe": 0.5}, measure="likeness to <b>")
    for ending in ENDINGS:
        if ending != ".png" or importlib.util.find_spec("matplotlib"):
            found.save(tmp_path / f"world{ending}")
    page = (tmp_path / "world.html").read_text("utf-8")
    assert "<b>" not in page.replace("<b>fr</b>", "").replace("<b>pe</b>", "")
    ET.fromstring((tmp_path / "world.svg").read_text("utf-8"))
    assert json.loads((tmp_path / "world.json").read_text("utf-8"))["countries"][0]["code"] == "FRA"
    if importlib.util.find_spec("matplotlib"):
        assert (tmp_path / "world.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(InvalidParameterError) as caught:
        found.save(tmp_path / "world.pdf")
    assert caught.value.code == "P-025"


@needs_shapes
def test_bad_scores_are_refused():
    for scores in ({}, {"atlantis": 1.0}, {"fr": float("nan")}, {"fr": float("inf")}, {"fr": "high"}, {"fr": None}):
        with pytest.raises(DataError) as caught:
            world_map(scores)
        assert caught.value.code == "D-088"
    with pytest.raises(InvalidParameterError) as caught:
        world_map({"fr": 1.0}, scale="log")
    assert caught.value.code == "P-023"


def test_a_missing_or_damaged_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(shapes, "_PACKAGE", "no_such_package_of_shapes")
    with pytest.raises(MissingExtraError) as caught:
        list(shapes._outlines())
    assert "kinfold[plots]" in caught.value.fix
    (tmp_path / "empty_shapes" / "data").mkdir(parents=True)
    (tmp_path / "empty_shapes" / "data" / "metadata.json.gz").write_bytes(b"no gzip")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(shapes, "_PACKAGE", "empty_shapes")
    with pytest.raises(MachineError) as caught:
        list(shapes._outlines())
    assert caught.value.code == "M-013"


@needs_shapes
def test_the_page_points_at_countries(tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra dev")
    if not chromium:
        pytest.skip("there is no Chromium on this machine")
    path = tmp_path / "world.html"
    world_map({"brazil": 0.7, "australia": 0.9, "malta": 0.2, "atlantis": 0.1}, measure="likeness").save(path)
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for width in (390, 1200):
            page = browser.new_page(viewport={"width": width, "height": 900})
            complaints = []
            page.on("console", lambda said, kept=complaints: kept.append(said.text))
            page.on("pageerror", lambda error, kept=complaints: kept.append(str(error)))
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.hover('path[data-i="1"]')
            assert "brazil" in page.inner_text(".tip") and "2 of 3" in page.inner_text(".tip")
            assert page.locator("tr.on").count() == 1
            page.hover('tr[data-i="2"]')
            assert "malta" in page.inner_text(".tip")
            assert page.locator("circle.on").count() == 1  # too small for an outline that can be seen
            page.mouse.move(1, 1)
            assert page.locator(".tip").is_hidden()
            assert complaints == []
        browser.close()
