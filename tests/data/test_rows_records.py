"""Rows 33-52 of the catalogue of bad inputs: records and fields."""

from __future__ import annotations

import csv
import json
import time

import pytest

from kinfold.data.checks import check_labels, is_number
from kinfold.data.limits import Limits
from kinfold.data.table import open_table, read_table
from kinfold.errors import DataError

BOTH = {"text": "text", "label": "label"}


def rejects(path, **options):
    with open_table(path, max_rejected=1.0, **{**BOTH, **options}) as table:
        return [reject for block in table for reject in block.rejected]


def test_row_33_unclosed_quote(write, refused, good_rows):
    content = good_rows(10) + '"never closed,pos\n' + "more,neg\n" * 5000
    path = write("a.csv", content)
    seen = refused("D-033", path, **BOTH)
    assert "record 11 (line 12)" in seen and "quoting='none'" in seen
    assert read_table(path, **BOTH, quoting="none").examples.texts[10] == '"never closed'


def test_row_33_unclosed_quote_in_a_huge_file_stops_early(write, refused):
    path = write("a.csv", 'text\n"open\n' + "more\n" * 100_000)
    assert "line 2" in refused("D-033", path, limits=Limits(max_record=1000, block_bytes=100))


def test_row_34_stray_quote_is_literal(write):
    path = write("a.csv", 'text,label\n5" nails and 6" too,pos\na "joy",neg\n')
    assert read_table(path, **BOTH).examples.texts == ['5" nails and 6" too', 'a "joy"']


def test_row_34_text_after_a_closing_quote_is_rejected(write):
    path = write("a.csv", 'text,label\n"a "joy" it is",pos\n"fine",neg\n"half"x,pos\n"ok ""q""",neg\n')
    assert [(r.code, r.record) for r in rejects(path)] == [("D-034", 1), ("D-034", 3)]
    assert read_table(path, **BOTH, max_rejected=1.0).examples.texts == ["fine", 'ok "q"']


def test_row_35_newline_in_quoted_field(write):
    path = write("a.csv", 'text,label\n"two\nlines\r\nor three",pos\nshort\n"x\ry",neg\n')
    assert read_table(path, **BOTH, max_rejected=1.0).examples.texts == ["two\nlines\r\nor three", "x\ry"]
    (reject,) = rejects(path)
    assert (reject.record, reject.line) == (2, 5)
    assert path.read_bytes()[reject.offset :].startswith(b"short\n")


def test_row_36_extra_field_in_the_first_row(write, refused):
    path = write("a.csv", "text,label\na, joy,pos\nfine,neg\n" + "b, c,pos\n" * 3)
    seen = refused("D-036", path, **BOTH)
    assert "record 1 (line 2): 3 fields, the header has 2" in seen
    assert "4 of the first 5 records" in seen and "a, joy,pos" in seen and "--delimiter" in seen


def test_row_37_extra_field_later(write, good_rows):
    path = write("a.csv", good_rows() + "a, joy,pos\n")
    table = read_table(path, **BOTH)
    assert table.ledger.rejected == {"D-037": 1}
    (reject,) = rejects(path)
    assert (reject.record, reject.line, reject.excerpt) == (201, 202, "a, joy,pos")


def test_row_38_missing_field(write, good_rows):
    path = write("a.csv", good_rows() + "alone\n")
    assert read_table(path, **BOTH).ledger.rejected == {"D-038": 1}
    first = write("b.csv", "text,label\nalone\n" + good_rows()[11:])
    assert read_table(first, **BOTH).ledger.rejected == {"D-038": 1}


def test_row_39_duplicate_column_names(write, refused):
    seen = refused("D-039", write("a.csv", "text,label,text\na,b,c\n"), **BOTH)
    assert "'text'" in seen and "columns 1 and 3" in seen
    nameless = write("b.csv", ",text,label,\n0,a joy,pos,\n")
    assert read_table(nameless, **BOTH).examples.texts == ["a joy"]


def test_row_40_header_case_and_space(write, refused):
    path = write("a.csv", " Text ,LABEL\na joy,pos\n")
    table = read_table(path, **BOTH)
    assert table.examples.labels == ["pos"]
    assert table.ledger.repaired == {"D-040": 2}
    refused("D-042", write("b.csv", "Text,TEXT,label\na,b,c\n"), **BOTH)


