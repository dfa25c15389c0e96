"""Writing a new version so that at every moment the folder loads as the old model or as the new one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from kinfold.artifacts import files
from kinfold.artifacts.bundle import (
    CURRENT,
    DIGEST,
    Pointer,
    digest_line,
    is_version,
    open_model,
    read_pointer,
    version_name,
)
from kinfold.artifacts.lock import FolderLock, remove_tree, saving, sync_folder
from kinfold.artifacts.manifest import MANIFEST, Manifest, encode
from kinfold.errors import ArtifactError, MachineError

_PROBE_BYTES = 1 << 20
#: Files as pieces to be written one after the other.
Pieces = Mapping[str, Sequence[memoryview]]


def publish(lock: FolderLock, manifest: Manifest, pieces: Pieces, keep: int) -> str:
    """Write one more version and make it the current one; return its name.

    The order is what makes it safe: files, their folder, its final name, that name's folder, and only then
    CURRENT and its folder again. `fsync` is never retried: after a failed one the system may have dropped the
    data.

    Parameters
    ----------
    lock
        The right to write the folder.
    manifest
        Complete but for `version`.
    pieces
        The other files by name.
    keep
        How many good versions to leave, the new one included.
    """
    folder = lock.path
    needed = manifest.nbytes + (1 << 16)
    with saving(folder, needed):
        versions = _versions(folder)
        previous = _previous(folder)
        version = version_name(1 + max([*map(_number, versions), _number(previous) if previous else 0]))
        data = encode(replace(manifest, version=version))
        pointer = Pointer(version, hashlib.sha256(data).hexdigest())
        everything = {
            **pieces,
            MANIFEST: [memoryview(data)],
            DIGEST: [memoryview(digest_line(pointer.digest))],
        }
        _write_version(folder, version, everything)
        try:
            _point(folder, pointer)
        except BaseException:
            # Unless CURRENT names it all the same: then it is the model, although the save failed.
            if _previous(folder) != version:
                with suppress(OSError):
                    remove_tree(os.path.join(folder, version))
            raise
    _confirm(folder, version)
    # The new model is safe: what can't be removed now is removed by the next save.
    with suppress(OSError):
        _prune(folder, versions, previous, keep)
    return version


def probe_disk(lock: FolderLock) -> None:
    """Write, sync, rename and remove a megabyte, as a save will.

    Raises
    ------
    MachineError
        Any of it was refused.
    """
    name = os.path.join(lock.path, f".tmp-{os.getpid()}-probe")
    with saving(lock.path, _PROBE_BYTES):
        try:
            files.make_folder(name)
            _write_file(os.path.join(name, "probe"), [memoryview(bytes(_PROBE_BYTES))])
            files.rename(name, name + "d")
            sync_folder(lock.path)
        finally:
            for left in (name, name + "d"):
                with suppress(OSError):
                    remove_tree(left)


def _number(version: str) -> int:
    return int(version[1:])


def _versions(folder: str) -> list[str]:
    return sorted((name for name in files.names(folder) if is_version(name)), key=_number)


def _previous(folder: str) -> str | None:
    """Return the version CURRENT names, or None: no model yet, or a damaged CURRENT."""
    with open_model(folder) as top:
        try:
            return read_pointer(top).version
        except ArtifactError:
            return None


def _write_version(folder: str, version: str, pieces: Pieces) -> None:
    temporary = os.path.join(folder, f".tmp-{os.getpid()}-{version}")
    final = os.path.join(folder, version)
    renamed = False
    try:
        files.make_folder(temporary)
        for name, parts in pieces.items():
            _write_file(os.path.join(temporary, name), parts)
        sync_folder(temporary)
        files.rename(temporary, final)
        renamed = True
        sync_folder(folder)
    except BaseException:
        with suppress(OSError):
            remove_tree(final if renamed else temporary)
        raise


def _write_file(path: str, parts: Sequence[memoryview]) -> None:
    fd = files.create(path)
    try:
        for part in parts:
            rest = part
            while rest:
                rest = rest[files.write(fd, rest) :]
        files.sync(fd)
    finally:
        files.close(fd)


def _point(folder: str, pointer: Pointer) -> None:
    temporary = os.path.join(folder, f".tmp-{os.getpid()}-current")
    try:
        _write_file(temporary, [memoryview(pointer.encode())])
        files.replace(temporary, os.path.join(folder, CURRENT))
    except BaseException:
        with suppress(OSError):
            files.unlink(temporary)
        raise


def _confirm(folder: str, version: str) -> None:
    try:
        sync_folder(folder)
    except OSError as error:
        raise MachineError(
            f"{folder}: {version} was written, but the disk did not confirm it",
            seen=str(error.strerror or error),
            why="after a power cut the folder may hold the old version or the new one, either of them whole",
            fix="check the disk, then save again",
            code="M-001",
        ) from error


def _prune(folder: str, versions: list[str], previous: str | None, keep: int) -> None:
    """Remove versions that are neither new nor among the last good ones.

    A version above the one CURRENT named is what a killed save left; without a readable CURRENT nothing tells
    the good ones apart, and nothing is removed.
    """
    if previous is None:
        return
    good = [version for version in versions if _number(version) <= _number(previous)]
    kept = good[max(0, len(good) - (keep - 1)) :]
    for version in versions:
        if version not in kept:
            # Renamed first, so that half a removal is never seen as a damaged version.
            hidden = os.path.join(folder, f".tmp-{os.getpid()}-{version}")
            files.rename(os.path.join(folder, version), hidden)
            sync_folder(folder)
            remove_tree(hidden)
