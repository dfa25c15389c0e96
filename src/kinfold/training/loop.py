"""A training from its first step, or from where it was stopped, to its last."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from kinfold.errors import DataError
from kinfold.training.batching import order
from kinfold.training.callbacks import Run
from kinfold.training.checkpoint import Checkpoint, decode
from kinfold.training.distributed import Group, join
from kinfold.training.guards import check, compare, identity, own_random, room, threads, unmeasured
from kinfold.training.history import Epoch, History
from kinfold.training.learner import Learner, Parts, set_random
from kinfold.training.memory import keep_memory
from kinfold.training.settings import Settings
from kinfold.training.stop import Interrupted, Signals
from kinfold.types import Ints1d, Json

#: Seconds between two reports of progress; how much of the live loss a step leaves.
_SPARSE, _SMOOTH = 0.25, 0.98


@dataclass
class Place:
    """How far a training is: what a checkpoint holds besides tensors.

    Attributes
    ----------
    epoch, batch
        Epochs that are done, and batches of the one that is not.
    step, rows, tokens
        What was learned from so far.
    seconds
        How long it took.
    loss_sum, epoch_rows, epoch_tokens, epoch_seconds
        Of the epoch that is not done: sum of the rows' losses, rows, their lengths, seconds of learning.
    learning_rate
        Of the last step.
    best, n_worse
        The best monitored number, and how many epochs in succession brought none.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    rows: int = 0
    tokens: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0
    epoch_rows: int = 0
    epoch_tokens: int = 0
    epoch_seconds: float = 0.0
    learning_rate: float = 0.0
    best: float | None = None
    n_worse: int = 0


class _Asked(NamedTuple):
    late: bool
    signal: bool
    callback: bool


