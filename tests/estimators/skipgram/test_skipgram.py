"""`SkipGram` on sentences whose right answer is known, and what it tells while it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from planted import couples, nothing, purity, roles, same_model, small, stems, together, topics

from kinfold.errors import DataError, InvalidParameterError, MachineError, NotFittedError
from kinfold.estimators.skipgram import training
from kinfold.estimators.skipgram.loss import held_out_loss
from kinfold.kernels.lanes import CHUNK
from kinfold.text.corpus import write_corpus


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"architecture": "cbow"},
        {"average": True},
        {"window": 2, "shrink_window": False},
        {"subwords": (2, 3), "buckets": 500},
        {"deterministic": True, "n_threads": 3},
        {"n_threads": 2},
        {"shared_table": True, "learning_rate": 0.01},
    ],
    ids=str,
)
def test_topics_that_never_mix(options):
    model = small(**options).fit(topics())
    assert purity(model.vectors_) > 0.98
    assert model.vectors_.dim == 16 and len(model.vectors_) == 23


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_words_that_can_stand_for_each_other(architecture):
    """Subjects are never beside subjects, and yet they are what a subject is like."""
    model = small(architecture=architecture, window=2, shrink_window=False, epochs=10).fit(roles())
    assert purity(model.vectors_) == 1.0


def test_one_vector_in_both_roles_puts_together_what_stands_together():
    for options in ({"shared_table": True, "learning_rate": 0.01}, {"average": True}):
        model = small(epochs=10, **options).fit(couples())
        assert together(model.vectors_) == 1.0
    arrays = small(shared_table=True).fit(couples()).get_state().arrays
    assert np.array_equal(arrays["inputs"], arrays["outputs"])
    arrays = small(average=True).fit(couples())
    state = arrays.get_state().arrays
    np.testing.assert_array_equal(arrays.vectors_.vectors, (state["inputs"] + state["outputs"]) / 2)


def test_unseen_words_go_by_their_stem():
    model = small(subwords=(3, 6), buckets=2000).fit(stems())
    vectors = model.vectors_
    assert "brummxyz" not in vectors and "flitzxyz" not in vectors
    for stem, n in (("brumm", 6), ("flitz", 7)):
        found = vectors.most_similar(vectors[f"{stem}xyz"], k=n).words
        assert sorted(found) == sorted(word for word in vectors.words if word.startswith(stem))
    with pytest.raises(DataError):
        _ = small().fit(stems()).vectors_["brummxyz"]


def test_a_long_list_of_one_word_stays_finite():
    sentences = [["again"] * 10_000, ["again", "and", "again"]] * 3
    for options in ({}, {"architecture": "cbow"}, {"shared_table": True}, {"subwords": (2, 4), "buckets": 100}):
        model = small(learning_rate=1.0, epochs=3, **options).fit(sentences)
        assert np.isfinite(model.vectors_.vectors).all() and np.abs(model.vectors_.vectors).max() < 1e4


@pytest.mark.parametrize(
    "options",
    [{}, {"architecture": "cbow", "subwords": (2, 3), "buckets": 50}, {"shared_table": True}, {"subwords": (3, 3)}],
    ids=str,
)
def test_deterministic_whatever_the_threads(options):
    given = {"deterministic": True, "epochs": 2, "sample": 1e-2, "valid": 0.1, **options}
    texts = topics(6000)  # more chunks than lanes
    alone = small(**given).fit(texts)
    assert alone.n_words_ > 9 * CHUNK
    for n_threads in (2, 3, 5, 20):
        assert same_model(small(**given, n_threads=n_threads).fit(texts), alone)


def test_free_with_one_thread_is_the_same_each_time():
    for options in ({"sample": 1e-2}, {"architecture": "cbow"}, {"replicas": 1, "valid": 0.2}):
        assert same_model(small(**options).fit(topics()), small(**options).fit(topics()))
    assert not same_model(small().fit(topics()), small(random_state=1).fit(topics()))


def test_segments_change_nothing(monkeypatch):
    """How often a training stops to report must not be seen in what it learns."""
    for options in ({}, {"deterministic": True}):
        whole = small(**options).fit(topics(6000))
        monkeypatch.setattr(training, "_SEGMENT", 1)
        assert same_model(small(**options).fit(topics(6000)), whole)
        monkeypatch.undo()


def test_a_seed_is_kept_where_none_was_given():
    first, second = (small(random_state=None, epochs=1).fit(topics(300)) for _ in range(2))
    assert first.seed_ != second.seed_ and not same_model(first, second)
    assert same_model(small(random_state=first.seed_, epochs=1).fit(topics(300)), first)


def test_fitting_again_forgets():
    model = small().fit(roles())
    model.fit(topics())
    assert same_model(model, small().fit(topics())) and len(model.history_) == 5


def test_history_adds_up():
    model = small(epochs=3, valid=0.2).fit([*topics(), "too rare", *["b0 b1"] * 2], probes=["a0"])
    assert [entry["epoch"] for entry in model.history_] == [1, 2, 3]
    assert {entry["words"] for entry in model.history_} == {model.n_words_}
    assert model.n_words_ == model.vectors_.counts.sum()
    for entry in model.history_:
        assert entry["seconds"] >= 0 and entry["words_per_second"] > 0
    texts = ["x y z", "x y z", "x y q"]
    counted = small(min_count=2, epochs=1).fit(texts)
    assert (counted.n_words_, counted.n_dropped_) == (8, 1) and counted.vectors_.words == ["x", "y", "z"]
    assert counted.history_[0]["valid_loss"] is None


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_losses_fall(architecture):
    """The sampled loss of training and the exact one held out fall from chance to well below."""
    texts = topics(12_000)
    model = small(architecture=architecture, valid=0.1, epochs=8).fit(texts)
    chance = 6 * math.log(2)
    held_out = [entry["valid_loss"] for entry in model.history_]
    assert held_out[-1] < held_out[0] < chance and held_out[-1] < 0.7 * chance
    sampled = [entry["train_loss"] for entry in model.history_ if entry["train_loss"] is not None]
    assert len(sampled) > 4 and sampled[-1] < 0.8 * chance


def test_stopping_early_keeps_the_best_pass(tmp_path):
    options = {"valid": 0.2, "patience": 2, "epochs": 30, "learning_rate": 0.1}
    model = small(**options).fit(nothing())
    losses = [entry["valid_loss"] for entry in model.history_]
    best = losses.index(min(losses))
    assert len(losses) == best + 3 < 30
    state, settings = model.get_state(), model._options()
    corpus = write_corpus(nothing(), tmp_path, tokenizer=settings.cutter(), min_count=1, held_out=0.2, seed=0)
    assert corpus.words == model.vectors_.words and corpus.n_tokens == model.n_words_
    keep, noise = settings.keep(corpus.counts), settings.noise(corpus.counts)
    tables = (state.arrays["inputs"], state.arrays["outputs"])
    assert held_out_loss(corpus.held_out, *tables, keep, noise, settings.rule) == pytest.approx(losses[best], abs=1e-5)
    assert len(small(**options | {"patience": None, "epochs": 6}).fit(nothing()).history_) == 6


def test_probes_are_shown_as_the_vectors_are():
    seen = []
    texts = topics(4000)
    model = small(epochs=4).fit(texts, probes=["a0", "b3", "unheard"], on_probe=lambda *what: seen.append(what))
    done = [n for n, _ in seen]
    assert 4 <= len(seen) <= 20 and done == sorted(done)
    assert done[-1] == 4 * sum(len(text.split()) + 1 for text in texts)  # ends of sentences are places of the text
    for _, found in seen:
        assert list(found) == ["a0", "b3"] and all(len(near) == 8 for near in found.values())
    assert seen[-1][1]["a0"] == model.vectors_.most_similar("a0", k=8)
    assert seen[0][1]["a0"].scores != seen[-1][1]["a0"].scores
    assert same_model(model, small(epochs=4).fit(texts))  # to look changes nothing


def test_probes_of_a_long_training_are_looked_at_twenty_times(monkeypatch):
    monkeypatch.setattr(training, "_SEGMENT", 1)
    seen = []
    small(epochs=10).fit(topics(8000), probes=["a0"], on_probe=lambda n, _: seen.append(n))
    assert len(seen) == 20 and np.ptp(np.diff(seen[:-1])) <= CHUNK


def test_progress_rises_to_the_end(monkeypatch):
    monkeypatch.setattr(training, "_SEGMENT", 1)
    said = []
    small(epochs=3, replicas=1).fit(topics(3000), progress=lambda *what: said.append(what))
    own = [share for what, share in said if what.startswith("epoch")]
    replica = [share for what, share in said if what.startswith("replica 1 of 1: epoch")]
    for shares in (own, replica):
        assert len(shares) > 6 and shares == sorted(shares) and shares[0] > 0 and shares[-1] == 1.0
    assert len(own) + len(replica) == len(said)
    assert said[0][0].startswith("epoch 1 of 3, ") and said[-1][0].startswith("replica 1 of 1: epoch 3 of 3, ")


def test_replicas_say_how_stable_answers_are():
    stable = small(replicas=3).fit(topics())
    assert len(stable.vectors_.replicas) == 3
    tables = [stable.vectors_.vectors, *(replica.vectors for replica in stable.vectors_.replicas)]
    assert len({table.tobytes() for table in tables}) == 4
    found = stable.vectors_.most_similar("b0", k=13)
    assert {word[0] for word in found.words} == {"b"} and all(share >= 1 / 3 for share in found.stability[:-1])
    assert np.mean(stable.vectors_.most_similar("a0", k=8).stability) > 0.9
    loose = small(replicas=3).fit(nothing()).vectors_
    assert np.mean([loose.most_similar(word, k=8).stability for word in loose.words[:50]]) < 0.3
    assert small().fit(topics()).vectors_.most_similar("a0").stability is None


def test_texts_of_lists_and_of_an_iterator_are_the_same():
    texts = topics(400)
    whole = small().fit(texts)
    assert same_model(small().fit(iter(texts)), whole)
    assert same_model(small().fit([text.split() for text in texts]), whole)
    assert same_model(small(tokenizer="spaces").fit(tuple(texts)), whole)


@pytest.mark.parametrize("sentences", ["one text", None, 7, [1, 2], [b"bytes"], [["a", 3]], [["a", ""]], [None]])
def test_what_is_no_sentences(sentences):
    with pytest.raises(DataError) as caught:
        small().fit(sentences)
    assert caught.value.code == "T-001"


@pytest.mark.parametrize("sentences", [[], [""], [[]], ["", "..."], ["once only"]])
def test_no_word_is_frequent_enough(sentences):
    with pytest.raises(DataError) as caught:
        small(min_count=2).fit(sentences)
    assert caught.value.code == "T-002"


@pytest.mark.parametrize("sentences", [["word"], ["word word word"] * 9, ["a", "b", "c"] * 9, [["a"], ["b"]]])
def test_no_word_has_another_beside_it(sentences):
    with pytest.raises(DataError, match="too little to learn from") as caught:
        small().fit(sentences)
    assert caught.value.code == "T-003"


def test_nothing_held_out():
    with pytest.raises(DataError, match="held out") as caught:
        small(valid=0.001).fit(topics(20))
    assert caught.value.code == "T-003"
    # Of 40 sentences, 39 are single words: whichever are held out, there is no pair on both sides.
    for seed in range(5):
        with pytest.raises(DataError) as caught:
            small(valid=0.5, random_state=seed).fit([*(f"w{i}" for i in range(39)), "a pair"])
        assert caught.value.code == "T-003"
    # Empty lines are sentences too, and may all be held out: what matters is behind them.
    for seed in range(4):
        small(valid=0.3, random_state=seed, epochs=1).fit([""] * 5000 + topics(100))


def test_before_fit():
    for call in (lambda model: model.encode(["a"]), lambda model: model.get_state()):
        with pytest.raises(NotFittedError):
            call(small())


def test_texts_get_vectors():
    model = small().fit(topics())
    encoded = model.encode(["a0 a1 a2", "a5 a6 a7", "b0 b1 b2", ""])
    assert encoded.shape == (4, 16) and encoded.dtype == np.float64 and not encoded[3].any()
    units = encoded[:3] / np.linalg.norm(encoded[:3], axis=1, keepdims=True)
    assert units[0] @ units[1] > 0.3 + units[0] @ units[2]


def test_an_error_of_the_reader_comes_through():
    def broken(error):
        yield "a b c"
        raise error

    for error in (FileNotFoundError("theirs"), MachineError("The reader's.", code="M-011"), KeyError("x")):
        with pytest.raises(type(error)) as caught:
            small().fit(broken(error))
        assert caught.value is error


def test_a_folder_that_can_not_be(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(MachineError) as caught:
        small().fit(topics(50), checkpoint=tmp_path / "file")
    assert caught.value.code == "M-012"
    with pytest.raises(InvalidParameterError, match="checkpoint"):
        small().fit(topics(50), resume=True)
