"""Rows 15-21 of the catalogue of bad inputs: packed files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import time
import zlib

import pytest
from data_kit import BOTH, CSV, texts, zipped

from kinfold.data.limits import Limits
from kinfold.data.table import read_table

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("kind", PACKERS)
def test_row_15_truncated_archive(write, refused, good_rows, kind):
    packed = PACKERS[kind](good_rows(5000).encode())
    seen = refused("D-015", write(f"a.csv.{kind}", packed[: len(packed) // 2]), **BOTH)
    assert "bytes could be unpacked" in seen


def test_row_15_truncated_zip(write, refused, good_rows):
    packed = zipped({"a.csv": good_rows(5000)})
    refused("D-015", write("a.zip", packed[: len(packed) // 2]), **BOTH)


@pytest.mark.parametrize("kind", PACKERS)
def test_row_16_flipped_bit_in_archive(write, refused, good_rows, kind):
    packed = bytearray(PACKERS[kind](good_rows(5000).encode()))
    packed[len(packed) // 2] ^= 0x10
    refused("D-016", write(f"a.csv.{kind}", bytes(packed)), **BOTH)


def test_row_16_flipped_bit_in_zip(write, refused):
    packed = bytearray(zipped({"a.csv": CSV}))
    packed[packed.index(b"a.csv") + 12] ^= 0x10
    refused("D-016", write("a.zip", bytes(packed)), **BOTH)


@pytest.mark.parametrize("kind", PACKERS)
def test_row_17_junk_after_the_archive_is_a_warning(write, kind):
    table = read_table(write(f"a.csv.{kind}", PACKERS[kind](CSV.encode()) + b"some junk"), **BOTH)
    assert table.examples.texts == ["a joy", "a bore"]
    assert table.ledger.noted["D-017"] == 1
    assert "D-017" in table.ledger.warnings[0]


@pytest.mark.parametrize("kind", PACKERS)
def test_row_17_several_streams_are_one_file(write, kind):
    pack = PACKERS[kind]
    path = write(f"a.csv.{kind}", pack(CSV[:14].encode()) + pack(CSV[14:].encode()))
    assert texts(path) == ["a joy", "a bore"]


@pytest.mark.parametrize("kind", [*PACKERS, "zip"])
def test_row_18_bomb_is_stopped_at_the_cap(write, refused, kind):
    bomb = b"text\n" + b"a\n" * (3 << 19)
    packed = zipped({"a.csv": bomb}) if kind == "zip" else PACKERS[kind](bomb)
    path = write(f"a.csv.{kind}", packed)
    start = time.process_time()
    seen = refused("D-018", path, limits=Limits(ratio_after=1 << 20))
    assert time.process_time() - start < 1
    assert "stopped at 2," in seen
    assert "stopped at 2," in refused("D-018", path, limits=Limits(max_out=2_000_000))


def test_row_18_memory_hungry_xz(write, refused):
    # a stream that asks for a 1 GiB dictionary
    packed = lzma.compress(b"text\na\n", filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 16}])
    path = write("a.csv.xz", packed)
    assert texts(path, label=None) == ["a"]
    head = packed.index(b"\x21\x01", 12) + 2
    hungry = bytearray(packed)
    hungry[head] = 36
    hungry[20:24] = zlib.crc32(bytes(hungry[12:20])).to_bytes(4, "little")
    assert "memory" in refused("D-018", write("b.csv.xz", bytes(hungry)))


@pytest.mark.parametrize("name", ["../a.csv", "/tmp/a.csv", "x/../../a.csv", "C:\\a.csv", "..\\a.csv"])
def test_row_19_unsafe_member(write, refused, tmp_path, name):
    path = write("a.zip", zipped({name: CSV}))
    before = sorted(tmp_path.parent.rglob("*"))
    refused("D-019", path, **BOTH)
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o666])
def test_row_19_link_or_device_member(write, refused, mode):
    assert "link or device" in refused("D-019", write("a.zip", zipped({"a.csv": "/etc/passwd"}, mode)), **BOTH)


def test_row_19_foreign_archives_must_be_unpacked(write, refused):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        info = tarfile.TarInfo("a.csv")
        info.size = len(CSV)
        tar.addfile(info, io.BytesIO(CSV.encode()))
    for name, content in (
        ("a.tar", held.getvalue()),
        ("a.tar.gz", gzip.compress(held.getvalue())),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfd\0"),
    ):
        assert "unpack it first" in refused("D-019", write(name, content), **BOTH)


def test_row_20_zip_members(write, refused):
    path = write("a.zip", zipped({"a.csv": CSV, "b.csv": CSV.replace("a joy", "b joy"), "__MACOSX/._a": "x"}))
    seen = refused("D-020", path, **BOTH)
    assert "a.csv" in seen and "b.csv" in seen and "member='a.csv'" in seen
    assert texts(path, member="b.csv")[0] == "b joy"
    assert "lacks" in refused("D-020", path, **BOTH, member="c.csv")
    assert texts(write("b.zip", zipped({"folder/a.csv": CSV}))) == ["a joy", "a bore"]
    refused("D-020", write("c.zip", zipped({})), **BOTH)


def test_row_20_nested_archives(write, refused):
    inner = gzip.compress(CSV.encode())
    assert "archive inside" in refused("D-020", write("a.zip", zipped({"a.csv.gz": inner})), **BOTH)
    refused("D-020", write("a.csv.gz", gzip.compress(inner)), **BOTH)


def test_row_21_encrypted(write, refused):
    packed = bytearray(zipped({"a.csv": CSV}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refused("D-021", write("a.zip", bytes(packed)), **BOTH)
