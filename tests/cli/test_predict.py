from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

from kinfold.artifacts.store import load
from kinfold.cli.arguments.predict import Predict
from kinfold.cli.console import Console
from kinfold.cli.lines import LineReader
from kinfold.cli.predict import predict
from kinfold.data.limits import Limits


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_lines_of_standard_input_are_answered_in_order(kinfold, model):
    told = kinfold("predict", model, "-", stdin=b"great fun\nterrible\n\nsch\xc3\xb6n\r\n\xff\n")
    answers = lines(told.out)
    assert [one["record"] for one in answers] == [1, 2, 3, 4, 5]
    assert [one.get("label") for one in answers[:2]] == ["positive", "negative"]
    assert answers[2]["error"] == {"code": "D-053", "reason": "text is empty", "line": 3}
    assert answers[4]["error"]["code"] == "D-009" and 0.5 <= answers[3]["probability"] <= 1
    assert "5 in = 3 used + 2 rejected + 0 merged" in told.err
    assert lines(kinfold("predict", model, stdin=b"great fun\nterrible").out) == answers[:2]


def test_a_file_is_answered_as_the_model_answers(kinfold, model, labelled):
    data = labelled()
    answers = lines(kinfold("predict", model, data).out)
    texts = [row["text"] for row in csv.DictReader(Path(data).read_text("utf-8").splitlines())]
    assert [one["label"] for one in answers] == load(model).predict(texts)
    assert [one["record"] for one in answers] == list(range(1, 61))


def test_rejected_records_are_answered_in_their_place(kinfold, model, write):
    data = write("d.csv", 'text,id\ngood,a\nshort\n"",c\nbad,d\n')
    answers = lines(kinfold("predict", model, data, "--id", "id", "--rejected", "r.jsonl").out)
    assert [(one["record"], one.get("id"), "error" in one) for one in answers] == [
        (1, "a", False),
        (2, None, True),
        (3, None, True),
        (4, "d", False),
    ]
    assert [one["error"]["code"] for one in answers[1:3]] == ["D-038", "D-053"]
    assert len(Path("r.jsonl").read_text("utf-8").splitlines()) == 2


def test_nothing_usable_at_all_is_an_error(kinfold, model):
    told = kinfold("predict", model, stdin=b"\n \n", code=3)
    assert len(lines(told.out)) == 2 and "none of 2 records can be used" in told.err
    assert "D-003" in kinfold("predict", model, stdin=b"", code=3).err
    inside = kinfold("predict", model, "--json", stdin=b"\n", code=3)
    assert inside.json["answers"][0]["error"]["code"] == "D-053" and inside.json["error"]["code"] == "D-053"


