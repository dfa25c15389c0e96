"""What the contract checks share: rows whose right answer is known, and ways to compare two classifiers."""

from __future__ import annotations

import json

import numpy as np

from kinfold.errors import KinfoldError

SYLLABLES = ("ka", "lo", "mi", "ne", "pu", "ra", "so", "ti", "ve", "wa", "xy", "zu", "be", "co", "da", "fe", "gi", "ho")
ENDINGS = ("mper", "dulf", "binth", "stog")
FILLERS = ("the", "a", "of", "and", "was", "it", "day", "there", "then", "so")


def words_of(k):
    """Return the words that only texts of the k-th label have."""
    first, second = SYLLABLES[k % len(SYLLABLES)], SYLLABLES[(k * 7 + 3) % len(SYLLABLES)]
    return [first + second + ending for ending in ENDINGS]


def texts_of(k, n, seed=0):
    """Return n texts of the k-th label: two planted words among four fillers, some with tags, capitals and marks."""
    rng = np.random.default_rng([seed, k])
    texts = []
    for i in range(n):
        words = [*rng.choice(words_of(k), 2, replace=False), *rng.choice(FILLERS, 4)]
        rng.shuffle(words)
        text = " ".join(words)
        texts.append(f"<b>{text.capitalize()}</b> &amp; more!" if i % 3 == 0 else text + ("?" if i % 3 == 1 else " :)"))
    return texts


def rows(labels=("bad", "good"), n=(24, 16), seed=0):
    """Return texts and labels, `n` a label in turn (unequal, so that nothing is symmetric by accident), shuffled."""
    texts, answers = [], []
    for k, label in enumerate(labels):
        of_label = texts_of(k, n[k % len(n)], seed)
        texts += of_label
        answers += [label] * len(of_label)
    order = np.random.default_rng(seed + 1).permutation(len(texts))
    return [texts[i] for i in order], [answers[i] for i in order]


def three(seed=0):
    """Return rows of three labels."""
    return rows(("bad", "good", "odd"), (22, 16, 12), seed)


def many_labels(seed=0):
    """Return rows that have none, one or two of three labels."""
    rng = np.random.default_rng(seed)
    names = ("bad", "good", "odd")
    texts, answers = [], []
    for i in range(60):
        has = [k for k in range(3) if rng.random() < (0.5, 0.4, 0.3)[k]]
        parts = [texts_of(k, i + 1, seed)[i] for k in has]
        texts.append(" ".join([*parts, *rng.choice(FILLERS, 4)]))
        answers.append(tuple(names[k] for k in has))
    return texts, answers


def sure(k):
    """Return a text that holds nothing but words of the k-th label."""
    return " ".join(words_of(k))


def same_state(one, other):
    """Return whether two states are equal to the last bit."""
    if one.arrays.keys() != other.arrays.keys() or one.vocabularies != other.vocabularies:
        return False
    if json.dumps(one.values, sort_keys=True) != json.dumps(other.values, sort_keys=True):
        return False
    return all(same_array(array, other.arrays[name]) for name, array in one.arrays.items())


def same_array(one, other):
    """Return whether two arrays have the same type, shape and bytes."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def refused(kind, action):
    """Run `action`, which must raise `kind` with a message for people; return the message."""
    try:
        action()
    except kind as error:
        message = str(error)
        assert isinstance(error, KinfoldError), f"{type(error).__name__} is no error of ours"
        assert len(message.splitlines()[0]) > 10
        return message
    raise AssertionError(f"nothing was raised, {kind.__name__} was due")


def check_answers(fitted, texts):
    """Check that every text gets a finite probability for each label and an answer; return the probabilities."""
    p = fitted.predict_proba(texts)
    assert p.shape == (len(texts), len(fitted.classes_)) and p.dtype == np.float64
    assert np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()
    assert len(fitted.predict(texts)) == len(texts)
    return p
