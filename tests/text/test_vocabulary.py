from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinfold.errors import DataError, InvalidParameterError
from kinfold.text.vocabulary import END, PAD, UNK, UNKNOWN, Vocabulary

TOKENS = st.lists(
    st.one_of(st.text(min_size=1, max_size=4), st.sampled_from(["\n", "\\", "\\n", "\r", "\\\\n", "n", " ", "\0"])),
    unique=True,
)


def test_from_counts():
    counts = {"rare": 1, "b": 3, "a": 3, "most": 9}
    vocabulary = Vocabulary.from_counts(counts)
    assert vocabulary.ids(["most", "a", "b", "rare", "none"]).tolist() == [3, 4, 5, 6, UNK]
    assert vocabulary.ids([]).tolist() == [] and vocabulary.ids(["a"]).dtype == np.int32
    assert len(vocabulary) == 7
    assert "a" in vocabulary and "none" not in vocabulary
    assert len(Vocabulary.from_counts(counts, min_count=2)) == 6
    assert Vocabulary.from_counts(counts, max_size=2).tokens([3, 4]) == ["most", "a"]


def test_ids_that_are_no_tokens():
    vocabulary = Vocabulary(["x", "y"])
    assert (PAD, UNK, END) == (0, 1, 2)
    assert vocabulary.tokens([3, UNK, 4, END, PAD, PAD]) == ["x", UNKNOWN, "y"]
    for wrong in (-1, 5):
        with pytest.raises(DataError, match="not in the vocabulary"):
            vocabulary.tokens([3, wrong])


@given(TOKENS)
def test_text_round_trip(tokens):
    vocabulary = Vocabulary(tokens)
    data = vocabulary.to_text()
    assert data.count(b"\n") == len(tokens) and b"\r" not in data and b"\n\n" not in b"\n" + data
    copy = Vocabulary.from_text(data)
    ids = copy.ids(tokens)
    assert ids.tolist() == list(range(3, 3 + len(tokens)))
    assert copy.tokens(ids) == tokens


@pytest.mark.parametrize("wrong", [["a", "a"], ["a", ""], ["\ud800"]])
def test_tokens_that_can_not_be_kept(wrong):
    with pytest.raises(DataError):
        Vocabulary(wrong)


@pytest.mark.parametrize("wrong", [{"min_count": 0}, {"max_size": 0}])
def test_wrong_parameters(wrong):
    with pytest.raises(InvalidParameterError, match=next(iter(wrong))):
        Vocabulary.from_counts({"a": 1}, **wrong)