def test_row_41_no_header(write, refused):
    path = write("a.csv", "a joy from start to finish,1\na bore,0\n")
    seen = refused("D-041", path, **BOTH)
    assert "a joy from start to finish,1" in seen and "--no-header" in seen
    table = read_table(path, header=False, text="1", label="2")
    assert table.examples.labels == ["1", "0"]
    assert "columns: 1, 2" in refused("D-042", path, header=False, text="text")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "review,sentiment\na joy,pos\n"),
        ("a.jsonl", '{"review": "a joy", "sentiment": "pos"}\n'),
        ("a.xml", '<rows><row review="a joy" sentiment="pos"/></rows>'),
    ],
)
def test_row_42_column_not_found(write, refused, name, content):
    path = write(name, content)
    seen = refused("D-042", path, text="reviews", label="sentiment")
    assert "columns: review, sentiment" in seen and "did you mean 'review'?" in seen
    assert "name one of these" in refused("D-042", path, text="zzz")
    assert "no column 'text'" in refused("D-042", path)


def test_row_42_a_header_of_many_columns_is_read_at_once(write):
    names = [f"c{i}" for i in range(200_000)]
    path = write("a.csv", ",".join([*names, "text"]) + "\n" + "x," * 200_000 + "a joy\n")
    start = time.perf_counter()
    assert read_table(path).examples.texts == ["a joy"]
    assert time.perf_counter() - start < 5


def test_row_42_only_column_needs_no_name(write):
    assert read_table(write("a.csv", "review\na joy\n")).examples.texts == ["a joy"]
    assert read_table(write("b.csv", "n,Text\n1,a joy\n")).examples.texts == ["a joy"]


def test_row_42_text_and_fasttext_have_no_columns(write, refused):
    refused("D-042", write("a.txt", "a joy\n"), text="text", label="label", format="text")
    refused("D-042", write("b.txt", "__label__x a joy\n"), id="id")


def test_row_43_long_fields(write):
    long, too_long = "x" * 200_000, "y" * 1_000_000
    lines = f'text,label\n{long},pos\n"{too_long}",neg\nfine,pos\n{too_long},neg\n'
    path = write("a.csv", lines)
    assert read_table(path, **BOTH).ledger.used == 4
    limits = Limits(max_field=500_000)
    table = read_table(path, **BOTH, limits=limits, max_rejected=1.0)
    assert table.examples.texts == [long, "fine"]
    assert table.ledger.rejected == {"D-043": 2}
    assert len(rejects(path, limits=limits)[0].excerpt) < 200
    # in bytes, not characters
    wide = write("b.csv", f"text,label\n{'好' * 200_000},pos\nfine,neg\n")
    assert read_table(wide, **BOTH, limits=limits, max_rejected=1.0).ledger.rejected == {"D-043": 1}


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("block", [1000, 1001, 4096])
def test_row_43_line_without_end_is_skipped(write, end, block):
    rows = [*(f"row {i}" for i in range(20)), "z" * 50_000, "after", "", "last"]
    path = write("a.csv", end.join(["text", *rows]) + end)
    limits = Limits(max_record=10_000, block_bytes=block)
    table = read_table(path, text="text", limits=limits, max_rejected=0.5)
    assert table.examples.texts == [*rows[:20], "after", "last"]
    (reject,) = rejects(path, limits=limits, label=None)
    assert (reject.code, reject.record, reject.line) == ("D-043", 21, 22)
    assert path.read_bytes()[reject.offset :].startswith(b"zzz")
    lines = write("b.txt", end.join(rows) + end)
    assert read_table(lines, limits=limits, max_rejected=0.5).examples.texts == [*rows[:20], "after", "last"]


def test_row_44_nul_is_dropped_and_counted(write):
    table = read_table(write("a.csv", "text,label\na\0 joy,p\0os\nfine,neg\n"), **BOTH)
    assert (table.examples.texts, table.examples.labels) == (["a joy", "fine"], ["pos", "neg"])
    assert table.ledger.repaired == {"D-044": 2}
    table = read_table(write("a.jsonl", '{"text": "a\\u0000b", "label": "x"}\n'), **BOTH)
    assert (table.examples.texts, table.ledger.repaired) == (["ab"], {"D-044": 1})


def test_row_45_blank_rows(write):
    path = write("a.csv", "\n\ntext,label\n\na joy,pos\n   \n,\n \t, \na bore,neg\n\n")
    table = read_table(path, **BOTH)
    assert table.examples.texts == ["a joy", "a bore"]
    assert table.ledger.repaired == {"D-045": 7}
    assert table.ledger.read == 2
    for name, content in (("a.txt", "one\n\n \ntwo"), ("a.jsonl", '{"text": "one"}\n\n{"text": "two"}\n')):
        table = read_table(write(name, content))
        assert table.examples.texts == ["one", "two"]
        assert table.ledger.repaired["D-045"] >= 1


