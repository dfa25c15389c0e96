"""Rows 1-32 of the catalogue of bad inputs: the file as a whole."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import socket
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_kit import BOTH, CSV, texts, zipped

from kinfold.data.checks import check_overlap, check_unchanged
from kinfold.data.limits import Limits
from kinfold.data.records import Examples
from kinfold.data.table import open_table, read_table
from kinfold.errors import DataError, InvalidParameterError


def parquet(table, **options):
    held = io.BytesIO()
    pq.write_table(table, held, **options)
    return held.getvalue()


def test_row_01_missing_path_names_the_nearest(write, refused, tmp_path):
    write("reviews.csv", CSV)
    assert "reviews.csv?" in refused("D-001", tmp_path / "review.csv")
    assert "neither does its folder" in refused("D-001", tmp_path / "no" / "reviews.csv")
    with pytest.raises(DataError, match="not a path"):
        read_table("a\0b")


def test_row_02_directory_lists_usable_files(write, refused, tmp_path):
    write("a.csv", CSV)
    write("b.bin", b"x")
    seen = refused("D-002", tmp_path)
    assert "a.csv" in seen and "b.bin" not in seen


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet", "a.txt", "a.xml"])
def test_row_03_empty(write, refused, name):
    content = gzip.compress(b"") if name.endswith("gz") else b""
    assert "empty" in refused("D-003", write(name, content))


def test_row_04_header_without_rows(write, refused):
    assert "no rows" in refused("D-004", write("a.csv", "text,label\n"), **BOTH)
    assert "no rows" in refused("D-004", write("b.csv", "text,label\n\n \n"), **BOTH)
    assert "no rows" in refused("D-004", write("c.txt", "\n\n"))


def test_row_05_no_permission_is_the_machines_fault(write, refused, monkeypatch):
    path = write("a.csv", CSV)

    def forbidden(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", forbidden)
    assert "Permission denied" in refused("D-005", path, exit_code=5, **BOTH)


def test_row_05_disk_error_while_reading(write, refused, monkeypatch):
    class Broken(io.BytesIO):
        def fileno(self):
            return os.open(os.devnull, os.O_RDONLY)

        def read(self, *_):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("kinfold.data.source._opened", lambda path, name: Broken())
    assert "Input/output error" in refused("D-005", write("a.csv", CSV), exit_code=5, **BOTH)


def test_row_06_byte_order_mark_is_skipped_and_counted(write):
    table = read_table(write("a.csv", b"\xef\xbb\xbf" + CSV.encode()), **BOTH)
    assert table.examples.texts == ["a joy", "a bore"]
    assert table.ledger.repaired == {"D-006": 1}


def test_row_06_offsets_count_the_mark(write):
    path = write("a.csv", b"\xef\xbb\xbf" + CSV.encode() + b"short\n")
    with open_table(path, **BOTH, max_rejected=1.0) as table:
        (reject,) = [reject for block in table for reject in block.rejected]
    assert path.read_bytes()[reject.offset :] == b"short\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_row_07_wide_encodings(write, refused, encoding):
    text = CSV + "naïve – 好 😀,pos\n"
    mark = "\ufeff" if encoding.endswith("e") else ""
    marked = write("a.csv", (mark + text).encode(encoding))
    table = read_table(marked, **BOTH)
    assert table.examples.texts[2] == "naïve – 好 😀"
    assert table.ledger.repaired == {"D-007": 1}
    if encoding.endswith("e"):
        bare = write("b.csv", text.encode(encoding))
        assert encoding in refused("D-007", bare, **BOTH)
        assert texts(bare, encoding=encoding)[2] == "naïve – 好 😀"


def test_row_07_wide_text_cut_in_a_character(write, refused):
    refused("D-008", write("a.csv", CSV.encode("utf-16")[:-1]), **BOTH)


def test_row_08_other_encoding(write, refused):
    path = write("a.csv", CSV.encode() + "déjà vu,pos\n".encode("cp1252"))
    seen = refused("D-008", path, **BOTH)
    assert "record 3 (line 4)" in seen and f"byte e9 at {len(CSV) + 1}" in seen and "cp1252" in seen
    assert texts(path, encoding="cp1252")[2] == "déjà vu"


def test_row_08_wrong_or_unknown_named_encoding(write, refused):
    path = write("a.csv", CSV.encode() + b"\x81,pos\n")
    seen = refused("D-008", path, **BOTH, encoding="cp1252")
    assert "line 4" in seen and f"byte {len(CSV)}" in seen
    with pytest.raises(InvalidParameterError, match="text encoding"):
        read_table(path, **BOTH, encoding="cp12529")
    with pytest.raises(InvalidParameterError, match="text encoding"):
        read_table(path, **BOTH, encoding="rot13")


def test_row_09_mixed_encodings_reject_the_row(write, good_rows):
    path = write("a.csv", (good_rows() + "über,pos\n").encode() + b"d\xe9j\xe0,neg\nlast,pos\n")
    table = read_table(path, **BOTH)
    assert table.ledger.rejected == {"D-009": 1}
    assert table.examples.texts[-2:] == ["über", "last"]


@pytest.mark.parametrize("ends", ["\r", "\r\n", "mixed"])
def test_row_10_line_ends(write, ends):
    lines = CSV.splitlines()
    joined = "text,label\r\na joy,pos\na bore,neg\r" if ends == "mixed" else "".join(line + ends for line in lines)
    table = read_table(write("a.csv", joined), **BOTH)
    assert table.examples.texts == ["a joy", "a bore"]
    assert table.ledger.repaired["D-010"] == {"\r": 3, "\r\n": 0, "mixed": 2}[ends]


def test_row_11_packed_or_parquet_whatever_the_name(write):
    for content in (gzip.compress(CSV.encode()), bz2.compress(CSV.encode()), lzma.compress(CSV.encode())):
        table = read_table(write("a.csv", content), **BOTH)
        assert table.examples.texts == ["a joy", "a bore"]
        assert table.ledger.repaired == {"D-011": 1}
    made = parquet(pa.table({"text": ["a joy"], "label": ["pos"]}))
    table = read_table(write("a.csv", made), **BOTH)
    assert (table.examples.texts, table.ledger.format) == (["a joy"], "parquet")
    assert table.ledger.repaired == {"D-011": 1}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", zipped({"[Content_Types].xml": "x", "xl/a": "y"}), "Office"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "PNG"),
        ("a.csv", '{"text": "a", "label": "b"}\n', "jsonl"),
        ("a.jsonl", CSV, "text"),
        ("a.xml", CSV, "text"),
        ("a.dat", "one two three\n", "can't be told"),
    ],
)
def test_row_11_other_content_is_refused(write, refused, name, content, says):
    assert says in refused("D-011", write(name, content), **BOTH)


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_row_12_other_delimiter_is_proposed(write, refused, mark):
    path = write("a.csv", CSV.replace(",", mark))
    seen = refused("D-012", path, **BOTH)
    assert f"delimiter={mark!r}" in seen
    refused("D-012", path)
    assert texts(path, delimiter=mark) == ["a joy", "a bore"]


def test_row_12_comma_in_tsv_and_odd_delimiters(write, refused):
    path = write("a.tsv", CSV)
    assert "delimiter=','" in refused("D-012", path, **BOTH)
    for mark in (",,", '"', "é", ""):
        with pytest.raises(InvalidParameterError):
            read_table(path, **BOTH, delimiter=mark)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt", "a.csv.gz"])
def test_row_13_web_page(write, refused, name):
    page = b"<!-- x -->\n<!DOCTYPE html>\n<html><body>404</body></html>"
    content = gzip.compress(page) if name.endswith("gz") else page
    assert "web page" in refused("D-013", write(name, content), **BOTH)


def test_row_13_many_comments_do_not_stall(write):
    start = time.perf_counter()
    assert read_table(write("a.txt", "<!---->" * 5000 + "\nmore\n")).ledger.used == 2
    assert time.perf_counter() - start < 2


def test_row_14_git_lfs_pointer(write, refused):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    assert "git lfs pull" in refused("D-014", write("a.csv", pointer), **BOTH)


def test_row_22_damaged_parquet(write, refused):
    whole = parquet(pa.table({"text": ["a joy"] * 1000, "label": ["pos"] * 1000}))
    refused("D-022", write("a.parquet", whole[:-20]), **BOTH)
    refused("D-022", write("b.parquet", whole[: len(whole) // 2]), **BOTH)
    refused("D-022", write("c.parquet", CSV), **BOTH, format="parquet")
    broken = bytearray(whole)
    broken[4:60] = b"\xff" * 56
    refused("D-022", write("d.parquet", bytes(broken)), **BOTH)


def test_row_22_parquet_needs_a_file(refused, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    whole = parquet(pa.table({"text": ["a joy"]}))
    threading.Thread(target=path.write_bytes, args=(whole,), daemon=True).start()
    assert "pipe" in refused("D-011", path)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([{"a": 1}], "struct<a: int64>"),
        ([b"x"], "binary"),
        ([["a"]], "list"),
        ([1.0], "double"),
        ([7], "int64"),
    ],
)
def test_row_23_parquet_types(write, refused, values, says):
    path = write("a.parquet", parquet(pa.table({"body": values, "label": ["pos"], "text": ["a"]})))
    seen = refused("D-023", path, text="body", label="label")
    assert "'body'" in seen and says in seen
    assert texts(path) == ["a"]


def test_row_23_parquet_labels_become_text(write, refused):
    columns = {"text": ["a", "b"], "i": [1, 7], "f": [1.0, 2.5], "b": [True, False], "n": ["007", None]}
    path = write("a.parquet", parquet(pa.table(columns)))
    assert read_table(path, text="text", label="i").examples.labels == ["1", "7"]
    assert read_table(path, text="text", label="b").examples.labels == ["true", "false"]
    assert "1.0 may once have been" in refused("D-023", path, text="text", label="f")
    assert read_table(path, text="text", label="f", numeric=("label",)).examples.labels == ["1.0", "2.5"]
    table = read_table(path, text="text", label="n", max_rejected=1.0)
    assert (table.examples.labels, table.ledger.rejected) == (["007"], {"D-067": 1})


def test_row_24_parquet_dictionary_bomb(write):
    text = "x" * 1_000_000
    path = write("a.parquet", parquet(pa.table({"text": [text] * 300, "label": ["pos", "neg"] * 150})))
    assert path.stat().st_size < 1_000_000
    table = read_table(path, **BOTH)
    assert len(table.examples) == 300
    assert len({id(value) for value in table.examples.texts}) <= 2, "300 MB of text share one string a batch"


def test_row_24_parquet_row_group_cap(write, refused):
    path = write("a.parquet", parquet(pa.table({"text": [str(i) * 50 for i in range(10_000)]})))
    assert "row group 0" in refused("D-024", path, limits=Limits(max_row_group=100_000))


LAUGHS = """<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>"""
EXTERNAL = """<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize("prologue", [LAUGHS, EXTERNAL, "<!DOCTYPE posts>"])
def test_row_25_xml_document_type(write, refused, prologue):
    path = write("a.xml", f'<?xml version="1.0"?>{prologue}<posts><row text="&a;"/></posts>')
    assert "DTD" in refused("D-025", path, text="text")


