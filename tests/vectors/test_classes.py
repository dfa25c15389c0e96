"""All members of a class from some of them: planted classes come back, and what is said of the answer holds."""

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from kinfold.errors import DataError, InvalidParameterError
from kinfold.vectors.classes import Estimate, average_precision, members
from kinfold.vectors.words import WordVectors

FAST = {"n_refits": 6, "random_state": 0}


def planted(n_class=40, n_others=1200, dim=12, pull=3.0, seed=0):
    """Words ``m0 ...`` share a direction, words ``w0 ...`` have any."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(n_class + n_others, dim))
    table[:n_class, 0] += pull * 2
    table[:n_class, 1] -= pull
    words = [f"m{i}" for i in range(n_class)] + [f"w{i}" for i in range(n_others)]
    return WordVectors(words, table.astype(np.float32))


@pytest.fixture(scope="module")
def vectors():
    return planted()


@pytest.fixture(scope="module")
def found(vectors):
    return members(vectors, [f"m{i}" for i in range(15)], k=30, **FAST)


def test_finds_the_planted_class(found):
    assert sum(word.startswith("m") for word in found.words[:25]) >= 23
    assert list(found.scores) == sorted(found.scores, reverse=True)
    assert not set(found.words) & set(found.examples)
    assert found.method == "svm" and len(found) == 30


def test_says_how_good_the_list_is(found):
    quality = found.average_precision
    assert 0.2 < quality.low <= quality.value <= quality.high <= 1  # the 25 members not given count as errors
    assert quality.value > 20 * found.chance
    assert found.chance == pytest.approx(15 / 1240)
    assert found.centroid.value is not None
    assert found.median_rank <= 45


def test_an_example_that_does_not_belong_stands_out(vectors):
    found = members(vectors, [*(f"m{i}" for i in range(14)), "w7"], **FAST)
    assert found.examples[int(np.argmin(found.example_scores))] == "w7"


def test_what_is_certain_is_stable(found):
    assert min(found.stability[:10]) >= 0.8
    assert found.stability[0] > found.stability[-1]
    assert all(0 <= share <= 1 for share in found.stability)


def test_proposals_lie_at_the_boundary(vectors, found):
    near = [abs(found.margins[vectors.id(word)]) for word in found.to_label]
    given = set(found.examples)
    others = [abs(m) for word, m in zip(vectors.words, found.margins, strict=True) if word not in given]
    assert near == sorted(others)[: len(near)]


def test_a_word_known_to_be_none_is_pushed_away(vectors, found):
    wrong = next(word for word in found.words if word.startswith("w"))
    told = members(vectors, found.examples, [wrong], k=30, **FAST)
    assert wrong not in told.words
    assert told.margins[vectors.id(wrong)] < found.margins[vectors.id(wrong)]


def test_the_estimate_is_of_words_never_seen():
    """With labels that mean nothing the held-out precision is chance, however well the examples are learned."""
    random = np.random.default_rng(3)
    vectors = WordVectors([f"w{i}" for i in range(800)], random.normal(size=(800, 60)).astype(np.float32))
    found = members(vectors, [f"w{i}" for i in range(0, 400, 20)], **FAST)
    assert found.average_precision.value < 0.1
    learned = [found.margins[vectors.id(word)] for word in found.examples]
    assert np.mean(learned) > np.quantile(found.margins, 0.75)  # though it has learned them by heart


def test_one_example_gives_its_neighbours(vectors):
    found = members(vectors, "m3", k=7)
    assert found.words == vectors.most_similar("m3", k=7).words
    assert found.method == "nearest"
    assert found.average_precision.value is None and "one example" in found.average_precision.reason
    assert found.stability is None and found.example_scores is None and found.median_rank is None
    assert "not measured" in str(found)
    away = members(vectors, "m3", ["m4"], k=7)
    assert away.words == vectors.most_similar("m3", "m4", k=7).words


def test_two_examples_are_enough(vectors):
    found = members(vectors, ["m1", "m2"], k=10, **FAST)
    assert found.method == "svm"
    assert found.average_precision.value is not None


def test_the_same_seed_gives_the_same_answer_for_any_threads(vectors):
    like = [f"m{i}" for i in range(8)]
    first = members(vectors, like, n_threads=1, **FAST)
    assert first == members(vectors, like, n_threads=3, **FAST)
    assert np.array_equal(first.margins, members(vectors, like, n_threads=2, **FAST).margins)
    assert first != members(vectors, like, n_refits=6, random_state=1)


def test_every_option_does_something(vectors):
    like = [f"m{i}" for i in range(12)]
    plain = members(vectors, like, **FAST)
    for changed in ({"n_negatives": 50}, {"folds": 3}, {"cost": 0.5}, {"n_refits": 9}):
        assert members(vectors, like, **{**FAST, **changed}) != plain, changed
    assert len(members(vectors, like, k=3, **FAST)) == 3


def test_replicas_count_in_the_stability(vectors):
    like = [f"m{i}" for i in range(15)]
    alone = members(vectors, like, k=20, **FAST)
    strange = WordVectors(vectors.words, np.random.default_rng(9).normal(size=vectors.vectors.shape))
    try:
        vectors.replicas = [strange]
        doubted = members(vectors, like, k=20, **FAST)
    finally:
        vectors.replicas = []
    assert doubted.words == alone.words
    assert np.mean(doubted.stability) < 0.7 * np.mean(alone.stability)


def test_examples_given_twice_count_once(vectors):
    like = [f"m{i}" for i in range(6)]
    assert members(vectors, like + like, **FAST) == members(vectors, like, **FAST)


def test_words_without_a_direction_are_never_answers():
    vectors = planted(n_others=60)
    table = vectors.vectors.copy()
    table[50:90] = 0
    found = members(WordVectors(vectors.words, table), [f"m{i}" for i in range(10)], k=90, **FAST)
    assert len(found) == 50
    assert np.isneginf(found.margins[50:90]).all()


def test_nothing_but_examples():
    vectors = planted(n_class=6, n_others=0)
    found = members(vectors, vectors.words, **FAST)
    assert len(found) == 0
    assert found.average_precision.value is None and found.average_precision.reason
    assert str(found) and json.dumps(found.to_dict())


def test_bad_words_are_refused(vectors):
    for like, unlike, code in ((["m1", "m01"], (), "D-060"), ([], (), "D-064"), (["m1", "m2"], ["m2"], "D-064")):
        with pytest.raises(DataError) as caught:
            members(vectors, like, unlike)
        assert caught.value.code == code
    with pytest.raises(DataError, match="m01") as caught:
        members(vectors, ["m1", "m01"])
    assert "m0" in caught.value.fix
    empty = WordVectors(["a", "b", "c"], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(DataError) as caught:
        members(empty, ["a", "b"])
    assert caught.value.code == "D-062"


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"folds": 1}, {"cost": 0}, {"cost": np.inf}, {"n_negatives": 0}, {"n_refits": 1.5}]
)
def test_bad_numbers_are_refused(vectors, wrong):
    with pytest.raises(InvalidParameterError) as caught:
        members(vectors, ["m1", "m2"], **wrong)
    assert caught.value.code == "P-023"


def test_shows_itself(found):
    text = str(found)
    assert found.words[0] in text and "lower bound" in text and "label next" in text
    assert f'<td style="text-align:left">{found.words[0]}</td>' in found._repr_html_()
    held = json.loads(json.dumps(found.to_dict()))
    assert held["members"][0] == {"word": found.words[0], "score": found.scores[0], "stability": found.stability[0]}
    assert set(held["metrics"]["average_precision"]) == {"value", "low", "high"}
    assert [word for word, _ in found] == list(found.words)


def test_average_precision_is_that_of_a_reference():
    random = np.random.default_rng(0)
    for _ in range(20):
        scores = random.integers(0, 12, 60).astype(np.float64)  # many ties
        positive = random.random(60) < 0.2
        positive[0] = True
        assert average_precision(scores, positive) == pytest.approx(average_precision_score(positive, scores))


def test_a_perfect_score_of_few_is_no_certainty():
    vectors = planted(n_class=5, pull=30.0)
    found = members(vectors, [f"m{i}" for i in range(5)], **FAST)
    assert found.average_precision == Estimate(1.0, pytest.approx(0.025 ** (1 / 5)), 1.0)
