from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kinfold.artifacts.store import load, reserve
from kinfold.artifacts.versions import describe

QUICK = ("--set", "characters=none", "--set", "C=3")


def test_a_model_is_trained_measured_saved_and_described(kinfold):
    told = kinfold("train", "classify", "sample:reviews", "-o", "m", "--test", "0.2", *QUICK)
    assert told.out.startswith("Right on ") and told.out.endswith("m v000001\n")
    assert "400 in = 400 used + 0 rejected + 0 merged" in told.err
    assert "majority" in told.err and "held out" in told.err and "kinfold predict m -" in told.err
    manifest = describe("m")
    assert 0.5 < manifest.metrics["accuracy"]["low"] < manifest.metrics["accuracy"]["value"] <= 1
    assert manifest.notes["labels"] == {
        "counts": {"negative": 160, "positive": 160},
        "rows": 320,
        "multilabel": False,
    }
    assert manifest.data_sha256 == manifest.ledger["sha256"] and manifest.ledger["rows"]["in"] == 400


def test_json_is_one_object_and_nothing_else(kinfold):
    told = kinfold("train", "classify", "sample:reviews", "-o", "m", "--test", "0.2", "--json", *QUICK)
    assert told.err == "" and told.out.count("\n") == 1
    assert told.json["model"] == "m" and told.json["version"] == "v000001" and told.json["task"] == "classify"
    assert told.json["rows"] == {"in": 400, "used": 400, "rejected": 0, "merged": 0}
    assert set(told.json["metrics"]["accuracy"]) == {"value", "low", "high"}


def test_without_rows_to_measure_on_it_says_so(kinfold, labelled):
    told = kinfold("train", "classify", labelled(), "-o", "m", *QUICK)
    assert "no figure was measured" in told.err and told.out == "m v000001\n"
    assert describe("m").metrics == {}


def test_a_second_file_is_measured_on_and_checked_for_overlap(kinfold, labelled, write):
    data = labelled()
    valid = write("valid.csv", "text,label\na good day,yes\na bad day,no\na bad sea number 10,no\nodd one,maybe\n")
    told = kinfold("train", "classify", data, "-o", "m", "--valid", valid, *QUICK)
    assert "1 of 4 test rows are also training rows" in told.err and "D-074" in told.err
    assert "measured on valid.csv" in told.err
    same = kinfold("train", "classify", data, "-o", "m", "--valid", data, *QUICK, code=3)
    assert "D-032" in same.err and describe("m").version == "v000001"


def test_set_config_seed_and_threads_reach_the_model(kinfold, labelled, write):
    config = write("c.toml", "[params]\nmin_df = 3\nwords = [1, 2]")
    kinfold(
        *("train", "classify", labelled(), "-o", "m", "--config", config, "--model", "linear", "--seed", "7"),
        *("--threads", "1", "--set", "min_df=4", "--set", "characters=none"),
    )
    model = load("m")
    assert (model.min_df, model.words, model.random_state, model.n_threads) == (4, (1, 2), 7, 1)
    assert describe("m").threads == 1


def test_update_goes_on_from_the_model_that_is_there(kinfold, labelled, write):
    kinfold("train", "classify", labelled(), "-o", "m", *QUICK)
    more = write("more.csv", "text,label\n" + "an odd thing entirely,maybe\n" * 6 + "good again,yes\n" * 3)
    told = kinfold("train", "classify", more, "-o", "m", "--update", "--json")
    assert told.json["labels"] == ["maybe", "no", "yes"] and told.json["version"] == "v000002"
    notes = describe("m").notes
    assert [step["source"] for step in notes["history"]] == ["data.csv", "more.csv"]
    assert notes["labels"]["rows"] == 69 and notes["labels"]["counts"]["maybe"] == 6
    assert load("m").predict(["an odd thing entirely"]) == ["maybe"]
    refused = kinfold("train", "classify", more, "-o", "m", "--update", "--set", "min_df=3", code=2)
    assert "keeps the parameters" in refused.err
    assert kinfold("train", "classify", more, "-o", "none", "--update", code=4).err.startswith("error A-")
    assert not os.path.exists("none")


def test_rows_of_a_group_stay_on_one_side(kinfold, write):
    rows = [f"{('bad', 'good')[i % 2]} thing {i},{('no', 'yes')[i % 2]},g{i // 6}\n" for i in range(90)]
    data = write("g.csv", "text,label,who\n" + "".join(rows))
    told = kinfold("train", "classify", data, "-o", "m", "--test", "0.2", "--group", "who", "--json", *QUICK)
    assert told.json["trained_on"] % 6 == 0


