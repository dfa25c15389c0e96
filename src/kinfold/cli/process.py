"""The process around a command line: its streams, its import path, the signals that end it."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn


class Terminated(BaseException):
    """SIGTERM came: unwinds like Ctrl-C, so that everything open is closed and nothing half-written stays."""


def prepare() -> None:
    """Make the process safe to work in; called once, before anything else is imported."""
    _drop_working_folder()
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        # UTF-8 whatever the locale; what UTF-8 can't hold (undecodable arguments) is escaped.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, _terminate)


def _drop_working_folder() -> None:
    """Take the working folder off the import path: a file numpy.py beside the data must not be run."""
    here = os.path.realpath(os.getcwd()) if _exists() else ""
    home = os.path.realpath(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
    installed = os.path.basename(here) in ("site-packages", "dist-packages")
    if here != home and not installed:
        sys.path[:] = [entry for entry in sys.path if entry and os.path.realpath(entry) != here]


def _exists() -> bool:
    try:
        os.getcwd()
    except OSError:  # the folder was deleted under us
        return False
    return True


def _open_streams() -> None:
    """Put /dev/null where a standard stream is closed, lest the next file opened take its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        with suppress(OSError):
            os.fstat(number)
            continue
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


def flush() -> None:
    """Write out what waits; what can't be written is an error now, not a message as Python ends."""
    sys.stdout.flush()
    sys.stderr.flush()


def silence_stdout() -> None:
    """Send what is still to come to nowhere: its reader has gone."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
