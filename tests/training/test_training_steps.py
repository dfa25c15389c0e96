"""Optimisers, schedules and averages, each against what it is by its definition."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from training_toys import Adder, Sums, fit, measure, squared

from kinfold.errors import InvalidParameterError
from kinfold.training.batching import order
from kinfold.training.callbacks import Callback
from kinfold.training.optimizers import OPTIMIZERS, make
from kinfold.training.schedules import SCHEDULES, Schedule

RATES = {"sgd": 0.0005, "nesterov": 0.0005, "adagrad": 0.1, "adadelta": 3.0, "rmsprop": 0.01}


class Watch(Callback):
    """Keeps the weights after each step, and the rates."""

    def __init__(self):
        self.weights, self.rates, self.losses = [], [], []

    def on_step_end(self, run):
        self.weights.append([weight.detach().clone() for weight in run.module.parameters()])
        self.rates.append(run.learning_rate)
        self.losses.append(run.loss)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_lowers_the_loss(name):
    _, history = fit(optimizer=name, learning_rate=RATES.get(name, 0.02), max_epochs=6)
    assert history[-1].train_loss < 0.7 * history[0].train_loss


def reference(name, weight, gradients, rate, momentum=0.9):
    """Return a weight after each gradient, by the papers' formulas."""
    first, second, trace = np.zeros_like(weight), np.zeros_like(weight), []
    for t, gradient_of in enumerate(gradients, 1):
        g = gradient_of(weight)
        if name == "adam":
            first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
            weight = weight - rate * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
        else:
            first = momentum * first + g
            weight = weight - rate * (g + momentum * first if name == "nesterov" else first)
        trace.append(weight)
    return trace


