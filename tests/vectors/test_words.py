from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.errors import DataError, InvalidParameterError
from kinfold.vectors.spelling import nearest_spellings, slips
from kinfold.vectors.subwords import Subwords
from kinfold.vectors.words import WordVectors

#: Kernels are compiled by the first example.
PROPERTY = settings(deadline=None, derandomize=True)

WORDS = ["warm", "hot", "cold", "nothing"]
ROWS = np.array([[1, 0.1], [2, 0], [-1, 0.2], [0, 0]], np.float32)


class Letters:
    """Composes a vector from the number of vowels and of other letters."""

    def vector(self, word):
        vowels = sum(letter in "aeiou" for letter in word)
        return np.array([vowels, len(word) - vowels], np.float32)


def small(**options):
    return WordVectors(WORDS, ROWS, **options)


def test_words_and_their_vectors():
    vectors = small(counts=[5, 4, 3, 1])
    assert len(vectors) == 4 and vectors.dim == 2 and list(vectors) == WORDS
    assert "hot" in vectors and "hut" not in vectors and 5 not in vectors
    assert vectors["cold"].tolist() == pytest.approx([-1, 0.2]) and vectors["cold"].dtype == np.float32
    assert vectors[["hot", "hot", "warm"]].tolist() == [[2, 0], [2, 0], pytest.approx([1, 0.1])]
    assert vectors[[]].shape == (0, 2)
    assert vectors.ids(["cold", "unseen", "warm"]).tolist() == [2, -1, 0] and vectors.ids([]).dtype == np.int32
    assert vectors.ids("hot").tolist() == [1] and vectors.id("nothing") == 3
    assert vectors.counts.tolist() == [5, 4, 3, 1] and small().counts is None
    assert repr(vectors) == "WordVectors(4 words, dim=2)"
    assert "hot" in vectors._repr_html_() and "…" not in vectors._repr_html_()


def test_what_was_given_is_kept_and_never_written_to(tmp_path):
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    vectors = WordVectors(WORDS, rows)
    assert np.shares_memory(vectors.vectors, rows) and rows.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        vectors.vectors[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        vectors.unit[0, 0] = 1
    vectors["hot"][0] = 99  # a copy
    assert vectors.vectors[1, 0] == 3 and rows[1, 0] == 3
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    over = WordVectors(WORDS, mapped)
    assert np.shares_memory(over.vectors, mapped)
    assert over.most_similar("hot").words == vectors.most_similar("hot").words
    over.encode(["hot cold"])
    assert WordVectors(WORDS, rows.tolist()).vectors.dtype == np.float32
    strided = WordVectors(WORDS, np.asfortranarray(rows))
    np.testing.assert_array_equal(strided.unit, vectors.unit)
    assert strided.nearest(["hot"], 2)[0].tolist() == vectors.nearest(["hot"], 2)[0].tolist()


@pytest.mark.parametrize(
    ("words", "rows", "message"),
    [
        (["a", "a"], [[1], [2]], "distinct"),
        (["a", ""], [[1], [2]], "none empty"),
        ([], np.zeros((0, 2)), "no words"),
        (["a", "\ud800"], [[1], [2]], "UTF-8"),
        (["a", 5], [[1], [2]], "are strings"),
        (["a", ["b"]], [[1], [2]], "are strings"),
        (["a"], [[1], [2]], "one row a word"),
        (["a"], [1.0], "one row a word"),
        (["a"], np.zeros((1, 0)), "one row a word"),
        (["a"], [["x"]], "one row a word"),
        (["a"], [[1j]], "one row a word"),
        (["a", "b"], [[1], [np.nan]], "vector of 'b' .* not finite"),
        (["a", "b"], [[1e300], [1]], "vector of 'a' .* not finite"),
    ],
)
def test_words_and_vectors_that_do_not_go_together(words, rows, message):
    with pytest.raises(DataError, match=message) as caught:
        WordVectors(words, rows)
    assert caught.value.code == "D-064"


@pytest.mark.parametrize("counts", [[1], [1, 2, 3, -1], [1.0, 2.0, 3.0, 4.0], [[1, 2, 3, 4]]])
def test_counts_that_are_none(counts):
    with pytest.raises(DataError, match="one a word"):
        small(counts=counts)


def test_a_row_far_down_that_is_not_finite_is_found():
    rows = np.zeros((20_000, 2), np.float32)
    rows[19_000, 1] = np.inf
    with pytest.raises(DataError, match="'w19000'"):
        WordVectors([f"w{i}" for i in range(20_000)], rows)


def test_unit_rows_have_length_1():
    unit = small().unit
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), [1, 1, 1, 0], atol=1e-7)
    extreme = WordVectors(["a", "b"], np.array([[3e38, 3e38], [1e-45, 0]], np.float32)).unit
    np.testing.assert_allclose(extreme, [[0.5**0.5, 0.5**0.5], [1, 0]], rtol=1e-6)
    assert small().unit is not small().unit and (vectors := small()).unit is vectors.unit


