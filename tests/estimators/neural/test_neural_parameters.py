"""Parameters of nets that the contract's one-at-a-time check can't see: choices that matter together."""

from __future__ import annotations

import numpy as np
import pytest

from contract_kit import refused, rows, same_state, three
from kinfold import CharCNN
from kinfold.errors import InvalidParameterError
from kinfold.estimators.neural.batches import LEAST_BATCHES, TOKENS, Batches, by_length
from kinfold.estimators.neural.classifier import TextClassifier
from kinfold.estimators.neural.options import LOSSES
from kinfold.estimators.neural.regressor import TextRegressor
from kinfold.estimators.neural.rows import Part, VectorRows
from kinfold.estimators.neural.targets import Targets
from kinfold.training.optimizers import OPTIMIZERS
from kinfold.training.schedules import SCHEDULES

QUICK = {"encoder": {"name": "bag", "params": {"dim": 8}}, "learning_rate": 0.02, "max_epochs": 1, "n_threads": 1}


def state_of(**parameters):
    """Return what a classifier with these parameters learns from a few rows."""
    return TextClassifier(**(QUICK | parameters)).fit(*rows()).get_state()


def test_both_estimators_have_the_same_parameters_but_for_their_task():
    one, other = (set(kind().get_params()) for kind in (TextClassifier, TextRegressor))
    assert other - one == {"delta"}
    of_classes = {"label_smoothing", "class_weight", "calibrate", "metric", "costs", "abstain_cost"}
    assert one - other == of_classes
    shared = one & other - {"loss"}
    defaults = [{name: kind().get_params()[name] for name in shared} for kind in (TextClassifier, TextRegressor)]
    assert defaults[0] == defaults[1]
    assert TextClassifier().loss in LOSSES["classify"] and TextRegressor().loss in LOSSES["regress"]


def test_every_optimizer_and_schedule_learns_something_else():
    states = [state_of(optimizer=name, weight_decay=0.01) for name in OPTIMIZERS]
    states += [state_of(schedule=name) for name in SCHEDULES if name not in ("constant", "plateau")]
    states.append(state_of(average="swa"))
    for i, one in enumerate(states):
        assert not any(same_state(one, other) for other in states[:i])


def test_every_parameter_of_a_regressor_is_used():
    texts, labels = rows()
    targets = [float(label == "good") for label in labels]

    def learned(**parameters):
        return TextRegressor(**(QUICK | parameters)).fit(texts, targets).get_state()

    usual = learned()
    changes = {"loss": "absolute", "delta": 0.1, "l1": 0.1, "max_norm": 0.01, "hidden": (3,), "valid": 0.4}
    for name, value in changes.items():
        assert not same_state(learned(**{name: value}), usual), name


def test_an_encoder_says_its_unit_and_length_where_nothing_else_does():
    texts, labels = rows()
    fitted = TextClassifier(encoder=CharCNN(dim=4, filters=4, length=9), max_epochs=1, n_threads=1).fit(texts, labels)
    assert fitted.n_cut_ == len(texts)
    assert all(len(token) == 1 for token in fitted.fitted_.vocabulary.tokens(range(3, len(fitted.fitted_.vocabulary))))
    words = TextClassifier(encoder=CharCNN(dim=4, filters=4), unit="word", max_epochs=1, n_threads=1).fit(texts, labels)
    assert any(len(token) > 1 for token in words.fitted_.vocabulary.tokens(range(3, len(words.fitted_.vocabulary))))


def test_parameters_that_contradict_one_another_are_refused():
    for parameters in (
        {"alphabet": "abc"},
        {"embedding_words": 5},
        {"loss": "hinge", "label_smoothing": 0.1},
        {"encoder": {"name": "bag", "params": {"dim": 0}}},
        {"embedding_rate": 0.5, "encoder": CharCNN(dim=None, filters=4)},
    ):
        with pytest.raises(Exception) as caught:
            TextClassifier(**(QUICK | parameters)).fit(*rows())
        assert "try:" in str(caught.value) or "seen:" in str(caught.value)
    refused(InvalidParameterError, lambda: TextClassifier(**QUICK).fit(*three(), resume=True))


def test_few_rows_are_gone_over_several_times_in_an_epoch():
    fitted = TextClassifier(**QUICK, batch_size=16).fit(*rows())
    assert fitted.history_[0].step >= LEAST_BATCHES
    part = Part(VectorRows(np.zeros((5, 3, 2))), np.arange(5), Targets(np.zeros(5, np.int64), ("a", "b")))
    batches = Batches(part, 4)
    assert len(batches.lengths) == 26 * 5  # 32 batches of 4 are 128 rows
    assert batches.batch(np.array([0, 7, 129])).inputs.shape == (3, 3, 2)


def test_batches_to_answer_hold_all_rows_once_and_are_bounded():
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 3 * TOKENS // 100, 2000)
    lengths[7] = 3 * TOKENS
    keys = rng.permutation(2000).astype(np.uint64)
    batches = list(by_length(lengths, keys))
    assert sorted(np.concatenate(batches).tolist()) == list(range(2000))
    assert all(len(rows) * lengths[rows].max() <= TOKENS or len(rows) == 1 for rows in batches)
    order = rng.permutation(2000)
    again = list(by_length(lengths[order], keys[order]))
    assert [keys[rows].tolist() for rows in batches] == [keys[order][rows].tolist() for rows in again]
