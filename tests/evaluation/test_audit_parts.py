from __future__ import annotations

import numpy as np
import pytest

from kinfold.data.records import Pairs
from kinfold.data.splits import text_key
from kinfold.evaluation.coding import encode
from kinfold.evaluation.inflation import inflation_of
from kinfold.evaluation.joined import join
from kinfold.evaluation.near_duplicates import band_shape, jaccard, near_duplicates
from kinfold.evaluation.probes import degrees, holm
from kinfold.evaluation.shallow import bins, overlaps, pair_features, word_features


def sentences(n: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return [" ".join("".join(random.choice(letters, 5)) for _ in range(12)) for _ in range(n)]


def test_likeness_is_that_of_the_sets_of_shingles():
    def shingles(text):
        padded = f" {text} "
        return {padded[i : i + 5] for i in range(len(padded) - 4)}

    a = ["a quiet morning", "banana banana banana", "x", "same here"]
    b = ["a quiet mourning", "banana", "y", "SAME  here"]
    wanted = [
        len(shingles(p) & shingles(q)) / len(shingles(p) | shingles(q)) for p, q in zip(a[:2], b[:2], strict=True)
    ]
    keys, first = [text_key(text) for text in a + b], np.arange(4)
    assert jaccard(keys, first, first + 4) == pytest.approx([*wanted, 0.0, 1.0])


def test_near_duplicates_are_those_at_the_threshold_and_no_others():
    random = np.random.default_rng(0)
    corpus = sentences(400, 1)
    rows = []
    for text in corpus[:200]:
        chars = list(text)
        for _ in range(int(random.integers(1, 5))):
            chars[random.integers(len(chars))] = "é"
        rows.append("".join(chars))
    found, likeness = near_duplicates([rows], [corpus], threshold=0.75)
    first = np.arange(200)
    true = jaccard([text_key(text) for text in rows + corpus], first, first + 200)
    assert 40 < (true >= 0.75).sum() < 160
    assert ((found >= 0) <= (true >= 0.75)).all() and (found >= 0).sum() >= 0.95 * (true >= 0.75).sum()
    held = found >= 0
    assert (found[held] == np.flatnonzero(held)).all() and likeness[held] == pytest.approx(true[held])
    assert (near_duplicates([rows], [sentences(400, 2)], threshold=0.75)[0] == -1).all()


def test_of_a_pair_both_sides_must_be_alike_in_either_order():
    a, b = sentences(3, 3), sentences(3, 4)
    rows = [[a[0], b[1], a[2]], [b[0], a[1], sentences(1, 5)[0]]]
    assert near_duplicates(rows, [a, b], threshold=0.75)[0].tolist() == [0, 1, -1]
    assert near_duplicates(rows, [a, b], threshold=0.75, directed=True)[0].tolist() == [0, -1, -1]


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.75, 0.8, 0.9, 1.0])
def test_bands_miss_few_at_the_threshold(threshold):
    bands, width = band_shape(threshold)
    assert bands * width <= 128 and (1 - threshold**width) ** bands <= 0.015


def test_rows_that_are_all_alike_and_odd_texts_are_no_trouble():
    same = [f"the same words in every row of this table number {i % 3}" for i in range(500)]
    assert (near_duplicates([same], [same], threshold=0.75)[0] >= 0).all()
    odd = ["", " ", "a", "\ud800 half", "日本語のテキスト"]
    assert (near_duplicates([odd], [odd], threshold=1.0)[0] >= 0).all()
    assert near_duplicates([[]], [odd], threshold=0.5)[0].shape == (0,)
    assert (near_duplicates([odd], [[]], threshold=0.5)[0] == -1).all()


def test_inflation_is_the_score_less_that_of_clean_rows_in_the_shares_of_all():
    labels = ["p"] * 20 + ["n"] * 20
    right = np.array([True] * 10 + [True, False] * 5 + [True, False] * 10)
    answers = [label if good else "pn".replace(label, "") for label, good in zip(labels, right, strict=True)]
    leaked = np.zeros(40, bool)
    leaked[:10] = True
    found = inflation_of(encode(labels, answers), leaked, n_draws=200)
    assert found.all.value == pytest.approx(25 / 40) and found.clean.value == pytest.approx(0.5)
    assert found.inflation.value == pytest.approx(25 / 40 - 0.5) and found.leaked.value == 1.0
    assert found.inflation.low < found.inflation.value < found.inflation.high
    none = inflation_of(encode(labels, answers), np.zeros(40, bool), n_draws=20)
    assert none.inflation.value == 0.0 and none.leaked.value is None
    every = inflation_of(encode(labels, answers), np.ones(40, bool), n_draws=20)
    assert every.inflation.value is None and every.all.value == pytest.approx(25 / 40)


def test_degrees_count_other_pairs_only():
    train, test = Pairs(["a", "a", "b"], ["b", "c", "c"]), Pairs(["a", "d"], ["c", "d"])
    made = degrees(join(train, test))
    in_train, everywhere = made[:, :6], made[:, 6:]
    # left, right, least, most, sum, common partners
    assert in_train.tolist() == [
        [1, 1, 1, 1, 2, 1],
        [1, 1, 1, 1, 2, 1],
        [1, 1, 1, 1, 2, 1],
        [2, 2, 2, 2, 4, 1],
        [0] * 6,
    ]
    assert everywhere[0].tolist() == [2, 1, 1, 2, 3, 1] and everywhere[4, :5].tolist() == [0] * 5


def test_holm_corrects_in_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06]) and holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_features_are_of_words_whichever_side_they_are_on():
    words = word_features(["red fish", "Fish, red!", "blue", ""])
    assert (words[0] != words[1]).nnz == 0 and words[3].nnz == 0
    assert np.asarray(words.multiply(words).sum(axis=1)).ravel() == pytest.approx([1, 1, 1, 0])
    forth, back = pair_features(["red fish"], ["red car"]), pair_features(["red car"], ["red fish"])
    assert (forth != back).nnz == 0 and forth.nnz > 4
    assert overlaps(["red fish", ""], ["red car now", ""]).tolist() == [[0.25, 0.5, 1 / 3, 1.0], [0.0] * 4]
    held = bins(np.array([[1.0], [1.0], [5.0], [9.0]]))
    assert held.shape == (4, 12) and (held.sum(axis=1) == 1).all() and (held[0] != held[1]).nnz == 0
