from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

from kinfold.errors import InvalidParameterError
from kinfold.text.ngrams import NGramVectorizer
from kinfold.text.tokenizers import WordTokenizer
from kinfold.text.weighting import idf, log_count_ratio, tfidf

TEXTS = ["the cat sat on the mat", "the dog", "a cat and a dog and a cat", "birds sing", "the the the the", "cat"]


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("sublinear", [True, False])
@pytest.mark.parametrize("norm", ["l1", "l2", None])
def test_as_scikit_learn(smooth, sublinear, norm):
    vectorizer = NGramVectorizer(orders=(1, 2), min_df=1)
    counts = vectorizer.fit_transform(TEXTS)
    weights = idf(vectorizer.document_frequency_, len(TEXTS), smooth=smooth)
    ours = tfidf(counts, weights, sublinear=sublinear, norm=norm)
    theirs = TfidfTransformer(norm=norm, smooth_idf=smooth, sublinear_tf=sublinear).fit(counts)
    assert np.abs(weights - theirs.idf_).max() <= 1e-9
    assert np.abs(ours.toarray() - theirs.transform(counts).toarray()).max() <= 1e-9
    new = vectorizer.transform(["unknown words", "the cat", ""])
    wanted = theirs.transform(new).toarray()
    assert np.abs(tfidf(new, weights, sublinear=sublinear, norm=norm).toarray() - wanted).max() <= 1e-9


def test_as_scikit_learn_from_the_same_tokens():
    theirs = TfidfVectorizer(analyzer=WordTokenizer())
    wanted = theirs.fit_transform(TEXTS).toarray()
    vectorizer = NGramVectorizer(orders=(1, 1), min_df=1)
    counts = vectorizer.fit_transform(TEXTS)
    ours = tfidf(counts, idf(vectorizer.document_frequency_, len(TEXTS))).toarray()
    names = vectorizer.vocabulary_.names(range(vectorizer.n_columns))
    assert np.abs(ours - wanted[:, [theirs.vocabulary_[name] for name in names]]).max() <= 1e-9


def test_input_is_not_changed():
    counts = NGramVectorizer(min_df=1).fit_transform(TEXTS)
    before = counts.data.copy()
    tfidf(counts, np.full(counts.shape[1], 2.0), sublinear=True)
    assert (counts.data == before).all()


def test_unknown_norm():
    with pytest.raises(InvalidParameterError, match="norm"):
        tfidf(NGramVectorizer(min_df=1).fit_transform(TEXTS), np.ones(3), norm="max")


@pytest.mark.parametrize("smoothing", [1.0, 0.25])
def test_log_count_ratio(smoothing):
    inside, outside = np.array([3, 0, 1, 7]), np.array([0, 2, 1, 5])
    p, q = inside + smoothing, outside + smoothing
    wanted = [np.log((p[j] / p.sum()) / (q[j] / q.sum())) for j in range(4)]
    ratio = log_count_ratio(inside, outside, smoothing)
    assert np.allclose(ratio, wanted, atol=1e-12)
    assert ratio[0] > 0 > ratio[1]
    assert np.allclose(log_count_ratio(outside, inside, smoothing), -ratio)
    assert len(log_count_ratio(np.array([]), np.array([]))) == 0