def test_csv_has_a_header_and_is_safe_for_spreadsheets_when_asked(kinfold, write, model, tmp_path):
    data = write("d.csv", "text,key\ngood,=1+1\n,b\n")
    kinfold("predict", model, data, "-o", "out.csv", "--id", "key", "--proba", "--excel-safe")
    rows = list(csv.reader(Path("out.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["record", "id", "label", "probability", "p(negative)", "p(positive)", "error"]
    assert rows[1][:3] == ["1", "'=1+1", "positive"] and rows[2][2:] == ["", "", "", "", "D-053: text is empty"]
    assert abs(float(rows[1][4]) + float(rows[1][5]) - 1) < 1e-5
    assert kinfold("predict", model, data, "--as", "csv", "--id", "key").out.splitlines()[1].startswith("1,=1+1,")
    assert sorted(os.listdir(tmp_path)) == ["d.csv", "out.csv"]


def test_json_holds_all_answers_or_the_summary_of_a_file(kinfold, model):
    told = kinfold("predict", model, "--json", "--proba", stdin=b"good\nbad\n")
    assert [one["record"] for one in told.json["answers"]] == [1, 2] and told.err == ""
    assert set(told.json["answers"][0]["probabilities"]) == {"negative", "positive"}
    assert told.json["rows"] == {"in": 2, "used": 2, "rejected": 0, "merged": 0}
    assert sum(told.json["labels"].values()) == 2 and told.json["abstained"] == 0
    told = kinfold("predict", model, "-o", "a.jsonl", "--json", stdin=b"good\nbad\n")
    assert "answers" not in told.json and told.json["output"] == "a.jsonl"
    assert len(lines(Path("a.jsonl").read_text("utf-8"))) == 2


def test_no_answer_is_null(kinfold, careful):
    answers = lines(kinfold("predict", careful, stdin=b"good film\nsomething else\n").out)
    assert answers[0]["label"] == "yes" and answers[1] == {"record": 2, "label": None, "probability": None}
    assert kinfold("predict", careful, "--as", "csv", stdin=b"something else\n").out.splitlines()[1] == "1,,,"
    assert kinfold("predict", careful, "--json", stdin=b"something else\n").json["abstained"] == 1


def test_several_labels_are_a_list(kinfold, several):
    answers = lines(kinfold("predict", several, stdin=b"red and blue ball\nplain ball\n").out)
    assert answers == [{"record": 1, "labels": ["blue", "red"]}, {"record": 2, "labels": []}]
    table = kinfold("predict", several, "--as", "csv", stdin=b"red and blue ball\nplain ball\n").out
    assert table == "record,labels,error\n1,blue|red,\n2,,\n"


def test_formats_and_threads(kinfold, model, write):
    told = kinfold(
        "predict", model, "-", "--format", "csv", "--text", "t", "--threads", "1", stdin=b"t,n\ngood,1\nbad,2\n"
    )
    assert len(lines(told.out)) == 2
    told = kinfold("predict", model, "--encoding", "cp1252", stdin="schön\n".encode("cp1252"))
    assert len(lines(told.out)) == 1
    plain = write("x.txt", "good\nbad\n")
    assert len(lines(kinfold("predict", model, plain).out)) == 2
    assert len(lines(kinfold("predict", model, "sample:reviews").out)) == 400
    labelled = write("x.ft", "__label__yes good\n__label__no bad\n")
    assert len(lines(kinfold("predict", model, labelled).out)) == 2


@pytest.mark.parametrize(
    "argv",
    [("--as", "xml"), ("--excel-safe",), ("--id", "n"), ("--as", "csv", "--json"), ("--threads", "none")],
)
def test_options_that_can_not_be_meant_are_usage_errors(kinfold, model, argv):
    kinfold("predict", model, *argv, stdin=b"good\n", code=2)


def test_a_failed_run_leaves_the_old_output(kinfold, model, write, tmp_path):
    write("out.jsonl", "mine\n")
    data = write("d.csv", "text\n" + "good\n" * 50 + '"never closed\n')
    kinfold("predict", model, data, "-o", "out.jsonl", code=3)
    assert Path("out.jsonl").read_text("utf-8") == "mine\n" and len(os.listdir(tmp_path)) == 2
    assert "M-012" in kinfold("predict", model, data, "-o", "none/out.jsonl", code=5).err
    assert "D-001" in kinfold("predict", model, "dd.csv", code=3).err
    assert "\nerror A-" in kinfold("predict", "nomodel", data, code=4).err


def test_the_function_works_without_the_command_line(model, labelled, tmp_path):
    out = str(tmp_path / "a.jsonl")
    options = Predict(model=model, data=labelled(), output=out, json=True)
    summary = predict(options, Console(quiet=True))
    assert summary is not None and summary["rows"]["used"] == 60


class Slow(io.BytesIO):
    """A pipe that brings a few bytes at a time."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)

    def read1(self, size: int = -1) -> bytes:
        return self._parts.pop(0) if self._parts else b""


def test_lines_do_not_depend_on_how_they_arrive():
    whole = b"\xef\xbb\xbfone\ntwo\r\n\n\xffx\nthree" + b"y" * 40 + b"\nlast"
    limits = Limits(max_field=30)

    def read(*parts: bytes) -> list[tuple]:
        reader = LineReader(Slow(*parts), limits)
        found = [item for block in reader for item in block.in_order()]
        assert reader.ledger.balanced and reader.ledger.read == 6
        return [(number, getattr(item, "text", None) or item.code) for number, item in found]

    expected = [(1, "one"), (2, "two"), (3, "D-053"), (4, "D-009"), (5, "D-043"), (6, "last")]
    assert read(whole) == expected
    assert read(*(whole[i : i + 1] for i in range(len(whole)))) == expected
    assert read(whole[:9], whole[9:30], whole[30:]) == expected


def test_a_line_without_end_does_not_fill_the_memory():
    reader = LineReader(Slow(*[b"x" * 1000] * 1000, b"\nshort\n"), Limits(max_field=5000))
    found = [item for block in reader for item in block.in_order()]
    assert [getattr(item, "code", "ok") for _, item in found] == ["D-043", "ok"]
