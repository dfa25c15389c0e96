"""A net that tells numbers: any scale, each loss, and refusals that name the row."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.base import clone

from contract_kit import refused, rows, same_array, same_state, sure
from kinfold import GRU, BagOfEmbeddings, Example, load, save
from kinfold.errors import DataError, InvalidParameterError, NotFittedError
from kinfold.estimators.neural.regressor import TextRegressor


def quick(**parameters):
    """Return a regressor that learns in a moment."""
    usual = {"encoder": BagOfEmbeddings(dim=24), "learning_rate": 0.02, "max_epochs": 4, "n_threads": 1}
    return TextRegressor(**(usual | parameters))


def numbered(seed=0, low=-2000.0, high=6000.0):
    """Return texts and a number each, far from 0 and 1."""
    texts, labels = rows(seed=seed)
    noise = np.random.default_rng(seed).normal(size=len(texts)) * 0.02 * (high - low)
    return texts, [(high if label == "good" else low) + e for label, e in zip(labels, noise.tolist(), strict=True)]


@pytest.mark.parametrize("loss", ["huber", "squared", "absolute"])
def test_planted_numbers_are_learned_on_their_scale(loss):
    fitted = quick(loss=loss).fit(*numbered())
    assert fitted.score(*numbered(seed=9)) > 0.9
    low, high = fitted.predict([sure(0), sure(1)])
    assert low < 0 and high > 4000
    assert fitted.predict([]).shape == (0,)


def test_losses_differ_where_targets_have_outliers():
    texts = ["same words here"] * 60
    targets = [0.0] * 45 + [100.0] * 15
    told = {
        loss: quick(loss=loss, valid=0.0, dropout=0.0, max_epochs=12).fit(texts, targets).predict(texts[:1])[0]
        for loss in ("squared", "absolute")
    }
    assert abs(told["squared"] - 25.0) < 3.0
    assert abs(told["absolute"]) < 8.0


def test_delta_is_where_huber_becomes_a_line():
    texts, targets = numbered()
    states = [quick(delta=delta, max_epochs=1).fit(texts, targets).get_state() for delta in (0.05, 5.0)]
    assert not same_state(*states)


def test_numbers_may_come_as_text_and_records_as_a_stream():
    texts, targets = numbered()
    wanted = quick().fit(texts, targets)
    streamed = quick().fit(Example(t, repr(y)) for t, y in zip(texts, targets, strict=True))
    assert same_state(wanted.get_state(), streamed.get_state())


def test_state_goes_round_and_is_the_layout(tmp_path):
    texts, targets = numbered()
    for spec in (BagOfEmbeddings(dim=8), GRU(units=6, dim=5)):
        fitted = quick(encoder=spec, max_epochs=1).fit(texts, targets)
        state = fitted.get_state()
        again = TextRegressor.from_state(fitted.get_params(), state)
        assert same_state(again.get_state(), state)
        assert same_array(again.predict(texts), fitted.predict(texts))
        save(fitted, tmp_path / spec.__class__.__name__)
        loaded = load(tmp_path / spec.__class__.__name__)
        assert same_array(loaded.predict(texts), fitted.predict(texts))
        assert loaded.encoder == spec and json.loads(json.dumps(state.values)) == state.values


def test_it_is_a_regressor_to_scikit_learn():
    model = quick()
    assert clone(model).get_params() == model.get_params()
    assert model.__sklearn_tags__().estimator_type == "regressor"
    refused(NotFittedError, lambda: model.predict(["a"]))


@pytest.mark.parametrize("wrong", [None, float("nan"), float("inf"), "many", True])
def test_a_target_that_is_no_number_is_named_by_its_row(wrong):
    texts, targets = numbered()
    message = refused(DataError, lambda: quick().fit(texts, [*targets[:7], wrong, *targets[8:]]))
    assert "row 7" in message


def test_targets_that_teach_nothing_are_refused():
    texts, targets = numbered()
    refused(DataError, lambda: quick().fit(texts, [3.0] * len(texts)))
    refused(DataError, lambda: quick().fit(texts, targets[:-1]))
    refused(DataError, lambda: quick().fit([], []))
    refused(DataError, lambda: quick().fit(texts, targets, valid=([], [])))
    refused(InvalidParameterError, lambda: quick(loss="hinge").fit(texts, targets))
    refused(InvalidParameterError, lambda: quick(delta=0.0).fit(texts, targets))
    refused(DataError, lambda: quick(max_epochs=1).fit(texts, targets).score(texts, targets[1:]))


def test_a_progress_bar_rises_to_the_end():
    seen = []
    quick(max_epochs=2).fit(*numbered(), progress=lambda *step: seen.append(step))
    shares = [share for _, share in seen]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
