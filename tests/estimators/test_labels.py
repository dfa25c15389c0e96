from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from kinfold.errors import DataError
from kinfold.estimators.labels import assign_folds, check_labels, find_classes, known_memberships, memberships


def test_labels_become_strings_or_tuples():
    assert check_labels(np.array(["b", "a"]), 2) == (["b", "a"], False)
    assert check_labels([("b", "a", "b"), [], {"c"}], 3) == ([("a", "b"), (), ("c",)], True)
    for wrong in ([1, "a"], [None, "a"], [("a",), "b"], [("a", 2), ("b",)], ["a"]):
        with pytest.raises(DataError):
            check_labels(wrong, 2)


def test_memberships():
    assert memberships(["b", "a", "zz"], ["a", "b"], False).tolist() == [[0, 1], [1, 0], [0, 0]]
    assert memberships([("a", "b"), ()], ["a", "b"], True).tolist() == [[1, 1], [0, 0]]
    assert memberships([], ["a", "b"], False).shape == (0, 2)


def test_known_memberships_refuse_what_is_not_known():
    assert known_memberships(["b"], ["a", "b"], False, 1).tolist() == [[0, 1]]
    for labels, several in ((["z"], False), ([("a",)], False), (["a"], True), ([("z",)], True)):
        with pytest.raises(DataError):
            known_memberships(labels, ["a", "b"], several, 1)


def test_classes_are_sorted():
    assert find_classes(["b", "B", "a", "10", "9"], False) == ["10", "9", "B", "a", "b"]
    assert find_classes([("b",), ("a", "b"), ()], True) == ["a", "b"]
    assert find_classes([("a",), ()], True) == ["a"]
    for labels, several in ((["a", "a"], False), ([], False), ([(), ()], True)):
        with pytest.raises(DataError):
            find_classes(labels, several)


@pytest.mark.parametrize("n_folds", [2, 3, 5])
def test_folds_spread_classes_and_keep_equal_texts_together(n_folds):
    rng = np.random.default_rng(0)
    texts = [f"text {i}" for i in rng.integers(0, 160, 240)]
    members = np.zeros((240, 3), np.uint8)
    members[np.arange(240), [hash_of(text) for text in texts]] = 1
    fold = assign_folds(texts, members, n_folds, seed=0)
    folds_of = defaultdict(set)
    for text, f in zip(texts, fold.tolist(), strict=True):
        folds_of[text].add(f)
    assert all(len(folds) == 1 for folds in folds_of.values())
    distinct = {text: (hash_of(text), next(iter(folds))) for text, folds in folds_of.items()}
    for c in range(3):
        sizes = np.bincount([f for k, f in distinct.values() if k == c], minlength=n_folds)
        assert sizes.max() - sizes.min() <= 1
    assert (assign_folds(texts, members, n_folds, seed=0) == fold).all()
    assert (assign_folds(texts, members, n_folds, seed=1) != fold).any()


def hash_of(text):
    """A class that depends on the text alone: 0 often, 2 seldom."""
    number = int(text.split()[1])
    return 2 if number % 11 == 0 else number % 3 // 2


def test_rows_without_a_label_have_a_fold_too():
    fold = assign_folds([f"t{i}" for i in range(20)], np.zeros((20, 2), np.uint8), 4, seed=0)
    assert np.bincount(fold).tolist() == [5, 5, 5, 5]
