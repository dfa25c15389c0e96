"""A module, a function that takes its loss and rows in; the trained module and the history of its training out.

The trainer knows modules and batches, never words. All that is random comes from (seed, step) or (seed, epoch), so a
training that was stopped at any moment goes on to the same bits from its last checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from torch import nn

from kinfold.training.batching import Rows
from kinfold.training.callbacks import Callback, Progress
from kinfold.training.history import History
from kinfold.training.learner import Parts, StepFunction
from kinfold.training.loop import Loop
from kinfold.training.settings import Settings
from kinfold.types import Json


class Trainer:
    """Trains a module.

    Parameters
    ----------
    optimizer
        ``"sgd"``, ``"nesterov"``, ``"adagrad"``, ``"adadelta"``, ``"rmsprop"``, ``"adam"``, ``"adamw"``, ``"nadam"``,
        ``"adamax"`` or ``"radam"``.
    learning_rate
        The rate that the schedule starts from, or rises to.
    schedule
        ``"constant"``, ``"linear"``, ``"cosine"``, ``"one-cycle"``, ``"step"``, ``"exponential"`` or ``"plateau"``:
        see `kinfold.training.schedules`.
    warmup
        The share of all steps over which the rate rises evenly to what the schedule says.
    weight_decay
        As torch's optimisers have it: decoupled in adamw, added to the gradient in the others.
    momentum
        Of sgd and nesterov.
    clip_norm
        Shorten gradients to this length.
    max_epochs
        Passes over the rows at most.
    batch_size
        Rows a step, over all processes.
    patience
        Stop after so many epochs in succession that brought nothing better; None: never.
    monitor
        What the epochs are compared by: a name among those that `valid` returns. Of names that end in "loss" or
        "error", and of mse, mae, rmse and perplexity, less is better; of others more. Without `valid`: the training
        loss.
    average
        ``"ema"`` or ``"swa"``: measure and keep an average of the weights, see `kinfold.training.averaging`.
    average_decay
        Of ``"ema"``: how much of the average a step leaves.
    time_budget
        Seconds after which the training ends with the batch it is at.
    device
        ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
    precision
        ``"auto"``: bfloat16 where it is fast, on GPUs; ``"float32"`` or ``"bfloat16"`` everywhere. Weights and sums
        stay float32.
    seed
        What order, dropout and all else random is drawn from.
    n_threads
        Processor threads while it trains; None: as torch is set.
    rate_scales
        Beginning of weights' names -> what their learning rate is multiplied with; 0 holds them as they are.
    callbacks
        See `kinfold.training.callbacks`.
    progress
        Called as progress(what, share) a few times a second at most.
    bucket
        Put rows of like length in a batch.
    checkpoint_seconds
        Seconds between two checkpoints; the end of an epoch always makes one.

    Examples
    --------
    >>> trainer = Trainer(learning_rate=0.01, max_epochs=5)  # doctest: +SKIP
    >>> history = trainer.fit(module, lambda module, batch: losses(module(batch.inputs), batch.targets), rows)
    ... # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str = "constant",
        warmup: float = 0.0,
        weight_decay: float = 0.0,
        momentum: float = 0.9,
        clip_norm: float | None = None,
        max_epochs: int = 20,
        batch_size: int = 64,
        patience: int | None = None,
        monitor: str = "loss",
        average: str | None = None,
        average_decay: float = 0.999,
        time_budget: float | None = None,
        device: str = "cpu",
        precision: str = "auto",
        seed: int = 0,
        n_threads: int | None = None,
        rate_scales: Mapping[str, float] | None = None,
        callbacks: Sequence[Callback] = (),
        progress: Progress | None = None,
        bucket: bool = True,
        checkpoint_seconds: float = 30.0,
    ) -> None:
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warmup = warmup
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.clip_norm = clip_norm
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.patience = patience
        self.monitor = monitor
        self.average = average
        self.average_decay = average_decay
        self.time_budget = time_budget
        self.device = device
        self.precision = precision
        self.seed = seed
        self.n_threads = n_threads
        self.rate_scales = rate_scales
        self.callbacks = callbacks
        self.progress = progress
        self.bucket = bucket
        self.checkpoint_seconds = checkpoint_seconds

    def fit(
        self,
        module: nn.Module,
        step: StepFunction,
        train: Rows,
        valid: Callable[[nn.Module], Mapping[str, float]] | None = None,
        *,
        checkpoint: Path | str | None = None,
        resume: bool = False,
        after_step: Callable[[nn.Module], None] | None = None,
        about: Mapping[str, Json] | None = None,
    ) -> History:
        """Train `module` in place and leave it with the weights that are kept, in evaluation mode, on the device.

        Kept are the best epoch's weights by `monitor` where `valid` is given, else the last ones; the averaged ones if
        there is an average. Started by torchrun in several processes, each learns from its share of every batch.

        Parameters
        ----------
        step
            Called as step(module, batch): the loss of each row (B,), or (losses, penalty) with a scalar that is added
            to their mean. Random numbers come from torch's generator, which is set before each step.
        train
            The rows to learn from.
        valid
            Called as valid(module) after each epoch, in evaluation mode and without gradients; returns numbers by name.
        checkpoint
            A folder that the training is written to while it runs; it is made if need be, and not removed.
        resume
            Go on from what is there, if anything is; else what is there is removed.
        after_step
            Called as after_step(module) when weights have changed, without gradients: to hold norms, for instance.
        about
            What else must be the same when a training goes on, such as how the rows were made; plain JSON.

        Raises
        ------
        InvalidParameterError
            T-007: the checkpoint is of another model or other settings. T-010: `resume` without `checkpoint`. T-011: a
            setting is out of range. T-012: `monitor` is not measured. T-014: `step` returns something else than a loss
            a row.
        DataError
            T-006: a loss or gradient is not finite; the last checkpoint and the best weights stay. T-009: no rows.
        ArtifactError
            T-008: the checkpoint is damaged.
        MachineError
            M-010: too little memory on the device. M-014: no GPU. M-015: the checkpoint's folder can't be written. (A
            disk that fills up later is counted in `History.failed_checkpoints`, and warned of; the training goes on.)
        KeyboardInterrupt
            Ctrl-C: after the step, and after a checkpoint. A SIGTERM ends it in the same way through the handler that
            the program had before, or by SystemExit. A second one is obeyed at once.
        """
        given = {**vars(self), "rate_scales": dict(self.rate_scales or {})}
        settings = Settings(**{field.name: given[field.name] for field in fields(Settings)})
        folder = None if checkpoint is None else Path(checkpoint)
        parts = Parts(module, step, train, valid, after_step, tuple(self.callbacks), self.progress)
        return Loop(parts, settings, folder, resume=resume, about=dict(about or {})).run()
