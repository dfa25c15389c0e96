"""Toy classifiers and rows: word counts with add-one smoothing, which is right enough to have errors worth reading."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest


@dataclass
class ToyRows:
    texts: list[str]
    labels: list | None
    groups: list[str] | None = None


@dataclass
class ToyExplanation:
    pieces: list[tuple[str, float]]

    def segments(self):
        return self.pieces


@dataclass
class ToyClassifier:
    """Naive Bayes over words, one class or several a row; abstains under `sure`."""

    sure: float = 0.0
    classes_: list[str] = field(default_factory=list)
    weights: dict[str, dict[str, float]] = field(default_factory=dict)
    multilabel: bool = False

    def fit(self, texts, labels):
        self.multilabel = any(isinstance(label, tuple) for label in labels)
        many = [label if isinstance(label, tuple) else (label,) for label in labels]
        self.classes_ = sorted({name for names in many for name in names})
        for name in self.classes_:
            inside, outside = Counter(), Counter()
            for text, names in zip(texts, many, strict=True):
                (inside if name in names else outside).update(set(text.split()))
            vocabulary = inside.keys() | outside.keys()
            a, b = inside.total() + len(vocabulary), outside.total() + len(vocabulary)
            self.weights[name] = {w: math.log((inside[w] + 1) / a) - math.log((outside[w] + 1) / b) for w in vocabulary}
        return self

    def _scores(self, texts):
        return np.array(
            [[sum(self.weights[c].get(w, 0) for w in t.split()) for c in self.classes_] for t in texts]
        ).reshape(len(texts), len(self.classes_))

    def predict_proba(self, texts):
        scores = self._scores(texts)
        if self.multilabel:
            return 1 / (1 + np.exp(-scores))
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)

    def predict(self, texts):
        p = self.predict_proba(texts)
        if self.multilabel:
            return [tuple(c for c, q in zip(self.classes_, row, strict=True) if q >= 0.5) for row in p]
        best = p.argmax(axis=1)
        return [self.classes_[j] if row[j] >= self.sure else None for row, j in zip(p, best, strict=True)]

    def explain(self, text):
        said = self.classes_[int(self.predict_proba([text])[0].argmax())]
        pieces = re.findall(r"\s+|\S+", text)
        return ToyExplanation([(piece, self.weights[said].get(piece, 0.0)) for piece in pieces])

    def top_ngrams(self, label, n=20):
        return sorted(self.weights[label].items(), key=lambda item: (-item[1], item[0]))[:n]


def toy_rows(n, classes=("negative", "positive"), seed=0, noise=0.35, several=False, length=9):
    """Rows whose words speak for their class, with some that speak for another."""
    random = np.random.default_rng(seed)
    words = {c: [f"{c[-6:].strip()}{k}" for k in range(12)] for c in classes}
    plain = [f"word{k}" for k in range(40)]
    texts, labels = [], []
    for _ in range(n):
        own = [c for c in classes if random.random() < 0.3] if several else [classes[random.integers(len(classes))]]
        text = []
        for _ in range(length):
            if random.random() < 0.5 or not own:
                text.append(plain[random.integers(len(plain))])
            else:
                c = (
                    classes[random.integers(len(classes))]
                    if random.random() < noise
                    else own[random.integers(len(own))]
                )
                text.append(words[c][random.integers(12)])
        texts.append(" ".join(text))
        labels.append(tuple(own) if several else own[0])
    return ToyRows(texts, labels)


@pytest.fixture
def toy_classifier():
    return ToyClassifier


@pytest.fixture
def rows_of():
    return toy_rows


@pytest.fixture
def plain_rows():
    return ToyRows


@pytest.fixture
def binary():
    """A fitted classifier of two classes, its training rows and 300 test rows."""
    train, test = toy_rows(400, seed=1), toy_rows(300, seed=2)
    return ToyClassifier().fit(train.texts, train.labels), train, test
