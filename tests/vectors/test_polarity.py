"""Words by what they speak for: purity counted by hand, the scale, and maps whose sides lie apart or do not."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from kinfold.errors import DataError
from kinfold.vectors.map_page import class_marks, class_names
from kinfold.vectors.polarity import COLOURS, STEPS, find_polarity, purity
from kinfold.vectors.polarity_map import map_polarity, strongest
from kinfold.vectors.words import WordVectors


def sided(n=60, apart=3.0, seed=0):
    """Return words of two sides, their vectors apart in one direction, and log-odds that grow with the place."""
    random = np.random.default_rng(seed)
    values = np.where(np.arange(n) % 3 == 0, -1.0, 1.0) * (1.0 + np.arange(n) / n)
    table = random.normal(size=(n, 7)) * 0.5
    table[:, 0] += apart * np.sign(values)
    words = [f"{'good' if v > 0 else 'bad'}{i}" for i, v in enumerate(values)]
    return WordVectors(words, table.astype(np.float32)), values


@pytest.fixture(scope="module")
def drawn():
    return map_polarity(*sided(), toward="pos", against="<neg>", n_words=40, method="pca")


def test_purity_is_counted_by_hand():
    near = np.array([[1, 2], [0, 2], [3, 0], [2, -1]])
    values = np.array([1.0, 2.0, -1.0, -0.5])
    # 0: one of two, 1: one of two, 2: one of two, 3: one of one.
    assert purity(values, near) == pytest.approx((0.5 + 0.75) / 2)
    assert purity(np.abs(values), near) is None and purity(-np.abs(values), near) is None


def test_each_side_counts_half_however_many_words_it_has():
    values = np.r_[np.ones(99), -1.0]
    near = np.zeros((100, 1), int)
    assert purity(values, near) == 0.5


def test_sides_that_lie_apart_are_pure_and_random_ones_are_not(drawn):
    assert drawn.polarity.in_space > 0.95 and drawn.polarity.on_plane > 0.95
    vectors, values = sided(n=200, apart=0.0)
    lot = map_polarity(vectors, values, method="pca", n_words=200)
    assert 0.4 < lot.polarity.in_space < 0.6 and 0.4 < lot.polarity.on_plane < 0.6
    assert "purity" in str(lot) and "0.5 is chance" in str(lot)


def test_tsne_keeps_the_sides_apart():
    made = map_polarity(*sided(), random_state=0)
    assert made.method == "tsne" and len(made) == 60 and made.polarity.on_plane > 0.9


def test_the_strongest_words_of_both_sides_are_drawn(drawn):
    vectors, values = sided()
    assert len(drawn) == 40 and sum(v > 0 for v in drawn.polarity.values) == 20
    order = np.abs(drawn.polarity.values)
    assert (np.diff(order) <= 0).all()
    assert strongest(vectors.words, values, 2) == ["good59", "bad57"]
    assert len(strongest(vectors.words, values, 1000)) == 60
    assert len(strongest(vectors.words, values, 50)) == 50, "the side with few words gives all"
    assert len(strongest(vectors.words, np.abs(values), 10)) == 10
    assert strongest(["a", "b"], np.zeros(2), 4) == []


def test_the_scale_has_two_ends_and_a_middle():
    values = np.array([-2.0, -1.0, 0.0, 0.1, 1.0, 2.0, 50.0])
    found = find_polarity(values, "yes", "no", np.zeros((7, 1), np.int32), np.zeros((7, 2)))
    assert found.steps().tolist()[2:4] == [STEPS, STEPS] and found.steps()[-1] == 2 * STEPS
    assert found.steps().tolist() == sorted(found.steps().tolist())
    names = found.names()
    assert len(names) == 2 * STEPS + 1 == len(COLOURS) == len(set(names)) and names[STEPS] == "neither"
    assert names[0].startswith("no ") and names[0].endswith("or more") and names[-1].startswith("yes ")
    assert found.notes()[0] == "no 2.00" and found.notes()[-1] == "yes 50.00"


def test_every_form_of_the_map_tells_the_polarity(drawn):
    rows = list(csv.DictReader(io.StringIO(drawn.csv())))
    assert float(rows[0]["polarity"]) == pytest.approx(drawn.polarity.values[0], rel=1e-5)
    told = json.loads(json.dumps(drawn.to_dict()))
    assert told["purity"]["in_space"] == drawn.polarity.in_space and told["words"][0]["polarity"] > 0
    svg = drawn.svg()
    ET.fromstring(svg)
    assert COLOURS[-1] in svg and COLOURS[0] in svg and "&lt;neg&gt;" in svg
    page = drawn.html("learned")
    assert "speak for the same side" in page and "var(--p8)" in page and "<neg>" not in page
    assert [shape for _, shape in class_marks(drawn)] == sorted(shape for _, shape in class_marks(drawn))
    assert class_names(drawn)[0].startswith("pos") and class_names(drawn)[-1].startswith("<neg>")


def test_it_is_a_png(drawn, tmp_path):
    pytest.importorskip("matplotlib")
    drawn.save(tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_words_can_be_named_and_odd_values_are_refused():
    vectors, values = sided()
    made = map_polarity(vectors, values, words=["good1", "bad0", "nobody", "good2"], method="pca")
    assert made.words == ("good1", "bad0", "good2") and made.missing == ("nobody",)
    one_side = map_polarity(vectors, values, words=["good1", "good2"], method="pca")
    assert one_side.polarity.in_space is None and "one side" in str(one_side)
    assert "speak for the same side" not in one_side.html()
    for wrong in (values[:-1], np.where(values > 1.5, np.nan, values)):
        with pytest.raises(DataError) as found:
            map_polarity(vectors, wrong, method="pca", words=vectors.words)
        assert found.value.code == "D-105"
    with pytest.raises(DataError) as found:
        map_polarity(vectors, values, words=["nobody"], method="pca")
    assert found.value.code == "D-060"
    with pytest.raises(DataError) as found:
        map_polarity(vectors, np.zeros(60), method="pca")
    assert found.value.code == "D-106"
