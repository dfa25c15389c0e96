"""Word vectors written for other programs: read again they are the same, and a file is whole or not there."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, InvalidParameterError, MachineError
from kinfold.vectors.formats import FORMATS, SUFFIXES, read_vectors, write_vectors

PROPERTY = settings(derandomize=True, deadline=None, max_examples=80)
ODD = [
    *("\u2028", "\u2029", "\u0085", "\u00a0", "a\u2028b", "\u3000x", "\x0b", "\x0c", "\x1c\x1d", "\x1f\x8b"),
    *("😀", "👩‍👩‍👧", "नमस्ते", "é", "e\u0301", "</s>", "<unk>", "__label__x", "-", ".", "0", "-1.5", "1e5", "nan"),
    *("\ufeff", "PK\x03\x04", "BZh9", "{", "<", "version"),
]  # fmt: skip
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\0")
WORDS = st.lists(
    st.text(CHARACTERS, min_size=1, max_size=8) | st.sampled_from(ODD), min_size=1, max_size=8, unique=True
)
SINGLES = st.floats(width=32, allow_nan=False, allow_infinity=False)


def some(words=("the", "of", "and"), dim=4, seed=0):
    table = np.random.default_rng(seed).normal(size=(len(words), dim)).astype(np.float32)
    return SimpleNamespace(words=list(words), vectors=table)


def same(read, made):
    return read.words == made.words and read.vectors.tobytes() == made.vectors.tobytes()


@PROPERTY
@given(WORDS, st.integers(2, 5), st.data(), st.sampled_from(sorted(FORMATS)), st.sampled_from(["", ".gz"]))
def test_what_is_written_is_read_as_the_same(words, dim, data, format, packed):
    numbers = data.draw(st.lists(SINGLES, min_size=len(words) * dim, max_size=len(words) * dim))
    made = SimpleNamespace(words=words, vectors=np.array(numbers, np.float32).reshape(-1, dim))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"vectors{packed}"
        if format == "glove" and words[0].startswith("\ufeff"):
            with pytest.raises(DataError, match="Word 1 can't be written as glove"):
                write_vectors(made, path, format=format)
            return
        write_vectors(made, path, format=format)
        for read in (read_vectors(path), read_vectors(path, format=format)):
            assert same(read, made) and read.account.format == format
            assert read.account.kept == read.account.rows == len(words) and read.account.notes == ()


@pytest.mark.parametrize("format", FORMATS)
def test_odd_words(tmp_path, format):
    made = some([word for word in ODD if word != "\ufeff"], 3)
    write_vectors(made, tmp_path / "v", format=format)
    assert same(read_vectors(tmp_path / "v"), made)


@pytest.mark.parametrize("suffix", ["", ".gz", ".GZ"])
@pytest.mark.parametrize(("end", "format"), SUFFIXES.items())
def test_the_end_of_the_name_tells_the_format(tmp_path, end, format, suffix):
    path = tmp_path / f"some.vectors{end.upper() if suffix == '.GZ' else end}{suffix}"
    write_vectors(some(), path)
    read = read_vectors(path)
    assert same(read, some()) and read.account.format == format and read.account.packed == bool(suffix)


def test_the_files_are_what_other_programs_read(tmp_path):
    made = SimpleNamespace(words=["a", "ö"], vectors=np.array([[1, -0.5, 1e-8], [0, 0.1, 123456.7]], np.float32))
    write_vectors(made, tmp_path / "v.vec")
    assert (tmp_path / "v.vec").read_text("utf-8") == "2 3\na 1.0 -0.5 1e-08\nö 0.0 0.1 123456.7\n"
    write_vectors(made, tmp_path / "v.glove.gz")
    assert gzip.decompress((tmp_path / "v.glove.gz").read_bytes()).decode() == "a 1.0 -0.5 1e-08\nö 0.0 0.1 123456.7\n"
    write_vectors(made, tmp_path / "v.bin")
    rows = made.vectors.astype("<f4")
    first, second = rows[0].tobytes(), rows[1].tobytes()
    assert (tmp_path / "v.bin").read_bytes() == b"2 3\na " + first + b"\n\xc3\xb6 " + second + b"\n"


def test_the_same_vectors_make_the_same_bytes(tmp_path):
    for name in ("a.vec.gz", "b.vec.gz"):
        write_vectors(some(), tmp_path / name)
    assert (tmp_path / "a.vec.gz").read_bytes() == (tmp_path / "b.vec.gz").read_bytes()


def test_a_long_table_is_written_in_parts(tmp_path):
    made = some([f"w{i}" for i in range(3_000)], 300)
    for name in ("v.vec", "v.bin"):
        write_vectors(made, tmp_path / name)
        assert same(read_vectors(tmp_path / name), made)


def test_a_table_that_can_not_be_written_to_or_is_cut_from_another(tmp_path):
    whole = some([f"w{i}" for i in range(10)], 8)
    part = SimpleNamespace(words=whole.words[::2], vectors=whole.vectors[::2, 1::2])
    part.vectors.flags.writeable = False
    for name in ("v.vec", "v.bin"):
        write_vectors(part, tmp_path / name)
        assert same(read_vectors(tmp_path / name), part)


@pytest.mark.parametrize(
    ("word", "formats"),
    [
        ("new york", ("word2vec", "glove", "word2vec-binary")),
        ("a\nb", ("word2vec", "glove", "word2vec-binary")),
        ("a\tb", ("word2vec", "glove")),
        ("a\rb", ("word2vec", "glove")),
        ("a\0b", ("word2vec-binary",)),
        ("a" * 20_000, ("word2vec-binary",)),
    ],
)
def test_words_a_format_can_not_hold_are_refused_before_anything_is_written(tmp_path, word, formats):
    made = some(["the", word])
    for format in FORMATS:
        if format in formats:
            with pytest.raises(DataError) as caught:
                write_vectors(made, tmp_path / "v", format=format)
            error = caught.value
            assert error.code == "D-087" and "Word 2" in error.what and error.why and error.fix
            assert "\n" not in error.seen and len(error.seen) < 100
            assert not list(tmp_path.iterdir())
        else:
            write_vectors(made, tmp_path / "v", format=format)
            assert same(read_vectors(tmp_path / "v"), made)
            (tmp_path / "v").unlink()


@pytest.mark.parametrize(("name", "options"), [("v", {}), ("v.csv", {}), ("v.gz", {}), ("v.vec", {"format": "text"})])
def test_a_format_that_is_not_known(tmp_path, name, options):
    with pytest.raises(InvalidParameterError) as caught:
        write_vectors(some(), tmp_path / name, **options)
    assert caught.value.code == "P-025" and ".vec" in caught.value.fix
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_file_is_whole_or_as_it_was(tmp_path, monkeypatch, call, before):
    path = tmp_path / "v.vec"
    if before is not None:
        path.write_bytes(before)

    def fail(*_):
        raise OSError(28, "No space left on device")

    if call == "write":
        monkeypatch.setattr("kinfold.vectors.formats_write._write_lines", fail)
    else:
        monkeypatch.setattr(os, call, fail)
    with pytest.raises(MachineError, match="can't be written: No space left") as caught:
        write_vectors(some(), path)
    assert caught.value.code == "D-005"
    monkeypatch.undo()
    assert [other.name for other in tmp_path.iterdir()] == (["v.vec"] if before else [])
    assert before is None or path.read_bytes() == before


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("kinfold.vectors.formats_write._write_records", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_vectors(some(), tmp_path / "v.bin")
    assert not list(tmp_path.iterdir())


def test_places_that_can_not_be_written(tmp_path):
    for path in (tmp_path / "none" / "v.vec", tmp_path, "/dev/full"):
        with pytest.raises(MachineError) as caught:
            write_vectors(some(), path, format="word2vec")
        assert caught.value.code == "D-005"


def test_a_link_is_followed_and_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "v.vec").symlink_to(tmp_path / "real" / "v.vec")
    write_vectors(some(), tmp_path / "v.vec")
    assert (tmp_path / "v.vec").is_symlink() and same(read_vectors(tmp_path / "real" / "v.vec"), some())


def test_the_packed_part_is_plain_gzip(tmp_path):
    write_vectors(some(), tmp_path / "v.bin.gz")
    with gzip.open(tmp_path / "v.bin.gz") as file:
        assert io.BytesIO(file.read()).readline() == b"3 4\n"