@pytest.mark.parametrize(("name", "momentum"), [("sgd", 0.0), ("sgd", 0.9), ("nesterov", 0.8), ("adam", 0.9)])
def test_three_steps_equal_the_papers_formulas(name, momentum):
    rows, watch, module = Sums(24), Watch(), nn.Linear(3, 1, bias=False).double()
    start = module.weight.detach().numpy()[0].copy()

    def step(module, batch):
        return (module(batch.inputs.double().sum(1))[:, 0] - batch.targets.double()) ** 2

    def gradient_of(rows_of_batch):
        x = rows.inputs[rows_of_batch].double().sum(1).numpy()
        y = rows.targets[rows_of_batch].double().numpy()
        return lambda weight: 2 * ((x @ weight - y)[:, None] * x).mean(0)

    given = {"optimizer": name, "momentum": momentum, "learning_rate": 0.01, "max_epochs": 1}
    fit(module, rows, step=step, callbacks=[watch], **given)
    gradients = [gradient_of(batch) for batch in order(rows.lengths, 8, 0, 0)]
    expected = reference(name, start, gradients, 0.01, momentum)
    found = [weights[0].numpy()[0] for weights in watch.weights]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_is_the_one_of_torch_to_the_last_bit(name):
    kind = OPTIMIZERS[name]
    given = {"learning_rate": 0.05, "weight_decay": 0.01, "momentum": 0.9, "rate_scales": {}}
    options = {"lr": 0.05, "weight_decay": 0.01, **kind.options, **({"momentum": 0.9} if kind.momentum else {})}
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    rules = make(name, ours, **given), kind.of(theirs.parameters(), **options)
    assert isinstance(rules[0], kind.of)
    for turn in range(4):
        for module, rule in zip((ours, theirs), rules, strict=True):
            rule.zero_grad()
            module(torch.arange(6.0).view(2, 3) + turn).square().sum().backward()
            rule.step()
            rule.load_state_dict(rule.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_scales_of_rates_hold_and_slow_weights():
    before = {name: weight.detach().clone() for name, weight in Adder().named_parameters()}
    given = {"rate_scales": {"first": 0.0, "second": 0.5, "second.bias": 1.0}, "max_epochs": 1, "optimizer": "sgd"}
    module, _ = fit(rows=Sums(8), momentum=0.0, learning_rate=0.001, **given)
    whole, _ = fit(rows=Sums(8), momentum=0.0, learning_rate=0.001, **{**given, "rate_scales": None})
    for name, weight in module.named_parameters():
        moved, full = weight.detach() - before[name], whole.get_parameter(name).detach() - before[name]
        scale = {"first.weight": 0.0, "first.bias": 0.0, "second.weight": 0.5, "second.bias": 1.0}[name]
        torch.testing.assert_close(moved, scale * full, rtol=1e-3, atol=1e-6)
        assert weight.requires_grad and weight.grad is None and full.abs().max() > 0


@pytest.mark.parametrize("scales", [{"third": 0.5}, {"": 0.0}, {"first": -1.0}])
def test_scales_that_make_no_sense_are_refused(scales):
    with pytest.raises(InvalidParameterError) as caught:
        fit(rate_scales=scales)
    assert caught.value.code == "T-011"


def curve(name, n=40, warmup=0.0, values=(), optimizer="sgd"):
    weight = nn.Parameter(torch.zeros(1))
    module = nn.ParameterList([weight])
    made = make(optimizer, module, learning_rate=2.0, weight_decay=0, momentum=0.9, rate_scales={})
    schedule = Schedule(name, made, n, warmup, lower_is_better=True)
    rates = []
    for i in range(n):
        rates.append(schedule.learning_rate)
        weight.grad = torch.zeros(1)
        with schedule.step():
            made.step()
        if values and i % 4 == 3:
            schedule.measured(values[i // 4])
    return np.array(rates)


T = np.arange(40)
CURVES = {
    "constant": np.full(40, 2.0),
    "linear": 2 * (1 - T / 40),
    "cosine": 1 + np.cos(math.pi * T / 40),
    "step": 2 * 0.1 ** (T // 13),
    "exponential": 2 * 0.01 ** (T / 40),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_schedule_has_its_curve_and_its_rise(name):
    np.testing.assert_allclose(curve(name), CURVES[name], rtol=1e-6, atol=1e-9)
    rise = np.minimum(1, (T + 1) / 10)
    np.testing.assert_allclose(curve(name, warmup=0.25), CURVES[name] * rise, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adagrad"])
def test_one_cycle_rises_and_falls(optimizer):
    rates = curve("one-cycle", optimizer=optimizer)
    assert rates[0] == pytest.approx(2 / 25) and rates.max() == pytest.approx(2, rel=0.01) and rates[-1] < 1e-4
    assert rates.argmax() in (12, 13) and curve("one-cycle", warmup=0.1).argmax() == 3
    assert (np.diff(rates[:12]) > 0).all() and (np.diff(rates[14:]) < 0).all()
    assert len(curve("one-cycle", n=1)) == 1


def test_a_plateau_halves_the_rate():
    rates = curve("plateau", values=[5, 4, 4.5, 4.4, 3, 3.5, 3.5, 3.5, 3.5, 3.5])[::4]
    assert rates.tolist() == [2, 2, 2, 2, 1, 1, 1, 0.5, 0.5, 0.25]
    _, history = fit(schedule="plateau", valid=lambda _: {"loss": 1.0}, max_epochs=6)
    assert history[-1].learning_rate == pytest.approx(0.01 / 4)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_trainer_follows_every_schedule(name):
    watch = Watch()
    fit(schedule=name, warmup=0.2, max_epochs=2, callbacks=[watch])
    rates = np.array(watch.rates)
    assert len(rates) == 24 and (rates[0] < rates[5]) and (rates[-1] <= rates[5])


def test_the_exponential_average_is_exact():
    watch, rows = Watch(), Sums(40)
    module, _ = fit(rows=rows, average="ema", average_decay=0.8, max_epochs=2, callbacks=[watch])
    expected = [weight.double() for weight in watch.weights[0]]
    for n, after in enumerate(watch.weights[1:], 1):
        decay = min(0.8, (1 + n) / (10 + n))
        expected = [decay * old + (1 - decay) * new.double() for old, new in zip(expected, after, strict=True)]
    for weight, wanted in zip(module.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.detach().double(), wanted, rtol=1e-5, atol=1e-7)


def test_the_mean_of_the_last_quarter_is_exact_and_measured():
    watch, seen, rows = Watch(), [], Sums(40)

    def valid(module):
        seen.append([weight.detach().clone() for weight in module.parameters()])
        return {"loss": -float(len(seen))}

    module, history = fit(rows=rows, valid=valid, average="swa", max_epochs=4, callbacks=[watch])
    assert history.best_epoch == 4 and len(watch.weights) == 20
    for i, weight in enumerate(module.parameters()):
        mean = torch.stack([after[i] for after in watch.weights[15:]]).mean(0)
        torch.testing.assert_close(weight.detach(), mean, rtol=1e-5, atol=1e-7)
        assert torch.equal(seen[-1][i], weight) and torch.equal(seen[2][i], watch.weights[14][i])


def test_gradients_are_clipped_to_a_length():
    watch, start = Watch(), Adder()
    before = [weight.detach().clone() for weight in start.parameters()]
    fit(
        start,
        Sums(8),
        optimizer="sgd",
        momentum=0.0,
        learning_rate=1.0,
        clip_norm=1e-3,
        max_epochs=1,
        callbacks=[watch],
    )
    moved = [new - old for new, old in zip(watch.weights[0], before, strict=True)]
    assert torch.cat([part.reshape(-1) for part in moved]).norm() == pytest.approx(1e-3, rel=1e-2)


def test_a_penalty_is_added_once_and_a_limit_is_held():
    def with_penalty(module, batch):
        return squared(module, batch), 100.0 * sum((weight**2).sum() for weight in module.parameters())

    small, history = fit(step=with_penalty, max_epochs=4, learning_rate=0.05)
    large, other = fit(max_epochs=4, learning_rate=0.05)
    assert small.second.weight.norm() < 0.2 * large.second.weight.norm()
    assert history[0].train_loss < 3 * other[0].train_loss  # without the penalty

    def limit(module):
        assert not torch.is_grad_enabled()
        module.second.weight.clamp_(-0.01, 0.01)

    held, _ = fit(after_step=limit)
    assert held.second.weight.abs().max() <= 0.01


def test_bfloat16_learns_with_weights_of_full_precision():
    seen = []

    def step(module, batch):
        out = module(batch.inputs)
        seen.append(module.first(batch.inputs).dtype)
        return (out - batch.targets) ** 2

    module, history = fit(step=step, precision="bfloat16", valid=measure(Sums(seed=1)), max_epochs=4)
    assert set(seen) == {torch.bfloat16} and module.first.weight.dtype == torch.float32
    assert history[-1].valid["loss"] < history[0].valid["loss"]
    assert weights_differ(module, fit(valid=measure(Sums(seed=1)), max_epochs=4)[0])


def weights_differ(one, other):
    return not torch.equal(one.first.weight, other.first.weight)
