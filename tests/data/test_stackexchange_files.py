"""Where a dump may lie, how it may be packed, and what is wrong with it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import threading
from random import Random

import pytest
from data_kit import zipped
from dump_kit import ANSWERS, DUPLICATES, LINKS, POSTS, QUESTIONS, post, write_dump

from kinfold.data.limits import Limits
from kinfold.data.stackexchange import open_stackexchange, read_stackexchange
from kinfold.errors import KinfoldError, MissingExtraError

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def seven(path, method="LZMA2", **members):
    """Write a 7z of members: name without .xml -> text."""
    py7zr = pytest.importorskip("py7zr")
    more = {"order": 6, "mem": 24} if method == "PPMD" else {"preset": 1} if method == "LZMA2" else {}
    filters = [{"id": vars(py7zr)[f"FILTER_{method}"], **more}]
    with py7zr.SevenZipFile(path, "w", filters=filters) as archive:
        for name, text in members.items():
            archive.writestr(text.encode() if isinstance(text, str) else text, name.replace("__", "/") + ".xml")
    return path


def refused(path, **options) -> KinfoldError:
    with pytest.raises(KinfoldError) as caught:
        read_stackexchange(path, **options)
    assert caught.value.fix, "the message says what to do"
    return caught.value


def assert_whole(path, *, links: bool = True) -> None:
    dump = read_stackexchange(path)
    assert (dump.questions, dump.answers) == (QUESTIONS, ANSWERS)
    assert dump.duplicates == (DUPLICATES if links else []) and (dump.link_ledger is not None) == links


@pytest.mark.parametrize(
    ("posts", "links"),
    [("Posts.xml", "PostLinks.xml"), ("site.Posts.xml", "site.PostLinks.xml"), ("posts.XML", "PostLinks.xml")],
)
def test_a_folder_and_a_file_in_it(tmp_path, posts, links):
    folder = write_dump(tmp_path / "dump", posts, links)
    assert_whole(folder / posts)
    assert_whole(folder)
    (folder / links).unlink()
    assert_whole(folder, links=False)


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_files(tmp_path, kind):
    (tmp_path / f"Posts.xml.{kind}").write_bytes(PACKERS[kind](POSTS.encode()))
    (tmp_path / f"PostLinks.xml.{kind}").write_bytes(PACKERS[kind](LINKS.encode()))
    assert_whole(tmp_path)
    packed = PACKERS[kind](POSTS.encode() * 9)
    (tmp_path / f"Posts.xml.{kind}").write_bytes(packed[: len(packed) // 2])
    assert refused(tmp_path).code == "D-015"


def test_a_zip_holds_both(tmp_path):
    path = tmp_path / "site.zip"
    path.write_bytes(zipped({"Posts.xml": POSTS, "PostLinks.xml": LINKS, "Tags.xml": "<tags/>"}))
    assert_whole(path)
    path.write_bytes(zipped({"Tags.xml": "<tags/>"}))
    assert refused(path).code == "D-124"


def test_a_7z_of_a_site_holds_both(tmp_path):
    path = seven(tmp_path / "site.7z", Badges="<badges/>", PostLinks=LINKS, Posts=POSTS, Users="<users/>")
    before = sorted(tmp_path.rglob("*"))
    assert_whole(path)
    assert_whole(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before, "nothing is unpacked to disk"
    with open_stackexchange(path) as reader:
        assert len(list(reader.posts())) == 8 and reader.share == 1.0 and len(reader.ledger.sha256) == 64


@pytest.mark.parametrize("method", ["COPY", "BZIP2", "DEFLATE", "PPMD", "ZSTD"])
def test_a_7z_packed_in_another_way(tmp_path, method):
    assert_whole(seven(tmp_path / "site.7z", method, PostLinks=LINKS, Posts=POSTS))


def test_a_7z_of_one_file_has_the_links_beside_it(tmp_path):
    path = seven(tmp_path / "site-Posts.7z", Posts=POSTS)
    assert_whole(path, links=False)
    seven(tmp_path / "site-PostLinks.7z", PostLinks=LINKS)
    assert_whole(path)
    assert_whole(seven(tmp_path / "in-a-folder.7z", site__Posts=POSTS), links=False)


def test_a_7z_without_posts_or_with_two_is_refused(tmp_path):
    error = refused(seven(tmp_path / "a.7z", Badges="<badges/>", Comments="<comments/>"))
    assert error.code == "D-124" and "Badges.xml" in error.seen
    assert refused(seven(tmp_path / "b.7z", x__Posts=POSTS, y__Posts=POSTS)).code == "D-124"
    path = seven(tmp_path / "c.7z", Posts=POSTS)
    with open_stackexchange(path) as reader, pytest.raises(KinfoldError) as caught:
        list(reader.links())
    assert caught.value.code == "D-124" and "PostLinks" in str(caught.value)


def test_a_cut_or_damaged_7z_is_refused(tmp_path):
    path = seven(tmp_path / "a.7z", Posts=POSTS * 3)
    whole = path.read_bytes()
    for cut in (8, 40, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert refused(path).code == "D-016"
    flipped = bytearray(whole)
    flipped[60] ^= 0x10
    path.write_bytes(bytes(flipped))
    assert refused(path).code in ("D-016", "D-027")


def test_a_7z_bomb_is_stopped(tmp_path):
    path = seven(tmp_path / "a.7z", Posts="<posts>" + " " * (4 << 20) + "</posts>")
    error = refused(path, limits=Limits(ratio_after=1 << 20))
    assert error.code == "D-018" and "stopped at" in str(error)


def test_an_encrypted_7z_is_refused(tmp_path):
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w", password="secret") as archive:
        archive.writestr(POSTS.encode(), "Posts.xml")
    assert refused(tmp_path / "a.7z").code == "D-021"


def test_a_7z_left_in_the_middle_leaves_no_thread(tmp_path):
    random = Random(0)
    # Several megabytes, of which one is unpacked at a time.
    rows = "".join(post(i, 1, Title="t", Body=random.randbytes(1000).hex()) for i in range(1, 1_500))
    path = seven(tmp_path / "a.7z", "COPY", Posts=f"<posts>{rows}</posts>")
    before = threading.active_count()
    with open_stackexchange(path) as reader:
        assert next(reader.posts()).id == "1"
    assert threading.active_count() == before


def test_without_py7zr_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "site.7z"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c\0\4")
    monkeypatch.setitem(sys.modules, "py7zr", None)
    with pytest.raises(MissingExtraError) as caught:
        read_stackexchange(path)
    assert caught.value.code == "U-011" and "kinfold[dumps]" in caught.value.fix


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(POSTS.encode()))))
    assert_whole("-", links=False)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POSTS.encode())))
    with open_stackexchange("-") as reader:
        assert len(list(reader.posts())) == 8 and reader.share is None
        with pytest.raises(KinfoldError) as caught:
            reader.links()
    assert caught.value.code == "D-124"


@pytest.mark.parametrize(
    "mark", ["<!DOCTYPE posts SYSTEM 'posts.dtd'>", "<!DOCTYPE posts>", '<!DOCTYPE posts\n SYSTEM "x">']
)
def test_a_document_type_that_defines_nothing_is_noted(tmp_path, mark):
    path = tmp_path / "Posts.xml"
    path.write_text(POSTS.replace("<posts>", f"{mark}\n<posts>"), "utf-8", newline="")
    assert_whole(path, links=False)
    assert read_stackexchange(path).ledger.noted == {"D-125": 1}
    # An entity that nothing defines is an error, not a silent gap.
    path.write_text(f'<?xml version="1.0"?>{mark}<posts>{post(1, 1, Title="a &unknown; b")}</posts>', "utf-8")
    assert refused(path).code == "D-027"


@pytest.mark.parametrize("inner", ['<!ENTITY a "ha">', '<!ENTITY a SYSTEM "file:///etc/passwd">', ""])
def test_a_document_type_with_definitions_is_refused(tmp_path, inner):
    path = tmp_path / "Posts.xml"
    path.write_text(f"<!DOCTYPE posts [{inner}]><posts>{post(1, 1, Title='t')}</posts>", "utf-8")
    assert refused(path).code == "D-025"


@pytest.mark.parametrize(
    "rest", ["", '<row Id="x', "<row></posts>", '<row Id="1\0"/></posts>', "&#1;</posts>", "</posts>x"]
)
def test_cut_or_malformed_xml(tmp_path, rest):
    path = tmp_path / "Posts.xml"
    path.write_text("<posts>" + post(1, 1, Title="t") + "\n" + rest, "utf-8")
    error = refused(path)
    assert error.code == "D-027" and "line " in str(error)
    dump = read_stackexchange(path, allow_truncated=True)
    assert [one.id for one in dump.questions] == ["1"] and dump.ledger.noted == {"D-027": 1}


@pytest.mark.parametrize(("encoding", "code"), [("utf-8-sig", "D-006"), ("utf-16", "D-007")])
def test_byte_order_marks(tmp_path, encoding, code):
    path = tmp_path / "Posts.xml"
    path.write_bytes(POSTS.replace("\n", "\r\n").replace('"utf-8"', f'"{encoding[:6].rstrip("-")}"').encode(encoding))
    assert_whole(path, links=False)
    assert read_stackexchange(path).ledger.repaired == {code: 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "D-003"),
        (gzip.compress(b"", mtime=0), "D-003"),
        (b"<posts></posts>", "D-004"),
        (b"<!-- <posts> --><badges><row/></badges>", "D-124"),
        (b"id,title\n1,t\n", "D-124"),
        (b"Rar!\x1a\x07", "D-019"),
    ],
)
def test_another_file_is_refused(tmp_path, content, code):
    path = tmp_path / "Posts.xml"
    path.write_bytes(content)
    assert refused(path).code == code


def test_a_folder_without_posts_or_with_several_sites(tmp_path):
    assert refused(tmp_path).code == "D-124"
    for name in ("a.Posts.xml", "b.Posts.xml"):
        (tmp_path / name).write_text(POSTS, "utf-8")
    error = refused(tmp_path)
    assert error.code == "D-124" and "a.Posts.xml, b.Posts.xml" in error.seen
    assert_whole(tmp_path / "a.Posts.xml", links=False)
    assert refused(tmp_path / "c.Posts.xml").code == "D-001"
