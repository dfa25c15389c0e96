"""Rows 53-80 of the catalogue of bad inputs: texts and labels."""

from __future__ import annotations

import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kinfold.data.checks import check_label_sets, check_labels, check_leak, check_texts
from kinfold.data.export import excel_safe
from kinfold.data.faults import shown
from kinfold.data.table import read_table
from kinfold.errors import DataError

BOTH = {"text": "text", "label": "label"}


def code_of(call, *args, **options):
    with pytest.raises(DataError) as caught:
        call(*args, **options)
    return caught.value.code


def labelled(write, labels, name="a.csv"):
    rows = "".join(f'text {i},"{label}"\n' for i, label in enumerate(labels))
    return write(name, "text,label\n" + rows)


@pytest.mark.parametrize("text", ['""', '"  "', '"\t"', '"\u3000"'])
def test_row_53_empty_text(write, good_rows, text):
    table = read_table(write("a.csv", good_rows() + f"{text},pos\n"), **BOTH)
    assert table.ledger.rejected == {"D-053": 1}


WORDS = ["NA", "null", "None", "nan", "NaN", "N/A", "true", "1e5", "007", "inf"]


def test_row_54_na_is_a_word_in_every_format(write, tmp_path):
    pq.write_table(pa.table({"text": WORDS, "label": WORDS}), tmp_path / "a.parquet")
    paths = [
        tmp_path / "a.parquet",
        write("a.csv", "text,label\n" + "".join(f"{word},{word}\n" for word in WORDS)),
        write("a.jsonl", "".join(json.dumps({"text": word, "label": word}) + "\n" for word in WORDS)),
        write("a.txt", "".join(f"__label__{word} {word}\n" for word in WORDS)),
        write("a.xml", "<r>" + "".join(f'<row text="{word}" label="{word}"/>' for word in WORDS) + "</r>"),
    ]
    for path in paths:
        examples = read_table(path, **BOTH).examples
        assert examples.texts == examples.labels == WORDS, path.name


def test_row_55_lone_surrogates_become_the_replacement_character(write):
    table = read_table(write("a.csv", b"text\na \xed\xa0\x80 b\n\xed\xbf\xbf\nfine\n"))
    assert table.examples.texts == ["a \ufffd b", "\ufffd", "fine"]
    assert table.ledger.repaired == {"D-055": 2}
    table = read_table(write("a.jsonl", '{"text": "a \\ud800 b"}\n{"text": "\\ud83d\\ude00"}\n'))
    assert table.examples.texts == ["a \ufffd b", "😀"]
    assert table.ledger.repaired == {"D-055": 1}
    table = read_table(write("b.csv", "text\na \ud800 b\n".encode("utf-16", "surrogatepass")))
    assert table.examples.texts == ["a \ufffd b"]
    assert table.ledger.repaired == {"D-007": 1, "D-055": 1}


def test_row_56_long_texts_are_counted():
    assert "1 text longer" in check_texts(["x y " * 500_000, "short"])[0]
    assert check_texts(["short"]) == []


def test_row_57_a_megabyte_without_a_space_reads_in_linear_time(write):
    seconds = []
    for size in (1_000_000, 4_000_000):
        path = write("a.csv", "text\n" + "x" * size + "\n")
        start = time.perf_counter()
        assert len(read_table(path).examples.texts[0]) == size
        seconds.append(time.perf_counter() - start)
    assert seconds[1] < 1


def test_row_58_60_and_61_texts_are_not_changed_by_reading(write):
    words = ["Cafe\u0301", "Café", "👨‍👩‍👧", "ภาษาไทยไม่มีช่องว่าง", "中文没有空格"]
    table = read_table(write("a.csv", "text\n" + "\n".join(words) + "\n"))
    assert table.examples.texts == words


