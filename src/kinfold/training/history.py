"""What a training was like, epoch by epoch: as a table, as JSON, as a picture, as TensorBoard's events.

The picture is PNG, drawn by matplotlib; the events are written by torch's own writer, which needs the package
tensorboard. Both are imported only where they are used.
"""

from __future__ import annotations

import html
import io
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from kinfold.errors import MachineError, MissingExtraError
from kinfold.training.files import write_whole
from kinfold.types import Json

_PLOTS, _EVENTS = "pip install 'kinfold[plots]'", "pip install 'kinfold[tensorboard]'"
_INK, _ACCENT, _FAINT = "#222222", "#c0504d", "#dddddd"


@dataclass(frozen=True)
class Epoch:
    """One pass over the rows, or the part of one that was made.

    Attributes
    ----------
    epoch
        Its number, from 1.
    step
        Batches learned from so far, in all epochs.
    seconds
        Seconds of training so far, validation and writing included.
    train_loss
        The mean loss of a row while it was learned from, penalties left out.
    learning_rate
        The rate of the epoch's last step.
    rows, tokens
        Rows and their lengths learned from so far, in all epochs.
    rows_per_second, tokens_per_second
        The speed of this epoch's learning, without validation.
    valid
        What was measured after it, by name.
    """

    epoch: int
    step: int
    seconds: float
    train_loss: float
    learning_rate: float
    rows: int
    tokens: int
    rows_per_second: float
    tokens_per_second: float
    valid: dict[str, float] = field(default_factory=dict)


