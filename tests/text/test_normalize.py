from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinfold.errors import DataError
from kinfold.text.normalize import Normalizer, check_texts, to_buffer

PLAIN = Normalizer(compose=False, strip_html=False, lowercase=False)


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("Good <br />film", "good  film"),
        ("<p class='x'>A</p> &amp; B", " a  & b"),
        ("I <3 you, a < b > c", "i <3 you, a < b > c"),
        ("x<!-- note -->y", "x y"),
        ("&lt;b&gt; &#65;&#x42; &eacute; &nosuch;", "<b> ab é &nosuch;"),
        ("cafe\u0301 CAFÉ", "café café"),
        ("❤\ufe0f ❤", "❤ ❤"),
        ("a\0b", "a b"),
        ("\ud800x\udfff", "\ufffdx\ufffd"),
        ("ΑΣ ΟΔΟΣ", "ας οδος"),
        ("<a" * 3, "<a<a<a"),
        ("&#" + "9" * 6000 + ";.", "\ufffd."),
        ("", ""),
    ],
)
def test_examples(raw, normal):
    assert Normalizer()(raw) == normal


def test_each_step_can_be_left_out():
    raw = "<B>E\u0301</B>  X"
    assert PLAIN(raw) == raw
    assert Normalizer(compose=False)(raw) == " e\u0301   x"
    assert Normalizer(strip_html=False)(raw) == "<b>é</b>  x"
    assert Normalizer(lowercase=False)(raw) == " É   X"
    assert Normalizer(collapse_spaces=True)("\n<b>\u3000a\t\tb \x1c") == "a b"
    assert Normalizer(**Normalizer(lowercase=False).to_dict()) == Normalizer(lowercase=False)


@given(st.text())
def test_twice_is_once(text):
    for normalizer in (Normalizer(strip_html=False), Normalizer(strip_html=False, collapse_spaces=True), PLAIN):
        once = normalizer(text)
        assert normalizer(once) == once


@given(st.text(st.characters(categories=None)))
def test_any_text_becomes_utf8_without_nul(text):
    normal = Normalizer()(text)
    assert "\0" not in normal
    assert normal.encode().decode() == normal


@given(st.text())
def test_composed_and_decomposed_are_the_same(text):
    if not set(text) & set("<&"):
        nfc, nfd = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
        assert Normalizer(lowercase=False)(nfc) == Normalizer(lowercase=False)(nfd)


@given(st.lists(st.text(), max_size=5))
def test_buffer_holds_the_texts(texts):
    buf, offsets = to_buffer(texts, Normalizer())
    assert offsets.dtype == np.int64 and len(offsets) == len(texts) + 1
    cut = [buf[a : b - 1].tobytes().decode() for a, b in pairwise(offsets)]
    assert cut == [Normalizer()(text) for text in texts]


def test_what_is_no_list_of_texts_is_refused():
    for wrong in ("abc", None, 3):
        with pytest.raises(DataError, match="sequence of strings"):
            check_texts(wrong)
    with pytest.raises(DataError, match="Text 2 is no string"):
        check_texts(["a", "b", 3])
    assert check_texts(np.array(["a", "b"])) == ["a", "b"]
    assert check_texts(text for text in "ab") == ["a", "b"]