def test_similarity():
    vectors = small()
    assert vectors.similarity("warm", "hot") == pytest.approx(1 / 1.01**0.5)
    assert vectors.similarity("hot", "hot") == 1 and vectors.similarity("hot", "nothing") == 0
    with pytest.raises(DataError, match="not among the 4 words"):
        vectors.similarity("hot", "hut")


def test_subwords_compose_what_is_not_known():
    vectors = small(subwords=Letters())
    assert "unseen" not in vectors and vectors["unseen"].tolist() == [3, 3]
    assert vectors[["hot", "aab"]].tolist() == [[2, 0], [2, 1]]
    assert vectors.ids(["unseen"]).tolist() == [-1]
    assert repr(vectors) == "WordVectors(4 words, dim=2, with subwords)"
    assert vectors.most_similar("aaa", k=1).words == ("hot",)
    assert vectors.nearest(["aaa", "hot"], 2)[0].tolist() == [[1, 0], [0, 2]]
    with pytest.raises(DataError, match="not among"):
        vectors.id("unseen")


def test_an_unknown_word_gets_an_offer():
    for ask in (lambda v: v["wram"], lambda v: v.id("wram"), lambda v: v.most_similar("wram")):
        with pytest.raises(DataError, match="'wram' is not among the 4 words") as caught:
            ask(small())
        assert caught.value.code == "D-060" and caught.value.fix == "Did you mean 'warm'?"
    with pytest.raises(DataError) as caught:
        small().id("completely other")
    assert "mean" not in caught.value.fix


def test_spellings():
    words = ["the", "New_York", "new york", "Café", "caffe", "there", "their", "three", "Hot", "hto", "a", "zebra"]
    assert nearest_spellings("new-york", words) == ["New_York", "new york"]
    assert nearest_spellings("NEWYORK", words, 1) == ["New_York"]
    assert nearest_spellings("cafe", words) == ["Café", "caffe"]
    assert nearest_spellings("thier", words) == ["their"]
    assert nearest_spellings("thre", words) == ["the", "there", "three"]
    assert nearest_spellings("hot", words) == ["Hot", "hto"]
    assert nearest_spellings("the", ["the", "zoo", "thee"]) == ["thee"]
    for nothing in ("", "_", "x" * 10_000, "qqqqqq"):
        assert nearest_spellings(nothing, words) == []
    assert nearest_spellings("b", ["a", "B"]) == ["B", "a"]
    # As likely, the more frequent first.
    assert nearest_spellings("cot", ["cat", "cut", "cob", "dot"], 2) == ["cat", "cut"]


def slips_by_definition(left, right):
    table = {}
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            if not i or not j:
                table[i, j] = i + j
                continue
            same = left[i - 1] == right[j - 1]
            table[i, j] = min(table[i - 1, j - 1] + (not same), table[i - 1, j] + 1, table[i, j - 1] + 1)
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(left), len(right)]


@PROPERTY
@given(st.text("abé", min_size=1, max_size=7), st.lists(st.text("abé😀", max_size=7), max_size=5))
def test_slips_are_those_of_the_definition(word, others):
    assert slips(word, others).tolist() == [slips_by_definition(word, other) for other in others]


