"""When a training ends, what it keeps, what it tells and what it refuses."""

import math
import time

import numpy as np
import pytest
import torch
from training_toys import Adder, Sums, fit, measure, squared, weights

from kinfold.errors import DataError, InvalidParameterError, MachineError
from kinfold.training.callbacks import Callback
from kinfold.training.settings import Settings
from kinfold.training.trainer import Trainer


class Diary(Callback):
    """Keeps what was called, and the weights at each epoch's end."""

    def __init__(self, stop_at=None):
        self.seen, self.weights, self.stop_at = [], [], stop_at

    def on_fit_begin(self, run):
        self.seen.append("begin")

    def on_epoch_begin(self, run):
        self.seen.append(f"epoch {run.epoch}")

    def on_step_end(self, run):
        self.seen.append(run.step)
        assert math.isfinite(run.loss) and run.gradient_norm > 0
        run.stop = run.step == self.stop_at

    def on_epoch_end(self, run):
        self.seen.append(len(run.history))
        self.weights.append(weights(run.module))

    def on_stop(self, run):
        self.seen.append(run.history.stopped)

    def on_fit_end(self, run):
        self.seen.append("end")


def test_patience_ends_the_training_and_the_best_weights_are_kept():
    losses, diary = iter([3, 2, 1, 1, 5, 0]), Diary()
    module, history = fit(
        valid=lambda _: {"loss": next(losses)}, rows=Sums(16), max_epochs=9, patience=2, callbacks=[diary]
    )
    assert (history.stopped, history.best_epoch, len(history)) == ("patience", 3, 5)
    assert weights(module) == diary.weights[2] != diary.weights[4] and not module.training
    assert history.best is history[2] and history[2].valid == {"loss": 1}
    assert diary.seen[:5] == ["begin", "epoch 1", 1, 2, 1] and diary.seen[-2:] == ["patience", "end"]


def test_a_score_is_better_when_higher_and_nan_is_never_better():
    scores = iter([0.1, math.nan, 0.3, 0.2, 0.2])
    _, history = fit(valid=lambda _: {"f1": next(scores)}, monitor="f1", max_epochs=5, patience=3, rows=Sums(16))
    assert (history.stopped, history.best_epoch) == ("epochs", 3)
    _, history = fit(valid=lambda _: {"loss": math.nan}, max_epochs=5, patience=2, rows=Sums(16))
    assert (history.stopped, history.best_epoch, len(history)) == ("patience", None, 2)


def test_without_held_out_rows_the_training_loss_is_watched_and_the_last_weights_kept():
    diary = Diary()
    module, history = fit(max_epochs=3, callbacks=[diary])
    assert history.stopped == "epochs" and history.best_epoch is None and weights(module) == diary.weights[-1]
    assert "epochs" not in diary.seen
    _, history = fit(Adder(), learning_rate=1e-12, max_epochs=9, patience=1, optimizer="sgd")
    assert history.stopped in ("patience", "epochs")


def test_a_time_budget_ends_with_the_batch_that_passes_it():
    def slow(module, batch):
        time.sleep(0.02)
        return squared(module, batch)

    calls = []
    _, history = fit(
        step=slow, max_epochs=50, time_budget=0.3, valid=lambda _: calls.append(1) or {"loss": 1.0}, rows=Sums(80)
    )
    assert history.stopped == "time" and 0.3 <= history[-1].seconds < 3
    assert history[-1].step % 10 == history[-1].rows % 80 / 8 and history[-1].step <= 15
    assert len(calls) == len(history)  # the part of an epoch was measured as well


def test_a_callback_can_end_the_training():
    diary = Diary(stop_at=4)
    _, history = fit(rows=Sums(24), callbacks=[diary], max_epochs=9)
    assert history.stopped == "callback" and history[-1].step == 4 and diary.seen[-2:] == ["callback", "end"]


@pytest.mark.parametrize(("loss", "what"), [(math.nan, "loss"), (math.inf, "loss"), (1.0, "gradient")])
def test_a_loss_that_is_not_finite_stops_at_that_step_and_leaves_the_best_weights(loss, what, tmp_path):
    diary, calls = Diary(), []

    def step(module, batch):
        calls.append(1)
        if len(calls) <= 7:
            return squared(module, batch)
        if what == "loss":
            return squared(module, batch) * loss
        return squared(module, batch) * 0 + module.second.bias.abs().sqrt() * 0 + (module.second.bias * 0).sqrt()

    module = Adder()
    with pytest.raises(DataError) as caught:
        fit(module, Sums(24), measure(Sums(seed=1)), step=step, callbacks=[diary], checkpoint=tmp_path)
    error = caught.value
    assert error.code == "T-006" and f"The {what} " in str(error) and "step 8" in str(error) and "epoch 3" in str(error)
    assert "learning_rate=0.01" in error.seen and "0.001" in error.fix and len(calls) == 8
    assert weights(module) == diary.weights[1] and all(weight.isfinite().all() for weight in module.parameters())
    other, history = fit(rows=Sums(24), valid=measure(Sums(seed=1)), checkpoint=tmp_path, resume=True)
    assert len(history) == 3 and weights(other) == weights(fit(rows=Sums(24), valid=measure(Sums(seed=1)))[0])


