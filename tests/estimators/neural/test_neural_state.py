"""What a net has learned, written down: bit-equal in a fresh process, and no array before its shape is checked."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc

import pytest

from contract_kit import many_labels, rows, same_array, same_state, three
from kinfold import GRU, LSTM, RNN, BagOfEmbeddings, CharCNN, MinGRU, WordCNN, WordVectors, load, save
from kinfold.errors import ArtifactError
from kinfold.estimators.neural.classifier import TextClassifier
from kinfold.types import State

SPECS = {
    "bag": BagOfEmbeddings(dim=6, pooling="idf"),
    "char-cnn": CharCNN(dim=4, filters=6, widths=((3, 5), 3), pools=(2, 1)),
    "source": CharCNN.preset("source", filters=5, hidden=(7,), length=30),
    "word-cnn": WordCNN(dim=6),
    "rnn": RNN(units=5, dim=6),
    "gru": GRU(units=5, dim=6, steep_gates=True, bidirectional=True, layers=2, pooling="attention"),
    "lstm": LSTM(units=5, dim=6),
    "min-gru": MinGRU(units=5, dim=6),
}
_CHILD = """
import json, sys
from kinfold import load
texts = json.load(sys.stdin)
for path in sys.argv[1:]:
    print(load(path).predict_proba(texts).tobytes().hex())
assert not {"torch._dynamo", "scipy.optimize"} & set(sys.modules), "answering needs neither; they take seconds"
"""


def quick(**parameters):
    """Return a classifier that is trained for a moment."""
    return TextClassifier(**({"max_epochs": 1, "batch_size": 4, "n_threads": 1} | parameters))


def test_each_encoder_answers_alike_in_a_fresh_process(tmp_path):
    texts, labels = rows()
    asked = [*texts, "", "quite another text"]
    wanted = {}
    for name, spec in SPECS.items():
        fitted = quick(encoder=spec).fit(texts, labels)
        save(fitted, tmp_path / name)
        wanted[name] = fitted.predict_proba(asked).tobytes().hex()
        assert load(tmp_path / name).encoder == spec
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _CHILD, *(str(tmp_path / name) for name in SPECS)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert dict(zip(SPECS, done.stdout.split(), strict=True)) == wanted


@pytest.mark.parametrize("make_rows", [rows, three, many_labels])
def test_a_state_goes_round(make_rows):
    fitted = quick(hidden=(4,)).fit(*make_rows())
    state = fitted.get_state()
    values = json.loads(json.dumps(state.values))
    again = TextClassifier.from_state(fitted.saved_params(), State(state.arrays, state.vocabularies, values))
    assert same_state(again.get_state(), state)
    texts, _ = make_rows(seed=3)
    assert same_array(again.predict_proba(texts), fitted.predict_proba(texts))
    assert again.predict(texts) == fitted.predict(texts)
    assert [epoch.train_loss for epoch in again.history_.epochs] == [
        epoch.train_loss for epoch in fitted.history_.epochs
    ]


def test_vectors_that_a_net_started_from_are_not_needed_again(tmp_path):
    texts, labels = rows()
    vectors = WordVectors(["the", "day"], [[1.0, 2.0, 0.5], [0.0, 1.0, 2.0]])
    fitted = quick(embedding=vectors).fit(texts, labels)
    save(fitted, tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert loaded.embedding is None and loaded.n_found_ == 2
    assert same_array(loaded.predict_proba(texts), fitted.predict_proba(texts))
    assert loaded.n_parameters_ == fitted.n_parameters_


def test_a_mapped_model_answers_alike(tmp_path):
    texts, labels = rows()
    fitted = quick().fit(texts, labels)
    save(fitted, tmp_path / "model")
    assert same_array(load(tmp_path / "model", mmap=True).predict_proba(texts), fitted.predict_proba(texts))


def test_a_layout_of_huge_arrays_makes_none():
    fitted = quick().fit(*rows())
    state = fitted.get_state()
    params = {**fitted.saved_params(), "encoder": {"name": "bag", "params": {"dim": 1 << 34}}}
    size = {"tokens": len(fitted.fitted_.vocabulary) - 3}
    tracemalloc.start()
    layout = TextClassifier.layout(params, state.values, size)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert layout["net.encoder.embedding.weight"] == ("float32", (size["tokens"] + 3, 1 << 34))
    assert peak < 1 << 24


def test_parts_that_do_not_go_together_are_refused():
    fitted = quick().fit(*rows())
    state, params = fitted.get_state(), fitted.saved_params()
    with pytest.raises(ArtifactError):
        TextClassifier.layout(params, {**state.values, "n_tokens": 1000}, {"tokens": 5})
    with pytest.raises(ArtifactError):
        TextClassifier.from_state(params, State(state.arrays, state.vocabularies, {**state.values, "n_tokens": 7}))
    with pytest.raises(ArtifactError):
        TextClassifier.from_state({**params, "encoder": {"name": "os", "params": {}}}, state)