@PROPERTY
@given(
    st.lists(
        st.one_of(st.text(min_size=1, max_size=4), st.sampled_from(["\n", "\\", "\\n", "\r", "a\nb", "\\\n", "\0"])),
        unique=True,
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_state_round_trip(words, counted):
    rng = np.random.default_rng(0)
    vectors = WordVectors(words, rng.normal(size=(len(words), 3)), np.arange(len(words)) if counted else None)
    state = vectors.get_state()
    assert state.vocabularies["words"].count(b"\n") == len(words) and b"\r" not in state.vocabularies["words"]
    layout = WordVectors.layout(vectors.get_params(), state.values, {"words": len(words)})
    assert layout == {name: (str(array.dtype), array.shape) for name, array in state.arrays.items()}
    copy = WordVectors.from_state(vectors.get_params(), state)
    assert copy.words == words
    np.testing.assert_array_equal(copy.vectors, vectors.vectors)
    assert (copy.counts is None) == (not counted) and (not counted or copy.counts.tolist() == vectors.counts.tolist())
    probes = [words[0], "", "none of these"]
    np.testing.assert_array_equal(copy.probe_outputs(probes), vectors.probe_outputs(probes))
    assert copy.probe_outputs(probes).dtype == np.float64


def test_state_holds_subwords_and_replicas():
    rng = np.random.default_rng(3)
    vectors = small(subwords=Subwords(rng.normal(size=(7, 2)).astype(np.float32), 3, 4))
    vectors.replicas = [WordVectors(WORDS, ROWS[::-1]), WordVectors(WORDS, ROWS + 1)]
    state = vectors.get_state()
    layout = WordVectors.layout({}, state.values, {"words": 4})
    assert layout == {name: (str(array.dtype), array.shape) for name, array in state.arrays.items()}
    copy = WordVectors.from_state({}, state)
    assert copy["unseen"].tolist() == vectors["unseen"].tolist() and "unseen" not in copy
    assert copy.most_similar("hot") == vectors.most_similar("hot") and copy.most_similar("hot").stability is not None
    assert copy.most_similar("unseen").stability is None and copy.analogy("hot", "unseen", "cold").stability is None


def test_all_that_is_asked_of_words(tmp_path):
    rng = np.random.default_rng(4)
    vectors = WordVectors([f"w{i}" for i in range(60)], rng.normal(size=(60, 4)))
    vectors.write(tmp_path / "words.vec")
    read = WordVectors.read(tmp_path / "words.vec", limit=40)
    assert read.words == vectors.words[:40] and read.account.kept == 40 and vectors.account is None
    np.testing.assert_array_equal(read.vectors, vectors.vectors[:40])
    assert vectors.rank("w3", ["w9", "w3", "w4"], k=1).words == ("w3",)
    assert set(vectors.members(["w1", "w2", "w3", "w4"], k=5, n_refits=2, random_state=0).words).isdisjoint({"w1"})
    assert vectors.map(["w1", "w2", "w3", "w4"], method="pca").points.shape == (4, 2)


def test_answers_are_tables():
    found = small().most_similar("warm", k=2)
    assert str(found) == "word   score\nhot    0.995\ncold  -0.956"
    assert found.to_dict() == {
        "neighbours": [
            {"word": "hot", "score": pytest.approx(0.995, abs=1e-3)},
            {"word": "cold", "score": pytest.approx(-0.956, abs=1e-3)},
        ]
    }
    assert [word for word, _ in found] == ["hot", "cold"] and len(found) == 2
    assert "<td" in found._repr_html_() and "stable" not in found._repr_html_()
    wide = WordVectors(["a", "寒い", "<b>", "bell\x07", "x" * 90], np.eye(5, dtype=np.float32) + 1)
    text = str(wide.most_similar("a"))
    assert "\x07" not in text and "\\u0007" in text and "…" in text
    assert len({line.rindex(".") + line.count("寒") + line.count("い") for line in text.split("\n")[1:]}) == 1
    assert "&lt;b&gt;" in wide.most_similar("a")._repr_html_()


@pytest.mark.parametrize("k", [0, -1, 1.5, "2", True, None])
def test_k_is_a_whole_number(k):
    for ask in (lambda: small().most_similar("hot", k=k), lambda: small().nearest(["hot"], k)):
        with pytest.raises(InvalidParameterError, match="`k`"):
            ask()
