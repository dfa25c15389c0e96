"""Every error kinfold raises on purpose: what is wrong, what was received, what to do about it."""

from __future__ import annotations


class KinfoldError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    what
        What is wrong and where: file, record, row, column or parameter, in one sentence.
    seen
        What was received, shortened and escaped for a terminal.
    why
        The likely cause, where it is not plain from `what`.
    fix
        What the reader can do now.
    code
        A stable short name for the kind of problem, such as ``"D-036"``; `docs/errors.md` lists them.
    """

    #: The exit status of the command line when this error ends it.
    exit_code = 7

    def __init__(self, what: str, *, seen: str = "", why: str = "", fix: str = "", code: str = "") -> None:
        super().__init__(what)
        self.what, self.seen, self.why, self.fix, self.code = what, seen, why, fix, code

    def __str__(self) -> str:
        """Return the parts that are there, one a line."""
        parts = [self.what]
        parts += [f"  {name:<6} {text}" for name, text in self.details()]
        return "\n".join(parts)

    def details(self) -> list[tuple[str, str]]:
        """Return the non-empty parts after the first as (name, text): seen, why, try."""
        named = (("seen:", self.seen), ("why:", self.why), ("try:", self.fix))
        return [(name, text) for name, text in named if text]


class InvalidParameterError(KinfoldError, ValueError):
    """A parameter or command-line option has a value that can't be used."""

    exit_code = 2


class NotFittedError(KinfoldError, ValueError, AttributeError):
    """An estimator was asked to predict before `fit`."""

    exit_code = 2


class MissingExtraError(KinfoldError, ImportError):
    """An optional dependency is not installed; the message holds the command that installs it."""

    exit_code = 2


class DataError(KinfoldError, ValueError):
    """The data a caller handed in can't be used as it is."""

    exit_code = 3


class ArtifactError(KinfoldError):
    """A model folder is damaged, foreign, hostile or of another version."""

    exit_code = 4


class MachineError(KinfoldError, OSError):
    """The machine refused: disk, permission, memory, port or network."""

    exit_code = 5


class LockedError(KinfoldError):
    """Another process holds the thing that is to be written."""

    exit_code = 6
