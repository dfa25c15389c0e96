from __future__ import annotations

import json
from pathlib import Path

import pytest

from kinfold.artifacts.store import load
from kinfold.cli.arguments.compare import Compare
from kinfold.cli.arguments.explain import Explain
from kinfold.cli.arguments.fetch import Fetch
from kinfold.cli.arguments.show import Show
from kinfold.cli.compare import compare_models, short_names
from kinfold.cli.console import Console, aligned
from kinfold.cli.explain import explain
from kinfold.cli.fetch import fetch_dataset
from kinfold.cli.show import show
from kinfold.errors import InvalidParameterError


def test_an_explanation_adds_up(kinfold, model):
    told = kinfold("explain", model, "A great film, not bad", "--json", "--top", "3")
    (one,) = told.json["explanations"]
    assert len(one["contributions"]) == 3
    parts = sum(part["weight"] for part in one["contributions"]) + one["others"] + one["intercept"]
    assert one["score"] == pytest.approx(parts)
    text = kinfold("explain", model, "A great film, not bad").out.splitlines()
    assert text[0] == f"{one['label']}  {one['probability']:.3f}" and text[-1] == f"= {one['score']:+.3f}"


def test_a_label_can_be_asked_for_and_lines_be_given(kinfold, model):
    texts = b"great\n\nterrible\n"
    found = kinfold("explain", model, "-", "--label", "negative", "--json", stdin=texts).json["explanations"]
    assert [one["label"] for one in found] == ["negative", "negative"] and found[0]["score"] < 0 < found[1]["score"]
    assert "negative" in kinfold("explain", model, "good", "--label", "neutral", code=2).err
    assert "D-003" in kinfold("explain", model, "-", stdin=b"\n", code=3).err
    assert kinfold("explain", model, "\udcff odd bytes").out


def test_an_explanation_is_a_page_too(kinfold, model):
    kinfold("explain", model, "<script>alert(1)</script> great", "--html", "e.html", "--top", "0")
    page = Path("e.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") and "<script" not in page and "great" in page


def test_show_tells_what_the_folder_says(kinfold, model):
    told = kinfold("show", model)
    for part in (
        "LinearTextClassifier, classify",
        "2: negative, positive",
        "reviews.csv, 320 rows",
        "held out",
        "numpy",
    ):
        assert part in told.out
    found = kinfold("show", model, "--json", "--top", "2").json
    assert found["task"] == "classify" and found["bytes"] > 1000 and found["libraries"]["kinfold"]
    assert found["ngrams"]["positive"] == [list(pair) for pair in load(model).top_ngrams("positive", 2)]
    assert found["metrics"]["accuracy"]["value"] > 0.6 and found["baselines"]["majority"]
    assert "positive:" in kinfold("show", model, "--top", "2").out
    assert "ngrams" not in kinfold("show", model, "--json").json


def test_show_of_a_model_that_was_never_measured(kinfold, other, careful):
    assert "never: kinfold evaluate" in kinfold("show", other).out
    assert kinfold("show", careful, "--json").json["history"] == []
    assert kinfold("show", "nothing-here", code=4).err.startswith("error A-")


def test_compare_refuses_to_rank_a_tie(kinfold, model, other, write):
    data = write("t.csv", "text,label\n" + "great fun,positive\nterrible mess,negative\nso so,negative\n" * 8)
    told = kinfold("compare", model, other, data)
    assert told.out.startswith("reviews.model and other.model: a tie") and "95 % interval" in told.err
    found = kinfold("compare", model, other, data, "--json", "--metric", "log_loss", "--seed", "3").json
    assert found["models"] == {"reviews.model": model, "other.model": other}
    assert (
        found["metric"] == "log_loss"
        and len(found["differences"]) == 1
        and set(found["scores"]) == set(found["models"])
    )
    assert "in the training data" in kinfold("compare", model, other, "sample:reviews").err
    kinfold("compare", model, other, data, "--positive", "negative", "--metric", "recall")


