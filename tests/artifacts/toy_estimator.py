"""A small estimator that follows the contract and nothing more, so that these tests stand on their own."""

from __future__ import annotations

import hashlib

import numpy as np

from kinfold.artifacts.store import load, save
from kinfold.estimators.base import TextEstimator
from kinfold.types import State


class ToyClassifier(TextEstimator):
    """Random weights drawn from `tag`: two toys are equal exactly if their tags are."""

    def __init__(self, hidden=3, tag=0, spans=(1, 2)):
        self.hidden = hidden
        self.tag = tag
        self.spans = spans

    def fit(self, texts, labels):
        words = sorted({word for text in texts for word in text.split()})
        rng = np.random.default_rng(self.tag)
        self.classes_ = sorted(set(labels))
        self.words_ = words
        self.weights_ = rng.normal(size=(len(words), len(self.classes_))).astype(np.float32)
        self.bias_ = rng.normal(size=len(self.classes_))
        self.seen_ = np.ones(len(words), dtype=bool)
        self.hashes_ = rng.integers(0, 1 << 40, size=self.hidden)
        return self

    def predict_proba(self, texts):
        column = {word: i for i, word in enumerate(self.words_)}
        rows = [[column[word] for word in text.split() if word in column] for text in texts]
        scores = np.stack([self.weights_[row].sum(axis=0) + self.bias_ for row in rows])  # (N, C)
        odds = np.exp(scores)
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, texts):
        return [self.classes_[i] for i in self.predict_proba(texts).argmax(axis=1)]

    def probe_outputs(self, texts):
        return self.predict_proba(texts)

    def get_state(self):
        arrays = {
            "weights": self.weights_,
            "bias": self.bias_,
            "seen": self.seen_,
            "hashes": self.hashes_,
        }
        words = "".join(f"{word}\n" for word in self.words_).encode()
        return State(arrays, {"words": words}, {"labels": list(self.classes_)})

    def set_state(self, state):
        self.classes_ = list(state.values["labels"])
        self.words_ = state.vocabularies["words"].decode().split("\n")[:-1]
        self.weights_, self.bias_ = state.arrays["weights"], state.arrays["bias"]
        self.seen_, self.hashes_ = state.arrays["seen"], state.arrays["hashes"]
        return self

    @classmethod
    def layout(cls, params, values, vocabulary_sizes):
        n_words, n_labels = vocabulary_sizes["words"], len(values["labels"])
        return {
            "weights": ("float32", (n_words, n_labels)),
            "bias": ("float64", (n_labels,)),
            "seen": ("bool", (n_words,)),
            "hashes": ("int64", (params["hidden"],)),
        }


def registry(name):
    return {"ToyClassifier": ToyClassifier}[name]


def fitted(tag=0, hidden=3, n_words=40):
    texts = [f"wörd{i} word{i + 1}" for i in range(0, n_words, 2)]
    labels = [("bad", "good", "<b>new</b>")[i % 3] for i in range(len(texts))]
    return ToyClassifier(hidden=hidden, tag=tag).fit(texts, labels)


def digest(model):
    """A hash of everything the model holds: parameters, arrays with their types, words, labels, answers."""
    state = model.get_state()
    parts = [repr(model.get_params()), repr(state.values), *map(repr, state.vocabularies.values())]
    for name, array in sorted(state.arrays.items()):
        parts += [name, str(array.dtype), str(array.shape), array.tobytes().hex()]
    parts.append(model.predict_proba(["word1 word3", "", "wörd2"]).tobytes().hex())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def save_toy(model, path, **options):
    return save(model, path, registry=registry, **options)


def load_toy(path, **options):
    return load(path, registry=registry, **options)