def test_row_59_unseen_characters_are_counted_and_escaped_when_shown(write):
    table = read_table(write("a.csv", "text\nzero\u200bwidth\nright\u202eleft\nbell\x07\nplain é\nnbsp\u00a0\n"))
    assert len(table.examples) == 5
    assert table.ledger.noted == {"D-059": 3}
    assert shown("a\u202e\x1b[31m") == "a\\u202e\\x1b[31m"


def test_row_61_texts_without_spaces_are_a_warning():
    dense = ["这是一个没有任何空格的很长很长的中文句子用来测试"] * 3
    assert "D-061" in check_texts(dense)[0]
    assert check_texts(["a sentence that has its spaces"] * 3) == []


def test_row_62_markup_is_kept_and_escaped_in_html(write):
    table = read_table(write("a.csv", "text\n<script>alert(1)</script>\n"))
    assert table.examples.texts == ["<script>alert(1)</script>"]
    assert "<script>" not in table._repr_html_()


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\rx"])
def test_row_63_excel_safe(text):
    assert excel_safe(text) == "'" + text
    assert excel_safe("a = b") == "a = b"


def test_row_66_markers_in_texts_forge_no_label(write):
    path = write("a.txt", "__label__good a joy __label__bad\n__label__bad x <unk>\n")
    table = read_table(path)
    assert table.examples.labels == ["good", "bad"]
    assert table.examples.texts == ["a joy __label__bad", "x <unk>"]
    path = write("a.csv", "text,label\n__label__forged text,real\n")
    assert read_table(path, **BOTH).examples.labels == ["real"]
    assert "D-066" in check_texts(table.examples.texts)[0]


def test_row_67_missing_label(write, good_rows):
    table = read_table(write("a.csv", good_rows() + 'a,\nb," "\n'), **BOTH)
    assert table.ledger.rejected == {"D-067": 2}
    lines = [json.dumps({"text": "a", "label": "x"})] * 200 + ['{"text": "b", "label": null}']
    assert read_table(write("a.jsonl", "\n".join(lines)), **BOTH).ledger.rejected == {"D-067": 1}
    lines = ["__label__x text"] * 200 + ["no label here"]
    assert read_table(write("a.txt", "\n".join(lines)), format="fasttext").ledger.rejected == {"D-067": 1}


def test_row_68_zero_padded_labels_stay_apart(write):
    table = read_table(labelled(write, ["007", "7", "8"]), **BOTH)
    assert table.examples.labels == ["007", "7", "8"]
    assert any("D-068" in message for message in table.ledger.warnings)


