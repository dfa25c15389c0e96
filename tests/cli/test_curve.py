from __future__ import annotations

import pytest

_QUICK = ("--net", "none", "--set", "characters=none", "--set", "C=1", "--sizes", "40,80,160")


def test_a_curve_is_json_and_a_page(kinfold):
    told = kinfold("curve", "sample:reviews", *_QUICK, "--rows", "500", "--report", "curve.html", "--json")
    wanted = "data metric sizes scores minutes fits bands doubled crossings verdicts asked ledger"
    assert set(wanted.split()) <= set(told.json)
    assert told.json["sizes"] == {"linear": [40, 80, 160]} and len(told.json["scores"]["linear"][0]) == 3
    assert told.json["asked"]["linear"][0]["rows"] == 500 and told.json["rows"]["test"] == 120
    with open("curve.html", encoding="utf-8") as page:
        assert "What more rows of reviews.csv would bring" in page.read()


def test_sentences_are_the_result_and_the_table_stands_beside_them(kinfold, labelled):
    told = kinfold("curve", "sample:reviews", *_QUICK, "--test", labelled(), "--report", "curve.svg")
    assert told.out.startswith("linear: accuracy ") and "Twice as many, 320, would give about" in told.out
    assert "One training takes on this machine: linear" in told.out and "more than 4 times" in told.out
    assert "80 % band" in told.err and "forecast: " in told.err and "linear: 40 rows, 1 of 3" in told.err
    with open("curve.svg", encoding="utf-8") as picture:
        assert picture.read().startswith("<svg")


def test_rows_shared_with_the_test_file_are_left_out_and_said(kinfold, write, labelled):
    data = labelled(n=400)
    with open(data, encoding="utf-8") as file:
        head, *lines = file.read().splitlines()
    test = write("test.csv", "\n".join([head, *lines[:100]]) + "\n")
    told = kinfold("curve", data, *_QUICK, "--test", test)
    assert "D-102: 100 rows share a text or group with the test rows" in told.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--rows", "641"), "U-017"),
        (("--minutes", "1e-9"), "U-018"),
        (("--seeds", "2"), "U-019"),
        (("--sizes", "40,x,160"), "U-019"),
        (("--report", "curve.png"), "U-019"),
        (("--net", "linear"), "U-019"),
        (("--set", "gru.C=1"), "U-019"),
        (("--set", "linear.nothing=1"), "U-004"),
        (("--net", "nothing"), "U-002"),
        (("--metric", "log_loss"), "U-019"),
    ],
)
def test_what_can_not_be_meant_is_refused(kinfold, options, code):
    told = kinfold("curve", "sample:reviews", *_QUICK, *options, "--json", code=2)
    assert told.json["error"]["code"] == code


def test_too_few_rows_are_refused(kinfold, labelled):
    told = kinfold("curve", labelled(n=150), "--net", "none", "--json", code=3)
    assert told.json["error"]["code"] == "D-100" and "too few rows" in told.json["error"]["what"]
