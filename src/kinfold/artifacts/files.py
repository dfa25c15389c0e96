"""Every file operation of this room, one function each, so that a test can make any single one fail."""

from __future__ import annotations

import fcntl
import mmap
import os

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_LOCK = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
#: macOS only: `fsync` there leaves the data in the drive's own cache.
_FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)


def make_folder(path: str) -> None:
    """Create one folder; its parent must exist and it must not."""
    os.mkdir(path)


def create(path: str) -> int:
    """Create a file that must not exist; return its descriptor, open for writing."""
    return os.open(path, _CREATE, 0o666)


def write(fd: int, data: bytes | memoryview) -> int:
    """Write some of `data`; return how many bytes."""
    return os.write(fd, data)


def sync(fd: int) -> None:
    """Make a file's data, or a folder's entries, survive a power cut. Never retried: see fsyncgate."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(fd, _FULL_SYNC)
    else:
        os.fsync(fd)


def close(fd: int) -> None:
    """Close a descriptor."""
    os.close(fd)


def rename(source: str, target: str) -> None:
    """Rename a folder; a non-empty `target` is an error."""
    os.rename(source, target)


def replace(source: str, target: str) -> None:
    """Rename a file over `target` in one step."""
    os.replace(source, target)


def unlink(path: str) -> None:
    """Remove a file or a link."""
    os.unlink(path)


def remove_folder(path: str) -> None:
    """Remove an empty folder."""
    os.rmdir(path)


def names(folder: str | int) -> list[str]:
    """Return the sorted names in a folder, given by path or descriptor."""
    return sorted(os.listdir(folder))


def is_folder(path: str) -> bool:
    """Return whether `path` is a folder or a link to one."""
    return os.path.isdir(path)


def status(name: str, folder: int | None = None) -> os.stat_result:
    """Return what `name` is, itself and not what a link points at."""
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def open_status(fd: int) -> os.stat_result:
    """Return what an open descriptor is."""
    return os.fstat(fd)


def open_root(path: str) -> int:
    """Open the folder the caller named; a link is followed here, because the caller chose it."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)


def open_folder(name: str, folder: int) -> int:
    """Open a folder inside an open folder, following no link."""
    return os.open(name, _READ | os.O_DIRECTORY, dir_fd=folder)


def open_file(name: str, folder: int) -> int:
    """Open a file inside an open folder for reading, following no link and waiting for no pipe."""
    return os.open(name, _READ, dir_fd=folder)


def read_into(fd: int, view: memoryview) -> int:
    """Read some bytes into `view`; return how many, 0 at the end."""
    return os.readv(fd, [view])


def map_file(fd: int, size: int) -> mmap.mmap:
    """Map the first `size` bytes of an open file, for reading only; the map outlives the descriptor."""
    return mmap.mmap(fd, size, access=mmap.ACCESS_READ)


def open_lock(path: str) -> int:
    """Open the lock file, creating it if need be."""
    return os.open(path, _LOCK, 0o666)


def lock(fd: int) -> None:
    """Take the lock or raise BlockingIOError; the system drops it when the process ends, however it ends."""
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def truncate(fd: int) -> None:
    """Empty a file."""
    os.ftruncate(fd, 0)
