"""Every registered matcher keeps the contract."""

from __future__ import annotations

from functools import partial

import pytest

from contract_matchers import CHECKS
from kinfold.estimators.registry import REGISTRY, estimator_class

_BAG = {"name": "bag", "params": {"dim": 24}}
_NET = {"learning_rate": 0.02, "max_epochs": 2, "batch_size": 32, "n_threads": 1}
_TREES = {"cross_bits": 10, "max_trees": 30, "min_leaf": 5, "n_folds": 2}
#: What makes one learn in a moment: the contract fits hundreds. What comes of the defaults is tested elsewhere.
QUICK = {
    "BlendedPairMatcher": {
        "models": {
            "trees": {"class": "BoostedPairMatcher", "params": _TREES},
            "net": {"class": "PairMatcher", "params": {"encoder": _BAG, **_NET}},
        },
        "n_threads": 1,
    },
    "BoostedPairMatcher": _TREES,
    "PairMatcher": {"encoder": _BAG, **_NET},
}
MATCHERS = {
    name: partial(estimator_class(name), **QUICK[name])
    for name in sorted(REGISTRY)
    if getattr(estimator_class(name), "task", "") == "match"
}


def test_there_are_checks_and_matchers():
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == len(names) >= 20 and set(MATCHERS) == set(QUICK)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        pytest.param(name, check, id=f"{name}-{check.__name__.removeprefix('check_')}")
        for name in MATCHERS
        for check in CHECKS
    ],
)
def test_contract_of_matchers(name, check):
    check(MATCHERS[name])
