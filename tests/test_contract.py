"""Every registered classifier keeps the contract."""

from __future__ import annotations

from functools import partial

import pytest

from contract import CHECKS, checks_of
from kinfold.estimators.registry import REGISTRY, estimator_class

#: What makes one learn in a moment: the contract fits hundreds. What comes of the defaults is tested elsewhere.
_FAST = {"characters": None, "C": 3.0, "calibrate": False}
QUICK = {
    "BlendedClassifier": {
        "models": {
            "words": {"class": "LinearTextClassifier", "params": _FAST | {"words": (1, 1)}},
            "pairs": {"class": "LinearTextClassifier", "params": _FAST | {"words": (1, 2)}},
        },
        "n_folds": 2,
    },
    "TextClassifier": {
        "encoder": {"name": "bag", "params": {"dim": 24}},
        "learning_rate": 0.05,
        "max_epochs": 3,
        "batch_size": 8,
        "n_threads": 1,
    },
}
#: Name -> makes an unfitted one.
CLASSIFIERS = {
    name: partial(estimator_class(name), **QUICK.get(name, {}))
    for name in sorted(REGISTRY)
    if getattr(estimator_class(name), "task", "") == "classify"
}


def test_there_are_checks_and_classifiers():
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == len(names) >= 40
    assert "LinearTextClassifier" in CLASSIFIERS

    assert checks_of(CLASSIFIERS["LinearTextClassifier"]) == CHECKS
    assert all(len(checks_of(make)) >= 40 for make in CLASSIFIERS.values())


@pytest.mark.parametrize(
    ("name", "check"),
    [
        pytest.param(name, check, id=f"{name}-{check.__name__.removeprefix('check_')}")
        for name, make in CLASSIFIERS.items()
        for check in checks_of(make)
    ],
)
def test_contract(name, check):
    check(CLASSIFIERS[name])
