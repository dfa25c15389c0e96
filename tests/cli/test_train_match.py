"""Matchers on the command line: trained, measured on texts they have not seen, and described."""

from __future__ import annotations

import json
import os

import pytest

from kinfold.artifacts.store import load
from kinfold.artifacts.versions import describe
from kinfold.cli.settings import MODELS, settings
from kinfold.data.splits import component_groups
from kinfold.errors import MachineError

QUICK = ("--set", "max_trees=3", "--set", "crosses=false")
NET = ("--model", "bag", "--set", "dim=4", "--set", "max_epochs=1", "--set", "min_count=1", "--threads", "1")


def test_a_matcher_is_measured_on_texts_it_has_not_seen(kinfold):
    told = kinfold("train", "match", "sample:questions", "-o", "m", "--test", "0.2", *QUICK)
    assert "held out: 30 of 150 pairs, whole connected components, so that no text stands on both sides" in told.err
    assert told.out.startswith("Right on ") and told.out.endswith("m v000001\n")
    assert "No text of these pairs was learned from." in told.out and "shared words" in told.err
    assert "features" in told.err and "150 in = 150 used" in told.err and "kinfold predict m -" in told.err
    manifest = describe("m")
    assert manifest.estimator == "BoostedPairMatcher" and set(manifest.notes["baselines"]) == {
        "majority",
        "shared words",
    }
    assert manifest.notes["labels"]["rows"] == 120 and manifest.notes["history"][0]["source"] == "questions.csv"
    shown = kinfold("show", "m").out
    assert "duplicate where two texts match, else different" in shown and "score the same" in shown
    assert "U-024" in kinfold("show", "m", "--top", "3", code=2).err


BLEND = """
[estimator]
name = "blend"
[params.models.trees]
class = "BoostedPairMatcher"
params = {max_trees = 5, crosses = false}
[params.models.net]
class = "PairMatcher"
params = {max_epochs = 1, min_count = 1, n_threads = 1, encoder = {name = "bag", params = {dim = 8}}}
"""


def test_a_blend_of_matchers_is_trained_said_and_explained(kinfold, write):
    given = ("--config", write("b.toml", BLEND), "--set", "valid=0.3")
    told = kinfold("train", "match", "sample:questions", "-o", "m", "--test", "0.2", *given)
    assert "its best member" in told.err and "weights: trees " in told.err
    model = load("m")
    assert list(model.weights_) == ["trees", "net"] and model.valid == 0.3
    assert "BlendedPairMatcher, match" in kinfold("show", "m").out
    assert "without one of them it loses" in kinfold("explain", "m", "cook some rice", "rice to cook").out


def test_a_random_split_is_asked_for_by_name_and_its_strata_are_told(kinfold):
    told = kinfold(
        "train", "match", "sample:questions", "-o", "m", "--test", "0.2", "--split", "pair", "--json", *QUICK
    ).json
    counts = {stratum["name"]: stratum["rows"] for stratum in told["strata"]}
    assert sum(counts.values()) == told["measured_on"]["rows"] == 30 and counts["both new"] < 30
    assert told["odd_pairs"] == {"equal sides": 0, "of two labels": 0, "a side empty": 0}
    assert told["labels"] == ["different", "duplicate"] and told["trained_on"] == 120


def pairs_of(write, rows, name="pairs.csv", header="left,right,label"):
    return write(name, header + "\n" + "".join(f"{row}\n" for row in rows))


def some(n=40):
    """Pairs that share a number where they match; labelled by turns."""
    return [f"a thing {i},the thing {i if i % 2 else i + 500},{('no', 'yes')[i % 2]}" for i in range(n)]


