"""Gold sets of words: pairs with scores, and analogies in sections."""

from __future__ import annotations

import bz2
import gzip

import pytest

from kinfold.data.gold import read_analogies, read_similarity
from kinfold.errors import KinfoldError

PAIRS = [("love", "sex", 6.77), ("tiger", "tiger", 10.0), ("naïve", "New York", -0.5)]
ANALOGIES = (
    ": capital\nAthens Greece Baghdad Iraq\nAthens Greece Bern Switzerland\n\n: gram1 plural\nmouse mice 鼠 鼠\n"
)


def failed(read, path, code):
    """Return the text of the error with which a file must be refused."""
    with pytest.raises(KinfoldError) as caught:
        read(path)
    assert caught.value.code == code, str(caught.value)
    assert caught.value.fix and path.name in caught.value.what
    return caught.value.what


@pytest.mark.parametrize(
    "text",
    [
        "love\tsex\t6.77\ntiger\ttiger\t10\nnaïve\tNew York\t-.5\n",
        "# a comment\n# Word 1\tWord 2\tHuman\nlove\tsex\t6.77\n\ntiger\ttiger\t1e1\nnaïve\tNew York\t-0.50",
        "Word 1,Word 2,Human (mean)\r\nlove,sex,6.77\r\ntiger,tiger,10.00\r\nnaïve,New York,-0.5\r\n",
        "\ufeffword1\tword2\tSimLex999\nlove\tsex\t6.77 \n tiger\ttiger\t10\nnaïve\tNew York \t-0.5\n \t\n",
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_pairs_with_scores(write, text, pack):
    assert read_similarity(write("gold.txt", pack(text.encode()))) == PAIRS


def test_pairs_parted_by_blanks(write):
    assert read_similarity(write("gold.txt", "sun sunlight 50.0\nsun  sunny 49\n")) == [
        ("sun", "sunlight", 50.0),
        ("sun", "sunny", 49.0),
    ]


def test_pairs_stay_as_they_are_written_and_in_order(write):
    text = "b\ta\t1\na\tb\t2\nb\ta\t1\nNA\t007\t3\na\u2028b\t\u0085\t4\n"
    pairs = [("b", "a", 1.0), ("a", "b", 2.0), ("b", "a", 1.0), ("NA", "007", 3.0), ("a\u2028b", "\u0085", 4.0)]
    assert read_similarity(write("gold.tsv", text)) == pairs


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        ("", "D-003", ""),
        ("# nothing\n\n", "D-004", ""),
        ("word1\tword2\tscore\n", "D-004", ""),
        ("a\tb\t1\na\tb\n", "D-038", "line 2"),
        ("a\tb\t1\na\t\t2\n", "D-038", "line 2"),
        ("a\tb\t1\n\nold\tnew\tA\t1.58\t2.72\n", "D-037", "line 3"),
        ("word1\tword2\tPOS\tSimLex999\nold\tnew\tA\t1.58\n", "D-037", "line 1"),
        ("a\tb\t1\na\tb\tx\n", "D-052", "line 2"),
        ("a\tb\t1\na\tb\tnan\n", "D-052", "line 2"),
        ("a\tb\t1\na\tb\t1_0\n", "D-052", "line 2"),
        ("word1\tword2\tscore\nword1\tword2\tscore\n", "D-052", "line 2"),
        ("a\tb\t1\ncaf\xe9\tb\t2\n".encode("latin1"), "D-008", "line 2"),
        (gzip.compress(b"a\tb\t1\n" * 99, mtime=0)[:-12], "D-015", ""),
        (b"\x89PNG\r\n\x1a\n" + bytes(9), "D-011", ""),
    ],
)
def test_pairs_that_can_not_be_read(write, content, code, place):
    assert place in failed(read_similarity, write("gold.tsv", content), code)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_analogies_in_sections(write, pack):
    assert read_analogies(write("questions.txt", pack(ANALOGIES.encode()))) == {
        "capital": [("Athens", "Greece", "Baghdad", "Iraq"), ("Athens", "Greece", "Bern", "Switzerland")],
        "gram1 plural": [("mouse", "mice", "鼠", "鼠")],
    }


def test_analogies_before_a_section_between_tabs_and_in_a_section_named_twice(write):
    text = "a b c d\n:x\ne\tf g\tg\th\n# a comment\n: y\r\n: x\r\ni j k l\r\n:\nm  n o p"
    assert read_analogies(write("questions.txt", text)) == {
        "questions": [("a", "b", "c", "d"), ("m", "n", "o", "p")],
        "x": [("e", "f g", "g", "h"), ("i", "j", "k", "l")],
        "y": [],
    }


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        ("", "D-003", ""),
        (": capital\n", "D-004", ""),
        (": capital\na b c\n", "D-038", "line 2"),
        (": capital\na b c d\na b c d e\n", "D-037", "line 3"),
        (b": capital\na b c caf\xe9\n", "D-008", "line 2"),
    ],
)
def test_analogies_that_can_not_be_read(write, content, code, place):
    assert place in failed(read_analogies, write("questions.txt", content), code)


def test_a_missing_file(tmp_path):
    failed(read_analogies, tmp_path / "questions.txt", "D-001")
