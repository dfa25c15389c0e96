"""Sentences whose structure is known, and a small `SkipGram` that learns it in a moment."""

from __future__ import annotations

import random

import numpy as np

from kinfold.estimators.skipgram.estimator import SkipGram


def small(**parameters):
    """Return a trainer for texts of a few words; the same result each time."""
    base = {"dim": 16, "min_count": 1, "sample": 0, "n_threads": 1, "device": "cpu", "random_state": 0}
    return SkipGram(**(base | parameters))


def topics(n=1500, seed=0, sizes=(9, 14), length=8):
    """Two topics that never mix, three sentences of the first to two of the second: words a0, a1, ... and b0, ..."""
    chosen = random.Random(seed)
    names = [[f"{letter}{i}" for i in range(size)] for letter, size in zip("ab", sizes, strict=True)]
    return [" ".join(chosen.choices(names[i % 5 > 2], k=length)) for i in range(n)]


def roles(n=3000, seed=0):
    """Subject, verb, object: a word can stand for any of its own kind, and is never beside one."""
    chosen = random.Random(seed)
    names = [[f"{letter}{i}" for i in range(size)] for letter, size in zip("svo", (5, 4, 7), strict=True)]
    return [" ".join(map(chosen.choice, names)) for _ in range(n)]


def couples(n=2000, seed=0, size=12):
    """Two words that are always together: a0 b0, a1 b1, ..."""
    chosen = random.Random(seed)
    return [f"a{i} b{i}" for i in (chosen.randrange(size) for _ in range(n))]


def stems(n=1500, seed=0):
    """Two topics, each with words of one stem, and words of its own that have none."""
    chosen = random.Random(seed)
    first = [f"brumm{end}" for end in ("ak", "el", "ios", "ut", "ow", "ira")]
    second = [f"flitz{end}" for end in ("ak", "el", "ios", "ut", "ow", "ira", "onda")]
    halves = [(first, ["deep", "heavy", "slow"]), (second, ["light", "quick"])]
    picked = (halves[i % 3 == 0] for i in range(n))
    return [" ".join(chosen.sample(words, 3) + chosen.choices(others, k=3)) for words, others in picked]


def nothing(n=300, n_words=150, seed=0):
    """Words by lot: there is nothing to learn but the text itself."""
    chosen = random.Random(seed)
    return [" ".join(f"w{chosen.randrange(n_words)}" for _ in range(10)) for _ in range(n)]


def purity(vectors):
    """Return the share of words' neighbours that begin with the same letter, as many as there are of each."""
    shares = []
    for word in vectors.words:
        alike = {other for other in vectors.words if other[0] == word[0]} - {word}
        found = vectors.most_similar(word, k=len(alike)).words
        shares.append(len(alike & set(found)) / len(alike))
    return float(np.mean(shares))


def together(vectors, size=12):
    """Return the share of couples whose first word has the second as its nearest."""
    return float(np.mean([vectors.most_similar(f"a{i}", k=1).words == (f"b{i}",) for i in range(size)]))


def same_model(left, right):
    """Return whether two fitted trainers have learned the same to the last bit."""
    one, other = left.get_state(), right.get_state()
    losses = [[(entry["train_loss"], entry["valid_loss"]) for entry in model.history_] for model in (left, right)]
    if losses[0] != losses[1] or one.vocabularies != other.vocabularies or one.arrays.keys() != other.arrays.keys():
        return False
    return all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
