"""Files that are whole or not there: written beside their place, made safe on the disk, then given their name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress


def write_whole(path: str, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a file; a failure leaves what was there before, and nothing half-written.

    Raises
    ------
    OSError
        The disk refused.
    """
    temporary = f"{path}.tmp"
    try:
        with open(temporary, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(os.path.dirname(path) or ".")


def sync_folder(folder: str) -> None:
    """Make the names in a folder survive a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
