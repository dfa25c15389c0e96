"""Every registered classifier keeps the contract."""

from __future__ import annotations

from functools import partial

import pytest

from contract import CHECKS
from kinfold.estimators.registry import REGISTRY, estimator_class

#: Name -> makes an unfitted one.
CLASSIFIERS = {
    name: partial(estimator_class(name))
    for name in sorted(REGISTRY)
    if getattr(estimator_class(name), "task", "") == "classify"
}


def test_there_are_checks_and_classifiers():
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == len(names) >= 40
    assert "LinearTextClassifier" in CLASSIFIERS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_contract(name, check):
    check(CLASSIFIERS[name])
