"""`map` of a text classifier: the words it learned, coloured by what each speaks for."""

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kinfold.artifacts.store import save
from kinfold.cli import map as map_verb
from kinfold.errors import InvalidParameterError
from kinfold.estimators.linear.classifier import LinearTextClassifier
from kinfold.vectors.words import WordVectors

WORDS = [f"{'good' if i % 2 else 'bad'}{i}" for i in range(30)]


class Net:
    """Knows words by heart: good ones speak for the second label."""

    def __init__(self, labels=("negative", "positive"), multilabel=False):
        self.classes_, self.multilabel_ = list(labels), multilabel
        random = np.random.default_rng(0)
        table = random.normal(size=(len(WORDS), 5)).astype(np.float32) * 0.3
        table[:, 0] += [2.0 if word.startswith("good") else -2.0 for word in WORDS]
        self.word_vectors_ = WordVectors(WORDS, table)

    def decision_function(self, texts):
        worth = np.array([0.5 + (text.startswith("good") - 1.0 * text.startswith("bad")) for text in texts])
        if len(self.classes_) == 2 and not self.multilabel_:
            return worth
        return np.stack([-worth, worth, *[0 * worth] * (len(self.classes_) - 2)], axis=1)


@pytest.fixture
def net(monkeypatch, kinfold):
    """Make the folder net.model a net."""
    Path("net.model").mkdir()
    made = Net()
    monkeypatch.setattr(map_verb, "task_at", lambda path: "classify")
    monkeypatch.setattr(map_verb, "load_model", lambda path, console: made)
    return made


@pytest.fixture
def linear(tmp_path):
    path = str(tmp_path / "linear.model")
    save(LinearTextClassifier(characters=None).fit(["good film", "bad film"] * 6, ["yes", "no"] * 6), path)
    return path


@pytest.mark.parametrize("ending", ["html", "png", "svg", "csv"])
def test_the_words_of_a_net_are_drawn(kinfold, net, ending):
    told = kinfold("map", "net.model", "-o", f"map.{ending}", "--method", "pca", "--count", "20")
    assert told.out == f"map.{ending}\n" and "20 words" in told.err and "purity" in told.err
    if ending == "csv":
        rows = list(csv.DictReader(Path("map.csv").read_text("utf-8").splitlines()))
        assert {row["word"][0]: float(row["polarity"]) for row in rows} == {"g": 1.0, "b": -1.0}


def test_purity_and_polarity_are_json(kinfold, net):
    found = kinfold("map", "net.model", "-o", "map.html", "--label", "negative", "--json").json
    assert found["purity"]["in_space"] == 1.0 and found["purity"]["toward"] == "negative"
    assert {row["word"][0]: row["polarity"] for row in found["words"]} == {"g": -1.0, "b": 1.0}


def test_a_label_of_many_is_named():
    many = Net(labels=("a", "b", "c"))
    toward, against, values = map_verb.polarity_of(many, ["good1", "bad0"], "b")
    assert (toward, against) == ("b", "not b") and values[0] > 0 > values[1]
    for label in (None, "nobody"):
        with pytest.raises(InvalidParameterError) as found:
            map_verb.polarity_of(many, ["good1"], label)
        assert found.value.code == "U-013"
    several = Net(labels=("a", "b"), multilabel=True)
    assert map_verb.polarity_of(several, ["good1", "the"], "a")[2].tolist() == [-1.0, 0.0]
    one = SimpleNamespace(classes_=["a"], multilabel_=True, decision_function=lambda t: np.arange(len(t))[:, None])
    assert map_verb.polarity_of(one, ["x", "y"])[2].tolist() == [-2.0, -1.0]


def test_what_such_a_map_does_not_have_is_refused(kinfold, net, write):
    assert "U-013" in kinfold("map", "net.model", "-o", "m.svg", "--classes", write("c.txt", "a,b\n"), code=2).err
    assert "tsne or pca" in kinfold("map", "net.model", "-o", "m.svg", "--method", "umap", code=2).err
    assert "D-060" in kinfold("map", "net.model", "-o", "m.svg", "--words", write("w.txt", "nobody\n"), code=3).err
    assert not Path("m.svg").exists()


def test_a_model_without_vectors_says_so(kinfold, linear, write):
    told = kinfold("map", linear, "-o", "m.svg", code=2)
    assert "U-021" in told.err and "--top" in told.err
    vectors = write("v.vec", "6 2\n" + "".join(f"w{i} {i} 1\n" for i in range(6)))
    assert "U-013" in kinfold("map", vectors, "-o", "m.svg", "--label", "positive", code=2).err
    assert "U-012" in kinfold("map", linear, "-o", "m.svg", "--world", "--query", "x", code=2).err
