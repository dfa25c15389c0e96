"""Exact search against sorting everything; ties, odd rows, threads, saving, memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinfold.artifacts.store import load, save
from kinfold.errors import ArtifactError, DataError, InvalidParameterError
from kinfold.index import scan
from kinfold.index.exact import METRICS, ExactIndex
from kinfold.index.strings import Strings

#: Kernels are compiled by the first example.
PROPERTY = settings(deadline=None, derandomize=True, max_examples=60)


def names(n):
    return [f"id {i}" for i in range(n)]


def truth(metric, table, queries):
    """Return every score in float64, rounded to float32; what is best has the highest."""
    table, queries = table.astype(np.float64), queries.astype(np.float64)
    if metric == "euclidean":
        gaps = queries[:, None, :] - table[None]  # (N, V, D)
        return -np.sqrt((gaps * gaps).sum(axis=2)).astype(np.float32)
    return (queries @ table.T).astype(np.float32)


def check(index, queries, k, **options):
    """Compare with sorting: the same scores, in order, and every row has the score that is said of it."""
    rows, scores = index.search_rows(queries, k, **options)
    asked = ExactIndex(index.metric).add(names(len(queries)), queries).vectors
    exact = truth(index.metric, index.vectors, asked)
    assert rows.shape == scores.shape == (len(queries), min(k, len(index)))
    signed = -scores if index.metric == "euclidean" else scores
    np.testing.assert_allclose(signed, -np.sort(-exact, axis=1)[:, : rows.shape[1]], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(np.take_along_axis(exact, rows, axis=1), signed, rtol=1e-6, atol=1e-7)
    for line, of in zip(rows, signed, strict=True):
        assert list(line) == [line[i] for i in np.lexsort((line, -of))]
        assert len(set(line.tolist())) == len(line)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n_queries", [1, 5, 30])
@pytest.mark.parametrize("dim", [1, 7, 64])
def test_the_nearest_are_those_of_sorting(metric, n_queries, dim):
    rng = np.random.default_rng(dim)
    table = rng.normal(size=(700, dim)).astype(np.float32)
    table[100:130] = table[50:80]
    table[[3, 500]] = 0
    index = ExactIndex(metric).add(names(700), table)
    queries = np.concatenate([table[:1], rng.normal(size=(n_queries - 1, dim))])
    for k in (1, 10, 900):
        check(index, queries, k)


@pytest.mark.parametrize("metric", METRICS)
@PROPERTY
@given(data=st.data())
def test_few_different_numbers_make_many_ties(metric, data):
    dim = data.draw(st.integers(1, 3))
    whole = st.integers(-2, 2).map(float)
    table = data.draw(arrays(np.float32, (data.draw(st.integers(1, 40)), dim), elements=whole))
    queries = data.draw(arrays(np.float32, (data.draw(st.integers(1, 12)), dim), elements=whole))
    index = ExactIndex(metric).add(names(len(table)), table)
    k = data.draw(st.integers(1, 50))
    check(index, queries, k)
    if metric != "cosine":  # whole numbers: scores are exact, and so is the order of insertion
        exact = truth(metric, table, queries)
        wanted = [np.lexsort((np.arange(len(table)), -line))[:k].tolist() for line in exact]
        assert index.search_rows(queries, k)[0].tolist() == wanted


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e15])
def test_small_and_large_numbers(metric, scale):
    rng = np.random.default_rng(0)
    table = (rng.normal(size=(300, 9)) * scale).astype(np.float32)
    index = ExactIndex(metric).add(names(300), table)
    rows = index.search_rows(table[:20], 3)[0]
    if metric != "dot":
        assert rows[:, 0].tolist() == list(range(20))
    asked = index.vectors[:20]
    exact = truth(metric, index.vectors, asked)
    assert (exact.argmax(axis=1) == rows[:, 0]).all()


def test_rows_nearer_to_each_other_than_products_can_tell():
    rng = np.random.default_rng(1)
    table = (1000 + rng.normal(0, 1e-2, (2000, 20))).astype(np.float32)
    index = ExactIndex("euclidean").add(names(2000), table)
    rows, distances = index.search_rows(table[:30], 4)
    assert rows[:, 0].tolist() == list(range(30)) and (distances[:, 0] == 0).all()
    check(index, table[:30], 4)


@pytest.mark.parametrize("metric", METRICS)
def test_neither_threads_nor_blocks_nor_batches_change_an_answer(metric, monkeypatch):
    rng = np.random.default_rng(2)
    table = rng.integers(-3, 4, (5000, 6)).astype(np.float32)
    queries = rng.normal(size=(40, 6)).astype(np.float32)
    index = ExactIndex(metric).add(names(5000), table)
    monkeypatch.setattr(scan, "_WORTH", 1)
    plain = index.search_rows(queries, 25, n_threads=1)
    for few, threads, block in ((0, 3, 7), (100, 2, 1024), (0, 1, 16), (100, 5, 3)):
        monkeypatch.setattr(scan, "FEW", few)
        monkeypatch.setattr(scan, "QUERY_BLOCK", block)
        other = index.search_rows(queries, 25, n_threads=threads)
        assert all(np.array_equal(a, b) for a, b in zip(plain, other, strict=True))
    one_by_one = [index.search_rows(query[None], 25, n_threads=2)[0][0].tolist() for query in queries]
    assert one_by_one == plain[0].tolist()


def test_ids_come_in_order_of_insertion_over_several_adds():
    index = ExactIndex("dot")
    index.add(["b", "a"], [[1, 0], [1, 0]]).add([], np.empty((0, 2))).add(["c\n", "007"], [[0.5, 1], [1, 0]])
    ids, scores = index.search([[2.0, 0.0]], k=9)
    assert ids.tolist() == [["b", "a", "007", "c\n"]] and scores.tolist() == [[2, 2, 2, 1]]
    assert len(index) == 4 and index.dim == 2 and "4 vectors of width 2" in repr(index)


def test_cosines_with_zeros_are_zero_and_none_is_above_one():
    index = ExactIndex().add(["none", "up", "down"], [[0, 0], [3, 3], [-1, -1]])
    ids, scores = index.search([[5, 5], [0, 0]], 3)
    assert ids.tolist() == [["up", "none", "down"], ["none", "up", "down"]]
    np.testing.assert_allclose(scores, [[1, 0, -1], [0, 0, 0]], atol=1e-7)
    assert np.abs(scores).max() <= 1


def test_an_empty_index_and_no_queries():
    index = ExactIndex()
    ids, scores = index.search(np.ones((3, 4)), 5)
    assert ids.shape == scores.shape == (3, 0) and len(index) == 0 and index.dim is None
    index.add(["a"], [[1.0, 2.0]])
    assert index.search(np.empty((0, 2)), 5)[0].shape == (0, 1)


@pytest.mark.parametrize(
    ("ids", "vectors", "code"),
    [
        (["a"], [[1.0, np.nan]], "D-131"),
        (["a"], [[1.0, np.inf]], "D-131"),
        (["a"], [[1.0, 1e39]], "D-131"),
        (["a"], [[1.0, 1e19]], "D-131"),
        (["a"], [[1.0, 2.0, 3.0]], "D-131"),
        (["a"], [1.0, 2.0], "D-131"),
        (["a", "b"], [[1.0], [1.0, 2.0]], "D-131"),
        (["a"], [["x", "y"]], "D-131"),
        (["a", "b"], [[1.0, 2.0]], "D-130"),
        (["known"], [[1.0, 2.0]], "D-130"),
        (["a", "a"], [[1.0, 2.0], [2.0, 1.0]], "D-130"),
        ([7], [[1.0, 2.0]], "D-130"),
        (["\ud800"], [[1.0, 2.0]], "D-130"),
    ],
)
def test_what_can_not_be_added_changes_nothing(ids, vectors, code):
    index = ExactIndex("dot").add(["known"], [[1.0, 1.0]])
    with pytest.raises(DataError) as caught:
        index.add(ids, vectors)
    assert caught.value.code == code and len(index) == 1
    assert index.add(["a"], [[0.0, 3.0]]).search([[0, 1]])[0].tolist() == [["a", "known"]]


def test_what_can_not_be_asked():
    index = ExactIndex("dot").add(["known"], [[1.0, 1.0]])
    for queries in ([[1.0]], [[np.nan, 1.0]], [1.0, 1.0]):
        with pytest.raises(DataError) as caught:
            index.search(queries)
        assert caught.value.code == "D-132"
    for k in (0, True, 2.5):
        with pytest.raises(InvalidParameterError, match="`k`"):
            index.search([[1.0, 1.0]], k)
    with pytest.raises(InvalidParameterError, match="metric") as wrong:
        ExactIndex("manhattan")
    assert wrong.value.code == "U-032"


def test_what_a_caller_changes_later_changes_nothing():
    given = np.eye(3, dtype=np.float32)
    index = ExactIndex("dot").add(names(3), given)
    part = ExactIndex("euclidean").add(names(2), given[:2])
    given[:] = 9
    assert index.search([[0, 1, 0]], 1)[1].tolist() == [[1]] and part.search([[0, 1, 0]], 1)[1].tolist() == [[0]]
    with pytest.raises(ValueError, match="read-only"):
        index.vectors[0] = 1
    given.flags.writeable = False
    assert np.shares_memory(ExactIndex("dot").add(names(3), given).vectors, given)


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_saved_and_opened_it_answers_the_same(metric, mmap, tmp_path):
    rng = np.random.default_rng(3)
    index = ExactIndex(metric).add([*names(200), "", "é\n😀"], rng.normal(size=(202, 5)))
    queries = rng.normal(size=(20, 5))
    save(index, tmp_path / "index")
    opened = load(tmp_path / "index", mmap=mmap)
    for a, b in zip(index.search(queries, 7), opened.search(queries, 7), strict=True):
        assert np.array_equal(a, b)
    assert list(opened.ids) == index.ids and opened.ids[-1] == "é\n😀" and opened.ids[3:5] == ["id 3", "id 4"]
    with pytest.raises(DataError, match="twice"):
        opened.add(["id 7"], queries[:1])
    assert opened.add(["more"], queries[:1]).search(queries[:1], 300)[0].shape == (1, 203)
    if mmap:
        owner = opened.get_state().arrays["ids"]
        assert len(owner) > 0 and not load(tmp_path / "index", mmap=True).vectors.flags.owndata


def test_an_empty_index_is_saved_too(tmp_path):
    save(ExactIndex("euclidean"), tmp_path / "index")
    opened = load(tmp_path / "index")
    assert len(opened) == 0 and opened.add(["a"], [[1.0]]).search([[2.0]])[1].tolist() == [[1.0]]


@pytest.mark.parametrize("ends", [[2, 1, 4], [1, 2, 3], [-1, 2, 4], [1, 2, 5]])
def test_damaged_strings_are_refused(ends):
    data = np.frombuffer("aéb".encode(), np.uint8)
    assert list(Strings(data, np.array([1, 3, 4]))) == ["a", "é", "b"]
    with pytest.raises(ArtifactError) as caught:
        Strings(data, np.array(ends))
    assert caught.value.code == "A-020"


def test_strings_that_split_a_character_are_refused():
    with pytest.raises(ArtifactError, match="damaged"):
        Strings(np.frombuffer("é".encode(), np.uint8), np.array([1, 2]))
    with pytest.raises(ArtifactError, match="damaged"):
        Strings(np.frombuffer(b"\xff", np.uint8), np.array([1]))
    with pytest.raises(IndexError):
        Strings.pack(["a"])[1]


def test_a_search_holds_one_block_of_products(monkeypatch):
    """With 4,000 queries over 5,000 rows all products would be 80 MB; a block is at most 4 MB here."""
    made = []
    empty = np.empty

    def counted(shape, *arguments, **options):
        out = empty(shape, *arguments, **options)
        made.append(out.nbytes)
        return out

    rng = np.random.default_rng(4)
    index = ExactIndex("dot").add(names(5000), rng.normal(size=(5000, 4)))
    monkeypatch.setattr(scan.np, "empty", counted)
    index.search_rows(rng.normal(size=(4000, 4)), 3)
    assert made and max(made) <= 1024 * 4096 * 4