def test_what_is_odd_is_counted_and_nothing_is_dropped(kinfold, write):
    rows = [*some(), "one two,three four,yes", "three four,one two,no", "same same,same same,yes", "left only,,no"]
    data = pairs_of(write, rows)
    refused = kinfold("train", "match", data, "-o", "m", *QUICK, "--max-rejected", "0", code=3)
    assert "D-053" in refused.err and not os.path.exists("m")
    told = kinfold("train", "match", data, "-o", "m", *QUICK, "--max-rejected", "1")
    assert "44 in = 43 used + 1 rejected" in told.err and "1 training pair: equal sides" in told.err
    assert "D-077: 2 training pairs of two labels" in told.err and "no figure was measured" in told.err
    turned = kinfold("train", "match", data, "-o", "d", "--directed", *QUICK, "--max-rejected", "1")
    assert "D-077" not in turned.err and load("d").directed is True
    assert "may differ" in kinfold("show", "d").out


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([f"{row},x" for row in ("a b,c d", "e f,g h")], "D-153"),
        ([*some(), "a b,c d,maybe"], "D-154"),
        ([f"a b {i},c d {i},{i}" for i in range(30)], "D-073"),
        (["a thing,the thing,yes|no", *some()], "D-078"),
    ],
)
def test_labels_that_make_no_matcher(kinfold, write, rows, code):
    told = kinfold("train", "match", pairs_of(write, rows), "-o", "m", "--json", *QUICK, code=3).json
    assert told["error"]["code"] == code and not os.path.exists("m")


def test_columns_have_names_and_one_that_is_missing_is_told(kinfold, write):
    data = pairs_of(write, some(), header="q1,q2,is_dup")
    assert "there is no column 'left'" in kinfold("train", "match", data, "-o", "m", *QUICK, code=3).err
    given = ("--left", "q1", "--right", "q2", "--label", "is_dup")
    assert kinfold("train", "match", data, "-o", "m", *given, *QUICK, "--json").json["labels"] == ["no", "yes"]
    odd = ("train", "match", data, "-o", "m", *given[:4], "--label", "is_dupe")
    assert "did you mean 'is_dup'" in kinfold(*odd, code=3).err
    lines = [json.dumps({"left": f"a {i}", "right": f"b {i // 2}", "label": "yn"[i % 2]}) for i in range(30)]
    objects = write("pairs.jsonl", "\n".join(lines))
    assert kinfold("train", "match", objects, "-o", "o", *QUICK, "--json").json["rows"]["used"] == 30


@pytest.mark.parametrize(
    "options",
    [
        ("--resume",),
        ("--split", "pair"),
        ("--test", "0.2", "--split", "texts"),
        ("--test", "0.2", "--split", "group"),
        ("--test", "0.2", "--valid", "x.csv"),
        ("--no-labels",),
        ("--no-labels", "--label", "x", "--model", "bag"),
        ("--threads", "2"),
        ("--directed", "--set", "directed=false"),
        ("--set", "max_tree=3"),
        ("--model", "linear"),
    ],
)
def test_options_that_can_not_be_meant_together(kinfold, options):
    told = kinfold("train", "match", "sample:questions", "-o", "m", *options, "--json", code=2)
    assert told.json["error"]["try"] and not os.path.exists("m")


def test_samples_of_another_kind_are_refused(kinfold):
    assert "sample:questions" in kinfold("train", "match", "sample:reviews", "-o", "m", code=2).err
    assert "sample:reviews" in kinfold("train", "classify", "sample:questions", "-o", "m", code=2).err


def test_groups_and_components_stay_on_one_side(kinfold, write):
    rows = [f"a thing {i},the thing {i // 3},{'ny'[i % 2]},g{i // 8}" for i in range(80)]
    data = pairs_of(write, rows, header="left,right,label,who")
    told = kinfold("train", "match", data, "-o", "m", "--test", "0.2", "--group", "who", *QUICK)
    assert "whole groups" in told.err and describe("m").notes["labels"]["rows"] % 8 == 0
    told = kinfold("train", "match", data, "-o", "m", "--test", "0.2", "--json", *QUICK).json
    lefts, rights = [row.split(",")[0] for row in rows], [row.split(",")[1] for row in rows]
    assert told["strata"][0]["rows"] == told["measured_on"]["rows"] and len(set(component_groups(lefts, rights))) == 27