@pytest.mark.parametrize("body", ['<row text="{}"/>', "<row><text>{}</text></row>", "<!--{}-->", "<row {}='a'/>"])
def test_row_26_xml_giant_token(write, refused, body):
    path = write("a.xml", "<posts>" + body.format("x" * (4 << 20)) + "</posts>")
    start = time.perf_counter()
    assert "longer than" in refused("D-026", path, text="text", limits=Limits(max_token=1 << 20))
    assert time.perf_counter() - start < 5


ROWS = '<posts><row Id="1" text="a joy"/><row Id="2" text="a bore"/>'


@pytest.mark.parametrize("rest", ["", '<row text="x', "<row></posts>", '<row text="\x01"/></posts>', "</posts>x"])
def test_row_27_xml_cut_or_malformed(write, refused, rest):
    path = write("a.xml", ROWS + rest)
    assert "line 1, column" in refused("D-027", path, text="text")
    table = read_table(path, text="text", allow_truncated=True)
    assert table.examples.texts == ["a joy", "a bore"]
    assert "D-027" in table.ledger.warnings[0]
    assert table.ledger.balanced
    kept = []
    with pytest.raises(DataError), open_table(path, text="text") as reader:
        for block in reader:
            kept += block.rows.texts
    assert kept == ["a joy", "a bore"]


