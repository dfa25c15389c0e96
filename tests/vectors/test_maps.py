"""Words on a plane: both methods, how far they can be trusted, and every way to keep a map."""

import builtins
import csv
import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as reference_trustworthiness

from kinfold.errors import DataError, InvalidParameterError, MachineError, MissingExtraError
from kinfold.vectors.map_page import class_names, grid_points
from kinfold.vectors.map_picture import HEIGHT, LINE, WIDTH, place_labels
from kinfold.vectors.maps import map_words
from kinfold.vectors.pictures import ENDINGS
from kinfold.vectors.projection import principal_plane, trustworthiness
from kinfold.vectors.words import WordVectors

CLASSES = ("stars", "birds", "tools")


def grouped(n=60, dim=9, seed=0):
    """Three groups of words, each around a direction of its own."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(n, dim)) * 0.25
    table[np.arange(n), np.arange(n) % 3] += 3
    return WordVectors([f"{CLASSES[i % 3]}{i}" for i in range(n)], table.astype(np.float32))


@pytest.fixture(scope="module")
def vectors():
    return grouped()


@pytest.fixture(scope="module")
def drawn(vectors):
    classes = {word: word.rstrip("0123456789") for word in vectors.words}
    return map_words(vectors, classes=classes, method="pca")


def test_principal_plane_is_that_of_a_reference():
    rows = np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32) * [5, 3, 1, 1, 1, 1]
    ours, theirs = principal_plane(rows), PCA(2).fit_transform(rows)
    for column in range(2):
        same = np.allclose(ours[:, column], theirs[:, column], atol=1e-4)
        assert same or np.allclose(ours[:, column], -theirs[:, column], atol=1e-4)
    assert principal_plane(rows[:, :1])[:, 1] == pytest.approx(np.zeros(50))


@settings(max_examples=30)
@given(st.integers(5, 200), st.integers(1, 12), st.integers(0, 2**20))
def test_trustworthiness_is_that_of_a_reference(n, k, seed):
    random = np.random.default_rng(seed)
    k = min(k, (n - 1) // 2)
    rows, points = random.normal(size=(n, 5)), random.normal(size=(n, 2))
    expected = reference_trustworthiness(rows, points, n_neighbors=k)
    assert trustworthiness(rows, points, k) == pytest.approx(expected, abs=1e-9)


def test_trustworthiness_of_some_points_is_about_that_of_all():
    random = np.random.default_rng(0)
    rows = random.normal(size=(900, 4)).astype(np.float32)
    chosen = random.choice(900, 300, replace=False).astype(np.int32)
    points = rows[:, :2].astype(np.float64)
    assert trustworthiness(rows, points, 8, chosen) == pytest.approx(trustworthiness(rows, points, 8), abs=0.03)
    assert trustworthiness(rows[:, :2], points, 8) == 1.0


def test_groups_lie_apart(vectors, drawn):
    kinds = np.array(drawn.classes)
    centres = {kind: drawn.points[kinds == kind].mean(axis=0) for kind in CLASSES}
    for kind, point in zip(kinds, drawn.points, strict=True):
        distances = {other: np.linalg.norm(point - centre) for other, centre in centres.items()}
        assert min(distances, key=distances.get) == kind
    assert drawn.quality > 0.7


def test_tsne_keeps_neighbours_and_its_seed():
    pytest.importorskip("openTSNE", reason="openTSNE comes with the extra plots")
    vectors = grouped(90, dim=12)
    first = map_words(vectors, perplexity=10, random_state=0)
    again = map_words(vectors, perplexity=10, random_state=0, n_threads=2)
    assert np.array_equal(first.points, again.points)
    assert not np.array_equal(first.points, map_words(vectors, perplexity=5, random_state=0).points)
    by_chance = trustworthiness(vectors.unit, np.random.default_rng(0).normal(size=(90, 2)), 8)
    assert first.quality > max(0.85, by_chance + 0.2)
    assert first.method == "tsne" and first.classes is None
    few = map_words(grouped(7), perplexity=30)  # the perplexity gives way
    assert np.isfinite(few.points).all()


def test_tsne_parts_words_that_are_equal():
    pytest.importorskip("openTSNE", reason="openTSNE comes with the extra plots")
    table = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)
    drawn = map_words(WordVectors([f"w{i}" for i in range(15)], table), random_state=1)
    assert np.isfinite(drawn.points).all()


def test_which_words_are_drawn(vectors):
    counted = WordVectors(vectors.words, vectors.vectors, counts=np.arange(60))
    assert map_words(counted, n_words=4, method="pca").words == tuple(vectors.words[:-5:-1])
    assert map_words(vectors, n_words=4, method="pca").words == tuple(vectors.words[:4])
    named = map_words(vectors, ["birds1", "nowhere", "stars0", "birds1", "tools2"], method="pca")
    assert named.words == ("birds1", "stars0", "tools2") and named.missing == ("nowhere",)
    classed = map_words(vectors, classes={"birds1": "b", "void": "v", "stars0": "s"}, method="pca")
    assert classed.words == ("birds1", "stars0") and classed.classes == ("b", "s") and classed.missing == ("void",)
    listed = map_words(vectors, ["birds1", "stars0"], classes=["b", None], method="pca")
    assert listed.classes == ("b", None)


def test_words_without_a_direction_are_named(vectors):
    table = vectors.vectors.copy()
    table[3] = 0
    drawn = map_words(WordVectors(vectors.words, table), method="pca")
    assert drawn.missing == (vectors.words[3],) and vectors.words[3] not in drawn.words
    assert vectors.words[3] in str(drawn)


def test_neighbours_are_those_of_the_space(vectors, drawn):
    for i, word in enumerate(drawn.words):
        near = [drawn.words[j] for j in drawn.neighbours[i] if j >= 0]
        assert tuple(near) == vectors.most_similar(word, k=len(near)).words


def test_one_word_and_two():
    vectors = grouped(3)
    for n in (1, 2):
        drawn = map_words(vectors, n_words=n, method="pca")
        assert len(drawn) == n and drawn.quality is None
        assert "Too few" in drawn.html() and ET.fromstring(drawn.svg()) is not None


def test_every_ending_is_written(drawn, tmp_path):
    for ending in ENDINGS:
        if ending != ".png":
            drawn.save(tmp_path / f"map{ending}")
    assert "<canvas" in (tmp_path / "map.html").read_text("utf-8")
    ET.fromstring((tmp_path / "map.svg").read_text("utf-8"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "map.csv").read_text("utf-8"))))
    assert [row["word"] for row in rows] == list(drawn.words) and rows[0]["class"] == drawn.classes[0]
    assert float(rows[5]["x"]) == pytest.approx(drawn.points[5, 0], rel=1e-4)
    held = json.loads((tmp_path / "map.json").read_text("utf-8"))
    assert held["trustworthiness"] == drawn.quality and held["words"][2]["class"] == drawn.classes[2]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map.csv", "map.html", "map.json", "map.svg"]


def test_a_png_is_one(drawn, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra plots")
    drawn.save(tmp_path / "a.png")
    drawn.png(tmp_path / "b.png", dpi=36)
    small = (tmp_path / "b.png").read_bytes()
    assert small[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(small[16:20]) == WIDTH // 2 and int.from_bytes(small[20:24]) == HEIGHT // 2
    assert len((tmp_path / "a.png").read_bytes()) > len(small)


def test_awkward_words_draw_as_text(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra plots")
    words = ["$x^2$", "<b>", "日本", "a\u202eb", "\\frac{1}", "&amp;"]
    vectors = WordVectors(words, np.random.default_rng(0).normal(size=(6, 4)))
    drawn = map_words(vectors, classes=dict.fromkeys(words, "<i>"), method="pca")
    drawn.save(tmp_path / "a.png")
    text = "".join(ET.fromstring(drawn.svg()).itertext())
    assert "<b>" in text and "a\\u202eb" in text and "日本" in text


def test_a_failure_leaves_what_was_there(drawn, tmp_path):
    kept = tmp_path / "map.html"
    kept.write_text("old")
    with pytest.raises(InvalidParameterError) as caught:
        drawn.save(tmp_path / "map.gif")
    assert caught.value.code == "P-025" and ".html" in caught.value.fix
    with pytest.raises(MachineError):
        drawn.save(tmp_path / "nowhere" / "map.html")
    assert kept.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["map.html"]


def test_labels_cover_no_other(drawn):
    random = np.random.default_rng(0)
    at = random.random((len(drawn), 2)) * [WIDTH / 3, HEIGHT / 4] + HEIGHT / 3
    placed = place_labels(drawn, at, 3.0)
    boxes = [(x, y - LINE, x + len(drawn.words[i]) * LINE * 0.56, y) for i, x, y in placed]
    for a in range(len(boxes)):
        for b in range(a):
            (l1, t1, r1, b1), (l2, t2, r2, b2) = boxes[a], boxes[b]
            assert l1 >= r2 or l2 >= r1 or t1 >= b2 or t2 >= b1
    there = [i for i, _, _ in placed]
    assert 15 < len(there) < len(drawn) and there == sorted(there)
    assert sum(i < 20 for i in there) > sum(i >= 40 for i in there)  # the first words choose first


def test_the_page_keeps_both_ways_on_one_scale():
    x, y, centre, span = grid_points(np.array([[0.0, 0.0], [2.0, 1.0]]))
    assert x[1] == 2 * y[1] and centre == [x[1] / 2, y[1] / 2] and span[0] == 2 * span[1]


def test_classes_are_listed_by_size(drawn):
    assert class_names(drawn) == sorted(CLASSES)


def test_bad_questions_are_refused(vectors):
    for wrong in ({"method": "umap"}, {"n_words": 0}, {"perplexity": 0.5}, {"perplexity": np.nan}, {"n_words": True}):
        with pytest.raises(InvalidParameterError) as caught:
            map_words(vectors, **wrong)
        assert caught.value.code == "P-023"
    for words, more, code in (
        (["brids1"], {}, "D-060"),
        ([], {}, "D-064"),
        (["birds1", "stars0"], {"classes": ["one"], "method": "pca"}, "D-064"),
        (["birds1", "stars0"], {"method": "tsne"}, "D-064"),
    ):
        with pytest.raises(DataError) as caught:
            map_words(vectors, words, **more)
        assert caught.value.code == code


@pytest.mark.parametrize(("package", "act"), [("openTSNE", "draw"), ("matplotlib", "png")])
def test_a_missing_extra_is_named(vectors, drawn, tmp_path, monkeypatch, package, act):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] == package:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError) as caught:
        map_words(vectors) if act == "draw" else drawn.png(tmp_path / "a.png")
    assert "kinfold[plots]" in caught.value.fix and package in caught.value.what
    assert list(tmp_path.iterdir()) == []
