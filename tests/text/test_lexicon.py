from __future__ import annotations

import numpy as np
import pytest

from kinfold.text.lexicon import Lexicon
from kinfold.text.ngrams import NGramVectorizer

TEXTS = ["the cat sat", "the cat ran", "a dog — ran 你好", "the   cat", "\u2028 dog\r\nran"]


@pytest.mark.parametrize("unit", ["word", "character"])
def test_text_round_trip(unit):
    lexicon = NGramVectorizer(unit=unit, orders=(1, 3), min_df=1).fit(TEXTS).vocabulary_
    copy = Lexicon.from_text(lexicon.to_text(), unit)
    assert copy.to_text() == lexicon.to_text()
    assert (copy.keys == lexicon.keys).all() and len(copy) == len(lexicon)
    names = copy.names(range(len(copy)))
    assert copy.columns(names).tolist() == list(range(len(copy)))


def test_keys_of_names_are_those_of_the_text():
    """What is looked up by its name is found where the text's own n-grams are."""
    vectorizer = NGramVectorizer(orders=(1, 3), min_df=1).fit(TEXTS)
    lexicon = vectorizer.vocabulary_
    assert "the cat sat" in lexicon and "cat sat" in lexicon and "—" in lexicon and "你 好" in lexicon
    assert "sat the" not in lexicon and "" not in lexicon and "the  cat" not in lexicon
    column = lexicon.columns(["dog"])[0]
    assert vectorizer.transform(["dog"]).indices.tolist() == [column]


def test_most_frequent_first():
    lexicon = NGramVectorizer(orders=(1, 1), min_df=1).fit(TEXTS).vocabulary_
    assert {lexicon[0], lexicon[1], lexicon[2]} == {"the", "cat", "ran"}
    assert lexicon.names(np.array([0, 1])) == [lexicon[0], lexicon[1]]


def test_nothing_known():
    empty = Lexicon.from_text(b"", "word")
    assert len(empty) == 0 and empty.to_text() == b"" and "a" not in empty
    assert empty.columns([]).tolist() == [] and empty.columns(["a", "b"]).tolist() == [-1, -1]


def test_extended():
    one = Lexicon.from_text(b"a\nb\n", "word")
    two = Lexicon.from_text(b"c d\ne\n", "word")
    both = one.extended(two.lines, two.offsets)
    assert both.names(range(4)) == ["a", "b", "c d", "e"]
    assert both.columns(["e", "c d", "x", "a"]).tolist() == [3, 2, -1, 0]
    assert len(one) == 2