class Loop:
    """One call of `Trainer.fit`.

    Parameters
    ----------
    folder
        Where checkpoints go, or None.
    resume
        Go on from what is there.
    about
        What else must be the same when a training goes on.
    """

    def __init__(
        self, parts: Parts, settings: Settings, folder: Path | None, *, resume: bool, about: Mapping[str, Json]
    ) -> None:
        check(parts, settings, folder, resume)
        self._parts, self._settings, self._resume = parts, settings, resume
        self._group: Group = join(settings.device)
        self._n_batches = -(-len(parts.train.lengths) // settings.batch_size)
        self._n_steps = self._n_batches * settings.max_epochs
        self._identity = identity(parts, settings, about)
        writes = folder is not None and self._group.leads
        self._checkpoint = Checkpoint(folder, settings.checkpoint_seconds) if folder is not None and writes else None
        self._kept = folder is not None
        self._history, self._place = History(monitor=settings.monitor), Place()
        self._live, self._said = math.nan, 0.0

    def run(self) -> History:
        """Train, and return what it was like."""
        with (
            threads(self._settings.n_threads),
            own_random(self._group),
            room(),
            keep_memory(),
            Signals() as self._signals,
        ):
            self._group.check_same(hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).digest())
            self._learner = Learner(self._parts, self._settings, self._group, self._n_steps)
            self._run = Run(self._learner.module, self._history, self._settings.max_epochs, self._n_steps)
            self._learner.hold()
            try:
                self._begin()
                self._train()
            finally:
                self._learner.release()
            self._learner.finish()
            if self._history.stopped != "epochs":
                for callback in self._parts.callbacks:
                    callback.on_stop(self._run)
            for callback in self._parts.callbacks:
                callback.on_fit_end(self._run)
        return self._history

    def _begin(self) -> None:
        """Go on from a checkpoint if there is one, else begin."""
        found = self._group.share(self._read) if self._kept else b""
        if found:
            length = int.from_bytes(found[:8], "little")
            said = json.loads(found[8 : 8 + length])
            self._learner.restore(decode(found[8 + length :]), said["learner"])
            self._place = Place(**said["place"])
            restored = History.from_dict(said["history"])
            vars(self._history).update(vars(restored))
            self._history.stopped = said["history"]["stopped"]
        self._group.align([tensor.detach() for tensor in self._learner.module.state_dict().values()])
        self._begun, self._first = time.monotonic() - self._place.seconds, self._place.step
        self._show()
        for callback in self._parts.callbacks:
            callback.on_fit_begin(self._run)

    def _read(self) -> bytes:
        """Return the checkpoint to go on from as bytes, or none."""
        checkpoint = self._checkpoint
        if checkpoint is None:
            return b""
        checkpoint.prepare(clear=not self._resume)
        found = checkpoint.read() if self._resume else None
        if found is None:
            return b""
        said, data = found
        compare(self._identity, said["identity"], checkpoint.folder)
        text = json.dumps(said).encode()
        return len(text).to_bytes(8, "little") + text + data

    def _train(self) -> None:
        try:
            while not self._history.stopped:
                self._epoch()
        except DataError as error:
            if error.code == "T-006":
                self._learner.finish()
            raise

    def _epoch(self) -> None:
        settings, place = self._settings, self._place
        self._learner.module.train()
        self._show()
        for callback in self._parts.callbacks:
            callback.on_epoch_begin(self._run)
        # After the callbacks: rows may be drawn anew for each epoch.
        lengths = self._parts.train.lengths
        batches = order(lengths, settings.batch_size, settings.seed, place.epoch, bucket=settings.bucket)
        why = self._batches(batches)
        if why == "time":
            # With more time it goes on from here, as if it had never been measured.
            self._save()
        if why and not place.epoch_rows:
            self._history.stopped = why
            return
        self._measure(why)

    def _batches(self, batches: list[Ints1d]) -> str:
        """Learn from the rest of an epoch's batches; return why that was ended before, or ""."""
        place = self._place
        if self._agreed(late=self._is_late()).late:
            return "time"
        while place.batch < len(batches):
            self._learn(batches[place.batch])
            asked = self._agreed(late=self._is_late(), signal=self._signals.came is not None, callback=self._run.stop)
            if asked.signal:
                self._save()
                self._signals.obey()
            if asked.late or asked.callback:
                return "time" if asked.late else "callback"
            if self._checkpoint is not None and self._checkpoint.is_due():
                self._save()
        return ""

    def _learn(self, rows: Ints1d) -> None:
        place, run, began = self._place, self._run, time.monotonic()
        taken = self._learner.learn(rows, place.step + 1, place.epoch + 1)
        place.step, place.batch = place.step + 1, place.batch + 1
        place.rows, place.epoch_rows = place.rows + len(rows), place.epoch_rows + len(rows)
        place.tokens, place.epoch_tokens = place.tokens + taken.tokens, place.epoch_tokens + taken.tokens
        place.loss_sum += taken.loss * len(rows)
        place.epoch_seconds += time.monotonic() - began
        self._live = taken.loss if math.isnan(self._live) else _SMOOTH * self._live + (1 - _SMOOTH) * taken.loss
        self._show()
        place.learning_rate = run.learning_rate = taken.learning_rate
        run.loss, run.gradient_norm = taken.loss, taken.gradient_norm
        for callback in self._parts.callbacks:
            callback.on_step_end(self._run)
        self._report()

    def _measure(self, why: str) -> None:
        """Write an epoch's entry, compare it with the best one, and see whether it is the last."""
        place, history, settings = self._place, self._history, self._settings
        found = json.loads(self._group.share(self._validate)) if self._parts.valid is not None else {}
        train_loss, spent = place.loss_sum / place.epoch_rows, max(place.epoch_seconds, 1e-9)
        history.epochs.append(
            Epoch(
                epoch=place.epoch + 1,
                step=place.step,
                seconds=time.monotonic() - self._begun,
                train_loss=train_loss,
                learning_rate=place.learning_rate,
                rows=place.rows,
                tokens=place.tokens,
                rows_per_second=place.epoch_rows / spent,
                tokens_per_second=place.epoch_tokens / spent,
                valid=found,
            )
        )
        self._judge(found[settings.monitor] if found else train_loss)
        for callback in self._parts.callbacks:
            callback.on_epoch_end(self._run)
        place.epoch, place.batch = place.epoch + 1, 0
        place.loss_sum, place.epoch_rows, place.epoch_tokens, place.epoch_seconds = 0.0, 0, 0, 0.0
        history.stopped = why or self._ending()
        if why != "time":
            self._save()

    def _judge(self, value: float) -> None:
        place, lower = self._place, self._settings.lower_is_better
        if not math.isnan(value) and (place.best is None or (value < place.best if lower else value > place.best)):
            place.best, place.n_worse = value, 0
            if self._parts.valid is not None:
                self._history.best_epoch = place.epoch + 1
                self._learner.keep_best()
        else:
            place.n_worse += 1
        self._learner.schedule.measured(value)

    def _ending(self) -> str:
        """Return why the epoch just made is the last, or ""."""
        if self._agreed(callback=self._run.stop).callback:
            return "callback"
        if self._place.epoch >= self._settings.max_epochs:
            return "epochs"
        patience = self._settings.patience
        return "patience" if patience is not None and self._place.n_worse >= patience else ""

    def _validate(self) -> bytes:
        """Return what `valid` measures, as JSON."""
        valid = self._parts.valid
        if valid is None:
            return b"{}"
        self._report("measuring")
        set_random(self._settings.seed, self._place.step, self._group)
        module = self._learner.measured
        module.eval()
        try:
            with torch.no_grad(), self._signals.at_once():
                found = {name: float(value) for name, value in valid(module).items()}
        except Interrupted:
            self._save()
            self._signals.obey()
        monitor = self._settings.monitor
        if monitor not in found:
            raise unmeasured(monitor, f"valid returned {', '.join(found) or 'nothing'}")
        return json.dumps(found).encode()

    def _save(self) -> None:
        """Write where the training is."""
        if self._checkpoint is None:
            return
        self._place.seconds = time.monotonic() - self._begun
        history = self._history
        said = {
            "version": 1,
            "identity": self._identity,
            "place": asdict(self._place),
            "history": history.to_dict(),
            "learner": self._learner.state(),
        }
        if not self._checkpoint.write(self._learner.tensors(), said):
            history.failed_checkpoints += 1

    def _is_late(self) -> bool:
        budget = self._settings.time_budget
        return budget is not None and self._group.leads and time.monotonic() - self._begun >= budget

    def _agreed(self, *, late: bool = False, signal: bool = False, callback: bool = False) -> _Asked:
        """Return what any of the processes asks for."""
        return _Asked(*(n > 0 for n in self._group.sums([float(late), float(signal), float(callback)])))

    def _show(self) -> None:
        """Let callbacks see how far the training is."""
        run, place = self._run, self._place
        run.epoch, run.step, run.rows, run.tokens = place.epoch + 1, place.step, place.rows, place.tokens

    def _report(self, doing: str = "") -> None:
        """Say how far the training is, unless it was said a moment ago."""
        now, progress, place = time.monotonic(), self._parts.progress, self._place
        if progress is None or not self._group.leads or (not doing and now - self._said < _SPARSE):
            return
        self._said = now
        share, budget = place.step / self._n_steps, self._settings.time_budget
        if budget is not None:
            share = max(share, min(1.0, (now - self._begun) / budget))
        speed = place.epoch_rows / max(place.epoch_seconds, 1e-9)
        what = doing or f"loss {self._live:.4f}, {speed:,.0f} rows/s"
        progress(f"epoch {place.epoch + 1} of {self._settings.max_epochs}: {what}", share)
