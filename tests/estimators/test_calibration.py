from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax

from kinfold.estimators.calibration import Calibration, log_loss_of


def binary(n=6000, slope=2.5, offset=-0.7, seed=0):
    rng = np.random.default_rng(seed)
    margins = rng.normal(0, 1.2, (n, 1))
    positive = (rng.random(n) < expit(slope * margins[:, 0] + offset)).astype(np.uint8)
    return margins, np.stack([1 - positive, positive], axis=1)


def test_two_classes_are_recovered():
    margins, members = binary()
    learned = Calibration.fit(margins, members, "binary")
    assert learned.slopes[0] == pytest.approx(2.5, rel=0.08)
    assert learned.offsets[0] == pytest.approx(-0.7, abs=0.1)
    p = learned(margins)
    assert p.shape == (6000, 2) and np.allclose(p.sum(axis=1), 1)
    assert p[:, 1].mean() == pytest.approx(members[:, 1].mean(), abs=1e-3)


def test_many_classes_are_recovered():
    rng = np.random.default_rng(1)
    margins = rng.normal(0, 1, (8000, 3))
    truth = softmax(0.4 * margins + np.array([0.5, 0.0, -0.5]), axis=1)
    drawn = (rng.random((8000, 1)) > truth.cumsum(axis=1)).sum(axis=1)
    members = np.eye(3, dtype=np.uint8)[drawn]
    learned = Calibration.fit(margins, members, "single")
    assert np.allclose(learned.slopes, 0.4, atol=0.04)
    assert np.allclose(learned.offsets - learned.offsets.mean(), [0.5, 0, -0.5], atol=0.08)
    assert np.abs(learned(margins) - truth).max() < 0.03


def test_several_labels_are_recovered_one_by_one():
    rng = np.random.default_rng(2)
    margins = rng.normal(0, 1, (6000, 2))
    members = (rng.random((6000, 2)) < expit(margins * [3.0, 0.5] + [1.0, -1.0])).astype(np.uint8)
    learned = Calibration.fit(margins, members, "multilabel")
    assert np.allclose(learned.slopes, [3.0, 0.5], rtol=0.15)
    assert np.allclose(learned.offsets, [1.0, -1.0], atol=0.15)
    assert learned(margins).shape == (6000, 2)


@pytest.mark.parametrize("kind", ["binary", "single", "multilabel"])
def test_order_of_rows_is_kept_even_where_margins_mislead(kind):
    rng = np.random.default_rng(3)
    margins = rng.normal(0, 1, (40, 1 if kind == "binary" else 3))
    members = np.eye(2 if kind == "binary" else 3, dtype=np.uint8)[(margins[:, 0] < 0).astype(int)]
    learned = Calibration.fit(margins, members, kind)
    assert (learned.slopes > 0).all()
    scores = learned.scores(margins)
    assert (scores.argsort(axis=0) == margins.argsort(axis=0)).all()


def test_perfect_separation_stays_finite():
    margins = np.concatenate([np.full((5, 1), -9.0), np.full((4, 1), 9.0)])
    members = np.repeat(np.eye(2, dtype=np.uint8), [5, 4], axis=0)
    p = Calibration.fit(margins, members, "binary")(margins)
    assert np.isfinite(p).all() and p[:, 1].min() > 0.001 and p[:, 1].max() < 0.999


def test_offsets_alone():
    margins, members = binary(slope=1.0, offset=1.5)
    learned = Calibration.fit_offsets(1.0, margins, members, "binary")
    assert learned.slopes.tolist() == [1.0] and learned.offsets[0] == pytest.approx(1.5, abs=0.12)
    wide = np.concatenate([-margins, margins, margins * 0 - 1], axis=1)
    single = Calibration.fit_offsets(0.7, wide, np.pad(members, ((0, 0), (0, 1))), "single")
    assert np.allclose(single.slopes, 0.7) and single.offsets[2] < single.offsets[:2].min()


def test_identity():
    margins = np.array([[0.0], [2.0], [-1.0]])
    assert np.allclose(Calibration.identity(1, "binary")(margins)[:, 1], expit(margins[:, 0]))
    assert np.allclose(Calibration.identity(3, "single")(np.eye(3)), softmax(np.eye(3), axis=1))


def test_log_loss_by_hand():
    p = np.array([[0.9, 0.1], [0.4, 0.6]])
    members = np.array([[1, 0], [1, 0]], np.uint8)
    assert log_loss_of(p, members, "single") == pytest.approx(-(np.log(0.9) + np.log(0.4)) / 2)
    cells = [np.log(0.9), np.log(0.9), np.log(0.4), np.log(0.4)]
    assert log_loss_of(p, members, "multilabel") == pytest.approx(-np.mean(cells))
    assert np.isfinite(log_loss_of(np.array([[0.0, 1.0]]), np.array([[1, 0]], np.uint8), "single"))
