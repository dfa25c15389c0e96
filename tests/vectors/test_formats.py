"""Files of word vectors: what is read, what is refused and how the refusal reads, and the account of every row."""

from __future__ import annotations

import gzip
import json
import os
import re
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from vector_files import FILES, TABLE, TEXT, WORDS, binary, refused, write

from kinfold.errors import DataError, InvalidParameterError, MachineError
from kinfold.vectors import formats_binary, formats_kept, formats_sniff, formats_text
from kinfold.vectors.formats import FORMATS, read_vectors


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_every_format_is_told_by_its_content(tmp_path, name, packed):
    path = write(tmp_path, gzip.compress(FILES[name]) if packed else FILES[name])
    read = read_vectors(path)
    assert read.words == WORDS
    assert read.vectors.dtype == np.float32 and read.vectors.tobytes() == TABLE.tobytes()
    account = read.account
    expected = {"glove", "no_last_line_end", "tabs", "mark_and_no_header"}
    assert account.format == ("glove" if name in expected else "word2vec-binary" if "binary" in name else "word2vec")
    assert (account.rows, account.kept, account.duplicates, account.rejected) == (4, 4, 0, 0)
    assert account.complete and account.packed == packed and account.source == "vectors"
    notes = {"mark": ["D-006"], "mark_and_no_header": ["D-006"], "blank_lines": ["D-045"]}
    assert [note.split(":")[0] for note in account.notes] == notes.get(name, [])


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_can_be_named(tmp_path, format):
    names = {"word2vec": "word2vec", "word2vec-binary": "binary", "glove": "glove"}
    assert read_vectors(write(tmp_path, FILES[names[format]]), format=format).words == WORDS


def test_two_numbers_first_are_a_header_unless_one_says_glove(tmp_path):
    path = write(tmp_path, "1 5\n2 6\n")
    assert refused(path).code == "D-081"
    read = read_vectors(path, format="glove")
    assert (read.words, read.vectors.tolist()) == (["1", "2"], [[5.0], [6.0]])


def test_words_may_hold_blanks_and_look_like_numbers(tmp_path):
    rows = ". . . 1 2 3\nname@domain.com 4 5 6\n7 7 8 9\nat name@domain.com 1 1 1\nnan 2 2 2\n\u00a0 3 3 3\n. 4 4 4\n"
    expected = [". . .", "name@domain.com", "7", "at name@domain.com", "nan", "\u00a0", "."]
    for content in (rows, f"7 3\n{rows}"):
        read = read_vectors(write(tmp_path, content))
        assert read.words == expected
        assert read.vectors[2].tolist() == [7, 8, 9]


def test_lines_end_at_line_feeds_only(tmp_path):
    words = ["a\u2028b", "\u0085", "c\x0bd", "e\x0cf", "\x1c\x1d"]
    content = "".join(f"{word} 1 2\n" for word in words)
    assert read_vectors(write(tmp_path, content)).words == words
    assert read_vectors(write(tmp_path, f"5 2\n{content}")).words == words


def test_duplicates_are_counted_and_the_first_is_kept(tmp_path):
    content = "6 1\na 1\nb 2\na 3\nc 4\nb 5\na 6\n"
    read = read_vectors(write(tmp_path, content))
    assert (read.words, read.vectors.tolist()) == (["a", "b", "c"], [[1], [2], [4]])
    assert str(read.account) == "6 rows = 3 kept + 3 duplicates + 0 rejected"
    assert read.account.notes == (
        'D-084: rows left out since their word stood in an earlier row, first at line 4 ("a"): 3',
    )
    same = read_vectors(write(tmp_path, binary(list("abacba"), [[1], [2], [3], [4], [5], [6]]), "binary"))
    assert (same.words, same.vectors.tolist()) == (read.words, read.vectors.tolist())
    assert "record 3" in same.account.notes[0]


def test_few_unusable_words_are_left_out_and_counted(tmp_path):
    rows = [f"word{i} {i} 1\n".encode() for i in range(300)]
    rows[100], rows[200] = b"caf\xe9 1 2\n", b" 3 4\n"
    read = read_vectors(write(tmp_path, b"".join(rows)))
    assert str(read.account) == "300 rows = 298 kept + 0 duplicates + 2 rejected"
    assert read.words[99:101] == ["word99", "word101"] and read.vectors[100].tolist() == [101, 1]
    assert read.account.notes == (
        'D-009: rows left out since their word is not UTF-8, first at line 101 ("caf\\xe9"): 1',
        'D-085: rows left out since they have no word, first at line 201 (""): 1',
    )