@dataclass
class History:
    """What a training was like.

    Attributes
    ----------
    epochs
        One entry an epoch, in order.
    monitor
        What the epochs are compared by.
    best_epoch
        The number of the epoch whose weights were kept; None: the last weights were.
    stopped
        Why it ended: ``"epochs"`` (all of them were made), ``"patience"``, ``"time"`` or ``"callback"``; "" while it
        runs, or if it was interrupted.
    failed_checkpoints
        How often what was learned could not be written to the disk, though the training went on.
    """

    epochs: list[Epoch] = field(default_factory=list)
    monitor: str = "loss"
    best_epoch: int | None = None
    stopped: str = ""
    failed_checkpoints: int = 0

    def __len__(self) -> int:
        return len(self.epochs)

    def __getitem__(self, place: int) -> Epoch:
        return self.epochs[place]

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights were kept."""
        return next((epoch for epoch in self.epochs if epoch.epoch == self.best_epoch), None)

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON holds it; numbers that are not finite are None."""
        return {**asdict(self), "epochs": [_plain(asdict(epoch)) for epoch in self.epochs]}

    @classmethod
    def from_dict(cls, said: dict[str, Json]) -> Self:
        """Return what `to_dict` was made from; None for a measured number is NaN."""
        return cls(**{**said, "epochs": [Epoch(**_numbers(epoch)) for epoch in said["epochs"]]})

    def header(self) -> list[str]:
        """Return the names of the table's columns."""
        return ["epoch", "step", "seconds", "train loss", *self._metrics(), "learning rate", "rows/s", "tokens/s"]

    def table(self) -> list[list[str]]:
        """Return one row an epoch, a cell for each name in `header()`; a measure it lacks is an empty cell."""
        names = self._metrics()
        return [
            [
                *(f"{epoch.epoch}", f"{epoch.step:,}", f"{epoch.seconds:.1f}", f"{epoch.train_loss:.4f}"),
                *(f"{epoch.valid[name]:.4f}" if name in epoch.valid else "" for name in names),
                *(f"{epoch.learning_rate:.3g}", f"{epoch.rows_per_second:,.0f}", f"{epoch.tokens_per_second:,.0f}"),
            ]
            for epoch in self.epochs
        ]

    def plot(self, path: str | os.PathLike[str], *, dpi: int = 144) -> None:
        """Draw losses, measures and learning rate over the epochs and write them as PNG.

        Raises
        ------
        MissingExtraError
            U-011: matplotlib is not installed.
        MachineError
            M-016: the file can't be written.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise MissingExtraError("a PNG needs the package matplotlib", fix=_PLOTS, code="U-011") from error
        others = [name for name in self._metrics() if name != "loss"]
        panels = [("loss", ["loss"]), *((name, [name]) for name in others), ("learning rate", [])]
        figure = Figure(figsize=(4.2 * len(panels), 3.2), dpi=dpi, layout="constrained", facecolor="#ffffff")
        for axes, (title, names) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            self._draw(axes, title, names)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata={"Software": None})
        _write(path, out.getvalue())

    def tensorboard(self, folder: str | os.PathLike[str]) -> None:
        """Write what TensorBoard shows: one file of events into `folder`, steps on its axis.

        Raises
        ------
        MissingExtraError
            U-011: tensorboard is not installed.
        MachineError
            M-016: the folder can't be written.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtraError("events need the package tensorboard", fix=_EVENTS, code="U-011") from error
        try:
            with SummaryWriter(os.fspath(folder)) as writer:
                for epoch in self.epochs:
                    for name, value in _scalars(epoch).items():
                        writer.add_scalar(name, value, global_step=epoch.step, walltime=epoch.seconds)
        except OSError as error:
            raise _refused(os.fspath(folder), error) from error

    def _repr_html_(self) -> str:
        rows = self.table()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.header())
        body = ""
        for epoch, row in zip(self.epochs, rows, strict=True):
            kept = " style='font-weight:bold'" if epoch.epoch == self.best_epoch else ""
            body += f"<tr{kept}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        said = f"<caption>stopped by: {html.escape(self.stopped or 'nothing yet')}</caption>"
        return f"<table>{said}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _metrics(self) -> list[str]:
        """Return the names of all that was measured, in the order they came."""
        return list(dict.fromkeys(name for epoch in self.epochs for name in epoch.valid))

    def _draw(self, axes: Any, title: str, names: Sequence[str]) -> None:
        numbers = [epoch.epoch for epoch in self.epochs]
        if title == "loss":
            axes.plot(numbers, [epoch.train_loss for epoch in self.epochs], ".-", color=_INK, label="training")
        if title == "learning rate":
            axes.plot(numbers, [epoch.learning_rate for epoch in self.epochs], ".-", color=_INK)
        for name in names:
            values = [epoch.valid.get(name, math.nan) for epoch in self.epochs]
            axes.plot(numbers, values, ".-", color=_ACCENT, label="held out")
        if self.best_epoch is not None:
            axes.axvline(self.best_epoch, color=_FAINT, zorder=0)
        axes.set(title=title, xlabel="epoch")
        if title == "loss":
            axes.legend(frameon=False)


def _scalars(epoch: Epoch) -> dict[str, float]:
    """Return what TensorBoard shows of an epoch, by its names."""
    return {
        "train/loss": epoch.train_loss,
        "train/learning_rate": epoch.learning_rate,
        "speed/rows_per_second": epoch.rows_per_second,
        "speed/tokens_per_second": epoch.tokens_per_second,
        **{f"valid/{name}": value for name, value in epoch.valid.items()},
    }


def _plain(said: dict[str, Json]) -> dict[str, Json]:
    def one(value: Json) -> Json:
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {name: _plain(value) if isinstance(value, dict) else one(value) for name, value in said.items()}


def _numbers(said: dict[str, Json]) -> dict[str, Json]:
    def one(value: Json) -> Json:
        return math.nan if value is None else value

    return {name: _numbers(value) if isinstance(value, dict) else one(value) for name, value in said.items()}


def _write(path: str | os.PathLike[str], data: bytes) -> None:
    try:
        write_whole(os.fspath(path), [data])
    except OSError as error:
        raise _refused(os.fspath(path), error) from error


def _refused(path: str, error: OSError) -> MachineError:
    return MachineError(
        f"{path}: the history can't be written there.",
        seen=str(error.strerror or error),
        fix="Check the folder, its permissions and its space.",
        code="M-016",
    )
