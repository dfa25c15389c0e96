from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, InvalidParameterError
from kinfold.vectors.texts import common_direction
from kinfold.vectors.words import WordVectors

#: Kernels are compiled by the first example.
PROPERTY = settings(deadline=None, derandomize=True)

WORDS = ["the", "of", "cat", "dog", "sat", "on", "mat", "Paris", "don't"]
COUNTS = [500, 300, 20, 20, 10, 100, 5, 3, 42]
TEXTS = st.lists(st.sampled_from([*WORDS, "unknown", "The", "cats"]), max_size=12).map(" ".join)


def vectors(counts=COUNTS, **options):
    rows = np.random.default_rng(0).normal(0.5, 1, (len(WORDS), 4))
    return WordVectors(WORDS, rows, counts, **options)


def by_definition(space, text, weighting, chances):
    words = [word if word in space else word.lower() for word in text.split()]
    ids = [space.words.index(word) for word in words if word in space]
    if not ids:
        return np.zeros(space.dim)
    p = chances[ids]
    weights = {"mean": np.ones(len(ids)), "idf": np.log(1 + 1 / p), "sif": 0.001 / (0.001 + p)}[weighting]
    total = sum(weight * space.vectors[i].astype(float) for weight, i in zip(weights, ids, strict=True))
    return total / (len(ids) if weighting == "sif" else weights.sum())


@PROPERTY
@given(TEXTS, st.sampled_from(["mean", "idf"]))
def test_encode_is_the_weighted_mean(text, weighting):
    space = vectors()
    expected = by_definition(space, text, weighting, np.array(COUNTS) / 1000)
    np.testing.assert_allclose(space.encode([text], weighting=weighting)[0], expected, rtol=1e-5, atol=1e-7)


def test_without_counts_words_follow_zipfs_law():
    space = vectors(None)
    chances = 1 / np.arange(1, 10) / (1 / np.arange(1, 10)).sum()
    text = "the cat sat on the mat"
    np.testing.assert_allclose(space.encode([text])[0], by_definition(space, text, "idf", chances), rtol=1e-5)
    common = np.ones(4) / 2
    found = space.encode([text], weighting="sif", common=common)[0]
    expected = by_definition(space, text, "sif", chances)
    np.testing.assert_allclose(found, expected - expected @ common * common, rtol=1e-4)


def test_sif_takes_away_the_first_principal_component():
    space = vectors()
    texts = ["the cat", "of the dog", "Paris", "", "mat sat", "don't sat on the mat"]
    plain = np.array([by_definition(space, text, "sif", np.array(COUNTS) / 1000) for text in texts])
    first = np.linalg.svd(plain)[2][0]
    expected = plain - np.outer(plain @ first, first)
    np.testing.assert_allclose(space.encode(texts, weighting="sif"), expected, atol=1e-6)
    common = common_direction(space, texts)
    assert abs(common @ first) == pytest.approx(1)
    # With the direction handed on, a text is encoded the same alone, and the same as among the others.
    whole = space.encode(texts, weighting="sif", common=3 * common)
    np.testing.assert_allclose(whole, expected, atol=1e-6)
    for i, text in enumerate(texts):
        np.testing.assert_array_equal(space.encode([text], weighting="sif", common=3 * common)[0], whole[i])
    assert space.encode([], weighting="sif").shape == (0, 4)
    assert not space.encode(["", "unknown"], weighting="sif").any()
    with pytest.raises(DataError, match="of one text that is all"):
        space.encode(["", "the cat"], weighting="sif")


@pytest.mark.parametrize("weighting", ["mean", "idf"])
def test_a_text_alone_in_any_batch_and_in_any_order(weighting):
    space = vectors()
    texts = ["the cat sat on the mat", "dog", "", "mat the on sat cat the", "don't"]
    whole = space.encode(texts, weighting=weighting)
    for i, text in enumerate(texts):
        np.testing.assert_array_equal(space.encode([text], weighting=weighting)[0], whole[i])
    np.testing.assert_array_equal(whole[0], whole[3])
    assert whole.dtype == np.float32 and space.encode([]).shape == (0, 4)


