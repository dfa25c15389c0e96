"""One writer a model folder: a lock the system drops when its holder ends, however that ends."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from kinfold.artifacts import files
from kinfold.artifacts.bundle import LEFTOVER, LOCK, refuse_foreign
from kinfold.artifacts.jsontext import shown
from kinfold.errors import KinfoldError, LockedError, MachineError

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True, slots=True)
class FolderLock:
    """The right to write a model folder, for as long as the block it came from.

    Attributes
    ----------
    path
        The folder, absolute.
    warnings
        What the caller should know, such as a file system without locks.
    exclusive
        False where the file system has no locks.
    """

    path: str
    warnings: tuple[str, ...] = ()
    exclusive: bool = True


@contextmanager
def saving(path: str, needed: int = 0) -> Iterator[None]:
    """Turn what the system refuses while writing into MachineError."""
    try:
        yield
    except KinfoldError:
        raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        fix = "free some space or choose another place" if full else "check the folder's permissions and the disk"
        size = f"; the save needs {needed:,} bytes" if needed else ""
        raise MachineError(
            f"{path}: nothing was saved",
            seen=f"{error.strerror or error}{size}",
            why="a version that was there before is untouched",
            fix=f"{fix}, then save again",
            code="M-001",
        ) from error


@contextmanager
def hold(path: str | os.PathLike[str]) -> Iterator[FolderLock]:
    """Hold the right to write a model folder, creating the folder if need be.

    A folder that was created here and got no model is removed again. What a killed save left is removed.

    Raises
    ------
    LockedError
        Another process holds it; the message names the process.
    ArtifactError
        The folder holds other things than a model.
    MachineError
        The folder can't be created or written.
    """
    folder = os.path.abspath(os.fspath(path))
    made: list[str] = []
    try:
        with saving(folder):
            _make(folder, made)
            fd, exclusive = _acquire(folder)
        try:
            with saving(folder):
                refuse_foreign(folder, files.names(folder))
                if exclusive:
                    _clear_leftovers(folder)
                    _sign(fd)
            note = () if exclusive else (f"{folder} is on a file system without locks: one writer at a time, please",)
            yield FolderLock(folder, note, exclusive)
        finally:
            _release(folder, fd)
    finally:
        for created in reversed(made):
            # Not empty is the normal case: the model is in it.
            with suppress(OSError):
                files.remove_folder(created)


def remove_tree(path: str) -> None:
    """Remove a folder of plain files; nothing inside it is followed or descended into."""
    for name in files.names(path):
        files.unlink(os.path.join(path, name))
    files.remove_folder(path)


def sync_folder(path: str) -> None:
    """Make the names in a folder survive a power cut."""
    fd = files.open_root(path)
    try:
        files.sync(fd)
    finally:
        files.close(fd)


def _make(folder: str, made: list[str]) -> None:
    missing: list[str] = []
    while not files.is_folder(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for path in reversed(missing):
        try:
            files.make_folder(path)
        except FileExistsError:
            # Another writer made it meanwhile.
            if os.path.isdir(path):
                continue
            raise
        made.append(path)
        sync_folder(os.path.dirname(path))


def _acquire(folder: str) -> tuple[int, bool]:
    path = os.path.join(folder, LOCK)
    while True:
        fd = files.open_lock(path)
        try:
            exclusive = _try_lock(folder, fd)
            # Its last holder may have removed the file between our opening and our locking it.
            if _same_file(fd, path):
                return fd, exclusive
        except BaseException:
            files.close(fd)
            raise
        files.close(fd)


def _try_lock(folder: str, fd: int) -> bool:
    if not stat.S_ISREG(files.open_status(fd).st_mode):
        raise MachineError(f"{folder}: {LOCK} is not a plain file", fix="remove it", code="M-002")
    try:
        files.lock(fd)
    except BlockingIOError as error:
        raise LockedError(
            f"{folder}: another process is writing this model",
            seen=_holder(fd),
            fix="wait until it ends, or write to another folder",
            code="L-001",
        ) from error
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    return True


def _same_file(fd: int, path: str) -> bool:
    try:
        named = files.status(path)
    except FileNotFoundError:
        return False
    opened = files.open_status(fd)
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)


def _sign(fd: int) -> None:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
    # A killed holder leaves its own name here.
    files.truncate(fd)
    files.write(fd, json.dumps(holder).encode("ascii"))


def _holder(fd: int) -> str:
    """Return who signed the lock, for a message; the file may say anything."""
    buffer = bytearray(512)
    size = files.read_into(fd, memoryview(buffer))
    try:
        holder = json.loads(bytes(buffer[:size]))
        return f"process {int(holder['pid'])} on {shown(holder['host'])}, since {shown(holder['started'])}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return "a process that has not signed the lock yet"


def _release(folder: str, fd: int) -> None:
    # Removed while it is still locked: whoever opened it before finds out in `_same_file` and starts over.
    try:
        with suppress(OSError):
            files.unlink(os.path.join(folder, LOCK))
    finally:
        with suppress(OSError):
            files.close(fd)


def _clear_leftovers(folder: str) -> None:
    for name in files.names(folder):
        path = os.path.join(folder, name)
        if LEFTOVER.fullmatch(name):
            if stat.S_ISDIR(files.status(path).st_mode):
                remove_tree(path)
            else:
                files.unlink(path)
