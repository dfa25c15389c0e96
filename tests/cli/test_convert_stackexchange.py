"""`convert stackexchange`: what is written, what is said, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kinfold.data.table import read_table

POSTS = """<posts>
<row Id="1" PostTypeId="1" AcceptedAnswerId="2" CreationDate="2020-01-01T00:00:00.000" Score="5" Title="How?"
 Tags="|a|b|" Body="&lt;p&gt;Caf\u00e9&lt;/p&gt;&lt;pre&gt;x&lt;/pre&gt;"/>
<row Id="2" PostTypeId="2" ParentId="1" CreationDate="2020-01-02T00:00:00.000" Score="0" Body="So."/>
<row Id="3" PostTypeId="2" ParentId="1" CreationDate="2020-01-03T00:00:00.000" Score="2" Body="Thus."/>
<row Id="4" PostTypeId="1" CreationDate="2020-01-04T00:00:00.000" Score="1" Title="How so?" Body="b"/>
<row Id="5" PostTypeId="4" CreationDate="2020-01-05T00:00:00.000" Score="0" Body="tag"/>
</posts>"""
LINKS = """<postlinks>
<row Id="1" CreationDate="2020-02-01T00:00:00.000" PostId="4" RelatedPostId="1" LinkTypeId="3"/>
</postlinks>"""


@pytest.fixture
def dump(write) -> str:
    write("PostLinks.xml", LINKS)
    return write("Posts.xml", POSTS)


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def test_pairs_and_what_is_said_of_them(kinfold, dump):
    told = kinfold("convert", "stackexchange", dump, "-o", "out.jsonl")
    left, question_time = "How?\nCafé\nx", "2020-01-01T00:00:00.000"
    pair = {"kind": "pair", "id": "1-3", "left": left, "right": "Thus.", "group": "1", "time": question_time}
    pair |= {"left_id": "1", "right_id": "3"}
    assert rows("out.jsonl") == [pair]
    assert told.out == "out.jsonl: 1 pair\n"
    assert "Posts.xml (stackexchange): 5 in = 4 used + 1 rejected + 0 merged" in told.err and "D-126" in told.err
    assert "reading Posts.xml" in told.err
    assert read_table("out.jsonl", left="left", right="right", id="id", group="group", time="time").pairs.groups == [
        "1"
    ]
    kinfold("convert", "stackexchange", dump, "-o", "out.jsonl", "--answer", "accepted", "--part", "title")
    assert [(row["left"], row["right"]) for row in rows("out.jsonl")] == [("How?", "So.")]


def test_questions_answers_and_duplicates(kinfold, dump):
    kinfold("convert", "stackexchange", dump, "-o", "q.jsonl", "--what", "questions", "--code", "drop")
    first, second = rows("q.jsonl")
    assert first == {
        **{"kind": "question", "id": "1", "title": "How?", "body": "Café", "tags": ["a", "b"], "score": 5},
        **{"time": "2020-01-01T00:00:00.000", "accepted": "2"},
    }
    assert second["accepted"] is None
    kinfold("convert", "stackexchange", dump, "-o", "a.jsonl", "--what", "answers")
    assert [(row["kind"], row["id"], row["question"], row["score"]) for row in rows("a.jsonl")] == [
        ("answer", "2", "1", 0),
        ("answer", "3", "1", 2),
    ]
    told = kinfold("convert", "stackexchange", dump, "-o", "d.jsonl", "--what", "duplicates", "--part", "title")
    time = "2020-02-01T00:00:00.000"
    assert rows("d.jsonl") == [
        {"kind": "duplicate", "id": "4-1", "left": "How so?", "right": "How?", "label": "duplicate", "time": time}
        | {"left_id": "4", "right_id": "1"}
    ]
    assert "PostLinks.xml (stackexchange): 1 in = 1 used" in told.err


def test_json_holds_the_counts(kinfold, dump):
    told = kinfold("convert", "stackexchange", dump, "-o", "out.jsonl", "--json")
    assert not told.err and told.json["written"] == 1 and told.json["what"] == "pairs"
    assert told.json["rows"] == {"in": 5, "used": 4, "rejected": 1, "merged": 0}
    assert told.json["ledgers"]["pairs"]["rejected"] == {"D-126": 1} and told.json["ledgers"]["posts"]["sha256"]


def test_standard_input_and_the_packaged_dump(kinfold):
    kinfold("convert", "stackexchange", "-", "-o", "q.jsonl", "--what", "questions", stdin=POSTS.encode())
    assert len(rows("q.jsonl")) == 2
    assert kinfold("convert", "stackexchange", "sample:household", "-o", "p.jsonl").out == "p.jsonl: 38 pairs\n"


def test_a_cut_file_leaves_nothing_or_what_came_before(kinfold, write):
    cut = write("Posts.xml", POSTS[: POSTS.index('<row Id="4"') + 30])
    Path("out.jsonl").write_text("old\n", "utf-8")
    assert "D-027" in kinfold("convert", "stackexchange", cut, "-o", "out.jsonl", code=3).err
    assert Path("out.jsonl").read_text("utf-8") == "old\n" and len(list(Path().iterdir())) == 2
    told = kinfold("convert", "stackexchange", cut, "-o", "out.jsonl", "--allow-truncated")
    assert "warning D-027" in told.err and len(rows("out.jsonl")) == 1


@pytest.mark.parametrize(
    ("options", "code", "exit_code"),
    [
        (["--what", "users"], "U-030", 2),
        (["--code", "some"], "U-030", 2),
        (["--answer", "worst"], "U-030", 2),
        (["--part", "tags"], "U-030", 2),
        (["--what", "answers", "--part", "title"], "U-031", 2),
        (["--what", "duplicates", "--answer", "best"], "U-031", 2),
        (["-o", "Posts.xml"], "U-031", 2),
        (["-o", "no/such/folder.jsonl"], "M-012", 5),
    ],
)
def test_options_that_can_not_be_meant(kinfold, dump, options, code, exit_code):
    told = kinfold("convert", "stackexchange", dump, "-o", "out.jsonl", *options, code=exit_code)
    assert f"error {code}" in told.err and not told.out and not Path("out.jsonl").exists()
    assert Path("Posts.xml").read_text("utf-8") == POSTS


def test_nothing_to_write_is_an_error(kinfold, dump, write):
    alone = write("alone.Posts.xml", POSTS.replace(' AcceptedAnswerId="2"', ""))
    for options, code in (
        (["--answer", "accepted"], "D-126"),
        (["--what", "duplicates"], "D-124"),
    ):
        told = kinfold("convert", "stackexchange", alone, "-o", "out.jsonl", *options, code=3)
        assert f"error {code}" in told.err and not Path("out.jsonl").exists()
    write("PostLinks.xml", LINKS.replace('"3"', '"1"'))
    assert "error D-127" in kinfold("convert", "stackexchange", dump, "-o", "o", "--what", "duplicates", code=3).err
