"""Word vectors against what people say: right values on toys, parity with a naive loop, honest intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.words import analogies, similarity


class ToySpace:
    """Words and vectors, with analogies answered one by one."""

    def __init__(self, words, vectors):
        self.words = list(words)
        vectors = np.asarray(vectors, np.float64)
        sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
        self.unit = (vectors / np.where(sizes > 0, sizes, 1)).astype(np.float32)
        self.asked = []

    def ids(self, words):
        number = {word: i for i, word in enumerate(self.words)}
        return np.array([number.get(word, -1) for word in words], np.int32)

    def solve_analogies(self, a_ids, b_ids, c_ids, *, restrict, method):
        self.asked.append((len(a_ids), restrict, method))
        found = []
        for a, b, c in zip(a_ids, b_ids, c_ids, strict=True):
            scores = (self.unit @ (self.unit[b] - self.unit[a] + self.unit[c]))[:restrict]
            scores[[i for i in (a, b, c) if i < len(scores)]] = -9
            found.append(int(scores.argmax()))
        return np.array(found, np.int32)


def families(n=8, noise=0.0, seed=0):
    """A space of n pairs such as (base3, plural3), the second the first plus one shared step, and its questions."""
    random = np.random.default_rng(seed)
    base = random.normal(size=(n, 20))
    step = random.normal(size=20)
    other = base + step + noise * random.normal(size=(n, 20))
    names = [f"base{i}" for i in range(n)] + [f"plural{i}" for i in range(n)]
    space = ToySpace(names, np.vstack([base, other]))
    questions = [(f"base{i}", f"plural{i}", f"base{j}", f"plural{j}") for i in range(n) for j in range(n) if i != j]
    return space, questions


def test_spearman_is_that_of_the_known_pairs():
    random = np.random.default_rng(1)
    words = [f"w{i}" for i in range(40)]
    space = ToySpace(words, random.normal(size=(40, 5)))
    pairs = [(words[i], words[-1 - i], float(random.normal())) for i in range(20)] + [
        ("w1", "no", 3.0),
        ("x", "no", 1.0),
    ]
    result = similarity(space, pairs, n_draws=200)
    cosines = [float(space.unit[i] @ space.unit[39 - i]) for i in range(20)]
    assert result.spearman.value == pytest.approx(stats.spearmanr([p[2] for p in pairs[:20]], cosines)[0])
    assert result.spearman.low < result.spearman.value < result.spearman.high
    assert (result.pairs, result.used, result.unknown) == (22, 20, ("no", "x"))
    assert result == similarity(space, pairs, n_draws=200)
    assert result.spearman != similarity(space, pairs, n_draws=200, seed=1).spearman


def test_perfect_and_reversed_agreement():
    angles = np.linspace(0, 1.5, 12)
    space = ToySpace(["north", *map(str, range(12))], [[1, 0], *zip(np.cos(angles), np.sin(angles), strict=True)])
    pairs = [("north", str(i), -float(i)) for i in range(12)]
    assert similarity(space, pairs, n_draws=50).spearman.value == 1.0
    assert similarity(space, [(a, b, -s) for a, b, s in pairs], n_draws=50).spearman.value == -1.0


def test_words_are_looked_up_as_written_and_then_in_lower_case():
    space = ToySpace(["us", "US", "athens", "greece", "it"], np.eye(5)[:, :4] + 0.1)
    rows = similarity(space, [("US", "Athens", 1), ("us", "GREECE", 2), ("It", "athens", 3)], n_draws=10)
    assert (rows.used, rows.unknown) == (3, ())
    expected = [float(space.unit[i] @ space.unit[j]) for i, j in ((1, 2), (0, 3), (4, 2))]
    assert rows.spearman.value == pytest.approx(stats.spearmanr([1, 2, 3], expected)[0])


@pytest.mark.parametrize(
    "pairs", [[("x", "y", 1.0)], [("a", "b", 1.0), ("x", "y", 2.0)], [("a", "b", 1.0), ("b", "c", 1.0)]]
)
def test_too_little_to_rank_is_undefined_and_says_so(pairs):
    result = similarity(ToySpace("abc", np.eye(3)), pairs)
    assert result.spearman.value is None and "nothing to rank" in result.spearman.reason
    assert result.to_dict()["metrics"]["spearman"]["value"] is None


def test_similarity_is_shown_and_kept():
    random = np.random.default_rng(0)
    space = ToySpace("abcdefgh", random.normal(size=(8, 3)))
    pairs = [*((a, b, float(random.normal())) for a, b in zip("abcdefg", "bcdefgh", strict=True)), ("a", "<b>", 1.0)]
    result = similarity(space, pairs, n_draws=100)
    kept = json.loads(json.dumps(result.to_dict()))
    assert kept["rows"] == {"in": 8, "used": 7, "unknown": 1} and kept["unknown_words"] == ["<b>"]
    assert kept["metrics"]["spearman"] == result.spearman.to_dict()
    assert "on 7 of 8 pairs" in str(result) and "<b>" not in result._repr_html_()


def test_analogies_that_hold_are_all_right():
    space, questions = families()
    result = analogies(space, {"plurals": questions}, n_draws=200)
    assert result.total.accuracy.value == result.total.accuracy_all.value == 1.0
    assert (result.total.questions, result.total.used, result.unknown) == (56, 56, ())
    # Eight groups of questions, not 56 questions, stand behind the bound.
    assert result.total.accuracy.low == pytest.approx(0.025 ** (1 / 8))
    assert space.asked == [(56, 30_000, "add")]


def test_accuracy_is_the_share_of_right_answers_by_section_and_in_all():
    space, questions = families(12, noise=1.2)
    sections = {"gram1": questions[:50], "capital": questions[50:], "empty": []}
    result = analogies(space, sections, n_draws=300)
    ids = space.ids([word for question in questions for word in question]).reshape(-1, 4)
    right = space.solve_analogies(*ids[:, :3].T, restrict=None, method="add") == ids[:, 3]
    assert 0.1 < right.mean() < 0.9
    assert result.total.accuracy.value == pytest.approx(right.mean())
    assert result.sections["gram1"].accuracy.value == pytest.approx(right[:50].mean())
    assert result.sections["capital"].accuracy.value == pytest.approx(right[50:].mean())
    assert result.sections["empty"].accuracy.value is None and result.sections["empty"].questions == 0
    assert list(result.sections) == list(sections)
    assert result.kinds["syntactic"] == result.sections["gram1"]
    assert result.kinds["semantic"].accuracy == result.sections["capital"].accuracy
    assert analogies(space, {"a": questions, "b": questions[:3]}, n_draws=10).kinds == {}
    for part in (result.total, *result.kinds.values()):
        assert part.accuracy.low < part.accuracy.value < part.accuracy.high


def test_unknown_words_are_counted_shown_and_wrong_in_the_second_figure():
    space, questions = families()
    extra = [("base0", "plural0", "base1", "nowhere"), ("nowhere", "plural0", "Base1", "plural1")]
    result = analogies(space, {"plurals": [*questions, *extra]}, n_draws=100)
    assert (result.total.questions, result.total.used, result.unknown) == (58, 56, ("nowhere",))
    assert result.total.accuracy.value == 1.0
    assert result.total.accuracy_all.value == pytest.approx(56 / 58)
    all_unknown = analogies(space, {"x": [("p", "q", "r", "s")] * 3}, n_draws=100).total
    assert all_unknown.accuracy.value is None and "known words" in all_unknown.accuracy.reason
    assert all_unknown.accuracy_all.value == 0.0


def test_restrict_leaves_out_what_lies_beyond():
    space, questions = families(6)
    result = analogies(space, {"plurals": questions}, restrict=11, n_draws=100)
    assert result.unknown == ("plural5",) and result.restrict == 11
    assert result.total.used == sum("plural5" not in question for question in questions)
    assert space.asked[-1] == (result.total.used, 11, "add")
    free = analogies(space, {"plurals": questions}, restrict=None, method="mul", n_draws=100)
    assert free.total.used == len(questions) and space.asked[-1][1:] == (None, "mul") and free.method == "mul"


def test_intervals_are_of_groups_that_share_their_first_pair():
    """Questions of one group are all right or all wrong here: draws of single questions would be far too sure."""
    n_groups, per_group = 10, 40
    words = [f"w{i}" for i in range(100)]

    class Half(ToySpace):
        def solve_analogies(self, a_ids, b_ids, c_ids, *, restrict, method):
            return np.where(np.asarray(a_ids) % 2 == 0, 99, 98).astype(np.int32)

    space = Half(words, np.eye(100))
    questions = [(f"w{g}", f"w{g + 20}", f"w{40 + i}", "w99") for g in range(n_groups) for i in range(per_group)]
    interval = analogies(space, {"x": questions}, n_draws=2000).total.accuracy
    assert interval.value == 0.5
    width = interval.high - interval.low
    assert width == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(n_groups), rel=0.15)
    one = analogies(space, {"x": questions[:per_group]}, n_draws=50).total.accuracy
    assert (one.value, one.low, one.high) == (1.0, None, None) and "same pair" in one.reason


def test_the_same_pair_in_two_sections_is_two_groups():
    space, questions = families()
    one = analogies(space, {"a": questions}, n_draws=50).total.accuracy
    two = analogies(space, {"a": questions, "b": questions}, n_draws=50).total.accuracy
    assert one.low == pytest.approx(0.025 ** (1 / 8)) and two.low == pytest.approx(0.025 ** (1 / 16))


def test_analogies_are_shown_and_kept():
    space, questions = families(6, noise=1.0)
    result = analogies(space, {"<i>": questions[:20], "gram2": questions[20:]}, n_draws=100, seed=3)
    kept = json.loads(json.dumps(result.to_dict()))
    assert kept["metrics"]["accuracy"] == result.total.accuracy.to_dict()
    assert kept["sections"]["gram2"]["rows"] == {"in": 10, "used": 10, "unknown": 0}
    assert set(kept["kinds"]) == {"semantic", "syntactic"} and kept["method"] == "add"
    lines = str(result).splitlines()
    assert [line.split()[0] for line in lines] == ["section", "<i>", "gram2", "semantic", "syntactic", "all"]
    assert "30 of 30" in lines[-1]
    assert "<i>" not in result._repr_html_()
    assert result == analogies(space, {"<i>": questions[:20], "gram2": questions[20:]}, n_draws=100, seed=3)


def test_nothing_to_score_is_an_error():
    space, questions = families()
    for call in (lambda: similarity(space, []), lambda: analogies(space, {}), lambda: analogies(space, {"a": []})):
        with pytest.raises(DataError) as caught:
            call()
        assert caught.value.code == "E-001"
    with pytest.raises(InvalidParameterError) as caught:
        analogies(space, {"a": questions}, restrict=0)
    assert caught.value.code == "P-023"
