from __future__ import annotations

import numpy as np
import pytest

from kinfold.evaluation.power_law import Errors, PowerLaw, between_seeds, fit_law, fit_times, forecast

SIZES = np.array([250.0, 500.0, 1000.0, 2000.0])


def errors_of(means, spread=0.004, sizes=SIZES, test_noise=1e-6):
    sizes, means = np.asarray(sizes, float), np.asarray(means, float)
    return Errors(sizes, means, spread, 3, float(sizes[-1]), np.eye(len(sizes)) * test_noise)


@pytest.mark.parametrize("law", [PowerLaw(0.1, 3.0, 0.5), PowerLaw(0.0, 1.0, 0.25), PowerLaw(0.2, 40.0, 1.0)])
def test_a_law_is_found_again(law):
    found = fit_law(SIZES, law.at(SIZES), np.ones(4))
    assert found.at(8000) == pytest.approx(law.at(8000), abs=1e-4)
    assert found.floor == pytest.approx(law.floor, abs=2e-3) and found.rate == pytest.approx(law.rate, abs=0.02)


def test_floor_and_scale_are_never_below_zero():
    steep = fit_law(SIZES, [0.5, 0.3, 0.1, 0.001], np.ones(4))
    rising = fit_law(SIZES, [0.1, 0.2, 0.3, 0.4], np.ones(4))
    assert steep.floor == 0 and steep.scale > 0
    assert rising.scale == 0 and rising.floor == pytest.approx(0.25)


def test_weights_count():
    errors = [0.9, 0.30, 0.25, 0.22]
    even = fit_law(SIZES, errors, np.ones(4)).at(2000)
    late = fit_law(SIZES, errors, [1e-6, 1, 1, 1]).at(2000)
    assert abs(late - 0.22) < abs(even - 0.22) and late == pytest.approx(0.22, abs=0.003)


def test_seeds_of_overlapping_subsets_count_for_more():
    random = np.random.default_rng(0)
    shape = (SIZES / 2000) ** -0.25 * np.sqrt(1 - SIZES / 2000)
    found = [between_seeds(SIZES, 0.3 + 0.01 * shape * random.standard_normal((40, 4)), 2000) for _ in range(20)]
    assert np.mean(found) == pytest.approx(0.01, rel=0.1)
    assert between_seeds([2000], np.array([[0.1], [0.2]]), 2000) < 0.001


def test_bands_hold_what_comes_true_about_as_often_as_they_say():
    random, held, n = np.random.default_rng(1), 0, 60
    for _ in range(n):
        law = PowerLaw(random.uniform(0, 0.15), random.uniform(1, 4), random.uniform(0.3, 0.7))
        errors = errors_of(law.at(SIZES))
        errors = errors_of(random.multivariate_normal(errors.means, errors.training_noise))
        low, high = np.quantile(forecast(errors, np.zeros(200), random).one(4000), (0.1, 0.9))
        held += low <= law.at(4000) + 0.003 * random.standard_normal() <= high
    assert 0.65 <= held / n <= 0.98


def test_a_forecast_widens_with_distance_and_with_noise():
    means = PowerLaw(0.1, 3.0, 0.5).at(SIZES)
    random = np.random.default_rng(0)
    near, far = (np.std(forecast(errors_of(means), np.zeros(2000), random).one(n)) for n in (4000, 8000))
    noisy = np.std(forecast(errors_of(means, spread=0.02), np.zeros(2000), random).one(4000))
    shifted = np.std(forecast(errors_of(means), 0.03 * random.standard_normal(2000), random).one(4000))
    assert near < far and near < noisy and near < shifted


def test_a_forecast_of_no_errors_is_none():
    told = forecast(errors_of(np.zeros(4), spread=1e-4), np.zeros(500), np.random.default_rng(0))
    assert np.median(told.one(8000)) < 0.002 and np.isfinite(told.now()).all()


def test_the_same_seed_draws_the_same_laws():
    means = PowerLaw(0.1, 3.0, 0.5).at(SIZES)
    one, two = (forecast(errors_of(means), np.zeros(50), np.random.default_rng(3)).one(4000) for _ in range(2))
    assert (one == two).all()


def test_times_follow_a_power():
    times = fit_times([100, 200, 400], [1.0, 2.0, 4.0])
    assert times.power == pytest.approx(1) and times.at(800) == pytest.approx(8)
    assert fit_times([100], [2.0]).at(200) == pytest.approx(4)
    assert fit_times([100, 200, 400], [3.0, 2.0, 1.0]).power == 0
    assert fit_times([100, 200, 400], [0.0, 0.0, 0.0]).at(800) >= 0
