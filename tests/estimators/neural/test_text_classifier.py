"""A net that classifies: what it learns from, what it refuses, and that a text's answer is its own."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from contract_kit import many_labels, refused, rows, same_state, sure, three, words_of
from kinfold import GRU, BagOfEmbeddings, CharCNN, Example, WordVectors
from kinfold.errors import ArtifactError, DataError, InvalidParameterError, MachineError
from kinfold.estimators.neural import rows as neural_rows
from kinfold.estimators.neural.classifier import TextClassifier
from kinfold.estimators.neural.targets import Labels, held_out
from kinfold.vectors.formats import write_vectors

ENCODERS = {
    "bag": BagOfEmbeddings(dim=16),
    "idf": BagOfEmbeddings(dim=16, pooling="idf"),
    "char-cnn": CharCNN(dim=8, filters=16, widths=((3, 5),)),
    "one-hot": CharCNN(dim=None, filters=16, widths=(5,)),
    "gru": GRU(units=12, dim=12, bidirectional=True, pooling="max", steep_gates=True),
}


def quick(**parameters):
    """Return a classifier that learns in a moment."""
    usual = {"encoder": BagOfEmbeddings(dim=24), "learning_rate": 0.02, "max_epochs": 4, "n_threads": 1}
    return TextClassifier(**(usual | parameters))


def records(texts, labels):
    """Yield records as a table does, once."""
    for text, label in zip(texts, labels, strict=True):
        yield Example(text, label)


def test_the_defaults_learn_planted_words():
    fitted = TextClassifier(n_threads=1).fit(*three())
    assert fitted.score(*three(seed=9)) >= 0.95
    assert fitted.predict([sure(k) for k in range(3)]) == ["bad", "good", "odd"]
    assert fitted.n_parameters_ > 0 and len(fitted.history_) > 1 and fitted.history_.best_epoch is not None


@pytest.mark.parametrize("name", ENCODERS)
def test_a_text_is_answered_alike_alone_and_in_company(name):
    fitted = quick(encoder=ENCODERS[name], min_count=1, max_epochs=1).fit(*rows())
    texts, _ = rows(seed=4)
    mates = [*texts, "", "a", "word " * 3000, sure(0)]
    together = fitted.predict_proba(mates)
    for i in (0, 5, len(texts), len(texts) + 1, len(mates) - 1):
        assert np.abs(fitted.predict_proba([mates[i]])[0] - together[i]).max() <= 1e-5
    assert np.abs(fitted.encode([mates[0]])[0] - fitted.encode(mates)[0]).max() <= 1e-5


def test_a_stream_of_records_teaches_what_lists_do():
    for texts, labels in (three(), many_labels()):
        listed, streamed = quick().fit(texts, labels), quick().fit(records(texts, labels))
        assert same_state(listed.get_state(), streamed.get_state())
        assert streamed.classes_ == ["bad", "good", "odd"]


def test_records_that_are_none_are_named_by_their_row():
    good = Example("good text", "good")
    for wrong in ("a text", Example("no label"), SimpleNamespace(text="x")):
        assert "Row 1" in refused(DataError, lambda w=wrong: quick().fit([good, w]))
    message = refused(DataError, lambda: quick().fit([good, Example("x", ("good",))]))
    assert "row 1" in message


def test_rows_held_out_are_spread_and_equal_rows_stay_together():
    taken = Labels()
    for i in range(1000):
        taken.add("rare" if i % 10 == 0 else "usual")
    keys = np.arange(1000, dtype=np.uint64) // np.uint64(2)
    apart = held_out(keys, taken.targets(), 0.2, 0)
    assert 190 <= len(apart) <= 210
    assert 10 <= (apart % 10 == 0).sum() <= 30
    assert not set(keys[apart].tolist()) & set(np.delete(keys, apart).tolist())
    other = held_out(keys, taken.targets(), 0.2, 1)
    assert not np.array_equal(apart, other)
    assert len(held_out(np.zeros(1000, np.uint64), taken.targets(), 0.2, 0)) == 0


def test_of_very_many_rows_those_held_out_are_drawn_one_by_one(monkeypatch):
    monkeypatch.setattr("kinfold.estimators.neural.targets._MANY", 1000)
    random, taken = np.random.default_rng(0), Labels()
    keys = random.integers(0, 1 << 63, 20_000).astype(np.uint64)
    keys[10_000:] = keys[random.integers(0, 10_000, 10_000)]
    for row in range(20_000):
        taken.add("rare" if row == 7 else "ab"[row % 2])
    targets = taken.targets()
    apart = held_out(keys, targets, 0.2, 0)
    assert 0.18 < len(apart) / 20_000 < 0.22
    rest = np.setdiff1d(np.arange(20_000), apart)
    alone = targets.values == targets.classes.index("rare")
    assert alone[rest].any() and not set(keys[apart[~alone[apart]]].tolist()) & set(keys[rest[~alone[rest]]].tolist())
    assert np.array_equal(apart, held_out(keys, targets, 0.2, 0))
    other = held_out(keys, targets, 0.2, 1)
    assert 0.15 < np.isin(other, apart).mean() < 0.25


def test_the_last_row_of_a_class_is_never_held_out():
    taken = Labels()
    for i in range(60):
        taken.add(f"class {i % 20}" if i < 20 else "usual")
    targets = taken.targets()
    for seed in range(20):
        apart = held_out(np.arange(60, dtype=np.uint64), targets, 0.5, seed)
        left = np.delete(targets.values, apart)
        assert len(np.unique(left)) == len(targets.classes)


def test_validation_rows_that_are_given_are_taken():
    texts, labels = rows(n=(40, 30))
    by_hand = quick().fit(texts[:50], labels[:50], valid=(texts[50:], labels[50:]))
    again = quick().fit(texts[:50], labels[:50], valid=list(records(texts[50:], labels[50:])))
    assert same_state(by_hand.get_state(), again.get_state())
    assert not same_state(by_hand.get_state(), quick().fit(texts[:50], labels[:50]).get_state())


def test_labels_of_the_validation_rows_alone_are_named():
    texts, labels = rows()
    message = refused(DataError, lambda: quick().fit(texts, labels, valid=(["x", "y"], ["bad", "new"])))
    assert "'new'" in message
    refused(DataError, lambda: quick().fit(texts, labels, valid=([], [])))
    refused(DataError, lambda: quick().fit(texts, labels, valid=(["x"], [("bad",)])))


@pytest.mark.parametrize(
    ("texts", "labels", "code"),
    [
        (["good day"] * 4, ["good"] * 4, "D-071"),
        (["good day", "bad day"], [("a", "b"), ("c",)], "D-091"),
        (["", " "] * 9, ["a", "b"] * 9, "D-089"),
        (["one", "two", "three"], ["a", "b", "a"], "D-089"),
    ],
)
def test_rows_that_teach_nothing_are_refused(texts, labels, code):
    with pytest.raises(DataError) as caught:
        quick().fit(texts, labels)
    assert caught.value.code == code


def test_characters_that_the_alphabet_lacks():
    options = {"unit": "character", "alphabet": "abc", "min_count": 1}
    with pytest.raises(DataError) as caught:
        quick(**options).fit(["xyz", "zzz", "x y"], ["a", "b", "a"])
    assert caught.value.code == "D-089"
    fitted = quick(**options).fit(["a", "b", "aa", "bb"] * 5, ["a", "b", "a", "b"] * 5)
    assert np.allclose(fitted.predict_proba(["a"]), fitted.predict_proba(["xxaxx"]), atol=1e-6)


def test_long_texts_are_cut_and_counted():
    texts, labels = rows()
    long = [f"{text} {'filler ' * 50}" for text in texts]
    fitted = quick(max_length=20).fit(long, labels)
    assert fitted.n_cut_ == len(long) and quick().fit(texts, labels).n_cut_ == 0
    assert np.isfinite(fitted.predict_proba(["word " * 2_000_000])).all()


def test_word_vectors_from_a_file_are_where_embeddings_start(tmp_path):
    texts, labels = rows()
    rng = np.random.default_rng(0)
    vectors = WordVectors([*words_of(0), *words_of(1)[:2], "unseen"], rng.normal(size=(7, 9)))
    write_vectors(vectors, tmp_path / "words.vec")
    held = {"embedding_rate": 0.0, "embedding_words": 1}
    fitted = quick(embedding=tmp_path / "words.vec", **held).fit(texts, labels)
    assert fitted.n_found_ == 7
    table = dict(fitted.module_.named_parameters())["encoder.embedding.weight"]
    assert table.shape[1] == 9
    vocabulary = fitted.fitted_.vocabulary
    assert np.allclose(table[vocabulary.ids(vectors.words)].detach().numpy(), vectors.vectors, atol=1e-6)
    in_memory = quick(embedding=vectors, **held).fit(texts, labels)
    assert same_state(fitted.get_state(), in_memory.get_state())
    refused(DataError, lambda: quick(embedding=WordVectors(["nothing"], [[1.0, 2.0]])).fit(texts, labels))
    one_hot = quick(encoder=ENCODERS["one-hot"], embedding=vectors, unit="word")
    refused(InvalidParameterError, lambda: one_hot.fit(texts, labels))


def test_rows_of_vectors_are_learned_from():
    x = np.random.default_rng(0).normal(size=(90, 6, 4))
    y = ["up" if row[:, 0].sum() > 0 else "down" for row in x]
    fitted = quick(encoder=GRU(units=12), max_epochs=8).fit(x, y)
    assert fitted.score(x, y) > 0.9
    state = fitted.get_state()
    again = TextClassifier.from_state(fitted.get_params(), state)
    assert np.array_equal(again.predict_proba(x), fitted.predict_proba(x))
    assert fitted.probe_outputs(["a", "b"]).shape == (2, 2)
    for wrong in (x[:, :, 0], x[:, :, :3], np.full((2, 6, 4), np.nan)):
        refused(DataError, lambda w=wrong: fitted.predict(w))
    refused(DataError, lambda: fitted.predict(["a text"]))
    refused(DataError, lambda: quick().fit(*rows()).predict(x))
    refused(InvalidParameterError, lambda: quick(encoder=CharCNN()).fit(x, y))


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    refused(MachineError, lambda: quick(device="cuda").fit(*rows()))


def test_a_loss_that_is_not_finite_ends_the_training():
    with pytest.raises(DataError) as caught:
        quick(optimizer="sgd", learning_rate=1e30, clip_norm=None).fit(*rows())
    assert caught.value.code == "T-006"


def test_a_training_that_was_stopped_goes_on_to_the_same_bits(tmp_path):
    texts, labels = rows()
    whole = quick(max_epochs=3).fit(texts, labels)

    def stopping(what, share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick(max_epochs=3).fit(records(texts, labels), checkpoint=tmp_path, progress=stopping)
    assert (tmp_path / "rows.npz").exists()
    resumed = quick(max_epochs=3).fit(iter(()), checkpoint=tmp_path, resume=True)
    assert same_state(resumed.get_state(), whole.get_state())


def test_a_training_on_vectors_goes_on_too_but_not_on_others(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 5, 3))
    y = ["up" if row[:, 0].sum() > 0 else "down" for row in x]
    model = quick(encoder=GRU(units=6), max_epochs=3)
    whole = model.fit(x, y).get_state()

    def stopping(what, share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick(encoder=GRU(units=6), max_epochs=3).fit(x, y, checkpoint=tmp_path, progress=stopping)
    with pytest.raises(InvalidParameterError) as caught:
        quick(encoder=GRU(units=6), max_epochs=3).fit(x + 1, y, checkpoint=tmp_path, resume=True)
    assert caught.value.code == "T-007"
    assert same_state(model.fit(x, y, checkpoint=tmp_path, resume=True).get_state(), whole)


def test_a_training_of_rows_that_are_gone_is_not_gone_on_with(tmp_path):
    texts, labels = rows()
    quick(max_epochs=2).fit(texts, labels, checkpoint=tmp_path)
    (tmp_path / "rows.npz").unlink()
    other = rows(seed=3)
    again = quick(max_epochs=2).fit(*other, checkpoint=tmp_path, resume=True)
    assert same_state(again.get_state(), quick(max_epochs=2).fit(*other).get_state())


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    texts, labels = rows()
    quick(max_epochs=1).fit(texts, labels, checkpoint=tmp_path, valid=(texts[:5], labels[:5]))
    cases = [
        (quick(max_epochs=1, dropout=0.5), (texts[:5], labels[:5]), "T-020", InvalidParameterError),
        (quick(max_epochs=1), None, "T-022", InvalidParameterError),
        (quick(max_epochs=1), (texts[:6], labels[:6]), "T-022", InvalidParameterError),
    ]
    for model, valid, code, kind in cases:
        with pytest.raises(kind) as caught:
            model.fit(texts, labels, checkpoint=tmp_path, resume=True, valid=valid)
        assert caught.value.code == code
    data = bytearray((tmp_path / "rows.ids").read_bytes())
    data[3] ^= 1
    (tmp_path / "rows.ids").write_bytes(data)
    with pytest.raises(ArtifactError) as caught:
        quick(max_epochs=1).fit(texts, labels, checkpoint=tmp_path, resume=True, valid=(texts[:5], labels[:5]))
    assert caught.value.code == "T-021"
    refused(InvalidParameterError, lambda: quick().fit(texts, labels, resume=True))


def test_an_explanation_points_at_the_planted_words_for_characters_too():
    fitted = quick(encoder=ENCODERS["char-cnn"], min_count=1).fit(*rows())
    told = fitted.explain(f"the day of {words_of(1)[0]} {words_of(1)[1]}")
    assert told.label == "good" and told.kind == "occlusion"
    assert told.contributions[0].ngram in words_of(1)


def test_several_labels_have_no_hinge():
    refused(InvalidParameterError, lambda: quick(loss="hinge").fit(*many_labels()))
    refused(InvalidParameterError, lambda: quick(loss="hinge", label_smoothing=0.1).fit(*rows()))


def test_arrays_are_told_from_texts():
    assert neural_rows.is_array(np.zeros((2, 3, 4))) and not neural_rows.is_array(np.array(["a", "b"]))
    assert not neural_rows.is_array(np.array(["a", "b"], object))


def test_without_torch_the_message_says_what_to_install():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import kinfold\n"
        "from kinfold.estimators.registry import estimator_class\n"
        "for ask in (lambda: kinfold.TextClassifier, lambda: kinfold.GRU, lambda: estimator_class('TextRegressor')):\n"
        "    try:\n        ask()\n"
        '    except kinfold.KinfoldError as error:\n        assert "kinfold[deep]" in str(error), error\n'
        "    else:\n        raise SystemExit('it was there')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
