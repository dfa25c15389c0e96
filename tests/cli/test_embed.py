"""`train embed`: a file of text in, a model with a vector for each word out, whatever stops it on the way."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from kinfold.artifacts.store import load, reserve
from kinfold.artifacts.versions import describe
from kinfold.vectors.words import WordVectors

COLOURS, NUMBERS = ("red", "green", "blue", "black", "white"), ("one", "two", "three", "four", "five")
#: Colours stand among paints, numbers among sums: what is near to what is known.
LINES = [
    line
    for i in range(150)
    for line in (
        f"paint the {COLOURS[i % 5]} wall {COLOURS[i * 3 % 5 - 1]} or {COLOURS[(i + 2) % 5]} with a brush",
        f"add {NUMBERS[i % 5]} and {NUMBERS[i * 3 % 5 - 1]} to {NUMBERS[(i + 2) % 5]} for the sum",
    )
]
TEXT = "".join(line + "\n" for line in LINES)
SMALL = ("--set", "dim=8", "--set", "epochs=3", "--set", "sample=0", "--seed", "1", "--threads", "1")


@pytest.fixture
def text(write):
    return write("text.txt", TEXT)


def test_a_plain_text_file_just_works(kinfold, text, tmp_path):
    told = kinfold("train", "embed", text, "-o", "m", *SMALL)
    assert told.out == "m v000001\n" and sorted(os.listdir(tmp_path)) == ["m", "text.txt"]
    assert "300 in = 300 used" in told.err and "kinfold nearest m " in told.err and "words/s" in told.err
    near = kinfold("nearest", "m", "red", "-k", "4", "--json").json["queries"][0]["neighbours"]
    assert len(near) == 4 and not {row["word"] for row in near} & set(NUMBERS)
    shown = kinfold("show", "m").out
    assert "SkipGram, embed" in shown and "8 numbers each" in shown and "epoch 3" in shown
    assert "text.txt, 300 rows" in shown
    manifest = describe("m")
    assert manifest.data_sha256 == manifest.ledger["sha256"] and manifest.threads == 1


def test_json_is_one_object_and_nothing_else(kinfold, text):
    told = kinfold("train", "embed", text, "-o", "m", "--valid", "0.1", "--export", "m.vec", "--json", *SMALL)
    assert told.err == "" and told.out.count("\n") == 1
    found = told.json
    assert (found["model"], found["version"], found["task"], found["dim"]) == ("m", "v000001", "embed", 8)
    assert found["rows"] == {"in": 300, "used": 300, "rejected": 0, "merged": 0} and found["seed"] == 1
    assert len(found["epochs"]) == 3 and all(one["valid_loss"] > 0 for one in found["epochs"])
    assert found["words"] == len(load("m").vectors_) and found["export"] == "m.vec"
    assert np.array_equal(WordVectors.read("m.vec").vectors, load("m").vectors_.vectors)
    assert kinfold("show", "m", "--json").json["epochs"] == found["epochs"]


@pytest.mark.parametrize(
    ("name", "content", "argv"),
    [
        ("t.txt.gz", gzip.compress(TEXT.encode()), ()),
        ("t.jsonl", "".join(json.dumps({"text": line, "n": 1}) + "\n" for line in LINES), ()),
        ("t.csv", "body,n\n" + "".join(f"{line},1\n" for line in LINES), ("--text", "body")),
        ("t.log", TEXT, ("--format", "text")),
        ("t", TEXT + "\n\n   \n" * 99, ()),
        ("-", TEXT, ()),
        ("-", "".join(json.dumps({"text": line}) + "\n" for line in LINES), ("--format", "jsonl")),
    ],
)
def test_any_text_gives_the_same_vectors(kinfold, write, text, name, content, argv):
    kinfold("train", "embed", text, "-o", "m", *SMALL)
    path = name if name == "-" else write(name, content)
    stdin = content.encode() if name == "-" else b""
    kinfold("train", "embed", path, "-o", "n", *SMALL, *argv, stdin=stdin)
    one, two = load("m").vectors_, load("n").vectors_
    assert one.words == two.words and np.array_equal(one.vectors, two.vectors)


def test_several_files_are_one_text(kinfold, write, text):
    kinfold("train", "embed", text, "-o", "m", *SMALL)
    halves = [write(f"{i}.txt", "".join(line + "\n" for line in LINES[i * 150 :][:150])) for i in range(2)]
    found = kinfold("train", "embed", *halves, "-o", "n", "--json", *SMALL).json
    assert found["rows"]["used"] == 300 and found["ledger"]["source"] == "0.txt, 1.txt"
    assert [step["rows"] for step in describe("n").notes["history"]] == [150, 150]
    assert np.array_equal(load("m").vectors_.vectors, load("n").vectors_.vectors)
    assert "twice" in kinfold("train", "embed", text, text, "-o", "k", code=2).err
    assert "--rejected" in kinfold("train", "embed", *halves, "-o", "k", "--rejected", "r", code=2).err
    assert "D-001" in kinfold("train", "embed", text, "gone.txt", "-o", "k", code=3).err


def test_samples_of_texts_and_pairs(kinfold):
    assert kinfold("train", "embed", "sample:reviews", "-o", "m", "--json", *SMALL).json["rows"]["used"] == 400
    assert "D-042" in kinfold("train", "embed", "sample:reviews", "-o", "n", "--text", "txt", *SMALL, code=3).err


def test_models_and_parameters_reach_the_trainer(kinfold, text, write):
    config = write("c.toml", '[estimator]\nname = "cbow"\n[params]\ndim = 6\nwindow = 2')
    kinfold("train", "embed", text, "-o", "m", "--config", config, "--set", "window=3", "--seed", "7")
    model = load("m")
    assert (model.architecture, model.dim, model.window, model.random_state) == ("cbow", 6, 3, 7)
    kinfold("train", "embed", text, "-o", "m", "--model", "subword", "--set", "buckets=64", *SMALL)
    assert load("m").subwords == (3, 6) and describe("m").version == "v000002"
    assert kinfold("nearest", "m", "redder", "-k", "1").out
    kinfold("train", "embed", text, "-o", "m", "--model", "source", "--set", "dim=4", *SMALL[2:])
    assert load("m").shared_table and load("m").negatives == 1 and load("m").dim == 4


def test_probes_are_shown_on_the_way(kinfold, text):
    told = kinfold("train", "embed", text, "-o", "m", "--probe", "red", "--probe", "nothing", *SMALL)
    assert "  red: " in told.err and told.err.count("--probe nothing") == 1


def test_replicas_make_stability_a_column(kinfold, text):
    kinfold("train", "embed", text, "-o", "m", "--set", "replicas=2", *SMALL)
    assert kinfold("nearest", "m", "red", "-k", "2").out.split()[:3] == ["word", "score", "stable"]
    found = kinfold("analogy", "m", "one", "two", "red", "-k", "1", "--json").json["neighbours"]
    assert 0 <= found[0]["stability"] <= 1


def test_update_goes_on_from_the_model_that_is_there(kinfold, text, write):
    kinfold("train", "embed", text, "-o", "m", *SMALL)
    more = write("more.txt", TEXT.replace("red", "purple"))
    told = kinfold("train", "embed", more, "-o", "m", "--update", "--threads", "1", "--json")
    assert told.json["version"] == "v000002" and len(told.json["epochs"]) == 6
    vectors = load("m").vectors_
    assert "purple" in vectors and "red" in vectors
    assert [step["source"] for step in describe("m").notes["history"]] == ["text.txt", "more.txt"]
    for argv in (("--set", "dim=9"), ("--model", "cbow"), ("--seed", "0"), ("--valid", "0.1"), ("--resume",)):
        assert "keeps the parameters" in kinfold("train", "embed", more, "-o", "m", "--update", *argv, code=2).err
    assert "A-001" in kinfold("train", "embed", more, "-o", "none", "--update", code=4).err
    assert not os.path.exists("none")


def test_update_needs_a_model_that_can_go_on(kinfold, text, model):
    assert "U-012" in kinfold("train", "embed", text, "-o", model, "--update", code=2).err
    WordVectors(["a", "b"], np.eye(2)).write("v.vec")
    kinfold("convert", "vectors", "v.vec", "-o", "v.model")
    assert "vectors only" in kinfold("train", "embed", text, "-o", "v.model", "--update", code=2).err
    assert "U-012" in kinfold("train", "classify", "sample:reviews", "-o", "v.model", "--update", code=2).err


def stop(monkeypatch, error):
    """Let the next training end with an error once it has begun to learn."""
    from kinfold.estimators.skipgram.training import Training

    run, seen = Training.run, []

    def stopped(self):
        if seen:
            return run(self)
        seen.append(1)
        raise error

    monkeypatch.setattr(Training, "run", stopped)


def test_a_training_that_was_stopped_goes_on(kinfold, text, monkeypatch):
    kinfold("train", "embed", text, "-o", "whole", *SMALL)
    stop(monkeypatch, KeyboardInterrupt())
    told = kinfold("train", "embed", "-", "-o", "m", *SMALL, stdin=TEXT.encode(), code=130)
    assert "--resume goes on" in told.err and os.path.isdir("m.training") and not os.path.exists("m")
    told = kinfold("train", "embed", "-", "-o", "m", "--resume", *SMALL)  # standard input is not read again
    assert "going on" in told.err and not os.path.exists("m.training")
    assert np.array_equal(load("m").vectors_.vectors, load("whole").vectors_.vectors)
    assert describe("m").ledger["rows"]["used"] == 300 and describe("m").notes["history"][0]["rows"] == 300


def test_a_stopped_training_is_given_up_with_a_word(kinfold, text, monkeypatch):
    stop(monkeypatch, MemoryError())
    kinfold("train", "embed", text, "-o", "m", *SMALL, code=5)
    assert "T-004" in kinfold("train", "embed", text, "-o", "m", "--resume", *SMALL, "--set", "dim=9", code=2).err
    assert os.path.isdir("m.training")
    assert "U-004" in kinfold("train", "embed", text, "-o", "m", "--set", "dim=none", code=2).err
    told = kinfold("train", "embed", text, "-o", "m", *SMALL)
    assert "would have gone on" in told.err and not os.path.exists("m.training")
    assert "nothing to go on from" in kinfold("train", "embed", text, "-o", "n", "--resume", *SMALL).err


def test_a_folder_of_somebody_else_is_left_alone(kinfold, text, tmp_path):
    (tmp_path / "m.training").mkdir()
    (tmp_path / "m.training" / "notes.txt").write_text("mine")
    told = kinfold("train", "embed", text, "-o", "m", *SMALL, code=4)
    assert "A-016" in told.err and (tmp_path / "m.training" / "notes.txt").exists()


def test_what_can_not_be_learned_from_leaves_nothing(kinfold, write, tmp_path):
    told = kinfold("train", "embed", write("few.txt", "a few words\n"), "-o", "m", *SMALL, code=3)
    assert "T-002" in told.err and sorted(os.listdir(tmp_path)) == ["few.txt"]
    lines = "".join(f'{{"text": "{line}"}}\n' for line in LINES[:50]) + '{"text": 3}\n' * 9
    told = kinfold("train", "embed", write("bad.jsonl", lines), "-o", "m", *SMALL, code=3)
    assert "D-048" in told.err and "--rejected" in told.err
    assert not os.path.exists("m") and not os.path.exists("m.training")
    kinfold("train", "embed", "bad.jsonl", "-o", "m", "--max-rejected", "0.5", "--rejected", "r.jsonl", *SMALL)
    assert len(Path("r.jsonl").read_text("utf-8").splitlines()) == 9


@pytest.mark.parametrize(
    "argv",
    [
        ("--set", "window=0"),
        ("--set", "windw=3"),
        ("--set", "architecture=glove"),
        ("--model", "bert"),
        ("--valid", "1.5"),
        ("--set", "valid=0.1", "--valid", "0.2"),
        ("--set", "patience=1"),
        ("--export", "m.doc"),
        ("--export", "x.model"),
        ("--threads", "0"),
        ("--label", "x"),
    ],
)
def test_options_that_can_not_be_meant_are_usage_errors(kinfold, argv):
    kinfold("train", "embed", "missing.txt", "-o", "m", *argv, code=2)
    assert not os.listdir(".")


def test_places_are_checked_before_texts_are_read(kinfold, text, write):
    assert "M-012" in kinfold("train", "embed", "missing.txt", "-o", "m", "--export", "no/m.vec", code=5).err
    write("file", "x")
    assert kinfold("train", "embed", "missing.txt", "-o", "file", code=None).code in (4, 5)
    with reserve("m"):
        assert "L-001" in kinfold("train", "embed", text, "-o", "m", code=6).err


def test_one_line_of_any_length_is_parted_at_blanks(kinfold, write):
    words = " ".join(LINES * 80)
    found = kinfold("train", "embed", write("t.txt", words), "-o", "m", "--json", *SMALL).json
    assert found["rows"]["used"] == -(-len(words) // (1 << 16)) and found["rows"]["rejected"] == 0
    assert found["tokens"] == len(words.split())
