"""Occlusion: what each word is worth to scorers whose answer is known, and what is left over."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kinfold.errors import InvalidParameterError
from kinfold.explain import occlusion, parts
from kinfold.explain.explanation import Explanation
from kinfold.explain.occlusion import occlude, one_against_others
from kinfold.text.normalize import Normalizer
from kinfold.text.tokenizers import CharacterTokenizer, WordTokenizer

WORTH = {"good": 2.0, "fun": 1.0, "bad": -3.0, "日": 0.5}
CLASSES = ["no", "yes"]


class Scorer:
    """Adds up what words are worth; keeps what it was asked."""

    def __init__(self, tokenizer=None, pairs=()):
        self.tokenizer, self.pairs, self.asked = tokenizer or WordTokenizer(), pairs, []

    def __call__(self, texts):
        self.asked.append(list(texts))
        values = []
        for text in texts:
            words = self.tokenizer(text)
            value = -0.25 + sum(WORTH.get(word, 0.0) for word in words)
            values.append(value + sum(4.0 for a, b in self.pairs if a in words and b in words))
        scores = np.array(values)
        return np.stack([-scores, scores], axis=1)


def weights(told):
    return {part.ngram: part.weight for part in told.contributions}


def test_a_sum_of_words_is_taken_apart_exactly():
    told = occlude(Scorer(), "A good day, but <b>BAD</b> food!", WordTokenizer(), CLASSES)
    assert told.kind == "occlusion" and told.label == "no"
    assert weights(told) == {"bad": 3.0, "good": -2.0, "a": 0, "day": 0, ",": 0, "but": 0, "food": 0, "!": 0}
    assert [abs(part.weight) for part in told.contributions][:2] == [3.0, 2.0]
    assert (told.score, told.intercept, told.remainder) == (1.25, 0.25, 0.0)
    assert told.probability == pytest.approx(1 / (1 + np.exp(-1.25)), abs=1e-15)
    for part in told.contributions:
        ((start, end),) = part.spans
        assert told.text[start:end] == part.ngram
    assert "".join(piece for piece, _ in told.segments()) == told.text


def test_what_two_words_say_together_is_the_remainder():
    told = occlude(Scorer(pairs=[("not", "bad")]), "not bad", WordTokenizer(), CLASSES, "yes")
    assert weights(told) == {"not": 4.0, "bad": 1.0}
    assert told.score == 0.75 and told.intercept == -0.25 and told.remainder == -4.0
    assert told.score == told.intercept + sum(weights(told).values()) + told.remainder
    assert json.loads(json.dumps(told.to_dict()))["remainder"] == -4.0
    assert "-4.000" in told._repr_html_()
    exact = Explanation("a", "yes", 0.5, 0.0, 0.0, ())
    assert exact.kind == "exact" and exact.remainder == 0.0 and "small" not in exact._repr_html_()


def test_each_occurrence_is_a_part_of_its_own():
    told = occlude(Scorer(), "good good", WordTokenizer(), CLASSES)
    assert [part.spans for part in told.contributions] == [((0, 4),), ((5, 9),)]


def test_words_do_not_run_together_and_blanks_do_not_pile_up():
    scorer = Scorer()
    occlude(scorer, "ab,cd ef gh", WordTokenizer(), CLASSES)
    (asked,) = scorer.asked
    assert asked[:2] == ["ab,cd ef gh", ""]
    assert asked[3:] == [",cd ef gh", "ab cd ef gh", "ab, ef gh", "ab,cd gh", "ab,cd ef"]
    scorer = Scorer(CharacterTokenizer())
    told = occlude(scorer, "日本日", CharacterTokenizer(), CLASSES)
    assert scorer.asked[0][3:] == ["本日", "日日", "日本"]
    assert [part.weight for part in told.contributions] == [0.5, 0.5, 0.0]


def test_a_text_of_many_tokens_is_cut_into_runs():
    scorer = Scorer()
    text = " ".join(["day"] * 999 + ["good"])
    told = occlude(scorer, text, WordTokenizer(), CLASSES, max_parts=100)
    assert len(told.contributions) == 100 and len(scorer.asked[0]) == 103
    assert told.contributions[0].ngram == " ".join(["day"] * 9 + ["good"]) and told.contributions[0].weight == 2.0
    assert told.remainder == 0.0


def test_a_text_of_megabytes_is_scored_a_few_times_in_small_batches(monkeypatch):
    monkeypatch.setattr(parts, "MAX_CHARACTERS", 50_000)
    monkeypatch.setattr(occlusion, "BATCH_CHARACTERS", 20_000)
    asked = []

    def score(texts):
        asked.append((len(texts), sum(map(len, texts))))
        return np.zeros((len(texts), 2))

    told = occlude(score, "day good " * 800, WordTokenizer(), CLASSES)
    assert len(told.contributions) == 6  # 7,200 characters each, and the text itself
    assert max(n for n, _ in asked) == 2 and sum(n for n, _ in asked) == 9
    assert sum(size for _, size in asked) < 1.2 * 50_000
    asked.clear()
    assert len(occlude(score, "day good " * 8000, WordTokenizer(), CLASSES).contributions) == 4
    assert {n for n, _ in asked} == {1}


@pytest.mark.parametrize("text", ["", "  ", "<br />", "\u200b", "日", "\ud800 good", "é\u0301 good"])
def test_awkward_texts_are_explained(text):
    told = occlude(Scorer(), text, WordTokenizer(Normalizer()), CLASSES)
    assert np.isfinite(told.score) and "".join(piece for piece, _ in told.segments()) == told.text
    assert told.remainder == pytest.approx(0.0, abs=1e-12)


def test_a_label_that_is_none_and_scores_of_another_shape_are_refused():
    with pytest.raises(InvalidParameterError, match="no label"):
        occlude(Scorer(), "good", WordTokenizer(), CLASSES, "maybe")
    with pytest.raises(InvalidParameterError, match="one row"):
        occlude(lambda texts: np.zeros(len(texts)), "good", WordTokenizer(), CLASSES)


def test_log_odds_of_a_softmax_lose_nothing_near_one():
    scores = np.array([[1.0, 0.5, -1.0], [60.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    odds = one_against_others(scores)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.allclose(odds[0], np.log(p[0] / (1 - p[0])), atol=1e-12)
    assert odds[1, 0] == pytest.approx(60.0 - np.log(1 + np.e)) and odds[2] == pytest.approx(np.log(0.5))
    assert one_against_others(np.array([[3.0, 1.0]])).tolist() == [[2.0, -2.0]]
