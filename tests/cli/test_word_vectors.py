"""`nearest`, `analogy`, `show` and `convert vectors`, over vectors written by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from kinfold.artifacts.store import load, save
from kinfold.cli.arguments.nearest import Nearest
from kinfold.cli.console import Console
from kinfold.cli.nearest import nearest
from kinfold.vectors.words import WordVectors

WORDS = ("king", "queen", "man", "woman", "apple", "1,000")
ROWS = ((1, 0, 0.5), (1, 1, 0.5), (0.1, 0, 0.5), (0.1, 1, 0.5), (0, 0.1, -1), (0, 0, -1))
VEC = f"{len(WORDS)} 3\n" + "".join(
    f"{word} {' '.join(map(str, row))}\n" for word, row in zip(WORDS, ROWS, strict=True)
)


@pytest.fixture
def vec(write):
    return write("toy.vec", VEC)


@pytest.fixture
def folder(tmp_path):
    """A model folder whose two replicas agree on some neighbours only."""
    made = WordVectors(WORDS, np.array(ROWS), [9, 8, 7, 6, 5, 4])
    save(made, tmp_path / "toy.model")
    return str(tmp_path / "toy.model")


def test_nearest_prints_a_table_and_json_has_every_digit(kinfold, vec):
    told = kinfold("nearest", vec, "king", "-k", "2")
    assert told.out.split() == ["word", "score", "queen", "0.745", "man", "0.614"]
    assert "6 rows = 6 kept" in told.err
    found = kinfold("nearest", vec, "king", "-k", "2", "--json").json
    (one,) = found["queries"]
    assert found["model"] == vec and found["k"] == 2 and one["query"] == "king" and one["words"] == ["king"]
    assert [row["word"] for row in one["neighbours"]] == ["queen", "man"]
    assert one["neighbours"][0]["score"] == pytest.approx(1.25 / (1.25 * 2.25) ** 0.5, abs=1e-6)


def test_several_queries_and_several_words_in_one(kinfold, vec):
    found = kinfold("nearest", vec, "king", "queen, man", "1,000", "--json").json["queries"]
    assert [one["words"] for one in found] == [["king"], ["queen", "man"], ["1,000"]]
    assert not {"queen", "man"} & {row["word"] for row in found[1]["neighbours"]}
    told = kinfold("nearest", vec, "king", "queen,man", "-k", "1").out.splitlines()
    assert told[0] == "king:" and told[3] == "queen,man:" and len(told) == 6
    near = kinfold("nearest", vec, "king", "-k", "1").out
    far = kinfold("nearest", vec, "king", "-k", "1", "--unlike", "queen").out
    assert near.split()[2] == "queen" and far.split()[2] == "man"


def test_lines_of_standard_input_are_answered_one_by_one(kinfold, vec):
    lines = b"king\n\nkong\nman,woman\n"
    told = kinfold("nearest", vec, "-", "-k", "1", stdin=lines)
    assert [line for line in told.out.splitlines() if line.endswith(":")] == ["king:", "man,woman:"]
    assert "kong" in told.err and "'king'" in told.err
    found = kinfold("nearest", vec, "-", "--json", stdin=lines).json["queries"]
    assert [one["query"] for one in found] == ["king", "kong", "man,woman"] and found[1]["error"]["exit"] == 3
    assert "D-060" in kinfold("nearest", vec, "-", stdin=b"kong\nkang\n", code=3).err
    assert "D-003" in kinfold("nearest", vec, "-", stdin=b"\n", code=3).err


def test_an_unknown_word_proposes_the_nearest_spellings(kinfold, vec, folder):
    for model in (vec, folder):
        told = kinfold("nearest", model, "quen", code=3)
        assert "error D-060" in told.err and "'queen'" in told.err and not told.out
        assert kinfold("analogy", model, "man", "womn", "king", code=3).err.count("'woman'") == 1
    error = kinfold("nearest", vec, "\x1b[2Jking", "--json", code=3).json["error"]
    assert error["code"] == "D-060" and "\x1b" not in error["what"] + error["seen"]


def test_an_analogy_by_sums_and_by_products(kinfold, vec):
    assert kinfold("analogy", vec, "man", "woman", "king", "-k", "1").out.split()[2:] == ["queen", "0.914"]
    found = kinfold("analogy", vec, "man", "woman,queen", "king", "--method", "mul", "--json").json
    assert found["b"] == ["woman", "queen"] and found["method"] == "mul" and len(found["neighbours"]) == 2
    assert "add or mul" in kinfold("analogy", vec, "man", "woman", "king", "--method", "div", code=2).err


def test_stability_is_a_column_where_there_are_replicas(capsys, monkeypatch):
    vectors = WordVectors(WORDS, np.array(ROWS))
    other = np.array(ROWS)
    other[[2, 4]] = other[[4, 2]]
    vectors.replicas = (WordVectors(WORDS, np.array(ROWS)), WordVectors(WORDS, other))
    monkeypatch.setattr("kinfold.cli.nearest.open_vectors", lambda *_: vectors)
    found = nearest(Nearest(model="m", queries=["king"], k=2), Console())
    assert [row["stability"] for row in found["queries"][0]["neighbours"]] == [1.0, 0.5]
    told = capsys.readouterr().out.split()
    assert told[:3] == ["word", "score", "stable"] and told[-2:] == ["50", "%"]


def test_a_model_of_another_task_is_refused_with_what_to_do(kinfold, model, folder):
    for argv in (
        ["nearest", model, "good"],
        ["analogy", model, "a", "b", "c"],
        ["convert", "vectors", model, "-o", "x.vec"],
    ):
        told = kinfold(*argv, code=2)
        assert "error U-012" in told.err and "kinfold predict" in told.err
    for argv in (["predict", folder], ["explain", folder, "x"], ["compare", folder, folder + "/", "d.csv"]):
        told = kinfold(*argv, code=2)
        assert "error U-012" in told.err and "kinfold nearest" in told.err


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "D-003"),
        (b"2 3\na 1 2 3\n", "D-0"),
        (b"a 1 2 3\nb 1 x 3\n", "D-0"),
        (b"a 1 2 3\nb 1 nan 3\n", "D-0"),
        (gzip.compress(VEC.encode(), mtime=0)[:-9], "D-015"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 90, "D-0"),
        (b"text,label\ngood,yes\n", "D-0"),
    ],
)
def test_a_bad_file_of_vectors_gets_an_answer(kinfold, write, content, code):
    told = kinfold("nearest", write("bad.vec", content), "king", "--json", code=3)
    assert told.json["error"]["code"].startswith(code) and told.json["error"]["exit"] == 3


def test_what_is_not_there_is_said(kinfold, vec):
    assert "did you mean toy.vec?" in kinfold("nearest", "toy.vecs", "king", code=3).err
    assert kinfold("show", "nothing", code=4).err.startswith("error A-")


def test_show_of_vectors(kinfold, vec, folder):
    told = kinfold("show", vec, "--top", "2").out
    assert "6 words, 3 numbers each" in told and "king\n" in told and "sha256" in told
    found = kinfold("show", vec, "--json").json
    assert (found["words"], found["dim"], found["task"]) == (6, 3, "embed") and len(found["sha256"]) == 64
    told = kinfold("show", folder, "--top", "2").out
    assert "6 words, 3 numbers each" in told and "queen  8\n" in told and "labels" not in told
    found = kinfold("show", folder, "--json", "--top", "1").json
    assert (found["words"], found["dim"], found["task"]) == (6, 3, "embed")
    assert found["first"] == ["king"] and found["counts"] == [9]


@pytest.mark.parametrize("name", ["a.vec", "a.txt.gz", "a.bin", "a.glove", "a.model"])
def test_vectors_survive_every_format(kinfold, vec, name):
    told = kinfold("convert", "vectors", vec, "-o", name)
    assert told.out.startswith(f"{name} ") and "6 words, 3 numbers each" in told.out
    again = kinfold("convert", "vectors", name, "-o", "back.vec", "--json").json
    assert (again["format"], again["words"], again["dim"]) == ("word2vec", 6, 3)
    rows = [line.split(" ") for line in Path("back.vec").read_text("utf-8").splitlines()[1:]]
    assert tuple(row[0] for row in rows) == WORDS
    assert np.array_equal(np.array([row[1:] for row in rows], np.float32), np.array(ROWS, np.float32))


def test_the_format_may_be_named_and_words_be_left_out(kinfold, vec, folder):
    kinfold("convert", "vectors", vec, "-o", "x", "--format", "glove", "--limit", "2")
    assert [line.split()[0] for line in Path("x").read_text("utf-8").splitlines()] == ["king", "queen"]
    kinfold("convert", "vectors", folder, "-o", "y.model", "--limit", "3")
    kept = load("y.model")
    assert kept.words == ["king", "queen", "man"] and kept.counts.tolist() == [9, 8, 7]
    for argv in (("-o", "x.doc"), ("-o", "x", "--format", "word2vek")):
        assert "word2vec-binary" in kinfold("convert", "vectors", "missing.vec", *argv, code=2).err
    assert json.loads(kinfold("show", "y.model", "--json").out)["history"][0]["rows"] == 3


def test_a_word_the_format_can_not_hold_is_refused(kinfold, tmp_path):
    save(WordVectors(["new york", "x"], np.eye(2)), tmp_path / "m")
    told = kinfold("convert", "vectors", "m", "-o", "m.vec", code=3)
    assert "D-087" in told.err and "new york" in told.err and not (tmp_path / "m.vec").exists()
    assert kinfold("nearest", "m", "new york").out.split()[2] == "x"
