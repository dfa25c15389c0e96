from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from kinfold.errors import DataError, InvalidParameterError, NotFittedError
from kinfold.text import ngrams
from kinfold.text.ngrams import NGramVectorizer
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import WordTokenizer

WORDS = ["good", "bad", "don't", "été", "你", "🎉", "!", "a", "zoo", "x1", "under_score", "naïve"]


def some_texts(n=60, seed=0):
    chance = random.Random(seed)
    texts = [" ".join(chance.choice(WORDS) for _ in range(chance.randrange(12))) for _ in range(n)]
    return [*texts, "", "   ", "Once only", "GOOD good Good"]


def word_ngrams(text, low, high, symbols=True):
    """The n-grams of a text by hand: every run of tokens, with a blank between them."""
    tokens = WordTokenizer(symbols=symbols)(text)
    runs = [tokens[i : i + n] for n in range(low, high + 1) for i in range(len(tokens) - n + 1)]
    return Counter(" ".join(run) for run in runs)


def across_ngrams(text, low, high):
    """The n-grams of a text's characters by hand, white space as one blank, one on either side."""
    padded = " " + " ".join(Normalizer()(text).split()) + " "
    if padded == "  ":
        return Counter()
    if len(padded) < low:
        return Counter([padded])
    return Counter(padded[i : i + n] for n in range(low, high + 1) for i in range(len(padded) - n + 1))


def as_counters(vectorizer, matrix):
    """The rows of a matrix as n-gram -> count."""
    names = vectorizer.vocabulary_.names(range(vectorizer.n_columns))
    return [
        {names[j]: int(v) for j, v in zip(matrix.indices[a:b], matrix.data[a:b], strict=True)}
        for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    ]


def by_hand(counters, min_df, max_features=None):
    """What a vectorizer must give for n-grams counted by hand."""
    in_texts = Counter(name for counter in counters for name in counter)
    kept = {name for name, n in in_texts.items() if n >= min_df}
    return [{name: n for name, n in counter.items() if name in kept} for counter in counters], in_texts


@pytest.mark.parametrize("orders", [(1, 1), (1, 3), (2, 2), (3, 4)])
@pytest.mark.parametrize("symbols", [True, False])
@pytest.mark.parametrize("min_df", [1, 3])
def test_words_as_counted_by_hand(orders, symbols, min_df):
    texts = some_texts(400)
    vectorizer = NGramVectorizer(orders=orders, min_df=min_df, symbols=symbols)
    matrix = vectorizer.fit_transform(texts)
    wanted, in_texts = by_hand([word_ngrams(text, *orders, symbols) for text in texts], min_df)
    assert as_counters(vectorizer, matrix) == wanted
    assert as_counters(vectorizer, vectorizer.transform(texts)) == wanted
    names = vectorizer.vocabulary_.names(range(vectorizer.n_columns))
    assert vectorizer.document_frequency_.tolist() == [in_texts[name] for name in names]
    assert vectorizer.n_texts_ == len(texts)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=6), st.integers(1, 3), st.integers(0, 2))
def test_any_text_as_counted_by_hand(texts, low, more):
    texts = [*texts, "some words"]
    counters = [word_ngrams(text, low, low + more) for text in texts]
    if any(counters):
        vectorizer = NGramVectorizer(orders=(low, low + more), min_df=1)
        assert as_counters(vectorizer, vectorizer.fit_transform(texts)) == counters
    counters = [across_ngrams(text, low, low + more) for text in texts]
    vectorizer = NGramVectorizer(unit="character_across", orders=(low, low + more), min_df=1)
    assert as_counters(vectorizer, vectorizer.fit_transform(texts)) == counters


@pytest.mark.parametrize("orders", [(1, 1), (1, 4), (3, 6), (5, 5), (9, 12)])
@pytest.mark.parametrize("binary", [True, False])
def test_characters_as_scikit_learn_counts_them(orders, binary):
    texts = some_texts()
    ours = NGramVectorizer(unit="character", orders=orders, min_df=2, binary=binary)
    theirs = CountVectorizer(analyzer="char_wb", ngram_range=orders, min_df=2, binary=binary)
    matrix, wanted = ours.fit_transform(texts), theirs.fit_transform(texts)
    names = ours.vocabulary_.names(range(ours.n_columns))
    assert sorted(names) == sorted(theirs.vocabulary_)
    assert (matrix.toarray() == wanted.toarray()[:, [theirs.vocabulary_[name] for name in names]]).all()
    assert (ours.transform(texts[::2]).toarray() == matrix.toarray()[::2]).all()