def test_a_seed_gives_the_same_bits_and_another_seed_others():
    one, two, three = (fit(seed=seed)[0] for seed in (1, 1, 2))
    assert weights(one) == weights(two) != weights(three)


def test_a_training_leaves_torch_as_it_was():
    torch.manual_seed(5)
    wanted, threads = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(5)
    fit(n_threads=2, max_epochs=1)
    assert torch.equal(torch.rand(3), wanted) and torch.get_num_threads() == threads


def test_a_larger_batch_makes_fewer_steps_with_the_same_gradient_on_whole_data():
    rows = Sums(20)
    _, small = fit(rows=rows, batch_size=3, max_epochs=1)
    _, large = fit(rows=rows, batch_size=20, max_epochs=1)
    assert (small[-1].step, large[-1].step) == (7, 1) and small[-1].rows == large[-1].rows == 20
    whole = {"max_epochs": 2, "optimizer": "sgd", "learning_rate": 1e-3}
    one, _ = fit(Adder(dropout=0), rows, batch_size=20, **whole)
    two, _ = fit(Adder(dropout=0), rows, batch_size=500, bucket=False, seed=9, **whole)
    torch.testing.assert_close(one.first.weight, two.first.weight, rtol=1e-5, atol=1e-6)
    assert small[-1].tokens == int(rows.lengths.sum())


def test_progress_is_said_now_and_then_with_loss_speed_and_the_share_done():
    said = []

    def step(module, batch):
        time.sleep(0.02)
        return squared(module, batch)

    fit(rows=Sums(200), step=step, max_epochs=2, progress=lambda *it: said.append(it), time_budget=100.0)
    assert 3 <= len(said) <= 30 and "epoch 1 of 2: loss " in said[0][0]
    assert all(what.endswith(" rows/s") for what, _ in said)
    shares = [share for _, share in said]
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] <= 1


BAD = {
    "optimizer": ["sgdd", None],
    "schedule": ["warm"],
    "average": ["mean"],
    "precision": ["float16"],
    "learning_rate": [0, math.nan, math.inf, "fast", True],
    "warmup": [1.0, -0.1],
    "momentum": [1.0],
    "max_epochs": [0, 2.5],
    "batch_size": [0],
    "patience": [0],
    "clip_norm": [0.0],
    "time_budget": [0],
    "seed": [-1, 1.5, None],
    "n_threads": [0],
    "checkpoint_seconds": [-1],
    "device": ["abacus"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_setting_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(InvalidParameterError) as caught:
        fit(**{name: value})
    assert caught.value.code == "T-011" and name in caught.value.seen and caught.value.fix


def test_what_makes_no_training_is_refused():
    refused = [
        ("T-009", {"rows": Sums(0)}),
        ("T-010", {"resume": True}),
        ("T-011", {"optimizer": "nesterov", "momentum": 0.0}),
        ("T-011", {"rate_scales": {"first": 0, "second": 0}}),
        ("T-012", {"monitor": "f1"}),
        ("T-012", {"monitor": "f1", "valid": lambda _: {"loss": 1.0}}),
        ("T-014", {"step": lambda module, batch: squared(module, batch).mean()}),
    ]
    for code, given in refused:
        with pytest.raises((InvalidParameterError, DataError)) as caught:
            fit(**given)
        assert caught.value.code == code


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said():
    with pytest.raises(MachineError) as caught:
        fit(device="cuda")
    assert caught.value.code == "M-014"


def test_the_trainer_only_assigns_and_every_setting_is_checked():
    given = {"optimizer": "sgdd", "max_epochs": -1}
    trainer = Trainer(**given)
    assert trainer.optimizer == "sgdd" and trainer.max_epochs == -1
    settings = set(vars(Settings()))
    assert settings == set(vars(trainer)) - {"callbacks", "progress"}
    defaults = {**vars(Trainer()), "rate_scales": {}}
    assert all(defaults[name] == value for name, value in vars(Settings()).items())


def test_one_row_and_empty_rows_train():
    rows = Sums(3)
    rows.lengths = np.maximum(rows.lengths, 1)
    assert fit(rows=Sums(1), max_epochs=2)[1][-1].rows == 2
    assert len(fit(rows=rows, batch_size=2, max_epochs=2)[1]) == 2