def test_the_account_can_be_kept_and_shown(tmp_path):
    account = read_vectors(write(tmp_path, "<b> 1\na 2\na 3\n", "<i>.txt")).account
    kept = json.loads(json.dumps(account.to_dict()))
    assert kept["rows"] == {"in": 3, "used": 2, "rejected": 0, "merged": 1}
    assert kept["complete"] is True and kept["format"] == "glove"
    assert "&lt;i&gt;.txt" in account._repr_html_() and "<i>" not in account._repr_html_()


BAD = {
    "empty": (b"", "D-003", "is empty"),
    "header_only": (b"0 100\n", "D-004", "has no rows"),
    "blank": (b"\n \n", "D-004", "has no rows"),
    "too_few_rows": (f"5 3\n{TEXT}", "D-081", "says 5 rows, the file has 4"),
    "too_many_rows": (f"3 3\n{TEXT}", "D-081", "says 3 rows, line 5 is one more"),
    "header_too_narrow": (f"4 2\n{TEXT}", "D-081", "says 2 numbers a row, line 2 has more than 2"),
    "header_too_wide": (f"4 4\n{TEXT}", "D-081", "says 4 numbers a row, line 2 has 3"),
    "header_of_10_to_the_12": (f"1000000000000 3\n{TEXT}", "D-081", "the header promises more than the file holds"),
    "header_of_width_10_to_the_30": (f"4 {10**30}\n{TEXT}", "D-081", "the header promises more than the file holds"),
    "header_of_width_0": (f"4 0\n{TEXT}", "D-081", "vectors of no numbers"),
    "binary_of_10_to_the_12": (
        binary(header=b"1000000000000 3\n"),
        "D-081",
        "the header promises more than the file holds",
    ),
    "short_row": (TEXT.replace(" 3.0", ""), "D-082", "line 1: the row has 2 numbers, the others have 3"),
    "short_row_later": (TEXT.replace(" 0.3", ""), "D-082", "line 3: the row has 2 numbers, the others have 3"),
    "long_row": (TEXT.replace(" 0.3", " 0.3 0.4"), "D-082", "line 3: the row has more than 3 numbers"),
    "word_missing": (f"4 3\n{TEXT}".replace("of ", ""), "D-082", "line 3: the row has 2 numbers"),
    "nan": (TEXT.replace("0.2 ", "nan "), "D-083", "line 3: a number is not finite"),
    "infinite": (TEXT.replace("0.2 ", "-Inf "), "D-083", "line 3: a number is not finite"),
    "windows_nan": (TEXT.replace("0.2 ", "-1.#IND "), "D-083", "line 3: a number is not finite"),
    "beyond_float32": (TEXT.replace("0.2 ", "1e39 "), "D-083", "line 3: a number is not finite, or too large"),
    "beyond_float64": (TEXT.replace("0.2 ", "1e400 "), "D-083", "line 3: a number is not finite, or too large"),
    "decimal_comma": (TEXT.replace("0.2 ", "0,2 "), "D-083", "line 3: a field is no number"),
    "hexadecimal": (TEXT.replace("0.2 ", "0x1p3 "), "D-083", "line 3: a field is no number"),
    "binary_nan": (binary(table=TABLE * [[1], [1], [np.nan], [1]]), "D-083", "record 3: a number is not finite"),
    "latin1": (TEXT.encode("latin1", "replace"), "D-008", "1 of 4 rows have no usable word"),
    "latin1_with_header": (f"4 3\n{TEXT}".encode("latin1", "replace"), "D-008", "1 of 4 rows have no usable"),
    "words_missing": (" 1 2 3\n 3 4 5\na 5 6 7\n", "D-085", "2 of 3 rows have no usable word"),
    "utf16": (TEXT.encode("utf-16"), "D-007", "is UTF-16"),
    "utf16_without_mark": ("".join(f"word{i} 1 2\n" for i in range(9)).encode("utf-16-le"), "D-007", "is UTF-16"),
    "utf32": (TEXT.encode("utf-32"), "D-007", "is UTF-32"),
    "old_mac": (TEXT.replace("\n", "\r"), "D-011", "holds no word vectors"),
    "prose": ("It was a dark and stormy night;\nthe rain fell in torrents\n" * 9, "D-011", "no word vectors"),
    "csv": ("word,a,b\nthe,0.1,0.2\nof,0.3,0.4\n", "D-011", "holds no word vectors"),
    "word_pairs": ("love sex 6.77\ntiger cat 7.35\nbook paper 7.46\n", "D-011", "holds no word vectors"),
    "web_page": ("<!DOCTYPE html>\n<html><body>404</body></html>\n", "D-013", "is a web page"),
    "pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "D-014", "git-LFS pointer"),
    "zip": (b"PK\x03\x04" + bytes(range(256)), "D-019", "is a zip archive"),
    "pickle": (b"\x80\x04\x95" + bytes(range(99)), "D-011", "is a pickle"),
    "numpy": (b"\x93NUMPY\x01\0v\0{'descr': '<f4'}\n" + bytes(64), "D-011", "is a numpy array"),
    "fasttext_model": (struct.pack("<ii", 793712314, 12) + bytes(64), "D-011", "is a fastText model"),
    "noise": (np.random.default_rng(0).bytes(5000), "D-011", "holds no word vectors"),
    "binary_cut": (binary()[:-9], "D-086", "is cut: it ends in record 4 of 4"),
    "binary_cut_in_a_word": (binary(["a" * 99] * 4)[:-60], "D-086", "record 4 of 4"),
    "binary_cut_short": (binary()[:-30], "D-081", "the header promises more than the file holds"),
    "binary_goes_on": (binary() + b"more", "D-086", "goes on after the 4 records"),
    "binary_too_few_promised": (binary(header=b"3 3\n"), "D-086", "goes on after the 3 records"),
    "binary_too_wide": (binary(header=b"3 4\n"), "D-08", ""),
    "gzip_cut": (gzip.compress(TEXT.encode() * 99)[:-30], "D-015", "ends too early"),
    "gzip_cut_at_once": (gzip.compress(TEXT.encode())[:5], "D-015", "ends too early"),
    "gzip_flipped": (gzip.compress(TEXT.encode())[:-6] + b"\0" * 6, "D-016", "is damaged"),
    "gzip_and_junk": (gzip.compress(TEXT.encode()) + b"junk", "D-016", "is damaged"),
    "gzip_of_10_to_the_12": (
        gzip.compress(f"1000000000000 3\n{TEXT}".encode()),
        "D-081",
        "promises more than the file holds",
    ),
    "gzip_in_gzip": (gzip.compress(gzip.compress(TEXT.encode())), "D-020", "is packed twice"),
}


