from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinfold.errors import DataError
from kinfold.kernels import blocks
from kinfold.vectors import neighbours
from kinfold.vectors.words import WordVectors

#: Kernels are compiled by the first example.
PROPERTY = settings(deadline=None, derandomize=True)


def random_vectors(n, dim, seed=0):
    rng = np.random.default_rng(seed)
    return WordVectors([f"w{i}" for i in range(n)], rng.normal(size=(n, dim)) * rng.lognormal(0, 2, (n, 1)))


def sorted_nearest(vectors, queries, own, k):
    """Return ids and cosines of the nearest, by sorting all of them."""
    rows = vectors.vectors.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    queries = np.asarray(queries, np.float64)
    cosines = queries @ rows.T / np.linalg.norm(queries, axis=1)[:, None] / np.where(lengths > 0, lengths, 1)
    cosines[:, lengths == 0] = -np.inf
    for i, row in enumerate(own):
        cosines[i, row] = -np.inf
    order = np.argsort(-np.round(cosines, 9), axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(cosines, order, axis=1)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_the_nearest_are_those_of_sorting(n_threads, monkeypatch):
    vectors = random_vectors(700, 20)
    words = vectors.words[::7]
    expected = sorted_nearest(vectors, vectors[words], vectors.ids(words)[:, None], 12)
    first = vectors.nearest(words, 12, n_threads=n_threads)
    np.testing.assert_array_equal(first[0], expected[0])
    np.testing.assert_allclose(first[1], expected[1], atol=2e-7)
    assert first[0].dtype == np.int32 and first[1].dtype == np.float32
    for queries, rows, products in ((7, 3, 1), (64, 64, 1), (1, 1, 5000)):
        monkeypatch.setattr(neighbours, "QUERY_BLOCK", queries)
        monkeypatch.setattr(blocks, "ROW_BLOCK", rows)
        monkeypatch.setattr(blocks, "PRODUCTS", products)
        again = vectors.nearest(words, 12, n_threads=n_threads)
        np.testing.assert_array_equal(again[0], first[0])
        np.testing.assert_array_equal(again[1], first[1])


def test_a_query_alone_gets_what_it_gets_among_others():
    vectors = random_vectors(300, 33)
    ids, cosines = vectors.nearest(vectors.words, 5)
    for i in (0, 17, 299):
        alone = vectors.nearest([vectors.words[i]], 5)
        assert alone[0].tolist() == [ids[i].tolist()] and alone[1].tolist() == [cosines[i].tolist()]
        found = vectors.most_similar(vectors.words[i], k=5)
        assert vectors.ids(found.words).tolist() == ids[i].tolist()
        np.testing.assert_allclose(found.scores, cosines[i], atol=1e-7)


def test_queries_that_are_vectors():
    vectors = random_vectors(200, 8)
    queries = np.random.default_rng(1).normal(size=(9, 8)) * 1e200
    ids, cosines = vectors.nearest(queries, 4)
    none = np.empty((9, 0), int)
    expected = sorted_nearest(vectors, queries / 1e200, none, 4)
    np.testing.assert_array_equal(ids, expected[0])
    np.testing.assert_allclose(cosines, expected[1], atol=2e-7)
    np.testing.assert_array_equal(vectors.nearest((queries / 1e200).tolist(), 4)[0], ids)
    np.testing.assert_array_equal(vectors.nearest(queries[0], 4)[0], ids[:1])  # one query
    assert vectors.nearest(vectors["w3"], 1)[0].tolist() == [[3]]  # a vector does not leave out its word
    assert vectors.nearest("w3", 1)[0].tolist() != [[3]]
    assert vectors.nearest(np.zeros((0, 8)), 4)[0].shape == (0, 4) and vectors.nearest([], 4)[1].shape == (0, 4)


@PROPERTY
@given(arrays(np.int8, (12, 3), elements=st.integers(-1, 1)), st.integers(1, 15))
def test_ties_go_to_the_first_and_zeros_to_nobody(rows, k):
    vectors = WordVectors([f"w{i}" for i in range(12)], rows)
    asked = np.flatnonzero(rows.any(axis=1))
    if not len(asked):
        return
    ids, cosines = vectors.nearest([f"w{i}" for i in asked], k)
    expected = sorted_nearest(vectors, rows[asked], asked[:, None], min(k, len(asked) - 1))
    np.testing.assert_array_equal(ids, expected[0])
    np.testing.assert_allclose(cosines, expected[1], atol=2e-7)


def test_memory_does_not_grow_with_the_product():
    vectors = random_vectors(60_000, 8)
    unit = vectors.unit
    vectors.nearest(unit[:2], 2)
    tracemalloc.start()
    vectors.nearest(unit[:4000], 10, n_threads=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 60_000 * 4 / 20


def test_as_many_as_there_are():
    vectors = WordVectors(["a", "b", "zero", "c"], [[1, 0], [1, 1], [0, 0], [0, 1]])
    assert vectors.nearest(["a", "c"], 99)[0].tolist() == [[1, 3], [1, 0]]
    assert vectors.most_similar("a", k=99).words == ("b", "c")
    assert vectors.nearest([[1, 0.1]], 99)[0].tolist() == [[0, 1, 3]]
    only = WordVectors(["only"], [[1.0, 2.0]])
    assert len(only.most_similar("only")) == 0 and str(only.most_similar("only")) == "word  score"
    assert only.nearest(["only"])[0].shape == (1, 0)
    assert only.most_similar([2.0, 1.0]).words == ("only",)


def test_a_row_with_fewer_ends_in_nobody():
    ids, cosines = neighbours.nearest_rows(
        np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[:2], np.array([[0, 1], [-1, -1]], np.int32), 3
    )
    assert ids.tolist() == [[2, -1, -1], [1, 0, 2]]
    assert np.isnan(cosines[0, 1:]).all() and cosines[1].tolist() == [1, 0, 0]


def compass():
    return WordVectors(
        ["north", "up", "east", "right", "south", "west", "still"],
        [[0, 2], [0.1, 1], [3, 0], [1, 0.1], [0, -1], [-1, 0], [0, 0]],
    )


def test_most_similar():
    vectors = compass()
    assert vectors.most_similar("north", k=2).words == ("up", "right")
    assert vectors.most_similar(["north", "east"], k=2).words == ("up", "right")  # tied
    assert vectors.most_similar(["north"], unlike="east", k=1).words == ("west",)
    assert vectors.most_similar((), unlike=["north"], k=1).words == ("south",)
    assert vectors.most_similar(np.array([0, 5.0]), k=2).words == ("north", "up")
    assert vectors.most_similar([0, 5], k=1).scores == (1.0,)
    assert vectors.most_similar("north", unlike=[1.0, 0.0], k=2).words == ("west", "up")
    assert vectors.most_similar("north", unlike=np.array(["east"]), k=1).words == ("west",)
    # However long a vector is, it counts the same.
    longer = WordVectors(vectors.words, vectors.vectors * np.array([[9], [1], [1], [1], [1], [1], [1]]))
    assert list(longer.most_similar(["north", "east"])) == list(vectors.most_similar(["north", "east"]))
    assert "still" not in vectors.most_similar("north", k=99).words


def test_among():
    vectors = compass()
    found = vectors.most_similar("north", k=9, among=["west", "right", "right", "north", "south"])
    assert found.words == ("right", "west", "south")
    everything = vectors.most_similar("north", k=9, among=vectors.words)
    assert everything == vectors.most_similar("north", k=9)
    assert vectors.most_similar("north", among=[]).words == ()
    assert vectors.most_similar("north", among="west").words == ("west",)
    with pytest.raises(DataError, match="'wset' is not among"):
        vectors.most_similar("north", among=["wset"])


@pytest.mark.parametrize(
    ("like", "unlike", "code"),
    [
        ("still", (), "D-062"),
        (["north", "still"], (), "D-062"),
        ("north", "north", "D-062"),
        (["north", "south"], (), "D-062"),
        ((), (), "D-062"),
        ([0.0, 0.0], (), "D-062"),
        ([np.nan, 1.0], (), "D-062"),
        ([1.0, 2.0, 3.0], (), "D-064"),
        ([[1.0, 2.0]], (), "D-064"),
        ([1.0, "north"], (), "D-064"),
        (["north", 1.0], (), "D-060"),
        ("nroth", (), "D-060"),
        ("north", ["esat"], "D-060"),
    ],
)
def test_what_has_no_direction(like, unlike, code):
    with pytest.raises(DataError) as caught:
        compass().most_similar(like, unlike)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("queries", "code", "message"),
    [
        (["north", "still"], "D-062", "'still'"),
        ([[1, 0], [0, 0]], "D-062", "query 1"),
        ([[1, 0], [np.inf, 0]], "D-062", "query 1"),
        ([[1, np.nan]], "D-062", "query 0"),
        ([[1, 0, 0]], "D-064", r"\(N, 2\)"),
        ([[[1, 0]]], "D-064", r"\(N, 2\)"),
        ([[1, 0], [1]], "D-064", "Give words, or numbers"),
        ([[1, 0], ["a", "b"]], "D-064", "Give words, or numbers"),
        (["north", "nroth"], "D-060", "nroth"),
    ],
)
def test_queries_that_can_not_be_answered(queries, code, message):
    with pytest.raises(DataError, match=message) as caught:
        compass().nearest(queries)
    assert caught.value.code == code


def test_odd_one_out():
    vectors = compass()
    assert vectors.odd_one_out(["north", "up", "south"]) == "south"
    assert vectors.odd_one_out(["right", "east", "up", "right"]) == "up"
    assert vectors.odd_one_out(["north", "south", "still"]) == "north"  # tied: each points nowhere near the others
    for few in (["north", "south"], ["north", "north", "south"], "north"):
        with pytest.raises(DataError, match="three words"):
            vectors.odd_one_out(few)


@pytest.mark.parametrize(("first", "end", "n"), [(0, 10, 3), (5, 7, 4), (3, 3, 2), (0, 1, 1), (1024, 2000, 16)])
def test_parts_make_up_the_whole(first, end, n):
    parts = neighbours.parts_of(first, end, n)
    assert [i for part in parts for i in range(*part)] == list(range(first, end))
    lengths = [j - i for i, j in parts]
    assert len(parts) == min(n, end - first) and (not parts or max(lengths) - min(lengths) <= 1)