def test_one_large_component_is_said_and_what_to_do(kinfold, write):
    rows = [f"the hub,item {i},{'ny'[i % 2]}" for i in range(40)] + ["x 1,y 1,n", "x 2,y 2,y"]
    data = pairs_of(write, rows)
    told = kinfold("train", "match", data, "-o", "m", "--test", "0.2", "--json", *QUICK, code=3).json["error"]
    assert told["code"] == "S-04" and "--split pair" in told["try"]
    again = kinfold("train", "match", data, "-o", "m", "--test", "0.2", "--split", "pair", *QUICK)
    assert "their texts may stand in the pairs to learn from too" in again.err


def test_another_file_is_measured_on(kinfold, write):
    data = pairs_of(write, some())
    other = pairs_of(write, [*some(2), "new one,newer one,yes", "odd,even,no"], "valid.csv")
    told = kinfold("train", "match", data, "-o", "m", "--valid", other, *QUICK)
    assert "2 of 4 test rows are also training rows" in told.err and "measured on valid.csv" in told.err
    assert "D-032" in kinfold("train", "match", data, "-o", "m", "--valid", data, *QUICK, code=3).err


def test_matches_alone_are_learned_by_a_net_and_measured_by_ranking(kinfold, write):
    rows = [f"how to cook dish{i} at home,cooking dish{i} in a kitchen" for i in range(30)]
    data = pairs_of(write, rows, header="left,right")
    told = kinfold("train", "match", data, "-o", "m", "--no-labels", "--test", "0.3", *NET)
    assert "loss=softmax" in told.err and "BM25" in told.err and told.out.startswith("The partner of a text is found")
    model = load("m")
    assert model.loss == "softmax" and model.classes_ == ["different", "same"]
    metrics = describe("m").metrics
    assert set(metrics) == {"mrr", "recall_at_1", "recall_at_10"} and 0 < metrics["mrr"]["value"] <= 1
    found = kinfold("evaluate", "m", data, "--no-labels", "--json").json
    assert found["baselines"]["BM25"]["mrr"]["value"] == 1.0 and found["rows"]["used"] == 30
    same = pairs_of(write, [f"{row},yes" for row in rows], "same.csv")
    assert "D-153" in kinfold("train", "match", same, "-o", "n", *NET, code=3).err
    kinfold("train", "match", same, "-o", "n", *NET, "--set", "loss=triplet", "--set", "similarity=euclidean")
    assert load("n").classes_ == ["not yes", "yes"]


def test_a_net_that_was_stopped_goes_on(kinfold, write, monkeypatch):
    data = pairs_of(write, some(60))
    asked = ("train", "match", data, *NET, "--set", "max_epochs=3", "--seed", "3")
    kinfold(*asked, "-o", "whole")

    def full(*_: object, **__: object) -> None:
        raise MachineError("no room", code="M-001")

    with monkeypatch.context() as patched:
        patched.setattr("kinfold.cli.parts.save", full)
        told = kinfold(*asked, "-o", "m", code=5)
    assert "--resume goes on from there" in told.err and os.path.isdir("m.training") and not os.path.exists("m")
    assert "T-007" in kinfold(*asked, "-o", "m", "--resume", "--set", "dim=5", code=None).err
    again = kinfold(*asked, "-o", "m", "--resume")
    assert "going on from where it was stopped" in again.err and not os.path.exists("m.training")
    assert load("m").predict_proba([("a thing 1", "the thing 1")]) == pytest.approx(
        load("whole").predict_proba([("a thing 1", "the thing 1")])
    )


def test_every_encoder_makes_a_matcher_and_words_are_a_setting():
    for name in MODELS["match"]:
        model = settings("match", name, directed=True, seed=5).build()
        assert (model.task, model.directed, model.random_state) == ("match", True, 5)
    chosen = settings("match", assignments=["negations=no, not", "characters=2,3"]).given
    assert chosen == {"negations": ("no", "not"), "characters": (2, 3)}
    about = MODELS["match"]["bag"].parameters()
    assert about["max_epochs"].about.startswith("Passes over the rows") and "See" not in about["unit"].about
    assert MODELS["match"]["boosted"].parameters()["negations"].default[:2] == ("no", "not")
