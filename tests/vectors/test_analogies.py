from __future__ import annotations

import numpy as np
import pytest

from kinfold.errors import DataError, InvalidParameterError
from kinfold.kernels.blocks import unit_rows
from kinfold.vectors import analogies
from kinfold.vectors.analogies import solve
from kinfold.vectors.words import WordVectors


def by_definition(unit, question, n_rows, method):
    """Return all rows in order, the best answer first, and the scores."""
    rows = unit[:n_rows].astype(np.float64)
    to_a, to_b, to_c = (rows @ unit[i].astype(np.float64) for i in question)
    near_a, near_b, near_c = (1 + to_a) / 2, (1 + to_b) / 2, (1 + to_c) / 2
    scores = to_b - to_a + to_c if method == "add" else near_b * near_c / (near_a + 0.001)
    scores[[i for i in question if i < n_rows]] = -np.inf
    scores[~rows.any(axis=1)] = -np.inf
    return np.lexsort((np.arange(n_rows), -np.round(scores, 9))), scores


@pytest.mark.parametrize("method", ["add", "mul"])
@pytest.mark.parametrize("restrict", [None, 200, 10_000])
def test_many_answers_are_those_of_the_definition(method, restrict, monkeypatch):
    rng = np.random.default_rng(0)
    rows = rng.normal(0.3, 1, size=(500, 12))
    rows[[20, 21]] = rows[22]  # ties
    rows[30] = 0
    unit = unit_rows(rows)
    questions = rng.integers(0, 500, (150, 3))
    questions[:50] = rng.integers(0, 20, (50, 3))
    questions[3] = [5, 5, 8]
    expected = [by_definition(unit, question, min(restrict or 500, 500), method)[0][0] for question in questions]
    expected = np.where((questions == 30).any(axis=1), -1, expected)
    found = solve(unit, *questions.T, restrict=restrict, method=method)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)
    monkeypatch.setattr(analogies, "QUESTION_BLOCK", 7)
    monkeypatch.setattr(analogies, "rows_at_once", lambda n: 33)
    for n_threads in (1, 3):
        again = solve(unit, *questions.T, restrict=restrict, method=method, n_threads=n_threads)
        np.testing.assert_array_equal(again, expected)


def test_questions_without_an_answer():
    unit = unit_rows([[1, 0], [0, 1], [1, 1], [0, 0]])
    assert solve(unit, [0, -1, 3, 0], [1, 1, 1, 2], [2, 2, 2, 1]).tolist() == [-1, -1, -1, -1]
    assert solve(unit, [0, 0], [1, 1], [1, 0]).tolist() == [2, 2]
    assert solve(unit, [], [], []).tolist() == []
    assert solve(unit, [0], [1], [1], restrict=2).tolist() == [-1]
    with pytest.raises(DataError, match="an id that is none"):
        solve(unit, [0], [1], [4])
    with pytest.raises(InvalidParameterError, match="restrict"):
        solve(unit, [0], [1], [2], restrict=0)
    with pytest.raises(InvalidParameterError, match="method"):
        solve(unit, [0], [1], [2], method="sub")


def family():
    """Royalty, gender and youth on axes of their own, and a word of nothing of these."""
    rows = {
        "man": [0, 1, 0, 0.1],
        "woman": [0, -1, 0, 0.1],
        "king": [1, 1, 0, 0],
        "queen": [1, -1, 0, 0],
        "boy": [0, 1, 1, 0],
        "girl": [0, -1, 1, 0],
        "prince": [1, 1, 1, 0],
        "princess": [1, -1, 1, 0],
        "stone": [0, 0, 0, 1],
        "void": [0, 0, 0, 0],
    }
    return WordVectors(list(rows), list(rows.values()))


@pytest.mark.parametrize("method", ["add", "mul"])
def test_what_is_to_c_as_b_is_to_a(method):
    vectors = family()
    assert vectors.analogy("man", "woman", "king", 1, method=method).words == ("queen",)
    assert vectors.analogy("man", "woman", "boy", 1, method=method).words == ("girl",)
    assert vectors.analogy(["man", "king"], ["woman", "queen"], "boy", 1, method=method).words[0] == "girl"
    found = vectors.analogy("man", "woman", "king", 99, method=method)
    assert len(found) == 6 and not {"man", "woman", "king", "void"} & set(found.words)
    assert list(found.scores) == sorted(found.scores, reverse=True)


@pytest.mark.parametrize("method", ["add", "mul"])
def test_one_answer_is_that_of_the_definition(method):
    rng = np.random.default_rng(5)
    vectors = WordVectors([f"w{i}" for i in range(400)], rng.normal(0.2, 1, (400, 9)))
    for question in rng.integers(0, 400, (10, 3)):
        a, b, c = (f"w{i}" for i in question)
        order, scores = by_definition(vectors.unit, question, 400, method)
        found = vectors.analogy(a, b, c, 7, method=method)
        assert vectors.ids(found.words).tolist() == order[:7].tolist()
        to_a, to_b, to_c = (vectors.unit[i].astype(np.float64) for i in question)
        size = np.linalg.norm(to_b - to_a + to_c) if method == "add" else 1
        np.testing.assert_allclose(found.scores, scores[order[:7]] / size, rtol=1e-5)
        assert vectors.solve_analogies(*question[:, None], method=method).tolist() == [vectors.id(found.words[0])]


def test_scores_of_adding_are_cosines():
    found = family().analogy("man", "woman", "king")
    vectors = family()
    nearest = vectors.most_similar(["woman", "king"], unlike="man")
    assert found.words == nearest.words
    np.testing.assert_allclose(found.scores, nearest.scores, atol=1e-6)


def test_several_words_a_side_count_as_one():
    rng = np.random.default_rng(6)
    vectors = WordVectors([f"w{i}" for i in range(50)], rng.normal(size=(50, 6)))
    found = vectors.analogy(["w0", "w1"], "w2", ["w3", "w4", "w5"], 50)
    unit = vectors.unit.astype(np.float64)
    sides = [unit[ids].sum(axis=0) for ids in ([0, 1], [2], [3, 4, 5])]
    a, b, c = (side / np.linalg.norm(side) for side in sides)
    cosines = unit @ (b - a + c) / np.linalg.norm(b - a + c)
    order = [f"w{i}" for i in np.argsort(-cosines) if i > 5]
    assert list(found.words) == order


def test_sides_that_can_not_be_asked_with():
    vectors = family()
    for sides, code in (
        (("void", "woman", "king"), "D-062"),
        (("man", "womn", "king"), "D-060"),
        (("man", [], "king"), "D-064"),
    ):
        with pytest.raises(DataError) as caught:
            vectors.analogy(*sides)
        assert caught.value.code == code
    with pytest.raises(InvalidParameterError, match="method"):
        vectors.analogy("man", "woman", "king", method="sub")
    opposite = WordVectors(["a", "b", "c", "d"], [[1, 0], [0.5, 0.75**0.5], [0.5, -(0.75**0.5)], [0, 1]])
    with pytest.raises(DataError, match="b - a"):
        opposite.analogy("a", "b", "c")
    assert opposite.analogy("a", "b", "c", method="mul").words == ("d",)
