"""A training that was stopped goes on to the same bits, wherever it was and however it was stopped."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from training_child import digest
from training_toys import Adder, Sums, fit, measure, squared

from kinfold.errors import ArtifactError, InvalidParameterError, MachineError
from kinfold.training import checkpoint as checkpoints
from kinfold.training import files
from kinfold.training.callbacks import Callback
from kinfold.training.optimizers import OPTIMIZERS
from kinfold.training.schedules import SCHEDULES

ROWS, VALID = Sums(50), measure(Sums(20, seed=1))
EVERYTHING = {"average": "ema", "clip_norm": 1.0, "patience": 2, "warmup": 0.2, "optimizer": "nadam"}


class Stop(Exception):
    """What ends a training from a callback."""


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, run):
        if run.step == self.step:
            raise Stop


def whole(**settings):
    return digest(*fit(rows=ROWS, valid=VALID, **settings))


def interrupted(folder, *steps, every=0.0, **settings):
    """Stop a training at some steps, go on each time, and return the digest at its end."""
    for i, step in enumerate(steps):
        with pytest.raises(Stop):
            given = {**settings, "callbacks": [StopAt(step)], "checkpoint_seconds": every}
            fit(rows=ROWS, valid=VALID, checkpoint=folder, resume=i > 0, **given)
    # What stands in the module before is of no account.
    last = fit(Adder(seed=7), ROWS, VALID, checkpoint=folder, resume=True, checkpoint_seconds=every, **settings)
    return digest(*last)


def test_every_optimiser_goes_on_to_the_same_bits(tmp_path):
    for name in OPTIMIZERS:
        given = {"optimizer": name, "max_epochs": 2}
        assert interrupted(tmp_path / name, 9, every=1e9, **given) == whole(**given), name


def test_every_schedule_and_average_goes_on_to_the_same_bits(tmp_path):
    for name in SCHEDULES:
        settings = {"schedule": name, "warmup": 0.3, "average": "swa", "max_epochs": 4}
        assert interrupted(tmp_path / name, 9, 23, every=1e9, **settings) == whole(**settings), name
    assert interrupted(tmp_path / "all", 5, 12, **EVERYTHING) == whole(**EVERYTHING)


def test_what_came_after_the_last_checkpoint_is_learned_again(tmp_path):
    assert interrupted(tmp_path, 3, 9, 20, every=1e9) == whole()
    assert len(list(tmp_path.iterdir())) == 4


def test_a_training_that_has_ended_is_not_made_again(tmp_path):
    given = {"rows": ROWS, "valid": VALID, "checkpoint": tmp_path}
    first = digest(*fit(**given))

    def never(*_):
        pytest.fail("a batch was learned from")

    assert digest(*fit(Adder(seed=3), step=never, resume=True, **given)) == first
    again, history = fit(resume=False, **given)
    assert digest(again, history) == first  # made anew: the folder was cleared


def test_time_that_ran_out_can_be_given_again(tmp_path):
    with pytest.raises(Stop):
        fit(rows=ROWS, valid=VALID, checkpoint=tmp_path, checkpoint_seconds=0, callbacks=[StopAt(10)])
    given = {"rows": ROWS, "valid": VALID, "checkpoint": tmp_path, "resume": True}
    _, history = fit(time_budget=1e-6, **given)
    assert history.stopped == "time" and history[-1].step == 9
    assert digest(*fit(**given)) == whole()


def test_a_training_that_is_killed_goes_on_to_the_same_bits(tmp_path):
    drawn, jobs = random.Random(3), []
    for name, settings in {"plain": {}, "everything": EVERYTHING}.items():
        count = {"folder": str(tmp_path / f"whole {name}"), "settings": settings, "kill": None}
        kills = [{"event": drawn.randrange(1, 60)}, {"event": drawn.randrange(1, 40)}, {"seconds": 0.08}, None]
        jobs += [count, *({**count, "folder": str(tmp_path / name), "kill": kill} for kill in kills)]
    child = Path(__file__).with_name("training_child.py")
    done = subprocess.run([sys.executable, child], input=json.dumps(jobs), capture_output=True, text=True, timeout=120)
    assert not done.returncode, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    for name, (count, *killed, last) in {"plain": answers[:5], "everything": answers[5:]}.items():
        assert count["events"] > 100 and [answer["killed"] for answer in killed] == [True, True, True]
        assert last["digest"] == count["digest"] and len(list((tmp_path / name).iterdir())) == 4


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", ["step", "valid"])
def test_a_signal_ends_the_training_after_a_checkpoint(kind, place, tmp_path):
    before = signal.getsignal(kind)
    at = [0]

    def send(when):
        at[0] += place == when
        if place == when and at[0] == 2:
            os.kill(os.getpid(), kind)

    def step(module, batch):
        send("step")
        return squared(module, batch)

    def valid(module):
        send("valid")
        return VALID(module)

    with pytest.raises(KeyboardInterrupt if kind == signal.SIGINT else SystemExit) as caught:
        fit(rows=ROWS, valid=valid, step=step, checkpoint=tmp_path, checkpoint_seconds=1e9)
    assert kind == signal.SIGINT or caught.value.code == 143
    assert signal.getsignal(kind) is before
    said = json.loads(max(tmp_path.glob("*.json")).read_text())["state"]["place"]
    assert said["step"] == (2 if place == "step" else 14)
    assert digest(*fit(rows=ROWS, valid=VALID, checkpoint=tmp_path, resume=True)) == whole()


def test_a_signal_is_given_to_the_handler_that_was_there(tmp_path):
    def end(number, frame):
        raise Stop

    def step(module, batch):
        os.kill(os.getpid(), signal.SIGTERM)
        return squared(module, batch)

    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(Stop):
            fit(step=step, checkpoint=tmp_path)
        assert signal.getsignal(signal.SIGTERM) is end and len(list(tmp_path.iterdir())) == 2
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        assert fit(step=step)[1].stopped == "epochs"
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_second_signal_is_obeyed_at_once(tmp_path):
    steps = []

    def step(module, batch):
        steps.append(1)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return squared(module, batch)

    with pytest.raises(KeyboardInterrupt):
        fit(step=step, checkpoint=tmp_path)
    assert len(steps) == 1 and not list(tmp_path.iterdir())


def test_another_thread_trains_without_signals():
    found, before = [], signal.getsignal(signal.SIGINT)

    def step(module, batch):
        found.append(signal.getsignal(signal.SIGINT) is before)
        return squared(module, batch)

    thread = threading.Thread(target=lambda: found.append(fit(step=step)[1].stopped))
    thread.start()
    thread.join()
    assert found[-1] == "epochs" and set(found[:-1]) == {True}


@pytest.mark.parametrize(
    "other",
    [
        {"learning_rate": 0.02},
        {"seed": 1},
        {"max_epochs": 4},
        {"module": Adder(hidden=9)},
        {"rows": Sums(51)},
        {"rate_scales": {"first": 0.5}},
    ],
)
def test_a_checkpoint_of_another_training_is_refused_and_left(other, tmp_path):
    given = {"rows": ROWS, "checkpoint": tmp_path, "max_epochs": 2}
    first = digest(*fit(**given))
    with pytest.raises(InvalidParameterError) as caught:
        fit(**{**given, **other}, resume=True)
    assert caught.value.code == "T-007" and ", then " in caught.value.seen
    assert digest(*fit(**given, resume=True, device="cpu", checkpoint_seconds=9)) == first


def damage(path, how):
    data = path.read_bytes()
    flipped = data[:-7] + bytes([data[-7] ^ 1]) + data[-6:]
    path.write_bytes({"cut": data[: len(data) // 2], "flipped": flipped, "empty": b""}[how])


@pytest.mark.parametrize("how", ["cut", "flipped", "empty"])
@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(how, kind, tmp_path):
    with pytest.raises(Stop):
        fit(rows=ROWS, valid=VALID, checkpoint=tmp_path, checkpoint_seconds=0, callbacks=[StopAt(9)])
    newest, older = max(tmp_path.glob(f"*.{kind}")), min(tmp_path.glob(f"*.{kind}"))
    kept = newest.read_bytes()
    damage(newest, how)
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert digest(*fit(rows=ROWS, valid=VALID, checkpoint=tmp_path, resume=True)) == whole()
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / newest.name).write_bytes(kept)
    (tmp_path / older.name).write_bytes(kept)
    (tmp_path / newest.with_suffix(".json").name).write_text("{}")
    with pytest.raises(ArtifactError) as caught:
        fit(rows=ROWS, valid=VALID, checkpoint=tmp_path, resume=True)
    assert caught.value.code == "T-008"


@pytest.mark.parametrize("operation", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_a_disk_that_refuses_does_not_end_the_training(operation, error, tmp_path, monkeypatch):
    real, calls = {"fsync": os.fsync, "replace": os.replace}[operation], []

    def refusing(*given):
        calls.append(1)
        if 20 < len(calls) <= 26:
            raise error
        return real(*given)

    given = {"rows": ROWS, "valid": VALID, "checkpoint": tmp_path, "checkpoint_seconds": 0}
    monkeypatch.setattr(files.os, operation, refusing)
    left = []

    class Look(Callback):
        def on_step_end(self, run):
            if 20 < len(calls) <= 26:
                left.append(sorted(it.suffix for it in tmp_path.iterdir()))

    with pytest.warns(RuntimeWarning, match=error.strerror):
        module, history = fit(**given, callbacks=[Look()])
    assert history.failed_checkpoints >= 1 and left
    # What was there is still there, and nothing half-written.
    assert all(names == [".json", ".json", ".safetensors", ".safetensors"] for names in left)
    history.failed_checkpoints = 0
    assert digest(module, history) == whole() and len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_can_not_be_written_is_said_before_anything_is_learned(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(MachineError) as caught:
            fit(checkpoint=folder, step=lambda *_: pytest.fail("a step was taken"))
        assert caught.value.code == "M-015"


def test_a_checkpoint_is_plain_safetensors_and_json(tmp_path):
    from safetensors.numpy import load_file

    module, _ = fit(rows=ROWS, valid=VALID, checkpoint=tmp_path, optimizer="adam", average="ema")
    held = load_file(max(tmp_path.glob("*.safetensors")))
    assert {name.split(".")[0] for name in held} == {"module", "optimizer", "average", "best"}
    assert held["module.seen"].dtype == "int64" and held["best.first.weight"].shape == (8, 3)
    assert (held["best.first.weight"] == module.first.weight.detach().numpy()).all()
    said = json.loads(max(tmp_path.glob("*.json")).read_text())["state"]
    assert said["place"]["epoch"] == 3 and said["history"]["stopped"] == "epochs"


def test_a_kill_within_the_first_checkpoint_leaves_nothing_to_go_on_from(tmp_path):
    kept = checkpoints.Checkpoint(tmp_path, 0.0)
    kept.prepare(clear=True)
    (tmp_path / "training-0000001.safetensors").write_bytes(b"half")
    (tmp_path / "training-0000001.json.tmp").write_bytes(b"half")
    assert interrupted(tmp_path, 4) == whole()