def test_row_28_json_array(write, refused):
    rows = [{"text": "a joy", "label": "pos"}, {"text": "a bore", "label": "neg"}]
    for content in (json.dumps(rows), json.dumps(rows, indent=2), "\n".join(json.dumps(r, indent=2) for r in rows)):
        path = write("a.json", content)
        table = read_table(path, **BOTH)
        assert table.examples.texts == ["a joy", "a bore"]
        assert table.ledger.repaired == {"D-028": 1}
    assert "jq -c" in refused("D-028", path, **BOTH, limits=Limits(max_array=10))


@pytest.mark.parametrize(
    "content", ['[{"text": "a"}, {"text": "b"', '[{"text": "a"} oops]', "[]", '["a", "b"]', '[{"text": "a"}] []']
)
def test_row_28_broken_json_array(write, refused, content):
    refused("D-028", write("a.json", content), text="text")


def test_row_29_bad_json_line(write):
    lines = [json.dumps({"text": f"text {i}"}) for i in range(200)]
    lines[50] = '{"text": "half'
    lines[60] = '{"text": NaN}'
    table = read_table(write("a.jsonl", "\n".join(lines)), text="text")
    assert table.ledger.rejected == {"D-029": 2}
    assert len(table.examples) == 198


def test_row_30_file_changes_while_read(write, good_rows):
    path = write("a.csv", good_rows(100_000))
    with pytest.raises(DataError) as caught, open_table(path, **BOTH) as table:
        for _ in table:
            with path.open("a") as file:
                file.write("one more,pos\n")
    assert caught.value.code == "D-030"


