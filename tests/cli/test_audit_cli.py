from __future__ import annotations

import csv

import pytest


def test_one_file_is_split_audited_and_repaired(kinfold):
    told = kinfold("audit", "sample:questions", "--report", "audit.html", "--repaired", "fixed")
    assert "split at random: 120 rows to learn from, 30 to test on" in told.err
    assert told.out.startswith("Not clean: ") and "Repaired split: whole connected components" in told.out
    assert "Probes that must fail" in told.err and "probing left only" in told.err
    with open("audit.html", encoding="utf-8") as page:
        assert "Can a score on questions.csv be believed?" in page.read()
    sides = []
    for part, n in (("train", 120), ("test", 30)):
        with open(f"fixed-{part}.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == n and set(rows[0]) == {"left", "right", "label"}
        sides.append({row[side] for row in rows for side in ("left", "right")})
    assert not sides[0] & sides[1]
    again = kinfold("audit", "fixed-train.csv", "fixed-test.csv", "--left", "left", "--right", "right", "--json")
    assert again.json["counts"]["linked"] == 0 and again.json["repair"]["how"] == "none"


def test_json_holds_everything_and_options_are_heeded(kinfold, write, labelled):
    data = labelled(n=100)
    told = kinfold("audit", data, "--test", "0.3", "--seed", "4", "--metric", "auc", "--json").json
    assert told["rows"] == {"train": 70, "test": 30} and told["metric"] == "auc" and told["settings"]["seed"] == 4
    wanted = "data kind clean findings model headline counts inflation strata probes repair settings ledgers"
    assert set(wanted.split()) <= set(told)
    strict = kinfold("audit", data, "--threshold", "1", "--json").json
    loose = kinfold("audit", data, "--threshold", "0.4", "--json").json
    assert strict["counts"]["near"] == 0 < loose["counts"]["near"]


def test_ids_of_sides_and_the_order_of_sides_count(kinfold, write):
    rows = [f"q {i},r {i},{'yn'[i % 2]},{i % 7},{100 + i}\n" for i in range(60)]
    data = write("pairs.csv", "a,b,label,ia,ib\n" + "".join(rows))
    given = ("audit", data, "--left", "a", "--right", "b", "--json")
    assert kinfold(*given).json["counts"]["both_new"] == 12
    assert kinfold(*given, "--left-id", "ia", "--right-id", "ib").json["counts"]["one_seen"] == 12
    turned = write("turned.csv", "a,b,label\nr 0,q 0,y\nr 1,q 1,y\n")
    one = ("audit", data, turned, *given[2:])
    assert kinfold(*one).json["counts"]["copies"] == 2 and kinfold(*one, "--directed").json["counts"]["copies"] == 0


def test_a_model_is_the_headline_and_labels_may_be_missing(kinfold, labelled, model):
    told = kinfold("audit", "sample:reviews", "--model", model, "--json").json
    assert told["model"] == "model given" and told["headline"]["accuracy"]["value"] > 0.8
    bare = kinfold("audit", labelled(n=100), "--no-labels")
    assert "There are no labels" in bare.out


@pytest.mark.parametrize(
    "options",
    [
        ("--left", "a"),
        ("--left-id", "a"),
        ("--left", "a", "--right", "b", "--text", "c"),
        ("--left-id", "a", "--right-id", "b"),
        ("other.csv", "--test", "0.2"),
        ("--test", "1.5"),
        ("--no-labels", "--label", "x"),
        ("--report", "page.pdf"),
    ],
)
def test_options_that_contradict_one_another_are_refused(kinfold, labelled, options):
    assert kinfold("audit", labelled(), *options, "--json", code=2).json["error"]["code"] == "U-035"


def test_a_split_that_can_not_be_repaired_is_said(kinfold, write):
    rows = [f"the user,item {i},{'yn'[i % 2]}\n" for i in range(40)]
    data = write("hub.csv", "left,right,label\n" + "".join(rows))
    told = kinfold("audit", data, "--left", "left", "--right", "right", "--repaired", "fixed", "--json", code=3)
    assert told.json["error"]["code"] == "D-146"
