"""Files a stranger may have made, read once and safely: plain, of the stated size, hashed on the way in."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from kinfold.artifacts import files
from kinfold.artifacts.jsontext import shown
from kinfold.errors import ArtifactError, KinfoldError, MachineError

_CHUNK = 1 << 20
_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x93NUMPY": "a numpy file",
    b"\x1f\x8b": "a gzip archive",
}


class Hasher(Protocol):
    """What hashlib gives."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes in."""

    def hexdigest(self) -> str:
        """Return the hash so far."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder: its path for messages, its descriptor for everything else."""

    path: str
    fd: int


@dataclass(frozen=True, slots=True)
class PlainFile:
    """An open plain file, and the SHA-256 of what was read from it so far."""

    where: str
    fd: int
    size: int
    hasher: Hasher = field(default_factory=hashlib.sha256)


@contextmanager
def machine_errors(path: str) -> Iterator[None]:
    """Turn what the system refuses while reading into this room's errors."""
    try:
        yield
    except KinfoldError:
        raise
    except MemoryError as error:
        raise MachineError(f"{path}: not enough memory to load the model", code="M-003") from error
    except OSError as error:
        name = shown(str(error.filename))
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise ArtifactError(f"{path}: {name} is missing", seen=str(error.strerror), code="A-004") from error
        if error.errno == errno.ELOOP:
            raise ArtifactError(f"{path}: {name} is a link", why="no link is followed", code="A-005") from error
        raise MachineError(
            f"{path}: the model could not be read",
            seen=str(error.strerror or error),
            fix="check the disk and the permissions of the folder",
            code="M-004",
        ) from error


@contextmanager
def open_plain(folder: Folder, name: str, size: int | None = None) -> Iterator[PlainFile]:
    """Open a file that must be plain, must have one name only and, if given, the right size."""
    check_plain(folder, name, files.status(name, folder.fd), size)
    fd = files.open_file(name, folder.fd)
    try:
        # Asked again of the open file: the name may have been given to something else meanwhile.
        status = files.open_status(fd)
        check_plain(folder, name, status, size)
        yield PlainFile(f"{folder.path}: {name}", fd, status.st_size)
    finally:
        files.close(fd)


def check_plain(folder: Folder, name: str, status: os.stat_result, size: int | None) -> None:
    """Raise ArtifactError unless `status` is that of a plain file with one name and the right size."""
    # No name at all: a writer replaced or removed the file after it was opened here; what is open is still whole.
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        shared = stat.S_ISREG(status.st_mode)
        raise ArtifactError(
            f"{folder.path}: {name} is not a plain file of its own",
            seen=f"a file with {status.st_nlink} names" if shared else "a link, folder, pipe or device",
            fix="copy the folder with cp -r --no-preserve=links" if shared else "do not trust this folder",
            code="A-005",
        )
    if size is not None and status.st_size != size:
        raise ArtifactError(
            f"{folder.path}: {name} has the wrong size",
            seen=f"{status.st_size:,} bytes, the manifest says {size:,}",
            why="the file was cut short, changed, or comes from another model",
            code="A-006",
        )


def read_exactly(file: PlainFile, view: memoryview) -> None:
    """Fill `view` with the file's next bytes."""
    position = 0
    while position < len(view):
        chunk = view[position : position + _CHUNK]
        n_read = files.read_into(file.fd, chunk)
        if n_read == 0:
            raise ArtifactError(f"{file.where} ends early", seen=f"{position:,} of {len(view):,} bytes", code="A-006")
        file.hasher.update(chunk[:n_read])
        position += n_read


def check_end(file: PlainFile, sha256: str) -> None:
    """Raise ArtifactError unless the file is at its end and what was read has this hash."""
    found = file.hasher.hexdigest()
    if found != sha256 or files.read_into(file.fd, memoryview(bytearray(1))):
        raise ArtifactError(
            f"{file.where} is damaged",
            seen=f"sha256 {found}",
            why=f"the manifest says {sha256}: a bit changed on the way, or the file comes from another model",
            fix="copy the folder again from where it came",
            code="A-006",
        )


def read_small(folder: Folder, name: str, cap: int) -> bytes:
    """Return a whole file of at most `cap` bytes."""
    with open_plain(folder, name) as file:
        if file.size > cap:
            raise ArtifactError(f"{file.where} is too large", seen=f"{file.size:,} bytes, cap {cap:,}", code="A-014")
        data = bytearray(file.size)
        read_exactly(file, memoryview(data))
        return bytes(data)


def archive_kind(head: bytes) -> str | None:
    """Return what a file that starts like this is, if it is a kind that is never opened."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def others_may_write(folder: Folder) -> bool:
    """Return whether anybody on this machine may change what is in the folder."""
    return bool(files.open_status(folder.fd).st_mode & stat.S_IWOTH)
