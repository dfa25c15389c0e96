"""Learning more after `fit`, and what is saved and loaded."""

from __future__ import annotations

import copy
from collections import Counter

import numpy as np
import pytest
from planted import nothing, purity, same_model, small, topics

import kinfold
from kinfold.errors import DataError, InvalidParameterError
from kinfold.estimators.skipgram.training import all_chunks, bootstrap_chunks
from kinfold.kernels.lanes import CHUNK
from kinfold.text.corpus import write_corpus

KINDS = {
    "plain": {},
    "cbow": {"architecture": "cbow"},
    "average": {"average": True},
    "shared": {"shared_table": True},
    "subwords": {"subwords": (2, 3), "buckets": 300},
    "replicas": {"replicas": 2},
    "all at once": {"subwords": (2, 3), "buckets": 300, "replicas": 2, "average": True, "valid": 0.1, "patience": 2},
    "deterministic": {"deterministic": True, "n_threads": 2},
}


def likeness(before, after, words):
    """Return the cosine of each word's two vectors."""
    left, right = before[list(words)], after[list(words)]
    return np.einsum("nd,nd->n", left, right) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)


def test_learning_more_of_the_same_changes_little():
    model = small().fit(topics())
    before = model.vectors_
    more = topics(300, seed=1)
    assert model.partial_fit(more) is model
    assert likeness(before, model.vectors_, before.words).min() > 0.8
    apart = small(random_state=1).fit(topics()).vectors_
    assert np.abs(likeness(before, apart, before.words)).mean() < 0.4  # other random numbers, another space
    assert purity(model.vectors_) > 0.98


def test_words_that_are_not_in_the_further_text_stay_where_they_are():
    model = small().fit(topics())
    before = model.vectors_
    model.partial_fit([f"c{i} c{i + 1} a0" for i in range(9)] * 20)
    for word in before.words:
        assert np.array_equal(before[word], model.vectors_[word]) == (word != "a0"), word


def test_new_words_come_in():
    model = small().fit(topics())
    model.partial_fit([text.replace("b", "c") for text in topics(1500, seed=2)])
    vectors = model.vectors_
    assert len(vectors) == 9 + 14 + 14
    met = [word for word in vectors.words if word[0] in "ac"]
    for word in met:  # among the words that stood in the further text
        found = vectors.most_similar(word, k=8, among=met).words
        assert sum(other[0] == word[0] for other in found) >= 7, word
    rare = small(min_count=5).fit(topics())
    rare.partial_fit(["a0 a1 seldom"] * 4 + ["a0 a1 often"] * 5 + ["b0"])
    assert "often" in rare.vectors_ and "seldom" not in rare.vectors_ and rare.n_dropped_ == 4


def test_counts_add_and_give_the_order():
    model = small().fit(topics())
    counted = Counter(word for text in topics() for word in text.split())
    more = ["c0 a8 a8", "c1 c0 b13", "c2 c3 c1"] * 150
    model.partial_fit(more)
    counted.update(word for text in more for word in text.split())
    vectors = model.vectors_
    assert dict(zip(vectors.words, vectors.counts.tolist(), strict=True)) == counted
    assert vectors.words == sorted(counted, key=lambda word: (-counted[word], word))
    assert model.n_words_ == 9 * 150 and [entry["epoch"] for entry in model.history_] == [*range(1, 11)]
    assert [entry["words"] for entry in model.history_[5:]] == [9 * 150] * 5


def test_known_words_are_never_crowded_out():
    model = small(max_words=10).fit(topics())
    words = set(model.vectors_.words)
    two = " ".join(sorted(words)[:2])
    model.partial_fit([f"new other {two}"] * 2000)
    assert set(model.vectors_.words) == words
    model.set_params(max_words=11).partial_fit([f"new other {two}"] * 2000 + [f"new {two}"])
    assert set(model.vectors_.words) == {*words, "new"}


@pytest.mark.parametrize("kind", ["plain", "cbow", "shared", "subwords"])
def test_all_that_was_learned_is_taken_along(kind):
    """With steps next to nothing, the tables stay: inputs, outputs and runs, each with its word."""
    model = small(**KINDS[kind]).fit(topics())
    words, before = list(model.vectors_.words), model.get_state().arrays
    model.set_params(learning_rate=1e-12).partial_fit(["b13 b13 new a0 new"] * 900)
    rows, after = model.vectors_.ids(words), model.get_state().arrays
    assert rows.tolist() != [*range(len(words))]  # another order
    for table in ("inputs", "outputs"):
        np.testing.assert_allclose(after[table][rows], before[table], atol=1e-5)
    if kind == "subwords":
        np.testing.assert_allclose(after["buckets"], before["buckets"], atol=1e-5)
    assert np.abs(after["inputs"][model.vectors_.id("new")]).max() <= 0.5 / 16


