"""The packaged samples: counts, balance, no doubles, and neither trivial nor hopeless."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from kinfold.data.records import Examples, Pairs
from kinfold.data.samples import SAMPLES, sample, sample_path
from kinfold.data.splits import component_groups, fold_indices, split, text_key
from kinfold.errors import InvalidParameterError


def test_reviews_are_balanced_and_all_different():
    reviews = sample("reviews")
    assert isinstance(reviews, Examples) and len(reviews) == 400
    assert Counter(reviews.labels) == {"positive": 200, "negative": 200}
    assert len({text_key(text) for text in reviews.texts}) == 400
    # Not sorted by label, so that reading the head shows both.
    assert 5 <= reviews.labels[:20].count("positive") <= 15


def test_questions_are_balanced_and_all_different():
    questions = sample("questions")
    assert isinstance(questions, Pairs) and len(questions) == 150
    assert Counter(questions.labels) == {"duplicate": 75, "different": 75}
    pairs = {frozenset((text_key(a), text_key(b))) for a, b in zip(questions.lefts, questions.rights, strict=True)}
    assert len(pairs) == 150 and all(len(pair) == 2 for pair in pairs)
    assert all(text.endswith("?") for text in questions.lefts + questions.rights)


@pytest.mark.parametrize("name", SAMPLES)
def test_files_are_clean_csv(name):
    data = sample_path(name).read_bytes()
    text = data.decode("ascii")
    assert "\r" not in text and text.endswith("\n") and "  " not in text
    rows = list(csv.reader(text.splitlines(), strict=True))
    assert tuple(rows[0]) == SAMPLES[name]
    assert all(len(row) == len(rows[0]) and all(cell and cell == cell.strip() for cell in row) for row in rows)
    assert all(3 <= len(cell.split()) <= 30 for row in rows[1:] for cell in row[:-1])


def test_no_word_opens_more_than_a_few_sentences():
    starts = Counter(" ".join(text.split()[:3]).lower() for text in sample("reviews").texts)
    assert starts.most_common(1)[0][1] <= 6


def test_a_linear_model_gets_most_reviews_but_not_all():
    reviews = sample("reviews")
    right = 0
    for train, test in fold_indices(reviews.labels, None, 10, 0):
        model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+"), LogisticRegression(C=10))
        model.fit(reviews.take(train).texts, reviews.take(train).labels)
        right += int(np.sum(model.predict(reviews.take(test).texts) == np.array(reviews.take(test).labels)))
    assert 0.72 <= right / 400 <= 0.90


def test_shared_words_do_not_give_the_questions_away():
    questions = sample("questions")
    shares = {"duplicate": [], "different": []}
    for pair in questions:
        left, right = (set(text.lower().strip("?").split()) for text in (pair.left, pair.right))
        shares[pair.label].append(len(left & right) / len(left | right))
    assert abs(np.mean(shares["duplicate"]) - np.mean(shares["different"])) < 0.05


def test_samples_can_be_split():
    train, valid, test = split(sample("reviews"))
    assert [len(part) for part in (train, valid, test)] == [320, 40, 40]
    parts = split(sample("questions"), (0.7, 0.3), by="component")
    assert abs(len(parts[0]) - 105) <= 2
    assert len(set(component_groups(sample("questions").lefts, sample("questions").rights))) < 150


@pytest.mark.parametrize("name", ["review", "", "../reviews"])
def test_an_unknown_sample_names_the_known(name):
    with pytest.raises(InvalidParameterError) as caught:
        sample(name)
    assert "reviews" in caught.value.fix and caught.value.seen
