"""The search among documents: by words, by vectors, by both; what is saved, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from kinfold.artifacts.store import load, save
from kinfold.errors import ArtifactError, DataError, InvalidParameterError
from kinfold.index.fusion import fuse
from kinfold.index.search import SearchIndex

IDS = ["eggs", "horse", "rice", "tea"]
TEXTS = ["how to boil an egg", "how to ride a horse", "boil rice in water", "the best tea of all"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Letters:
    """Counts letters: words spelled alike are near."""

    def encode(self, texts):
        return np.array([[text.lower().count(letter) for letter in LETTERS] for text in texts], np.float32)


class Broken:
    """Gives what no encoder should."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        return self.given


def made(**options):
    return SearchIndex(Letters(), **options).fit(
        IDS, TEXTS, {"n": [1, 2, None, 4.5], "tags": [["a"], [], ["b"], ["é"]]}
    )


def found(index, query, **options):
    return [hit.id for hit in index.find(query, **options)]


def test_words_vectors_and_both():
    index = made()
    assert len(index) == 4
    assert found(index, "boil") == found(index, "boil", how="bm25") and set(found(index, "boil")) == {"eggs", "rice"}
    assert found(index, "horses ride", how="dense")[0] == "horse" and len(found(index, "x", how="dense")) == 4
    assert found(index, "eggs boiling", how="bm25") == []
    assert found(index, "boil eggs", how="hybrid")[0] == "eggs"
    hit = index.find("horse", k=1)[0]
    assert (hit.id, hit.text, hit.payload) == ("horse", TEXTS[1], {"n": 2, "tags": []})
    told = {"id": "horse", "score": hit.score, "text": TEXTS[1], "payload": {"n": 2, "tags": []}}
    assert hit.to_dict() == {**told, "found_by": {"bm25": 1}}
    assert index.columns["n"] == [1, 2, None, 4.5]


def test_what_is_served_and_other_options_count():
    assert found(made(served="dense"), "eggs boiling") == found(made(), "eggs boiling", how="dense") != []
    scores = {
        name: made(**options).search_rows(["the boiling horse tea"], 4, "hybrid")
        for name, options in {
            "rank": {},
            "score": {"fusion": "score"},
            "words": {"weight": 0.0},
            "vectors": {"weight": 1.0},
        }.items()
    }
    seen = [tuple(np.nan_to_num(of[1][0], nan=-1).round(6).tolist()) for of in scores.values()]
    assert len(set(seen)) == 4
    shallow, deep = (made(depth=depth).search_rows(["horse water"], 1, "hybrid")[1] for depth in (1, 4))
    assert shallow[0, 0] < deep[0, 0]
    assert scores["vectors"][0].tolist() == made().search_rows(["the boiling horse tea"], 4, "dense")[0].tolist()
    query = ["tea tea how to"]
    assert (made(k1=0.1).scores(query) != made().scores(query)).any()
    for options in ({"b": 0.1}, {"k3": 0.0}, {"stop_words": ["tea"]}):
        assert (made(**options).scores(query) != made().scores(query)).any(), options
    marks = [SearchIndex(symbols=symbols).fit(["a", "b"], ["tea", "tea ?"]).find("?") for symbols in (True, False)]
    assert [len(hits) for hits in marks] == [1, 0]


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_scores_of_all_documents_agree_with_the_search(metric):
    index = made(metric=metric, depth=3)
    for how in ("bm25", "dense", "hybrid"):
        rows, scores = index.search_rows(TEXTS, 4, how)
        every = index.scores(TEXTS, how)
        assert every.shape == (4, 4) and not np.isnan(every).any()
        for line, of, all_of in zip(rows, scores, every, strict=True):
            if how != "hybrid":  # a search that shows 4 looks deeper than 3
                assert np.isfinite(all_of).sum() == (line >= 0).sum()
                np.testing.assert_array_equal(all_of[line[line >= 0]], of[line >= 0])
            assert (np.diff(of[line >= 0]) <= 0).all()
        assert rows[:, 0].tolist() == [0, 1, 2, 3]


def test_a_query_of_zeros_has_no_neighbours():
    index = made()
    assert found(index, "123", how="dense") == [] and found(index, "", how="hybrid") == []
    assert [len(hits) for hits in index.search(["123", "tea", "?"], how="dense")] == [0, 4, 0]


def lists(*rows):
    documents = np.array([[d for d, _ in row] for row in rows], np.int32)
    scores = np.array([[s for _, s in row] for row in rows], np.float32)
    return documents, scores