def test_replicas_see_other_samples_of_the_text(tmp_path):
    texts = topics(20_000)
    corpus = write_corpus(texts, tmp_path, tokenizer=None, min_count=1)
    n = len(all_chunks(corpus))
    assert all_chunks(corpus).tolist() == [*range(n)] and n == -(-len(corpus.tokens) // CHUNK) > 40
    drawn = {key: bootstrap_chunks(corpus, *key) for key in ((0, 1), (0, 2), (1, 1))}
    assert len({chunks.tobytes() for chunks in drawn.values()}) == 3
    for chunks in drawn.values():
        assert len(chunks) == n and chunks.tolist() == sorted(chunks.tolist()) and 0 <= chunks[0] <= chunks[-1] < n
        assert 0.5 < len(set(chunks.tolist())) / n < 0.75  # 1 - 1 / e
    assert np.array_equal(bootstrap_chunks(corpus, 0, 1), drawn[0, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_more_twice_is_the_same_twice(kind):
    models = [small(**KINDS[kind]).fit(topics()).partial_fit(topics(600, seed=3)) for _ in range(2)]
    assert same_model(*models)
    assert len(models[0].vectors_.replicas) == KINDS[kind].get("replicas", 0)


def test_replicas_go_on_from_the_model():
    """They know the words that are not in the further text, and differ where that text leaves it open."""
    model = small(replicas=3).fit(topics()).partial_fit(nothing(200, 40))
    vectors = model.vectors_
    old, new = ([word for word in vectors.words if (word[0] == "w") == is_new] for is_new in (False, True))
    for replica in vectors.replicas:
        assert likeness(vectors, replica, old).min() > 0.999
        assert likeness(vectors, replica, new).max() < 0.9999
    old_share, new_share = (
        np.mean([vectors.most_similar(word, k=8, among=words).stability for word in words]) for words in (old, new)
    )
    assert old_share > 0.95 > 0.7 > new_share


def test_learning_more_from_nothing_is_to_fit():
    assert same_model(small().partial_fit(topics()), small().fit(topics()))
    seen = []
    model = small().partial_fit(topics(), probes=["a0"], on_probe=lambda *what: seen.append(what))
    model.partial_fit(topics(), probes=["a0", "b0"], on_probe=lambda *what: seen.append(what), progress=lambda *_: None)
    assert list(seen[0][1]) == ["a0"] and list(seen[-1][1]) == ["a0", "b0"]


def test_what_can_not_change_between():
    for name, value, options in (
        ("dim", 24, {}),
        ("shared_table", True, {}),
        ("subwords", (2, 3), {}),
        ("subwords", (2, 4), {"subwords": (2, 3), "buckets": 50}),
        ("buckets", 60, {"subwords": (2, 3), "buckets": 50}),
    ):
        model = small(**options).fit(topics())
        before = model.get_state()
        with pytest.raises(InvalidParameterError, match=f"`{name}` can't change"):
            model.set_params(**{name: value}).partial_fit(topics())
        model.set_params(**{name: small(**options).get_params()[name]})
        assert model.get_state().arrays.keys() == before.arrays.keys()
    model = small(subwords=(2, 3), buckets=50).fit(topics())
    model.set_params(subwords=[2, 3], window=2, epochs=1, architecture="cbow", negatives=2).partial_fit(topics())


def test_a_failure_leaves_what_was_learned():
    model = small().fit(topics())
    before = copy.deepcopy(model)
    for sentences in ([], ["a0"], [3], ["fine words", ["a", ""]]):
        with pytest.raises(DataError):
            model.partial_fit(sentences)
    assert same_model(model, before)
    assert same_model(model.partial_fit(topics()), before.partial_fit(topics()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mmap", [False, True])
def test_saved_and_loaded(kind, mmap, tmp_path):
    model = small(**KINDS[kind]).fit(topics())
    kinfold.save(model, tmp_path / "model")
    loaded = kinfold.load(tmp_path / "model", mmap=mmap)
    assert same_model(loaded, model) and loaded.get_params() == model.get_params()
    vectors, again = model.vectors_, loaded.vectors_
    assert again.words == vectors.words and again.vectors.tobytes() == vectors.vectors.tobytes()
    assert again.counts.tolist() == vectors.counts.tolist()
    assert loaded.history_ == model.history_ and loaded.seed_ == model.seed_
    assert (loaded.n_words_, loaded.n_dropped_) == (model.n_words_, model.n_dropped_)
    if model.subwords is not None:
        assert again["unheard"].tobytes() == vectors["unheard"].tobytes()
    assert [one.vectors.tobytes() for one in again.replicas] == [one.vectors.tobytes() for one in vectors.replicas]
    assert again.most_similar("a0") == vectors.most_similar("a0")
    # It goes on learning as if it had never been away, and what was mapped stays as it was on disk.
    assert same_model(loaded.partial_fit(topics(500, seed=4)), model.partial_fit(topics(500, seed=4)))
    assert (
        len(kinfold.load(tmp_path / "model").history_) == len(model.history_) - model.epochs
        or "patience" in KINDS[kind]
    )


def test_the_layout_describes_the_state():
    for options in KINDS.values():
        state = small(**options).fit(topics(300)).get_state()
        n_words = state.vocabularies["words"].count(b"\n")
        layout = kinfold.SkipGram.layout(small(**options).get_params(), state.values, {"words": n_words})
        assert layout == {name: (str(array.dtype), array.shape) for name, array in state.arrays.items()}


def test_awkward_words_are_saved(tmp_path):
    words = ["a\0b", "x\u2028y", "😀", "\\n", "a\\", "\r", "#", " ", "\ufeff", "e\u0301"]
    model = small(subwords=(1, 3), buckets=40).fit([words] * 20)
    kinfold.save(model, tmp_path / "model", probes=["a b", *words])
    loaded = kinfold.load(tmp_path / "model")
    assert loaded.vectors_.words == sorted(words, key=str.encode) and same_model(loaded, model)


def test_a_copy_lives_by_itself():
    model = small(subwords=(2, 3), buckets=40).fit(topics())
    other, before = copy.deepcopy(model), model.vectors_.vectors.copy()
    other.partial_fit(topics(500, seed=5))
    assert np.array_equal(model.vectors_.vectors, before) and not same_model(model, other)
