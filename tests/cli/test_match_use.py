"""A saved matcher asked: predictions, explanations, measures and comparisons."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from kinfold.artifacts.compose import Record
from kinfold.artifacts.store import load, save
from kinfold.cli.arguments.match import TrainMatch
from kinfold.cli.console import Console
from kinfold.cli.match import train_match
from kinfold.data.samples import sample


@pytest.fixture(scope="module")
def matcher(tmp_path_factory) -> str:
    """Boosted trees that have learned the packaged questions, a fifth of them held out."""
    path = str(tmp_path_factory.mktemp("matchers") / "questions.model")
    given = ["max_trees=5", "cross_bits=10"]
    train_match(TrainMatch(data="sample:questions", output=path, test=0.2, set=given, json=True), Console(quiet=True))
    return path


@pytest.fixture(scope="module")
def net(tmp_path_factory) -> str:
    """A net that has learned the same."""
    path = str(tmp_path_factory.mktemp("matchers") / "net.model")
    options = TrainMatch(
        data="sample:questions", output=path, model="bag", set=["dim=4", "max_epochs=1"], threads=1, json=True
    )
    train_match(options, Console(quiet=True))
    return path


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_pairs_on_standard_input_are_answered_line_by_line(kinfold, matcher):
    given = b"how do I boil an egg?\thow are eggs boiled?\none text\n\na\tb\tc\nleft\t\n\xff\tx\nsame\tsame\n"
    told = kinfold("predict", matcher, "--proba", stdin=given)
    found = lines(told.out)
    assert [one["record"] for one in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [one.get("error", {}).get("code") for one in found] == [
        *(None, "D-038", "D-038", "D-037", "D-053", "D-009", None)
    ]
    assert set(found[0]["probabilities"]) == {"different", "duplicate"} and 0 < found[0]["probability"] <= 1
    assert "7 in = 2 used + 5 rejected" in told.err
    assert "D-003" in kinfold("predict", matcher, code=3).err


def test_files_are_answered_in_order_in_both_formats(kinfold, matcher, write):
    data = write("p.csv", "n,a,b\n7,boil an egg,eggs boiled\n8,,x\n9,red,blue\n")
    given = ("predict", matcher, data, "--left", "a", "--right", "b", "--id", "n")
    found = lines(kinfold(*given).out)
    assert [one.get("id") for one in found] == ["7", None, "9"] and found[1]["error"]["code"] == "D-053"
    kinfold(*given, "-o", "out.csv", "--proba")
    with open("out.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [found[0]["label"], "", found[2]["label"]]
    assert float(rows[0]["p(different)"]) + float(rows[0]["p(duplicate)"]) == pytest.approx(1, abs=1e-5)
    piped = kinfold("predict", matcher, "-", "--format", "tsv", stdin=b"left\tright\na\tb\n")
    assert len(lines(piped.out)) == 1
    summary = kinfold("predict", matcher, "sample:questions", "--json").json
    assert summary["task"] == "match" and sum(summary["labels"].values()) == 150 == len(summary["answers"])
    asked = [("boil an egg", "eggs boiled"), ("red", "blue")]
    assert load(matcher).predict(asked) == [found[0]["label"], found[2]["label"]]


def test_options_of_other_models_are_refused(kinfold, matcher, model, net):
    assert "--left" in kinfold("predict", matcher, "--text", "t", stdin=b"a\tb\n", code=2).err
    assert "--text" in kinfold("predict", model, "--left", "a", "--right", "b", stdin=b"a\n", code=2).err
    kinfold("predict", matcher, "--threads", "1", stdin=b"a\tb\n", code=2)
    kinfold("predict", net, "--threads", "1", stdin=b"a\tb\n")
    assert "these are single texts" in kinfold("predict", matcher, "sample:reviews", code=2).err
    for option in (("--label-errors",), ("--restrict", "5"), ("--text", "t"), ("--multi-label",)):
        assert "U-015" in kinfold("evaluate", matcher, "sample:questions", *option, code=2).err
    for option in (("--left", "a"), ("--no-labels",)):
        assert "U-015" in kinfold("evaluate", model, "sample:reviews", *option, code=2).err
    assert "U-012" in kinfold("nearest", matcher, "x", code=2).err
    kinfold("evaluate", matcher, "sample:questions", "sample:questions", code=2)


def test_a_matcher_is_measured_by_how_new_the_pairs_are(kinfold, matcher, write):
    known = sample("questions")[0]
    rows = "".join(f"entirely new {i},another {i // 2},{('different', 'duplicate')[i % 2]}\n" for i in range(12))
    mixed = f'"{known.left}",something else,different\n"{known.left}","{known.right}",{known.label}\n'
    data = write("t.csv", "left,right,label\n" + rows + mixed)
    told = kinfold("evaluate", matcher, data, "--report", "r.html", "--json")
    assert set(told.json) == {"model", "task", "rows", "metrics", "baselines", "seconds", "strata"}
    assert told.json["task"] == "match" and list(told.json["baselines"]) == ["majority", "shared words"]
    assert {"accuracy", "f1", "auc", "log_loss", "calibration_error"} <= set(told.json["metrics"])
    counts = {one["name"]: one["rows"] for one in told.json["strata"]}
    assert sum(counts.values()) == 14 and counts["both new"] >= 11
    page = Path("r.html").read_text("utf-8")
    assert "How new the pairs are" in page and "n-grams" not in page
    person = kinfold("evaluate", matcher, data)
    assert "pairs with two new texts it is right on" in person.out and "are taken for known" in person.err
    assert "is a file the model was trained on" in kinfold("evaluate", matcher, "sample:questions").err
    odd = write("odd.csv", "left,right,label\na,b,maybe\nc,d,duplicate\n")
    assert "D-074" in kinfold("evaluate", matcher, odd).err


def test_a_matcher_from_elsewhere_may_say_anything_of_itself(kinfold, matcher, tmp_path):
    for i, notes in enumerate(
        (
            {
                "sides": {"bits": "!!", "hashes": 3, "texts": 4},
                "shared_words": {"classes": ["a"], "slope": 1, "offset": 2},
            },
            {"sides": {"bits": "AAAA", "hashes": 10**9, "texts": 4}, "shared_words": {"classes": 3}},
            {"sides": 5, "shared_words": {"classes": ["a", "b"], "slope": "x", "offset": 2}},
        )
    ):
        path = str(tmp_path / f"odd{i}")
        save(load(matcher), path, record=Record({}, {}, None, notes, 1))
        told = kinfold("evaluate", path, "sample:questions", "--json").json
        assert "strata" not in told and list(told["baselines"]) == ["majority"]


def test_an_explanation_of_features_adds_up(kinfold, matcher):
    pair = ("How do I boil an egg?", "How are eggs boiled?")
    (one,) = kinfold("explain", matcher, *pair, "--top", "4", "--json").json["explanations"]
    assert one["pair"] == list(pair) and len(one["features"]) == 4 >= len(one["words"])
    total = sum(part["effect"] for part in one["features"]) + one["others"] + one["intercept"]
    assert one["log_odds"] == pytest.approx(total) and one["kind"] == "features"
    told = kinfold("explain", matcher, *pair, "--html", "why.html")
    assert told.out.startswith("duplicate  0.") and told.out.splitlines()[-1] == f"= {one['log_odds']:+.3f}"
    assert "<table>" in Path("why.html").read_text("utf-8")


def test_an_explanation_of_a_net_tells_which_words_met(kinfold, net):
    found = kinfold("explain", net, "-", "--json", stdin=b"boil an egg\tcook rice\n\na b\tc d\n").json["explanations"]
    assert [one["pair"] for one in found] == [["boil an egg", "cook rice"], ["a b", "c d"]]
    assert [part["word"] for part in found[0]["left"]] == ["boil", "an", "egg"] and found[0]["kind"] == "meeting"
    assert "left: " in kinfold("explain", net, "how is an egg boiled", "how to boil an egg").out


def test_what_can_not_be_explained_is_refused(kinfold, matcher, model):
    for argv in ((matcher, "one"), (matcher, "a", "b", "--label", "x"), (model, "a", "b"), (matcher, "-", "b", "c")):
        kinfold("explain", *argv, code=2)
    told = kinfold("explain", matcher, "-", stdin=b"a\tb\nonly one\n", code=3)
    assert "D-037" in told.err and "pair 2" in told.err


def test_a_comparison_says_which_matcher_does_not_know_the_labels(kinfold, matcher, net, write):
    rows = (f"cook rice {i},boil rice {i},{'dup' if i % 2 else 'different'}" for i in range(20))
    told = kinfold("compare", matcher, net, write("p.csv", "\n".join(["left,right,label", *rows, ""])))
    assert told.err.count("D-074") == 2 and "dup" in told.err and "wrong: questions.model" in told.err


def test_two_matchers_are_compared_on_the_same_pairs(kinfold, matcher, net, model):
    told = kinfold("compare", matcher, net, "sample:questions", "--agreement", "a.html", "--json")
    assert told.json["rows"] == 150 and set(told.json["scores"]) == {"questions.model", "net.model"}
    assert " ↔ " in told.json["agreement"]["examples"][0]["text"] and os.path.exists("a.html")
    assert "U-012" in kinfold("compare", matcher, model, "sample:questions", code=2).err
    assert "U-015" in kinfold("compare", matcher, net, "sample:questions", "--text", "left", code=2).err


def test_a_matcher_is_audited(kinfold, matcher):
    told = kinfold("audit", "sample:questions", "--model", matcher, "--json").json
    assert told["model"] == "model given" and told["kind"] == "pairs"
