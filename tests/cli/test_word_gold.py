"""`evaluate` of word vectors, and that it keeps to the task of the model."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from kinfold.artifacts.store import save
from kinfold.vectors.words import WordVectors

#: Numbers from 0 to 7 as bits: one half of the bits answers every question about the other.
WORDS = [f"w{i}" for i in range(8)]
BITS = np.array([[1 if i >> bit & 1 else -1 for bit in range(3)] for i in range(8)]) + np.array([0.1, 0.2, 0.3])
PAIRS = [(i, j) for i in range(8) for j in range(i)]


@pytest.fixture
def space(tmp_path):
    save(WordVectors(WORDS, BITS), tmp_path / "bits.model")
    return str(tmp_path / "bits.model")


@pytest.fixture
def likeness(write):
    """Pairs scored by their cosine, so that the ranks agree wholly; one pair has an unknown word."""
    unit = BITS / np.linalg.norm(BITS, axis=1, keepdims=True)
    lines = [f"w{i}\tw{j}\t{unit[i] @ unit[j]:.9f}\n" for i, j in PAIRS]
    return write("likeness.tsv", "word 1\tword 2\tscore\n" + "".join(lines) + "w1\tnothing\t0\n")


@pytest.fixture
def questions(write):
    """Which bit is turned on, and one question with an unknown word."""
    flips = [(i, i | 4, j, j | 4) for i in range(4) for j in range(4) if i != j]
    lines = ": the third bit\n" + "".join(" ".join(f"w{n}" for n in one) + "\n" for one in flips)
    return write("bits.txt.gz", gzip.compress((lines + ": gram-unknown\nw0 w1 w2 what\n").encode()))


def test_likeness_is_measured_by_ranks(kinfold, space, likeness):
    told = kinfold("evaluate", space, likeness)
    assert told.out.startswith("likeness.tsv: Spearman 1.000") and "28 of 29 pairs" in told.out
    assert "not known: 1 word: nothing" in told.err
    found = kinfold("evaluate", space, likeness, "--json", "--seed", "3").json
    assert {"model", "task", "rows", "metrics", "baselines", "seconds"} <= set(found) and found["task"] == "embed"
    assert found["rows"] == {"in": 29, "used": 28, "rejected": 1, "merged": 0}
    assert found["metrics"]["spearman"]["value"] == pytest.approx(1) and set(found["metrics"]) == {"spearman"}
    assert found["files"][0]["unknown_words"] == ["nothing"]


def test_analogies_are_counted_by_section(kinfold, space, questions, likeness):
    told = kinfold("evaluate", space, questions)
    assert "the third bit" in told.out and "12 of 12" in told.out and "0 of 1" in told.out
    found = kinfold("evaluate", space, questions, likeness, "--json", "--restrict", "8").json
    assert found["metrics"]["accuracy"]["value"] == 1.0
    assert found["metrics"]["accuracy_all"]["value"] == pytest.approx(12 / 13)
    assert found["metrics"]["spearman"]["value"] == pytest.approx(1)
    assert [one["file"] for one in found["files"]] == [questions, likeness] and found["rows"]["in"] == 42
    products = kinfold("evaluate", space, questions, "--json", "--method", "mul").json
    assert products["files"][0]["method"] == "mul" and products["metrics"]["accuracy"]["value"] < 1
    few = kinfold("evaluate", space, questions, "--json", "--restrict", "4").json
    assert few["rows"]["used"] == 0 and few["metrics"]["accuracy"]["value"] is None


def test_metrics_of_one_name_are_followed_by_their_file(kinfold, space, likeness, write):
    other = write("other.tsv", "w1\tw2\t1\nw1\tw3\t2\nw2\tw5\t0\n")
    found = kinfold("evaluate", space, likeness, other, "--json").json["metrics"]
    assert set(found) == {"spearman (likeness.tsv)", "spearman (other.tsv)"}


def test_files_that_are_no_gold_are_refused_before_the_model_is_opened(kinfold, write):
    for name, content in (("a.txt", "one two\n"), ("b.txt", ": s\na b c\n"), ("c.tsv", "a\tb\thigh\nc\td\tlow\n")):
        told = kinfold("evaluate", "missing.vec", write(name, content), code=4)
        assert "A-001" in told.err
        write("toy.vec", "a 1 2\nb 2 1\n")
        assert name in kinfold("evaluate", "toy.vec", name, code=3).err
    assert "D-001" in kinfold("evaluate", "toy.vec", "gone.txt", code=3).err


def test_an_option_of_another_task_is_refused(kinfold, model, space, likeness, questions):
    for argv in (("--report", "r.html"), ("--label-errors",), ("--text", "x"), ("--positive", "yes")):
        told = kinfold("evaluate", space, likeness, *argv, code=2)
        assert "U-015" in told.err and argv[0] in told.err
    for argv in (("--restrict", "9"), ("--method", "mul")):
        assert argv[0] in kinfold("evaluate", model, "sample:reviews", *argv, code=2).err
        assert "about analogies" in kinfold("evaluate", space, likeness, *argv, code=2).err
    assert "one DATA" in kinfold("evaluate", model, "sample:reviews", "x.csv", code=2).err
    assert "add or mul" in kinfold("evaluate", space, questions, "--method", "div", code=2).err
