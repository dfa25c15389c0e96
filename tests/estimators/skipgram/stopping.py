"""Trainings that are stopped by an error and leave a checkpoint, written as often as can be."""

from __future__ import annotations

from functools import partial

import pytest
from planted import small, topics

from kinfold.estimators.skipgram import estimator, training
from kinfold.estimators.skipgram.checkpoint import Checkpoint

KINDS = {
    "free": {"epochs": 3},
    "free cbow": {"epochs": 3, "architecture": "cbow", "sample": 1e-2},
    "deterministic": {"epochs": 3, "deterministic": True, "n_threads": 2},
    "shared": {"epochs": 2, "shared_table": True, "learning_rate": 0.01},
    "everything": {
        **{"epochs": 9, "deterministic": True, "n_threads": 2, "subwords": (2, 3), "buckets": 60, "replicas": 2},
        **{"valid": 0.2, "patience": 1, "learning_rate": 0.1, "shared_negatives": 64},
    },
}
TEXTS = topics(5000)


class Stop(Exception):
    """What ends a training from its progress."""


def write_often(patch):
    """Write after every segment, and make segments as short as can be."""
    patch.setattr(training, "_SEGMENT", 1)
    patch.setattr(estimator, "Checkpoint", partial(Checkpoint, every=0.0))


def untouched():
    """Yield nothing: to ask for a sentence is a fault."""
    pytest.fail("the sentences were read again")
    yield


def stopped(folder, options, at, texts=TEXTS, resume=False):
    """Train until progress was told `at` times; return whether it came to that."""
    left = iter(range(at))

    def tell(*_):
        if next(left, None) is None:
            raise Stop

    try:
        small(**options).fit(texts, checkpoint=folder, resume=resume, progress=tell)
    except Stop:
        return True
    return False
