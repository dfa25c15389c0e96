"""Which rights of a batch are no negatives of a left."""

import numpy as np
import pytest
from planted_pairs import quick

from kinfold import DataError
from kinfold.estimators.pairs.parts import PairPart
from kinfold.estimators.pairs.same import Connected, Listed

#: Rows 0 to 2 are a chain of matches, 3 and 4 are a pair, 5 is the same text as 0, and 6 and 7 are a pair.
KEYS = np.array([9, 4, 7, 1, 2, 9, 3, 5], np.uint64)
PAIRS = np.array([[0, 1], [2, 1], [3, 4], [5, 1], [6, 7]])


def part(pairs=PAIRS):
    return PairPart(None, KEYS, pairs, np.ones(len(pairs), np.float32))


def test_listed_pairs_and_equal_texts_match():
    expected = np.eye(5, dtype=bool)
    expected[np.ix_([0, 1, 3], [0, 1, 3])] = True
    assert np.array_equal(Listed(part())(np.arange(5)), expected)
    # The left of the first is not known to match the right of a pair turned round, row 2, since no pair has both.
    turned = Listed(part(PAIRS * 0 + [[0, 1], [1, 2], [3, 4], [4, 0], [6, 7]]))(np.array([0, 1, 3]))
    assert turned.tolist() == [[True, False, True], [True, True, True], [False, False, True]]


def test_matches_of_matches_match():
    pairs = np.array([[0, 1], [1, 2], [3, 4], [2, 5], [6, 7]])
    same = Connected(part(pairs))
    component = np.array([0, 0, 1, 0, 2])
    for chosen in (np.arange(5), np.array([4, 0, 3, 2])):
        assert np.array_equal(same(chosen), component[chosen][:, None] == component[chosen])
    with pytest.raises(DataError) as caught:
        Connected(part(pairs[:2]))
    assert caught.value.code == "D-157"


def test_a_few_kinds_of_texts_are_told_apart_where_a_batch_has_many_of_each():
    """Listed pairs alone call nearly all texts of a kind negatives of each other."""
    random = np.random.default_rng(0)
    kinds = random.integers(0, 3, 600)
    names = [["ape", "monkey", "baboon"], ["oak", "elm", "ash"], ["cup", "mug", "glass"]]
    items = [f"{random.choice(names[kind])} of {random.choice(list('abcdefgh'))}" for kind in kinds]
    of_kind = [np.flatnonzero(kinds[:400] == kind) for kind in range(3)]
    matches = np.array([[i, random.choice(of_kind[kinds[i]])] for i in range(400)])
    held = random.integers(400, 600, (300, 2))
    alike = kinds[held[:, 0]] == kinds[held[:, 1]]
    told = np.where(alike, "same", "different").tolist()
    for loss in ("softmax", "triplet"):
        apart = {}
        for transitive in (False, True):
            model = quick(loss=loss, transitive=transitive).fit(matches, items=items, valid=(held, told))
            vectors = model.encode(items)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            cosines = (vectors[held[:, 0]] * vectors[held[:, 1]]).sum(1)
            apart[transitive] = cosines[alike].min() - cosines[~alike].max()
        assert apart[True] > 0.5 > 0.2 > apart[False], apart
