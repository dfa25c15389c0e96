"""Trees as plain arrays answer as scikit-learn's own do, can be taken apart, and refuse arrays that lead nowhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from kinfold.errors import ArtifactError, MachineError
from kinfold.estimators.boosted.matcher import BoostedPairMatcher
from kinfold.estimators.boosted.trees import grown, taken
from kinfold.estimators.pairs.graph import components, dealt, held_out


def rows(n=4000, width=6, seed=0):
    """Return rows with gaps and ties, and answers that hang on two columns and on a gap."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, width)).astype(np.float32)
    x[:, 2] = np.round(x[:, 2])
    x[rng.random(x.shape) < 0.2] = np.nan
    score = np.nan_to_num(x[:, 0]) * 2 + np.where(np.isnan(x[:, 1]), 1.5, -0.5) + rng.standard_normal(n)
    return x, (score > 0).astype(np.uint8)


def options(**given):
    return BoostedPairMatcher(**given)._options()


@pytest.mark.parametrize("loose", [{}, {"max_leaf_nodes": None, "max_depth": 3}, {"max_features": 0.4}])
def test_arrays_answer_as_scikit_learn_does(loose):
    x, y = rows()
    model = HistGradientBoostingClassifier(max_iter=40, early_stopping=False, random_state=0, **loose).fit(x, y)
    other, _ = rows(5000, seed=1)
    other[0], other[1] = np.nan, np.inf
    other[2] = -np.inf
    trees = taken(model, None).checked(x.shape[1])
    assert len(trees) == 40
    assert np.abs(trees.margins(other) - model.decision_function(other)).max() <= 1e-12


def test_the_trees_kept_are_those_best_for_rows_held_out():
    x, y = rows(1500)
    held = np.arange(len(x)) % 3 == 0
    trees, losses = grown(options(max_trees=200, patience=5, learning_rate=0.3, feature_share=1.0), x, y, held)
    assert len(trees) == int(np.argmin(losses)) < len(losses) - 1 < 200
    margins = trees.margins(x[held])
    own = np.mean(np.logaddexp(0, margins) - y[held] * margins)
    assert own == pytest.approx(min(losses), abs=1e-9)
    everything, none = grown(options(max_trees=7), x, y, np.zeros(len(x), bool))
    assert len(everything) == 7 and none == []


def test_the_way_down_adds_up():
    x, y = rows(800)
    trees, _ = grown(options(max_trees=10), x, y, np.zeros(len(x), bool))
    margins = trees.margins(x[:50])
    roots = set()
    for row, margin in zip(x[:50], margins, strict=True):
        root, added = trees.ways(row)
        roots.add(root)
        assert root + added.sum() == pytest.approx(margin, abs=1e-9)
    assert len(roots) == 1
    # The mean pair is that of the rows learned from.
    assert roots.pop() == pytest.approx(trees.margins(x).mean(), abs=1e-6)
    strength = np.mean([np.abs(trees.ways(row)[1]) for row in x[:50]], axis=0)
    assert set(np.argsort(-strength)[:2].tolist()) == {0, 1}


@pytest.mark.parametrize(
    ("name", "value"), [("features", 6), ("features", -2), ("lefts", 0), ("rights", 10**6), ("values", np.nan)]
)
def test_arrays_that_lead_out_are_refused(name, value):
    x, y = rows(400)
    trees = grown(options(max_trees=3), x, y, np.zeros(len(x), bool))[0]
    damaged = getattr(trees, name).copy()
    damaged[0] = value
    with pytest.raises(ArtifactError) as error:
        replace(trees, **{name: damaged}).checked(6)
    assert error.value.code == "D-164"
    with pytest.raises(ArtifactError):
        replace(trees, starts=trees.starts + 1).checked(6)


def test_another_kind_of_trees_is_named():
    with pytest.raises(MachineError) as error:
        taken(object(), None)
    assert error.value.code == "D-165"


def test_components_connect_pairs_that_share_a_text():
    pairs = np.array([[0, 1], [1, 2], [3, 4], [5, 6], [7, 6], [8, 9], [3, 8]])
    digests = np.array([11, 12, 13, 14, 15, 11, 17, 18, 0, 0], np.uint64)
    found = components(pairs, digests)
    # 5 says the same as 0; 8 and 9 say nothing, which connects nothing.
    assert found[0] == found[1] == found[3] == found[4]
    assert found[2] == found[6] and len({found[0], found[2], found[5]}) == 3


def test_folds_keep_components_whole_and_are_of_one_size():
    component = np.repeat(np.arange(40), np.random.default_rng(0).integers(1, 9, 40))
    fold = dealt(component, 4, 0)
    assert all(len(set(fold[component == one])) == 1 for one in range(40))
    sizes = np.bincount(fold, minlength=4)
    assert sizes.sum() == len(component) and sizes.max() - sizes.min() <= 8
    assert not np.array_equal(fold, dealt(component, 4, 1))
    # One component of nearly all pairs: they are dealt one by one.
    assert np.bincount(dealt(np.zeros(100, np.int64), 4, 0)).tolist() == [25] * 4


def test_no_class_is_held_out_whole():
    component, matches = np.arange(40), np.zeros(40, np.uint8)
    for seed in range(8):
        matches[:] = 0
        matches[np.flatnonzero(held_out(component, matches, 0.25, seed))[:1]] = 1
        held = held_out(component, matches, 0.25, seed)
        assert 5 <= held.sum() <= 10 and not held[matches == 1].any()
    assert not held_out(component, matches, 0.0, 0).any()
