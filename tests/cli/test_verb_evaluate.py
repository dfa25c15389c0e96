from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kinfold.artifacts.store import save
from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.evaluate import evaluate_model
from kinfold.cli.overlap import SIZE, overlap, sketch
from kinfold.estimators.linear.classifier import LinearTextClassifier


def test_json_has_the_shape_of_the_design(kinfold, model, write):
    data = write(
        "t.csv", "text,label\n" + "great fun,positive\nterrible mess,negative\nshort\n" + "so so,negative\n" * 9
    )
    told = kinfold("evaluate", model, data, "--max-rejected", "0.5", "--json")
    assert set(told.json) == {"model", "task", "rows", "metrics", "baselines", "seconds"}
    assert told.json["rows"] == {"in": 12, "used": 11, "rejected": 1, "merged": 0}
    assert told.json["model"] == model and told.json["task"] == "classify" and told.json["seconds"] > 0
    for values in (told.json["metrics"], *told.json["baselines"].values()):
        assert {"accuracy", "macro_f1", "auc", "average_precision", "log_loss", "precision", "recall", "f1"} <= set(
            values
        )
        assert all({"value", "low", "high"} <= set(value) for value in values.values())
    assert list(told.json["baselines"]) == ["majority"]


def test_the_verdict_is_the_result_and_the_table_stands_beside_it(kinfold, model, labelled):
    data = labelled()
    told = kinfold("evaluate", model, "sample:reviews")
    assert told.out.startswith("Right on ") and told.out.count("\n") == 1
    assert "95 % interval" in told.err and "majority" in told.err
    assert "is a file the model was trained on" in told.err
    unknown = kinfold("evaluate", model, data)
    assert "D-074" in unknown.err and "0 of 60 texts were in the training data" in unknown.err


def test_texts_the_model_was_trained_on_are_counted(kinfold, model, write):
    text = "There is not an ounce of fat on this script."
    known = kinfold("predict", model, stdin=text.encode()).out
    assert known
    data = write("t.csv", f"text,label\n{text},positive\nanother one,negative\nthird one,negative\n")
    told = kinfold("evaluate", model, data)
    assert "of 3 texts were in the training data" in told.err


def test_a_report_and_suspected_labels_are_made_when_asked_for(kinfold, model):
    told = kinfold("evaluate", model, "sample:reviews", "--report", "r.html", "--label-errors", "--json")
    page = Path("r.html").read_text("utf-8")
    assert page.lower().startswith("<!doctype html>") and "majority" in page.lower()
    assert {"row", "label", "suggestion"} <= set(told.json["label_errors"][0])
    shown = kinfold("evaluate", model, "sample:reviews", "--label-errors", "--seed", "1")
    assert "looks like" in shown.err and "labels look wrong" in shown.err


def test_positive_seed_and_labels(kinfold, model, write):
    data = write("t.csv", "text,label\n" + "great fun,positive\nterrible mess,negative\nso so,negative\n" * 8)
    one = kinfold("evaluate", model, data, "--json", "--positive", "negative").json["metrics"]
    two = kinfold("evaluate", model, data, "--json", "--seed", "9").json["metrics"]
    assert one["recall"] != two["recall"] and one["accuracy"]["value"] == two["accuracy"]["value"]
    kinfold("evaluate", model, data, "--positive", "neutral", code=2)
    told = kinfold("evaluate", model, data, "--label", "lable", code=3)
    assert "did you mean 'label'?" in told.err
    assert "D-0" in kinfold("evaluate", model, write("n.csv", "text\ngood\n"), code=3).err


def test_several_labels_are_expected_of_a_model_that_gives_them(kinfold, several, write):
    data = write("t.csv", "text,label\n" + "red ball,red\nblue and red ball,blue|red\nplain ball,\n" * 4)
    told = kinfold("evaluate", several, data, "--json")
    assert told.json["rows"]["used"] == 12 and "f1" in told.json["metrics"]


def test_the_majority_of_several_labels_is_that_of_the_training_rows(kinfold, write):
    rows = "red ball,red\nblue ball,blue\nred and blue ball,blue|red\nplain red,red\n" * 6
    kinfold("train", "classify", write("d.csv", "text,label\n" + rows), "-o", "m", "--multi-label")
    shown = kinfold("evaluate", "m", write("t.csv", "text,label\na red thing,red\na blue thing,blue\n"), "--json")
    # red is on 18 of 24 training rows, blue on 12 of 24: both at least half
    assert shown.json["baselines"]["majority"]["recall"]["value"] == 1.0


def test_a_report_that_can_not_be_written_is_refused_first(kinfold, model):
    assert "M-012" in kinfold("evaluate", model, "missing.csv", "--report", "no/r.html", code=5).err
    kinfold("evaluate", model, "missing.csv", "--report", "r.html", code=3)
    assert not os.listdir(".")


def test_a_model_from_elsewhere_may_say_anything_of_itself(kinfold, labelled, tmp_path):
    texts, labels = ["good film", "bad film"] * 6, ["yes", "no"] * 6
    save(LinearTextClassifier(characters=None).fit(texts, labels), "plain")
    plain = kinfold("evaluate", str(tmp_path / "plain"), labelled(), "--json").json
    assert plain["metrics"]["accuracy"]["value"] == 1.0
    notes = {"labels": {"counts": {"yes": -1}, "rows": 10**12, "multilabel": True}, "texts": {"hashes": 3, "all": 1}}
    notes |= {"history": [{"rows": "x"}, 3], "baselines": [1], "measured_on": "\x1b[2J", "task": 3}
    record = {"metrics": {"accuracy": "\x1b[31m"}, "notes": notes}
    from kinfold.artifacts.compose import Record

    save(LinearTextClassifier(characters=None).fit(texts, labels), "odd", record=Record(**record))
    assert kinfold("evaluate", str(tmp_path / "odd"), labelled(), "--json").json["metrics"] == plain["metrics"]
    assert "\x1b" not in kinfold("show", str(tmp_path / "odd")).out
    kinfold("show", str(tmp_path / "odd"), "--json")


def test_the_function_works_without_the_command_line(model):
    shape = evaluate_model(Evaluate(model=model, data=["sample:reviews"], json=True), Console(quiet=True))
    assert json.loads(json.dumps(shape)) == shape


@pytest.mark.parametrize(("n", "known"), [(100, 40), (60_000, 20_000)])
def test_overlap_is_counted_exactly_or_estimated(n, known):
    kept = sketch([f"text {i}" for i in range(n)])
    found = overlap(kept, [f"text {i}" for i in range(known)] + [f"new {i}" for i in range(known)])
    assert found is not None and found.exact == (n <= SIZE)
    assert abs(found.n_known - known) <= (0 if found.exact else 0.08 * known)
    more = sketch(["another"], kept)
    assert len(more["hashes"]) == min(n + 1, SIZE) and more["all"] == (n < SIZE)
    assert overlap({}, ["x"]) is None and overlap(kept, []) is None