def test_row_69_integers_with_a_blank_stay_integers(write):
    path = write("a.csv", "text,label\na,1\nb,\nc,0\n")
    table = read_table(path, **BOTH, max_rejected=1.0)
    assert table.examples.labels == ["1", "0"]
    path = write("a.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "label": 1.50}\n')
    assert read_table(path, **BOTH).examples.labels == ["1", "1.50"]


def test_row_70_labels_that_differ_in_case_or_space(write):
    path = labelled(write, ["Yes", "yes ", "YES", "Yes", "no"])
    table = read_table(path, **BOTH)
    assert table.examples.labels == ["Yes", "yes ", "YES", "Yes", "no"]
    assert any("D-070" in message and "'Yes', 'YES', 'yes '" in message for message in table.ledger.warnings)
    table = read_table(path, **BOTH, merge_labels=True)
    assert table.examples.labels == ["Yes", "Yes", "Yes", "Yes", "no"]
    assert table.ledger.repaired["D-070"] == 2
    assert table.ledger.n_labels == {"Yes": 4, "no": 1}


def test_row_70_merging_several_labels_a_row(write):
    table = read_table(labelled(write, ["a|B", "b|A", "a|b|B", "b"]), **BOTH, multi_label=True, merge_labels=True)
    assert table.examples.labels == [("a", "b"), ("b", "a"), ("a", "b"), ("b",)]


def test_row_71_one_class():
    assert code_of(check_labels, ["a"] * 10) == "D-071"
    assert code_of(check_labels, [(), ()]) == "D-071"
    assert check_labels(["a", "b"] * 5) == []


def test_row_72_class_with_one_row():
    assert "D-072" in check_labels(["a"] * 10 + ["b"] * 10 + ["c"])[0]


def test_row_73_labels_as_many_as_rows():
    assert code_of(check_labels, [f"id {i}" for i in range(30)]) == "D-073"
    assert check_labels([str(i % 10) for i in range(30)]) == []


def test_row_74_label_only_in_test():
    assert check_label_sets(["a", "b"], ["a"]) == []
    message = check_label_sets(["a", "b"], ["a", "c", "c"])[0]
    assert message.startswith("D-074: 2 test rows") and "'c'" in message


@pytest.mark.parametrize("label", ["two\nlines", "x" * 10_000])
def test_row_75_label_that_is_a_text(write, refused, label):
    seen = refused("D-075", labelled(write, ["fine", label]), **BOTH)
    assert "record 2 (line 3), column 'label'" in seen and len(seen) < 600


def test_row_76_odd_labels_are_just_strings(write):
    odd = ["__proto__", "../x", "CON", "constructor", "<b>", "%s", "💥"]
    assert read_table(labelled(write, odd), **BOTH).examples.labels == odd
    path = write("a.jsonl", '{"": "a joy", "label": "__proto__"}\n')
    assert read_table(path, text="", label="label").examples.texts == ["a joy"]


def test_row_77_same_text_different_labels(write):
    path = write("a.csv", "text,label\na,x\na,y\nb,x\na,x\n")
    table = read_table(path, **BOTH)
    assert table.ledger.noted == {"D-047": 1, "D-077": 1}
    assert any("D-077: 1 row" in message and "'a'" in message for message in table.ledger.warnings)


def test_row_78_several_labels_must_be_asked_for(write, refused):
    for name, content in (
        ("a.csv", "text,label\na,x|y\n"),
        ("a.jsonl", '{"text": "a", "label": ["x", "y"]}\n'),
        ("b.jsonl", '{"text": "a", "label": []}\n'),
        ("a.txt", "__label__x __label__y a\n"),
    ):
        path = write(name, content)
        seen = refused("D-078", path, **BOTH)
        assert "record 1 (line" in seen and "--multi-label" in seen
        expected = [()] if name == "b.jsonl" else [("x", "y")]
        assert read_table(path, **BOTH, multi_label=True).examples.labels == expected
    path = write("c.csv", "text,label\na,x|y\nb,\nc,z;w\n")
    assert read_table(path, **BOTH, multi_label=True).examples.labels == [("x", "y"), (), ("z;w",)]
    assert read_table(path, **BOTH, multi_label=";").examples.labels == [("x|y",), (), ("z", "w")]
    assert read_table(path, **BOTH, multi_label=False, max_rejected=1.0).examples.labels == ["x|y", "z;w"]


def test_row_78_an_empty_label_among_several_is_rejected(write):
    table = read_table(labelled(write, ["a|b", "a||b", "|", "b|b"]), **BOTH, multi_label=True, max_rejected=1.0)
    assert table.examples.labels == [("a", "b"), ("b",)]
    assert table.ledger.rejected == {"D-067": 2}
    assert table.ledger.n_labels == {"a": 1, "b": 2}


def test_row_79_imbalance_prints_the_majority():
    message = check_labels(["a"] * 9999 + ["b"] * 2)[0]
    assert message.startswith("D-079") and "99.98%" in message


def test_row_80_leaks(write):
    path = write("a.csv", "text,label\n" + "".join(f"row {i % 4} is good{i},x\n" for i in range(20)))
    table = read_table(path, text="label", label="label")
    assert any("D-080" in message for message in table.ledger.warnings)
    texts = [f"sentence {i}, class {'good' if i % 2 else 'bad'}" for i in range(20)]
    labels = ["good" if i % 2 else "bad" for i in range(20)]
    assert "D-080" in check_leak(texts, labels)[0]
    assert check_leak([text.replace("good", "goodly") for text in texts], labels) == []