def test_binary_counts_once():
    texts = some_texts()
    counts = NGramVectorizer().fit_transform(texts).toarray()
    assert (NGramVectorizer(binary=True).fit_transform(texts).toarray() == (counts > 0)).all()
    assert counts.max() > 1


@pytest.mark.parametrize("unit", ngrams.UNITS)
def test_columns_are_in_the_order_of_frequency(unit):
    texts = some_texts()
    vectorizer = NGramVectorizer(unit=unit, orders=(1, 2), min_df=1).fit(texts)
    frequency = vectorizer.document_frequency_
    assert (np.diff(frequency) <= 0).all()
    few = NGramVectorizer(unit=unit, orders=(1, 2), min_df=1, max_features=17).fit(texts)
    assert few.vocabulary_.names(range(17)) == vectorizer.vocabulary_.names(range(17))
    assert few.n_columns == 17


@pytest.mark.parametrize("unit", ngrams.UNITS)
@pytest.mark.parametrize("n_bits", [None, 8])
def test_threads_chunks_and_batches_change_nothing(unit, n_bits, monkeypatch):
    texts = some_texts(200)

    def result(n_threads):
        vectorizer = NGramVectorizer(unit=unit, orders=(1, 3), n_bits=n_bits, n_threads=n_threads)
        fitted = vectorizer.fit_transform(texts)
        again = vectorizer.transform(texts[::-1])[::-1]
        assert abs(fitted - again).sum() == 0
        lines = b"" if n_bits else vectorizer.vocabulary_.to_text()
        return lines, fitted.toarray().tobytes(), vectorizer.document_frequency_.tobytes()

    usual = result(1)
    for chunk, batch in ((1, 1), (100, 7), (1000, 4096)):
        monkeypatch.setattr(ngrams, "CHUNK", chunk)
        monkeypatch.setattr(ngrams, "_BATCH", batch)
        assert result(1) == usual
        assert result(3) == usual


def test_hashing_only_adds_columns_up():
    texts = some_texts()
    exact = NGramVectorizer(min_df=1).fit_transform(texts)
    wide = NGramVectorizer(min_df=1, n_bits=22).fit_transform(texts)
    assert sorted(exact.sum(axis=0)) == sorted(wide.sum(axis=0)[np.unique(wide.indices)])
    narrow = NGramVectorizer(min_df=1, n_bits=5).fit(texts)
    hashed = narrow.transform(texts)
    assert hashed.shape == (len(texts), 32) and narrow.vocabulary_ is None
    assert (hashed.sum(axis=1) == exact.sum(axis=1)).all()
    # Fewer bits are the same hash, cut short.
    folded = np.zeros((len(texts), 32))
    rows = np.repeat(np.arange(len(texts)), np.diff(wide.indptr))
    np.add.at(folded, (rows, wide.indices >> 17), wide.data)
    assert (folded == hashed.toarray()).all()
    assert narrow.name(7) == "#7"


@settings(max_examples=60)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=4), st.sampled_from(ngrams.UNITS), st.integers(1, 3))
def test_places_point_at_the_ngram(texts, unit, low):
    vectorizer = NGramVectorizer(unit=unit, orders=(low, low + 2), min_df=1)
    vectorizer.fit_rows(texts)
    for text in texts:
        read, columns, spans = vectorizer.locate(text)
        assert read == vectorizer.normalizer(text)
        assert (columns >= 0).all()
        for name, (start, end) in zip(vectorizer.vocabulary_.names(columns), spans.tolist(), strict=True):
            piece = read[start:end]
            if unit == "word":
                assert " ".join(WordTokenizer()(piece)) == name
            else:
                assert name in {left + piece + right for left in ("", " ") for right in ("", " ")}
        row = vectorizer.transform([text])
        assert sorted(set(columns.tolist())) == row.indices.tolist()
        assert Counter(columns.tolist()) == dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))


