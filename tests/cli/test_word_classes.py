"""`members`, `rank` and `map`, over vectors in which three classes lie apart."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from kinfold.artifacts.store import save
from kinfold.vectors.words import WordVectors

FRUIT, COLOURS, TOOLS = ([f"{kind}{i}" for i in range(20)] for kind in ("fruit", "colour", "tool"))


@pytest.fixture
def space(tmp_path):
    random = np.random.default_rng(0)
    centres = np.eye(8)[[0, 1, 2]].repeat(20, axis=0)  # (3, D) -> (V, D)
    vectors = centres + 0.15 * random.standard_normal((60, 8))
    save(WordVectors([*FRUIT, *COLOURS, *TOOLS], vectors), tmp_path / "kinds.model")
    return str(tmp_path / "kinds.model")


def test_members_of_a_class_are_found_and_written(kinfold, space, write):
    more = write("more.txt", "fruit1\nfruit2\n\nfruit3\n")
    said = ("--like-file", more, "--unlike", "tool0", "-k", "9", "-o", "out.csv")
    told = kinfold("members", space, "fruit0", "fruit1", *said)
    assert told.out.startswith("word ") and "average precision" in told.out and "out.csv" in told.err
    rows = list(csv.DictReader(Path("out.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 9 and {row["word"] for row in rows} <= set(FRUIT[4:]) and 0 <= float(rows[0]["stability"]) <= 1
    found = kinfold("members", space, "fruit0", *said, "--json").json
    assert found["like"] == ["fruit0", "fruit1", "fruit2", "fruit3"] and found["unlike"] == ["tool0"]
    assert [row["word"] for row in found["members"]] == [row["word"] for row in rows]
    assert found["metrics"]["average_precision"]["value"] > found["baselines"]["chance"]["average_precision"]["value"]


def test_the_seed_decides_all_that_is_random(kinfold, space):
    argv = ("members", space, *FRUIT[:5], "-k", "10", "--json")
    assert kinfold(*argv).json == kinfold(*argv, "--threads", "1").json == kinfold(*argv, "--seed", "0").json
    assert kinfold(*argv, "--seed", "1").json["members"] != kinfold(*argv).json["members"]


def test_members_that_can_not_be_found_are_said(kinfold, space, write, tmp_path):
    assert "U-016" in kinfold("members", space, code=2).err
    assert "'fruit1'" in kinfold("members", space, "friut1", code=3).err
    assert "both" in kinfold("members", space, "fruit1", "--unlike", "fruit1", code=3).err
    unlike = write("unlike.txt", "fruit1\n")
    assert "both" in kinfold("members", space, "fruit1", "--unlike-file", unlike, code=3).err
    kinfold("members", space, "friut1", "-o", "out.csv", code=3)
    assert not (tmp_path / "out.csv").exists()
    assert "M-012" in kinfold("members", space, "fruit1", "-o", "no/out.csv", code=5).err


def test_one_word_gives_its_nearest(kinfold, space):
    found = kinfold("members", space, "fruit0", "-k", "5", "--json", "-o", "out.csv").json
    near = kinfold("nearest", space, "fruit0", "-k", "5", "--json").json["queries"][0]["neighbours"]
    assert [row["word"] for row in found["members"]] == [row["word"] for row in near]
    assert Path("out.csv").read_text("utf-8").startswith("word,score\n")


def test_a_list_is_ranked(kinfold, space, write):
    among = write("among.txt", "tool1\nfruit1\nwhat\ncolour1\nfruit1\n")
    told = kinfold("rank", space, "fruit0", "--among", among)
    assert told.out.split()[2] == "fruit1" and "no vector: what" in told.out
    found = kinfold("rank", space, "fruit0,fruit2", "--among", "-", "-k", "1", "--json", stdin=b"tool1\nfruit1\n").json
    assert [row["word"] for row in found["ranking"]] == ["fruit1"] and found["words"] == ["fruit0", "fruit2"]
    far = kinfold("rank", space, "fruit0", "--among", among, "--method", "dot", "--json").json
    assert far["method"] == "dot" and far["missing"] == ["what"] and len(far["ranking"]) == 3
    assert "cosine or dot" in kinfold("rank", space, "fruit0", "--among", among, "--method", "sum", code=2).err
    assert "D-001" in kinfold("rank", space, "fruit0", "--among", "gone.txt", code=3).err
    assert "D-060" in kinfold("rank", space, "frut0", "--among", among, code=3).err


@pytest.mark.parametrize("ending", ["html", "svg", "png", "csv", "json"])
def test_a_map_is_what_its_name_ends_in(kinfold, space, ending):
    told = kinfold("map", space, "-o", f"map.{ending}", "--method", "pca", "--count", "12")
    assert told.out == f"map.{ending}\n" and "12 words" in told.err
    begins = {"html": b"<!doctype html>", "svg": b"<svg", "png": b"\x89PNG", "csv": b"word,x,y\n", "json": b"{"}
    assert Path(f"map.{ending}").read_bytes().lower().startswith(begins[ending].lower())


def test_words_and_classes_of_a_map_come_from_files(kinfold, space, write):
    words = write("words.txt", "".join(f"{word}\n" for word in [*FRUIT[:9], *TOOLS[:9], "what"]))
    classes = write("classes.txt", "".join(f"{word}, a fruit\n" for word in FRUIT) + "tool0\ta tool\n")
    said = ("--words", words, "--classes", classes, "--json")
    found = kinfold("map", space, "-o", "map.csv", *said).json
    assert found["missing"] == ["what"] and found["method"] == "tsne" and len(found["words"]) == 18
    rows = {row["word"]: row["class"] for row in csv.DictReader(Path("map.csv").read_text("utf-8").splitlines())}
    assert (rows["fruit3"], rows["tool0"], rows["tool1"]) == ("a fruit", "a tool", "")
    assert kinfold("map", space, "-o", "map.csv", *said, "--seed", "0").json == found
    assert kinfold("map", space, "-o", "map.csv", *said, "--seed", "1").json["words"] != found["words"]
    assert "D-038" in kinfold("map", space, "-o", "m.csv", "--classes", write("c.txt", "a,b\nc\n"), code=3).err


def test_a_map_that_can_not_be_drawn_is_refused_first(kinfold, space):
    assert "P-025" in kinfold("map", "missing.vec", "-o", "map.doc", code=2).err
    assert "tsne or pca" in kinfold("map", "missing.vec", "-o", "map.svg", "--method", "umap", code=2).err
    assert kinfold("map", space, "-o", "no/map.svg", "--method", "pca", code=5).err.count("error M-012") == 1


def test_json_says_all_and_nothing_else(kinfold, space):
    told = kinfold("map", space, "-o", "map.svg", "--method", "pca", "--json")
    assert told.err == "" and json.loads(told.out)["output"] == "map.svg" and told.out.count("\n") == 1


def test_the_world_is_coloured_by_a_word(kinfold, tmp_path, write):
    pytest.importorskip("geo_intel_offline")
    words = ["in", "france", "peru", "japan", "holland", "netherlands", "new_zealand", "pg-13", "cheese"]
    vectors = np.eye(9)[[0, 1, 2, 3, 4, 5, 6, 7, 8]]
    vectors[8, [1, 4]] = 0.9, 0.5
    save(WordVectors(words, vectors), tmp_path / "world.model")
    found = kinfold("map", "world.model", "--world", "--query", "cheese", "-o", "w.csv", "--json").json
    drawn = {one["given"]: one["drawn"] for one in found["countries"]}
    assert drawn == {
        **dict.fromkeys(("france", "peru", "japan", "holland", "new_zealand"), True),
        "netherlands": False,
    }
    assert found["countries"][0]["given"] == "france" and found["no_vector"] == []
    listed = write("listed.txt", "netherlands\nholland\nchile\n")
    argv = ("--world", "--query", "cheese", "-o", "w.svg", "--words", listed, "--method", "dot", "--scale", "quantile")
    told = kinfold("map", "world.model", *argv)
    assert told.out == "w.svg\n" and "holland (Netherlands" in told.err and "no vector: chile" in told.err
    assert (
        "D-088"
        in kinfold("map", str(tmp_path / "world.model"), *argv[:5], "--words", write("x", "cheese\n"), code=3).err
    )


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (("--world",), "--world needs --query"),
        (("--query", "x"), "--query says nothing"),
        (("--scale", "linear"), "--scale says nothing"),
        (("--world", "--query", "x", "--seed", "0"), "--seed says nothing"),
        (("--world", "--query", "x", "--classes", "c"), "--classes says nothing"),
        (("--world", "--query", "x", "--method", "tsne"), "cosine or dot"),
        (("--world", "--query", "x", "--scale", "log"), "linear or quantile"),
    ],
)
def test_options_of_another_kind_of_map_are_refused(kinfold, argv, hint):
    assert hint in kinfold("map", "missing.vec", "-o", "map.svg", *argv, code=2).err