def test_row_30_file_changes_between_two_passes(write):
    path = write("a.csv", CSV)
    ledger = read_table(path, **BOTH).ledger
    check_unchanged(path, ledger)
    os.utime(path, ns=(1, 1))
    check_unchanged(path, ledger)
    path.write_text(CSV.replace("joy", "toy"))
    with pytest.raises(DataError) as caught:
        check_unchanged(path, ledger)
    assert caught.value.code == "D-030"


def test_row_31_fifo_is_streamed(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    threading.Thread(target=path.write_text, args=(CSV,), daemon=True).start()
    table = read_table(path, **BOTH)
    assert table.examples.texts == ["a joy", "a bore"]
    assert len(table.ledger.sha256) == 64


def test_row_31_devices_and_sockets_are_refused(refused, tmp_path):
    refused("D-031", "/dev/zero")
    path = tmp_path / "s.csv"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        refused("D-031", path)


def test_row_32_overlap_of_train_and_test():
    train = Examples(["a", "b", "c"], ["1", "2", "1"])
    assert check_overlap(train, Examples(["d", "e"])) == []
    assert "1 of 2 test rows" in check_overlap(train, Examples(["a", "e"]))[0]
    with pytest.raises(DataError) as caught:
        check_overlap(train, train)
    assert caught.value.code == "D-032"