def test_every_code_of_vector_files_is_in_the_list_of_errors():
    room = Path(formats_kept.__file__).parent
    used = {
        code for path in room.glob("formats*.py") for code in re.findall(r"[DMP]-[0-9]{3}", path.read_text("utf-8"))
    }
    page = (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")
    assert len(used) > 20
    assert [code for code in sorted(used) if f"| {code} |" not in page] == []


@pytest.mark.parametrize("name", BAD)
def test_refused(tmp_path, name):
    content, code, message = BAD[name]
    error = refused(write(tmp_path, content, f"{name}.vec"))
    assert isinstance(error, DataError) and error.exit_code == 3
    assert error.code.startswith(code), error
    assert message in error.what and f"{name}.vec" in error.what


def test_the_fix_fits_the_fault(tmp_path):
    headed = write(tmp_path, FILES["word2vec"])
    assert "word2vec" in refused(headed, format="glove").fix
    bare = write(tmp_path, TEXT, "bare")
    error = refused(bare, format="word2vec")
    assert error.code == "D-081" and "format='glove'" in error.fix
    assert "point" in refused(write(tmp_path, TEXT.replace("0.2 ", "0,2 "))).why
    assert "iconv -f latin1" in refused(write(tmp_path, BAD["latin1"][0])).fix


def test_a_header_that_lies_costs_nothing(tmp_path, monkeypatch):
    """What it promises is compared with the size of the file before anything is allocated for it."""
    monkeypatch.setattr(formats_kept, "KeptRows", None)
    for name in ("header_of_10_to_the_12", "binary_of_10_to_the_12", "gzip_of_10_to_the_12"):
        assert refused(write(tmp_path, BAD[name][0])).code == "D-081"


def test_a_table_larger_than_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(formats_kept.os, "sysconf", lambda name: 5)
    error = refused(write(tmp_path, TEXT))
    assert isinstance(error, MachineError) and error.code == "M-010" and "limit=" in error.fix


@pytest.mark.parametrize("name", ["word2vec", "glove", "binary"])
@pytest.mark.parametrize("limit", [1, 3, 4, 9])
def test_limit_keeps_the_first_words(tmp_path, name, limit):
    read = read_vectors(write(tmp_path, FILES[name]), limit=limit)
    assert read.words == WORDS[:limit]
    assert read.vectors.tobytes() == TABLE[:limit].tobytes()
    assert read.account.complete == (limit >= 4)
    assert ("not read to the end" in str(read.account)) == (limit < 4)


def test_limit_counts_words_that_are_kept(tmp_path):
    assert read_vectors(write(tmp_path, "a 1\na 2\nb 3\nb 4\nc 5\nd 6\n"), limit=3).words == ["a", "b", "c"]
    content = binary(list("aabbcd"), [[1.5], [2], [3], [4], [5], [6]])
    assert read_vectors(write(tmp_path, content), limit=3).words == ["a", "b", "c"]


def test_a_limit_reads_the_start_of_a_file_that_is_cut(tmp_path):
    for content in (f"1000000000000 3\n{TEXT}", binary()[:-9], binary(header=b"1000000000000 3\n")):
        assert read_vectors(write(tmp_path, content), limit=2).words == WORDS[:2]
        assert refused(write(tmp_path, content), limit=5).code in ("D-081", "D-086")


def test_blocks_may_end_anywhere(tmp_path, monkeypatch):
    rows = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    names = [f"wö{i}" for i in range(40)]
    text = "40 3\n" + "".join(f"{n} {' '.join(map(repr, row))}\n" for n, row in zip(names, rows.tolist(), strict=True))
    for size in (1, 7, 64, 999):
        monkeypatch.setattr(formats_text, "_BLOCK", size)
        monkeypatch.setattr(formats_binary, "_BLOCK", size)
        for content in (text, binary(names, rows)):
            read = read_vectors(write(tmp_path, content))
            assert read.words == names and read.vectors.tobytes() == rows.tobytes()
        wrong = text.replace("wö31 ", "wö31 x ").replace("wö33 ", "wö33 1 ")
        assert "line 35" in refused(write(tmp_path, wrong)).what


def test_numbers_that_only_float_can_round(tmp_path):
    field = "1.00000017881393432617187499"
    read = read_vectors(write(tmp_path, f"a {field} 0.1\nb 0.2 {field}\n" * 1 + f"c {field} {field}\n"))
    value = np.float32(float(field))
    assert read.vectors.tolist() == np.array([[value, 0.1], [0.2, value], [value, value]], np.float32).tolist()


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(formats_sniff, "LONGEST_LINE", 1 << 14)
    monkeypatch.setattr(formats_text, "LONGEST_LINE", 1 << 14)
    assert refused(write(tmp_path, b"x" * (1 << 20))).code == "D-011"
    monkeypatch.setattr(formats_text, "_BLOCK", 1 << 12)
    error = refused(write(tmp_path, TEXT.encode() * 99 + b"x" * (1 << 20)))
    assert error.code == "D-011" and "line 397" in error.what


def test_paths_that_can_not_be_read(tmp_path):
    write(tmp_path, TEXT, "glove.txt")
    error = refused(tmp_path / "glve.txt")
    assert error.code == "D-001" and "glove.txt" in error.fix
    assert refused(tmp_path / "none" / "x").code == "D-001"
    assert refused("a\0b").code == "D-001"
    assert refused(tmp_path).code == "D-002"
    assert refused("/dev/null").code == "D-031"


def test_a_pipe_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("word2vec", "binary"):
        writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(gzip.compress(FILES[name]),))
        writer.start()
        assert read_vectors(tmp_path / "pipe").words == WORDS
        writer.join()


@pytest.mark.parametrize(
    ("options", "code"), [({"format": "text"}, "P-025"), ({"limit": 0}, "P-023"), ({"limit": -1}, "P-023")]
)
def test_parameters_out_of_range(tmp_path, options, code):
    with pytest.raises(InvalidParameterError) as caught:
        read_vectors(write(tmp_path, TEXT), **options)
    assert caught.value.code == code


def test_progress_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(formats_text, "_BLOCK", 50)
    told = []
    read_vectors(write(tmp_path, FILES["word2vec"]), progress=lambda what, share: told.append((what, share)))
    assert {what for what, _ in told} == {"reading vectors"}
    assert [share for _, share in told] == sorted(share for _, share in told) and told[-1][1] == 1.0