def test_how_texts_are_cut():
    space = vectors()

    def mean(*words):
        return pytest.approx(space[list(words)].mean(axis=0), rel=1e-5)

    plain = space.encode(["The CAT, the cat: don't!", "paris", "PARIS Paris", "cat's", "don’t"], weighting="mean")
    assert plain[0] == mean("the", "cat", "the", "cat", "don't")
    assert plain[2] == mean("Paris") and not plain[[1, 3, 4]].any()
    own = space.encode(["The|CAT|cat"], weighting="mean", tokenizer=lambda text: text.split("|"))
    assert own[0] == mean("cat")


def test_subwords_give_every_word_a_vector():
    class Ones:
        def vector(self, word):
            return np.full(4, len(word), np.float32)

    space = vectors(subwords=Ones())
    assert space.encode(["Unseen"], weighting="mean")[0].tolist() == [6, 6, 6, 6]
    both = space.encode(["the ab"])[0]
    weights = np.log(1 + 1 / np.array([0.5, 0.001]))
    expected = (weights[0] * space["the"] + weights[1] * 2) / weights.sum()
    np.testing.assert_allclose(both, expected, rtol=1e-5)


def test_long_texts():
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(10_000)]
    space = WordVectors(words, rng.normal(size=(10_000, 3)), np.ones(10_000, int))
    np.testing.assert_allclose(
        space.encode([" ".join(words) + " w1" * 10_000], weighting="mean")[0],
        (space.vectors.sum(axis=0, dtype=float) + 10_000 * space["w1"]) / 20_000,
        rtol=1e-5,
    )


def test_text_similarity():
    space = vectors()
    left, right = ["the cat sat", "", "unknown", "dog"], ["sat the cat", "cat", "cat", "mat on"]
    found = space.text_similarity(left, right)
    assert found.dtype == np.float32 and found[0] == 1 and found[1:3].tolist() == [0, 0]
    a, b = space.encode(["dog", "mat on"]).astype(float)
    assert found[3] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-6)
    assert space.text_similarity([], []).shape == (0,)
    assert space.text_similarity(["cat"], ["dog"], weighting="mean")[0] == pytest.approx(
        space.similarity("cat", "dog"), abs=1e-6
    )
    both = space.encode(left + right, weighting="sif").astype(float)
    found = space.text_similarity(left, right, weighting="sif")
    assert found[3] == pytest.approx(both[3] @ both[7] / np.linalg.norm(both[3]) / np.linalg.norm(both[7]), abs=1e-5)
    common = np.array([1.0, 0, 0, 0])
    handed = space.text_similarity(["dog"], ["cat"], weighting="sif", common=common)
    expected = space[["dog", "cat"]][:, 1:]
    assert handed[0] == pytest.approx(expected[0] @ expected[1] / np.prod(np.linalg.norm(expected, axis=1)), abs=1e-5)
    split = space.text_similarity(["a-cat"], ["cat"], tokenizer=lambda text: text.split("-"))
    assert split.tolist() == [1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weighting": "tf"}, "no weighting"),
        ({"weighting": "idf", "common": np.ones(4)}, "Only SIF"),
    ],
)
def test_wrong_parameters(options, message):
    with pytest.raises(InvalidParameterError, match=message):
        vectors().encode(["cat"], **options)


@pytest.mark.parametrize("common", [np.zeros(4), np.ones(3), np.full(4, np.nan), 1.0])
def test_a_common_direction_that_is_none(common):
    with pytest.raises(DataError, match="`common`"):
        vectors().encode(["cat"], weighting="sif", common=common)


def test_wrong_texts():
    for texts in ("one text", ["a", None], ["a", 3]):
        with pytest.raises(DataError, match="text"):
            vectors().encode(texts)
    with pytest.raises(DataError, match="as many texts") as caught:
        vectors().text_similarity(["a", "b"], ["c"])
    assert caught.value.code == "E-002"
