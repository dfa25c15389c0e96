"""BM25 against its formula written out, and its search against sorting."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, InvalidParameterError, NotFittedError
from kinfold.kernels import postings
from kinfold.text.bm25 import BM25
from kinfold.text.tokenizers import WordTokenizer
from kinfold.types import State

PROPERTY = settings(deadline=None, derandomize=True, max_examples=60)
TEXTS = [
    "the cat sat on the mat",
    "the dog sat",
    "a cat, a cat and a dog!",
    "",
    "birds fly; the sky is blue",
    "the the",
]


def by_hand(texts, query, k1=1.2, b=0.75, k3=None, symbols=True, stop_words=()):
    """Return the score of each text, as the formula says it."""
    tokenizer = WordTokenizer(symbols=symbols)
    counted = [Counter(tokenizer(text)) for text in texts]
    lengths = [sum(counts.values()) for counts in counted]
    mean = sum(lengths) / len(lengths)
    out = []
    for counts, length in zip(counted, lengths, strict=True):
        score = 0.0
        for word, asked in Counter(tokenizer(query)).items():
            n = sum(word in other for other in counted)
            if counts[word] and word not in stop_words:
                idf = math.log(1 + (len(texts) - n + 0.5) / (n + 0.5))
                idf *= asked if k3 is None else asked * (k3 + 1) / (asked + k3)
                score += idf * counts[word] / (counts[word] + k1 * (1 - b + b * length / mean))
        out.append(score)
    return np.array(out)


FORMULAS = [{}, {"k1": 0.0}, {"k1": 2.5, "b": 0.0}, {"b": 1.0}, {"symbols": False}, {"k3": 0.0}, {"k3": 1.5}]


@pytest.mark.parametrize("options", [*FORMULAS, {"stop_words": ["the", "nowhere"]}])
def test_scores_are_those_of_the_formula(options):
    model = BM25(**options).fit(TEXTS)
    queries = ["cat", "the dog", "cat cat mat!", "a, b; the", "unknown", ""]
    wanted = np.stack([by_hand(TEXTS, query, **options) for query in queries])
    found = model.scores(queries)
    assert found.shape == (6, 6) and found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-5)
    rows, scores = model.search(queries, 6)
    for line, of, exact in zip(rows, scores, wanted, strict=True):
        held = line >= 0
        assert held.sum() == (exact > 0).sum() and np.isnan(of[~held]).all()
        np.testing.assert_allclose(of[held], -np.sort(-exact)[: held.sum()], rtol=1e-5)
        np.testing.assert_allclose(of[held], exact[line[held]], rtol=1e-5)


def test_parameters_do_something():
    plain = BM25().fit(TEXTS).scores(["the cat sat ,"]).toarray()
    for options in ({"k1": 0.5}, {"b": 0.1}, {"symbols": False}, {"stop_words": ["The"]}):
        assert not np.allclose(plain, BM25(**options).fit(TEXTS).scores(["the cat sat ,"]).toarray())
    again = ["the cat sat on the cat"]
    assert not np.allclose(BM25().fit(TEXTS).scores(again).toarray(), BM25(k3=0.5).fit(TEXTS).scores(again).toarray())


@PROPERTY
@given(data=st.data())
def test_search_is_sorting(data):
    words = st.lists(st.sampled_from("abcdefg"), max_size=6).map(" ".join)
    texts = data.draw(st.lists(words, max_size=30))
    queries = data.draw(st.lists(words, min_size=1, max_size=5))
    k = data.draw(st.integers(1, 40))
    model = BM25().fit(texts)
    rows, scores = model.search(queries, k, n_threads=data.draw(st.sampled_from([1, 3])))
    dense = model.scores(queries).toarray()
    for line, of, exact in zip(rows.tolist(), scores, dense, strict=True):
        line = [row for row in line if row >= 0]
        assert len(line) == min(k, int((exact > 0).sum())) == len(set(line))
        np.testing.assert_allclose(of[: len(line)], -np.sort(-exact)[: len(line)], rtol=1e-6)
        assert line == [line[i] for i in np.lexsort((line, -of[: len(line)]))]


def test_equal_texts_come_in_order_over_stretches_of_documents():
    n = 2 * postings.STRETCH + 100
    texts = ["common"] * n
    for place in (5, postings.STRETCH, 2 * postings.STRETCH + 7):
        texts[place] = "rare common"
    rows, scores = BM25().fit(texts).search(["rare", "common"], 4)
    assert rows[0].tolist() == [5, postings.STRETCH, 2 * postings.STRETCH + 7, -1]
    assert rows[1].tolist() == [0, 1, 2, 3] and len(set(scores[1].tolist())) == 1


def test_the_order_of_words_and_the_number_of_threads_change_nothing():
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{i}" for i in rng.integers(0, 50, rng.integers(1, 30))) for _ in range(500)]
    queries = [" ".join(f"w{i}" for i in rng.integers(0, 60, 8)) for _ in range(30)]
    model = BM25().fit(texts)
    plain = model.search(queries, 10, n_threads=1)
    turned = model.search([" ".join(reversed(query.split())) for query in queries], 10, n_threads=3)
    assert all(np.array_equal(a, b) for a, b in zip(plain, turned, strict=True))


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "!?"]])
def test_without_words_nothing_is_found(texts):
    model = BM25().fit(texts)
    rows, scores = model.search(["a cat", ""], 5)
    assert rows.shape == scores.shape == (2, 0)
    assert model.scores(["a cat"]).shape == (1, len(texts)) and model.scores(["a cat"]).nnz == 0


def test_unicode_and_case():
    model = BM25().fit(["Ärger mit KATZEN", "猫が好き", "Hunde"])
    assert model.search(["katzen"])[0].tolist() == [[0]]
    assert model.search(["猫"])[0].tolist() == [[1]]
    assert model.search(["A\u0308rger"])[0].tolist() == [[0]]


def test_what_can_not_be_used():
    wrong = ({"k1": -1}, {"b": 1.5}, {"k1": float("nan")}, {"b": True}, {"k3": -1}, {"symbols": 1})
    for options in (*wrong, {"stop_words": "the"}, {"stop_words": [1]}):
        with pytest.raises(InvalidParameterError):
            BM25(**options).fit(TEXTS)
    with pytest.raises(NotFittedError):
        BM25().search(["a"])
    with pytest.raises(InvalidParameterError, match="`k`"):
        BM25().fit(TEXTS).search(["a"], 0)
    with pytest.raises(DataError):
        BM25().fit(TEXTS).search("a text that is not in a list")


def test_the_state_brings_everything_back():
    model = BM25(k1=0.9, k3=1.0, symbols=False, stop_words=["cat"]).fit(TEXTS)
    state = model.get_state()
    layout = BM25.layout(model.get_params(), state.values, {"words": state.vocabularies["words"].count(b"\n")})
    assert layout == {name: (array.dtype.name, array.shape) for name, array in state.arrays.items()}
    other = BM25.from_state(model.get_params(), state)
    for a, b in zip(model.search(TEXTS, 4), other.search(TEXTS, 4), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(model.idf_, other.idf_)
    assert list(other.vocabulary_.names(range(2))) == list(model.vocabulary_.names(range(2)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("documents", lambda a: a + 3),
        ("documents", lambda a: a[::-1]),
        ("indptr", lambda a: a + 1),
        ("indptr", np.flip),
    ],
)
def test_postings_that_lead_astray_are_refused(name, change):
    model = BM25().fit(TEXTS)
    state = model.get_state()
    arrays = {**state.arrays, name: change(state.arrays[name].copy())}
    with pytest.raises(ValueError, match="order"):
        BM25.from_state(model.get_params(), State(arrays, state.vocabularies, state.values))