def test_row_46_duplicate_key_is_a_warning(write):
    path = write("a.csv", "id,text,label\n1,a,x\n1,b,y\n01,c,x\n")
    table = read_table(path, **BOTH, id="id")
    assert table.examples.ids == ["1", "1", "01"]
    assert table.ledger.noted["D-046"] == 1
    assert any("D-046" in message and "'1'" in message for message in table.ledger.warnings)


def test_row_47_exact_duplicates_are_counted_and_merged_on_request(write):
    path = write("a.csv", "text,label\na,x\nb,y\na,x\na,y\na,y\na,x\n")
    table = read_table(path, **BOTH)
    assert len(table.examples) == 6
    assert table.ledger.noted["D-047"] == 3
    table = read_table(path, **BOTH, merge_duplicates=True)
    assert list(zip(table.examples.texts, table.examples.labels, strict=True)) == [("a", "x"), ("b", "y"), ("a", "y")]
    assert str(table.ledger) == "6 in = 3 used + 0 rejected + 3 merged"
    assert table.ledger.balanced and table.ledger.n_labels == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    "line",
    [
        {"label": "x"},
        {"text": "a"},
        {"text": 1, "label": "x"},
        {"text": ["a"], "label": "x"},
        {"text": "a", "label": 1},
        {"text": "a", "label": True},
        {"text": "a", "label": {"b": 1}},
        {"text": "a", "label": [{}]},
        ["a", "x"],
        "a",
    ],
)
def test_row_48_keys_missing_or_of_another_type(write, line):
    good = [json.dumps({"text": f"text {i}", "label": "x"}) for i in range(200)]
    path = write("a.jsonl", "\n".join([*good, json.dumps(line)]))
    table = read_table(path, **BOTH)
    assert table.ledger.rejected == {"D-048": 1}
    assert len(rejects(path)[0].reason) > 5


def test_row_49_json_duplicate_keys(write):
    path = write("a.jsonl", '{"text": "a"}\n{"text": "b", "text": "c"}\n{"text": "d", "x": {"y": 1, "y": 2}}\n')
    table = read_table(path, max_rejected=1.0)
    assert (table.examples.texts, table.ledger.rejected) == (["a"], {"D-049": 2})


@pytest.mark.parametrize("value", ["[" * 100_000, "[" * 101 + "]" * 101, "1" * 5000, "1e400", "-1e400"])
def test_row_50_json_depth_and_numbers(write, value):
    path = write("a.jsonl", f'{{"text": "a"}}\n{{"text": "b", "x": {value}}}\n{{"text": "c"}}\n')
    start = time.perf_counter()
    table = read_table(path, max_rejected=1.0)
    assert time.perf_counter() - start < 2
    assert (table.examples.texts, table.ledger.rejected) == (["a", "c"], {"D-050": 1})
    array = write("b.json", f'[{{"text": "a"}}, {{"text": "b", "x": {value}}}]')
    try:
        assert read_table(array, text="text", max_rejected=1.0).examples.texts == ["a"]
    except DataError as error:
        assert error.code == "D-028"


def test_row_51_too_few_rows():
    with pytest.raises(DataError, match="1 row") as caught:
        check_labels(["a"])
    assert caught.value.code == "D-051" and "at least 2" in caught.value.fix
    with pytest.raises(DataError, match="5 rows"):
        check_labels(["a", "b", "a", "b", "a"], minimum=10)


def test_row_52_numbers_are_strict_ascii(write):
    bad = ["1,5", "1_000", "١٢", "nan", "inf", "1e400", "", " 1", "0x1", "1."]
    assert not any(map(is_number, bad))
    assert all(map(is_number, ["1", "-1.5", "+2", "1e-3", "007", "3.0E5"]))
    rows = "".join(f'text {i},"{value}"\n' for i, value in enumerate(["1", *bad, "2.50"]))
    path = write("a.csv", "text,label\n" + rows)
    table = read_table(path, **BOTH, numeric=("label",), max_rejected=1.0)
    assert table.examples.labels == ["1", "2.50"]
    assert table.ledger.rejected == {"D-052": 9, "D-067": 1}


@pytest.mark.parametrize(
    ("quoting", "rows"),
    [
        ("minimal", '"a, ""b""",x\n c ,y\n"",z\n\'d\',w\n"e\nf",v\n'),
        ("none", '"a,x\nb"",y\n'),
    ],
)
def test_agrees_with_the_csv_module(write, quoting, rows):
    path = write("a.csv", "text,label\n" + rows)
    style = csv.QUOTE_MINIMAL if quoting == "minimal" else csv.QUOTE_NONE
    expected = list(csv.reader(rows.splitlines(keepends=True), quoting=style))
    table = read_table(path, **BOTH, quoting=quoting, max_rejected=1.0)
    assert [[e.text, e.label] for e in table.examples] == [row for row in expected if row[0].strip()]
