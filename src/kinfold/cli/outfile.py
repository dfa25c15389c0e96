"""A file that is written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from kinfold.data.faults import shown
from kinfold.errors import MachineError


@contextmanager
def whole_file(path: str) -> Iterator[TextIO]:
    """Open a text file for writing that gets its name when the block ends well, and is gone if it does not.

    A path that can't be written is refused at once, before the block runs.
    """
    target = os.path.realpath(path)
    direct = os.path.lexists(target) and not stat.S_ISREG(os.stat(target).st_mode)
    partial = target if direct else f"{target}.{os.getpid()}.part"
    try:
        file = open(partial, "w", encoding="utf-8", errors="backslashreplace", newline="\n")  # noqa: SIM115
    except OSError as error:
        raise MachineError(
            f"{shown(path, 200)} can't be written: {error.strerror}",
            fix="check the folder and its permissions",
            code="M-012",
        ) from error
    try:
        with file:
            yield file
        if not direct:
            os.replace(partial, target)
    except BaseException:
        if not direct:
            with suppress(OSError):
                os.unlink(partial)
        raise


def check_place(path: str) -> None:
    """Raise MachineError if no file can be written there: to be asked before work that takes long."""
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK) or os.path.isdir(path):
        reason = "it is a folder" if os.path.isdir(path) else "its folder is missing or can't be written"
        raise MachineError(
            f"{shown(path, 200)} can't be written: {reason}", fix="check the folder and its permissions", code="M-012"
        )