def test_compare_says_how_far_models_agree(kinfold, model, other, write):
    data = write("t.csv", "text,label\n" + "great fun,positive\nterrible mess,negative\nso so,negative\n" * 8)
    told = kinfold("compare", model, other, data, "--agreement", "agree.html")
    assert "same answer" in told.err and "at least one model" in told.err
    page = Path("agree.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") and "reviews.model and other.model" in page and "<svg" in page
    found = kinfold("compare", model, other, data, "--json").json["agreement"]
    assert found["rows"] == 24 and set(found["right"]) == {"reviews.model", "other.model"}
    assert 0 <= found["pairs"][0]["same"] <= 1 and len(found["examples"]) <= 20
    kinfold("compare", model, other, "nothing.csv", "--agreement", "none.html", code=3)
    assert not Path("none.html").exists()
    assert "M-012" in kinfold("compare", model, other, data, "--agreement", "no/folder.html", code=5).err


def test_compare_needs_two_models_and_a_metric_it_knows(kinfold, model, other):
    assert "two models" in kinfold("compare", model, "sample:reviews", code=2).err
    assert "twice" in kinfold("compare", model, model, "sample:reviews", code=2).err
    kinfold("compare", model, other, "sample:reviews", "--metric", "fun", code=2)
    assert short_names(["a/m", "b/m"]) == ["a/m", "b/m"] and short_names(["a/m/", "b/n"]) == ["m", "n"]
    with pytest.raises(InvalidParameterError):
        short_names(["a", "a"])


def test_fetch_lists_and_says_where_to_put_what_is_not_there(kinfold, tmp_path, monkeypatch):
    monkeypatch.delenv("KINFOLD_DATA", raising=False)
    told = kinfold("fetch", "--list")
    assert "rt-polarity" in told.out
    assert {"name", "title", "licence", "url", "bytes"} == set(kinfold("fetch", "--list", "--json").json["datasets"][0])
    missing = kinfold("fetch", "rt-polarity", "--offline", "--cache", str(tmp_path / "c"), code=5)
    assert "error F-01" in missing.err and str(tmp_path / "c") in missing.err
    assert "did you mean 'imdb'?" in kinfold("fetch", "imbd", code=2).err
    assert "--list" in kinfold("fetch", code=2).err


def test_fetch_prints_the_path_and_the_licence(kinfold, tmp_path, monkeypatch):
    from kinfold.data.catalog import dataset

    monkeypatch.setenv("KINFOLD_DATA", str(tmp_path))
    for name in dataset("rt-polarity").local:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    told = kinfold("fetch", "rt-polarity")
    assert told.out.splitlines() == [str(tmp_path / name) for name in dataset("rt-polarity").local]
    assert "licence" in told.err and dataset("rt-polarity").licence in told.err
    assert kinfold("fetch", "rt-polarity", "--json").json["origin"] == "local"


def test_the_functions_work_without_the_command_line(model, other):
    console = Console(quiet=True)
    assert show(Show(model=model, json=True), console)["version"] == "v000001"
    assert explain(Explain(model=model, text="good", json=True), console)["explanations"]
    assert compare_models(Compare(paths=[model, other, "sample:reviews"], json=True), console)["rows"] == 400
    assert json.dumps(fetch_dataset(Fetch(list=True, json=True), console))


def test_columns_are_aligned_by_what_a_terminal_shows():
    lines = aligned([("name", "rows"), ("日本", "1,000"), ("a\x1b[0m\nb", "7")])
    assert lines == ["  name          rows", "  日本         1,000", "  a\\x1b[0m\\nb      7"]


def test_labels_are_shown_escaped(kinfold, write):
    rows = "".join(f"good {i},ok\x1b[31m\nbad {i},no\u202e\n" for i in range(6))
    told = kinfold("train", "classify", write("d.csv", "text,label\n" + rows), "-o", "m")
    assert "\x1b" not in told.err + told.out and "\u202e" not in told.err and "ok\\x1b[31m" in told.err
    assert "\x1b" not in kinfold("show", "m", "--top", "2").out
    assert "\x1b" not in kinfold("explain", "m", "good\x1b[31m").out
    assert "\x1b" not in kinfold("predict", "m", stdin=b"good\n").out
