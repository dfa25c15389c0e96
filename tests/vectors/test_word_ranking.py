"""Members of a class in the order of their likeness to a query: none lost, ties settled, both measures right."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinfold.errors import DataError, InvalidParameterError
from kinfold.vectors.ranking import rank
from kinfold.vectors.words import WordVectors

WORDS = ["sport", "east", "north", "long", "back", "zero", "twin", "other"]
TABLE = np.array(
    [[1, 0, 0], [1, 0.1, 0], [0, 1, 0], [9, 9, 0], [-1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 2]], np.float32
)


@pytest.fixture
def vectors():
    return WordVectors(WORDS, TABLE)


def test_cosine_and_dot_order_differently(vectors):
    among = ["back", "north", "east", "long"]
    assert rank(vectors, "sport", among).words == ("east", "long", "north", "back")
    dot = rank(vectors, "sport", among, method="dot")
    assert dot.words == ("long", "east", "north", "back")
    assert dot.scores == (9.0, 1.0, 0.0, -1.0)


def test_scores_are_those_of_a_plain_loop(vectors):
    found = rank(vectors, ["sport", "north"], WORDS)
    query = TABLE[0] / 1 + TABLE[2] / 1
    for word, score in found:
        row = TABLE[WORDS.index(word)]
        length = np.linalg.norm(row) * np.linalg.norm(query)
        assert score == pytest.approx(row @ query / length if length else 0.0, abs=1e-6)


def test_a_vector_asks_as_its_word_does(vectors):
    for method in ("cosine", "dot"):
        by_vector, by_word = (rank(vectors, query, WORDS, method=method) for query in (TABLE[3], "long"))
        assert by_vector.words == by_word.words
        assert by_vector.scores == pytest.approx(by_word.scores)


def test_nothing_is_lost(vectors):
    found = rank(vectors, "sport", ["north", "atlantis", "zero", "north", "mu"])
    assert found.words == ("zero", "north") or found.words == ("north", "zero")
    assert found.missing == ("atlantis", "mu")
    assert "atlantis" in str(found) and "atlantis" in found._repr_html_()
    assert found.to_dict()["missing"] == ["atlantis", "mu"]


@given(st.permutations(WORDS))
def test_ties_are_settled_whatever_the_order_given(among):
    vectors = WordVectors(WORDS, TABLE)
    assert rank(vectors, "north", among).words[:2] == ("north", "twin")
    assert rank(vectors, "north", among) == rank(vectors, "north", WORDS)


@given(st.integers(1, 400), st.integers(0, 2**20))
def test_equal_vectors_have_equal_scores_in_any_company(n, seed):
    random = np.random.default_rng(seed)
    table = random.normal(size=(n + 2, 5)).astype(np.float32)
    table[n + 1] = table[0]
    vectors = WordVectors([f"w{i}" for i in range(n + 2)], table)
    scores = dict(rank(vectors, "w1", vectors.words))
    assert scores["w0"] == scores[f"w{n + 1}"]


def test_k_cuts(vectors):
    whole = rank(vectors, "sport", WORDS)
    assert rank(vectors, "sport", WORDS, k=3).words == whole.words[:3]
    assert len(rank(vectors, "sport", WORDS, k=99)) == len(WORDS)


def test_replicas_say_which_order_holds(vectors):
    assert rank(vectors, "sport", WORDS).stability is None
    vectors.replicas = [WordVectors(WORDS, TABLE)]
    assert set(rank(vectors, "sport", WORDS).stability) == {1.0}
    turned = TABLE.copy()
    turned[1] = [-1, 0, 0]  # east falls from the second place to the last, beside back
    vectors.replicas = [WordVectors(WORDS, TABLE), WordVectors(WORDS, turned)]
    found = rank(vectors, "sport", WORDS)
    shares = dict(zip(found.words, found.stability, strict=True))
    assert shares["east"] < 0.6 < shares["north"] < 1
    assert "stable" in str(found) and json.dumps(found.to_dict())
    assert rank(vectors, "sport", WORDS, k=2).stability == found.stability[:2]


class Composed:
    """Gives any word the same vector."""

    def vector(self, word):
        return np.array([0, 0, 1], np.float32)


def test_words_that_can_be_composed_are_not_missing():
    vectors = WordVectors(WORDS, TABLE, subwords=Composed())
    found = rank(vectors, "other", ["unheard", "north", "aardvark"])
    assert found.words == ("aardvark", "unheard", "north")
    assert found.missing == ()


def test_bad_questions_are_refused(vectors):
    for query, among, code in (
        ("sprot", WORDS, "D-060"),
        ("sport", ["noth"], "D-060"),
        ("sport", [], "D-064"),
        ([], WORDS, "D-064"),
        ("zero", WORDS, "D-062"),
        (np.zeros(3), WORDS, "D-062"),
        (np.array([np.nan, 1, 1]), WORDS, "D-062"),
        (np.ones(4), WORDS, "D-064"),
    ):
        for method in ("cosine", "dot"):
            with pytest.raises(DataError) as caught:
                rank(vectors, query, among, method=method)
            assert caught.value.code == code
    for wrong in ({"method": "euclid"}, {"k": 0}):
        with pytest.raises(InvalidParameterError) as caught:
            rank(vectors, "sport", WORDS, **wrong)
        assert caught.value.code == "P-023"