@settings(max_examples=80)
@given(st.lists(st.text(max_size=20), min_size=1), st.sampled_from(ngrams.UNITS))
def test_no_ngram_breaks_its_line(texts, unit):
    vectorizer = NGramVectorizer(unit=unit, orders=(1, 3), min_df=1)
    vectorizer.fit_rows(texts)
    lines = vectorizer.vocabulary_.to_text().decode().split("\n")
    assert lines.pop() == "" and all(lines)
    assert len(lines) == vectorizer.n_columns == len(set(lines))


def test_unknown_ngrams_are_left_out():
    vectorizer = NGramVectorizer(min_df=1).fit(["known words"])
    assert vectorizer.transform(["nothing here is", "", "known"]).toarray().sum(axis=1).tolist() == [0, 0, 1]
    assert {*vectorizer.inverse_transform(vectorizer.transform(["words known"]))[0]} == {"words", "known"}
    assert vectorizer.transform([]).shape == (0, 3)


def test_extending_adds_columns_at_the_end():
    first, more = some_texts(30, 1), [*some_texts(30, 2), "brand new words", "brand new words again"]
    vectorizer = NGramVectorizer(orders=(1, 2)).fit(first)
    names, old = vectorizer.vocabulary_.names(range(vectorizer.n_columns)), vectorizer.document_frequency_.copy()
    known = (vectorizer.transform(more) > 0).sum(axis=0)
    added = vectorizer.extend(more)
    assert vectorizer.n_columns == len(names) + added and vectorizer.n_texts_ == len(first) + len(more)
    after = vectorizer.vocabulary_.names(range(vectorizer.n_columns))
    assert after[: len(names)] == names and len(set(after)) == len(after)
    assert {"brand", "brand new", "new words"} <= set(after[len(names) :]) and "again" not in after
    assert (vectorizer.document_frequency_[: len(names)] == old + known).all()
    assert (vectorizer.document_frequency_[len(names) :] >= 2).all()
    wanted = [word_ngrams(text, 1, 2) for text in more]
    assert as_counters(vectorizer, vectorizer.transform(more)) == [
        {name: n for name, n in counter.items() if name in set(after)} for counter in wanted
    ]
    assert vectorizer.extend([]) == 0


def test_extending_hashed_columns_counts_on():
    first, more = some_texts(30, 1), some_texts(30, 2)
    vectorizer = NGramVectorizer(n_bits=10).fit(first)
    assert vectorizer.extend(more) == 0
    together = NGramVectorizer(n_bits=10).fit(first + more)
    assert (vectorizer.document_frequency_ == together.document_frequency_).all()


def test_copy_learns_by_itself():
    vectorizer = NGramVectorizer(min_df=1).fit(["one two"])
    other = vectorizer.copy()
    other.extend(["three"])
    assert vectorizer.n_columns == 3 and other.n_columns == 4
    assert vectorizer.document_frequency_.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": "letters"},
        {"orders": (0, 1)},
        {"orders": (3, 2)},
        {"orders": (1, 21)},
        {"min_df": 0},
        {"n_bits": 31},
        {"max_features": 0},
        {"unit": "character_across", "normalizer": Normalizer()},
    ],
)
def test_wrong_parameters_are_named(wrong):
    with pytest.raises(InvalidParameterError, match=list(wrong)[-1]):
        NGramVectorizer(**wrong).fit(["a b"])


def test_errors():
    with pytest.raises(NotFittedError):
        NGramVectorizer().transform(["a"])
    for nothing in ([], ["", " "], ["all", "once"]):
        with pytest.raises(DataError, match="Nothing is left"):
            NGramVectorizer().fit(nothing)
    with pytest.raises(DataError, match="Text 1 is no string"):
        NGramVectorizer().fit(["a", 5])
    with pytest.raises(DataError, match="sequence of strings"):
        NGramVectorizer().fit("abc")
    with pytest.raises(DataError, match="Text 5000 is no string"):
        NGramVectorizer(min_df=1).fit(["a"]).transform([*["a"] * 5000, None])