def test_fusion_by_hand():
    words = lists([(7, 9.0), (3, 5.0), (1, 1.0)], [(2, 4.0), (-1, np.nan), (-1, np.nan)])
    vectors = lists([(3, 0.9), (5, 0.8), (7, 0.4)], [(-1, np.nan), (-1, np.nan), (-1, np.nan)])
    rows, scores = fuse((words, vectors), 4, "rank", 0.5)
    assert rows.tolist() == [[3, 7, 5, 1], [2, -1, -1, -1]]
    wanted = [0.5 / 62 + 0.5 / 61, 0.5 / 61 + 0.5 / 63, 0.5 / 62, 0.5 / 63]
    np.testing.assert_allclose(scores[0], wanted, rtol=1e-6)
    assert np.isnan(scores[1, 1:]).all()
    rows, scores = fuse((words, vectors), 3, "score", 0.25)
    assert rows.tolist() == [[7, 3, 5], [2, -1, -1]]
    np.testing.assert_allclose(scores[0], [0.75, 0.75 * 0.5 + 0.25, 0.25 * 0.8], rtol=1e-6)
    assert scores[1, 0] == 0.75


def test_equal_fused_scores_go_by_number():
    words, vectors = lists([(4, 2.0), (1, 1.0)]), lists([(1, 2.0), (4, 1.0)])
    for how in ("rank", "score"):
        rows, scores = fuse((words, vectors), 2, how, 0.5)
        assert rows.tolist() == [[1, 4]] and scores[0, 0] == scores[0, 1]


@pytest.mark.parametrize("mmap", [False, True])
def test_saved_and_opened_it_answers_the_same(tmp_path, mmap):
    index = made(fusion="score", weight=0.3, k1=1.0, k3=0.5, stop_words=("how",), served="hybrid", metric="euclidean")
    save(index, tmp_path / "index")
    opened = load(tmp_path / "index", mmap=mmap)
    assert opened.search(TEXTS, how="bm25") == index.search(TEXTS, how="bm25")
    assert opened.columns == index.columns and list(opened.ids) == IDS and list(opened.texts) == TEXTS
    with pytest.raises(InvalidParameterError) as missing:
        opened.find("boil")
    assert missing.value.code == "U-033"
    assert opened.attach(Letters()).search(TEXTS) == index.search(TEXTS)
    save(opened, tmp_path / "again")
    assert load(tmp_path / "again").attach(Letters()).search(TEXTS, 2) == index.search(TEXTS, 2)


def test_only_the_encoder_it_was_made_with(tmp_path):
    save(made(), tmp_path / "index")
    opened = load(tmp_path / "index")
    for other in (Broken(np.ones((4, 26))), Broken(np.ones((4, 3)))):
        with pytest.raises(ArtifactError) as caught:
            opened.attach(other)
        assert caught.value.code == "A-021" and opened.encoder is None
    with pytest.raises(InvalidParameterError) as none:
        SearchIndex().fit(IDS, TEXTS).attach(Letters())
    assert none.value.code == "U-033"


def test_without_documents(tmp_path):
    index = SearchIndex(Letters()).fit([], [])
    assert [index.search(["a", "b"], how=how) for how in ("bm25", "dense", "hybrid")] == 3 * [[[], []]]
    assert index.scores(["a"]).shape == (1, 0)
    save(index, tmp_path / "index")
    assert load(tmp_path / "index").find("a") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((["a", "a"], ["x", "y"]), "D-130"),
        (([1, 2], ["x", "y"]), "D-130"),
        ((["a", "b"], ["x"]), "D-133"),
        ((["a", "b"], ["x", 3]), "D-133"),
        ((["a", "b"], "xy"), "D-133"),
        ((["a", "b"], ["x", "\ud800"]), "D-133"),
        ((["a"], ["x"], {"c": [1, 2]}), "D-133"),
        ((["a"], ["x"], {"c": [float("nan")]}), "D-133"),
        ((["a"], ["x"], {"c": [object()]}), "D-133"),
    ],
)
def test_documents_that_do_not_go_together(arguments, code):
    with pytest.raises(DataError) as caught:
        SearchIndex().fit(*arguments)
    assert caught.value.code == code


@pytest.mark.parametrize("given", [np.ones((3, 2)), np.full((4, 2), np.nan), np.ones(4)])
def test_an_encoder_that_gives_something_else(given):
    with pytest.raises(DataError) as caught:
        SearchIndex(Broken(given)).fit(IDS, TEXTS)
    assert caught.value.code == "D-133"


def test_options_that_can_not_be_used():
    for options in (
        {"fusion": "sum"},
        {"weight": 2},
        {"sides": "both"},
        {"depth": 0},
        {"served": "magic"},
        {"k1": -1},
        {"k3": -1},
    ):
        with pytest.raises(InvalidParameterError):
            SearchIndex(**options).fit(IDS, TEXTS)
    with pytest.raises(InvalidParameterError) as wrong:
        made().find("tea", how="magic")
    assert wrong.value.code == "U-032"
    own = {
        "encoder",
        "k1",
        "b",
        "k3",
        "symbols",
        "stop_words",
        "metric",
        "fusion",
        "weight",
        "depth",
        "sides",
        "served",
    }
    assert set(made().get_params()) == own
