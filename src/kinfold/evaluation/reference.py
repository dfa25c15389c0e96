"""Training and test rows in; what a plain linear model says of the test rows out, where no other model is at hand."""

from __future__ import annotations

from kinfold.evaluation.joined import Joined
from kinfold.evaluation.shallow import learned, pair_features, word_features
from kinfold.types import Floats2d

#: How the model is called where its score stands.
NAME = "reference model"
#: The inverse of its penalty.
_TEXTS, _PAIRS = 30.0, 2.0


def reference(rows: Joined) -> Floats2d:
    """Return (n_test, C) probabilities of a logistic regression that has learned the training rows.

    It sees of texts the words and every two in a row, of pairs the words they share, those they don't, and these
    crossed.
    """
    assert rows.codes is not None
    features = pair_features(*rows.columns) if rows.pairs else word_features(rows.columns[0], order=2)
    return learned(features, rows.codes, rows.n_train, len(rows.classes), _PAIRS if rows.pairs else _TEXTS)
