"""The folder beside a model that holds a training while it runs, so that one that is stopped can go on."""

from __future__ import annotations

import os
from contextlib import suppress
from types import TracebackType
from typing import Self

from kinfold.cli.console import Console
from kinfold.errors import ArtifactError

#: What the name of a model's folder is followed by.
SUFFIX = ".training"
#: The file that a trainer writes once it has read all texts: from then on a training can go on.
_READ = ("corpus.npz", "rows.npz")
#: A folder in it where a net's trainer writes, and the endings of what trainers leave in either.
_INNER = "training"
_WEIGHTS = ".safetensors"
_ENDINGS = (".npz", ".ids", ".tmp", ".json", _WEIGHTS)


class Stopped:
    """A training that may be stopped: a context manager around all of it, saving included.

    Parameters
    ----------
    output
        The model folder that the training is for.
    resume
        Go on from what is there; else what is there is removed.

    Attributes
    ----------
    folder
        Where the trainer keeps how far it is.
    account
        A file in it for what reading was like.
    """

    def __init__(self, output: str, console: Console, *, resume: bool) -> None:
        self.folder = os.path.normpath(output) + SUFFIX
        self.account = os.path.join(self.folder, "account.json")
        self._resume, self._console = resume, console

    @property
    def can_go_on(self) -> bool:
        """Whether there is something to go on from."""
        read = any(os.path.exists(os.path.join(self.folder, name)) for name in _READ)
        # A matcher reads its pairs again: its trainer's first checkpoint is what it can go on from.
        return read or any(name.endswith(_WEIGHTS) for name in _names(os.path.join(self.folder, _INNER)))

    @property
    def goes_on(self) -> bool:
        """Whether this training is one that goes on."""
        return self._resume and self.can_go_on

    def __enter__(self) -> Self:
        self._check()
        if self._resume:
            what = "going on from where it was stopped" if self.goes_on else "nothing to go on from: a new training"
            self._console.say(f"{self.folder}: {what}")
            return self
        if self.can_go_on:
            self._console.warn(f"{self.folder}: a training that was stopped is given up; --resume would have gone on")
        self.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not self.can_go_on:
            self.clear()
        else:
            self._console.say(f"what was learned is kept in {self.folder}: --resume goes on from there")

    def clear(self) -> None:
        """Remove the folder, and what the trainer left in it."""
        for folder in (os.path.join(self.folder, _INNER), self.folder):
            for name in _names(folder):
                os.unlink(os.path.join(folder, name))
            with suppress(FileNotFoundError):
                os.rmdir(folder)

    def _check(self) -> None:
        """Raise ArtifactError if the folder holds what no training left there."""
        inner = os.path.join(self.folder, _INNER)
        held = [(self.folder, name) for name in _names(self.folder) if name != _INNER or os.path.islink(inner)]
        held += [(inner, name) for name in _names(inner)]
        odd = [os.path.join(folder, name) for folder, name in held if not name.endswith(_ENDINGS)]
        if odd or os.path.islink(self.folder):
            raise ArtifactError(
                f"{self.folder} is in the way: it holds more than a training that was stopped",
                seen=odd[0] if odd else "a link",
                fix="move it, or save the model elsewhere",
                code="A-016",
            )


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