def test_options_of_reading_do_something(kinfold, write):
    rows = "".join(f"{('bad', 'good')[i % 2]} thing {i};{('No', 'yes')[i % 2]}\n" for i in range(40))
    data = write("d.csv", ("t;l\n" + rows + "caf\xe9 good;NO\n" + "caf\xe9 good;NO\n").encode("cp1252"))
    refused = kinfold("train", "classify", data, "-o", "m", "--label", "l", code=3)
    assert "--delimiter" in refused.err
    said = ("--text", "t", "--label", "l", "--delimiter", ";", "--encoding", "cp1252")
    told = kinfold(
        "train", "classify", data, "-o", "m", *said, "--merge-labels", "--merge-duplicates", "--json", *QUICK
    )
    assert told.json["labels"] == ["No", "yes"] and told.json["rows"]["merged"] == 1
    plain = write("d.tsv", rows.replace(";", "\t"))
    columns = ("--no-header", "--text", "1", "--label", "2")
    assert kinfold("train", "classify", plain, "-o", "n", *columns, "--json", *QUICK).json["rows"]["in"] == 40
    quoted = write("q.csv", 'text,label\n"half,no\n' + "".join(f"good {i},yes\nbad {i},no\n" for i in range(9)))
    assert "--quoting none" in kinfold("train", "classify", quoted, "-o", "q", code=3).err
    kinfold("train", "classify", quoted, "-o", "q", "--quoting", "none", *QUICK)


def test_rejected_rows_are_written_counted_and_limited(kinfold, write):
    rows = "".join(f"{('bad', 'good')[i % 2]} thing {i},{('no', 'yes')[i % 2]}\n" for i in range(40))
    data = write("d.csv", f"text,label\n{rows}short\n")
    stopped = kinfold("train", "classify", data, "-o", "m", code=3)
    assert "D-038" in stopped.err and "--rejected" in stopped.err and not os.path.exists("m")
    said = ("--max-rejected", "0.1", "--rejected", "bad.jsonl", "--json")
    told = kinfold("train", "classify", data, "-o", "m", *said, *QUICK)
    assert told.json["rows"] == {"in": 41, "used": 40, "rejected": 1, "merged": 0}
    (line,) = Path("bad.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["line"] == 42


def test_several_labels_a_row_are_learned_when_asked_for(kinfold, write):
    rows = "".join(f"{a} {b} ball {i},{a}|{b}\n" for i in range(5) for a in ("red", "big") for b in ("new", "old"))
    data = write("d.csv", "text,label\n" + rows)
    assert "--multi-label" in kinfold("train", "classify", data, "-o", "m", code=3).err
    told = kinfold("train", "classify", data, "-o", "m", "--multi-label", "--test", "0.3", "--json", *QUICK)
    assert told.json["labels"] == ["big", "new", "old", "red"] and "f1" in told.json["metrics"]
    other = write("e.csv", "text,label\n" + rows.replace("|", "/"))
    told = kinfold("train", "classify", other, "-o", "n", "--label-separator", "/", "--json", *QUICK)
    assert told.json["labels"] == ["big", "new", "old", "red"]
    kept = kinfold("train", "classify", data, "-o", "k", "--single-label", "--json", *QUICK)
    assert kept.json["labels"][0] == "big|new"


@pytest.mark.parametrize(
    "argv",
    [
        ("--test", "0.2", "--valid", "x.csv"),
        ("--test", "0"),
        ("--test", "1.5"),
        ("--set", "min_fd=3"),
        ("--set", "metric=f2"),
        ("--model", "bert"),
        ("--threads", "0"),
        ("--delimiter", "ab"),
        ("--format", "doc"),
    ],
)
def test_options_that_can_not_be_meant_are_usage_errors(kinfold, labelled, argv):
    kinfold("train", "classify", labelled(), "-o", "m", *argv, code=2)
    assert not os.path.exists("m")


def test_the_target_is_checked_before_the_data_is_read(kinfold, write):
    write("file", "x")
    assert kinfold("train", "classify", "missing.csv", "-o", "file", code=None).code in (4, 5)
    os.mkdir("full")
    write("full/notes.txt", "mine")
    refused = kinfold("train", "classify", "missing.csv", "-o", "full", code=4)
    assert "error A-" in refused.err and os.listdir("full") == ["notes.txt"]


def test_a_locked_model_is_left_alone(kinfold, labelled):
    with reserve("m"):
        told = kinfold("train", "classify", labelled(), "-o", "m", code=6)
    assert "error L-001" in told.err and str(os.getpid()) in told.err


def test_a_failed_training_leaves_the_old_model(kinfold, labelled, write):
    kinfold("train", "classify", labelled(), "-o", "m", *QUICK)
    kinfold("train", "classify", write("one.csv", "text,label\na,x\nb,x\n"), "-o", "m", code=3)
    assert describe("m").version == "v000001" and load("m").predict(["good"]) == ["yes"]
    assert [name for name in os.listdir("m") if name.startswith(".tmp")] == []


def test_samples_and_data_sets_by_name(kinfold, monkeypatch, tmp_path):
    assert "did you mean 'reviews'" in kinfold("train", "classify", "sample:review", "-o", "m", code=2).err
    assert "pairs" in kinfold("train", "classify", "sample:questions", "-o", "m", code=2).err
    assert "did you mean" in kinfold("train", "classify", "fetch:imbd", "-o", "m", code=2).err


def test_progress_is_told_sparsely_where_there_is_no_terminal(kinfold, labelled):
    told = kinfold("train", "classify", labelled(), "-o", "m", *QUICK)
    lines = told.err.splitlines()
    assert [line for line in lines if line.startswith(("reading", "saving"))] == ["reading data.csv", "saving m"]
    assert "\x1b" not in told.err and "\r" not in told.err
