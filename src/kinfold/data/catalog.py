"""The name of a public data set in, the path of its file out: from a folder, the cache or its publisher."""

from __future__ import annotations

import difflib
import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kinfold.data.download import Policy, Progress, cant_write, download, file_sha256, refuse_file
from kinfold.data.entries import DATASETS, Dataset, Reading, RemoteFile
from kinfold.errors import DataError, InvalidParameterError, MachineError

_log = logging.getLogger(__name__)

#: The file in the cache folder that holds the hash every file had when it came.
PINS_NAME = "pins.json"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What `fetch_details` found.

    Parameters
    ----------
    dataset
        The entry of the catalogue.
    paths
        The files, in the order of the entry.
    origin
        ``"local"`` (below ``$KINFOLD_DATA``, not checked), ``"cache"`` or ``"download"`` (both checked).
    reading
        How to read the first file.
    sha256
        File name -> SHA-256, for what was checked.
    notes
        What a reader should be told, such as a hash that was trusted on first use.
    """

    dataset: Dataset
    paths: tuple[Path, ...]
    origin: Literal["local", "cache", "download"]
    reading: Reading
    sha256: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The first file."""
        return self.paths[0]


def catalog() -> list[Dataset]:
    """Return every data set that `fetch` knows, in alphabetical order."""
    return sorted(DATASETS.values(), key=lambda entry: entry.name)


def dataset(name: str) -> Dataset:
    """Return one entry of the catalogue; `InvalidParameterError` for a name it doesn't have."""
    if name not in DATASETS:
        near = difflib.get_close_matches(name, DATASETS, n=1, cutoff=0.5)
        raise InvalidParameterError(
            "there is no data set of this name in the catalogue",
            seen=repr(name),
            fix=(f"did you mean {near[0]!r}? " if near else "") + f"known names: {', '.join(sorted(DATASETS))}",
            code="F-08",
        )
    return DATASETS[name]


def fetch(
    name: str,
    *,
    cache: str | Path | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    policy: Policy | None = None,
) -> Path:
    """Return the path of a public data set's first file, downloading the set if need be.

    Looked up in this order: the folder named by the environment variable ``KINFOLD_DATA``; the cache; the
    publisher. Files from the publisher are checked against the catalogue's SHA-256. Where the catalogue has
    none, the first download is trusted, the hash written down, a warning logged, and every later copy must
    match.

    Parameters
    ----------
    name
        A name from `catalog`.
    cache
        The cache folder; None for `cache_folder()`.
    offline
        Never use the network.
    progress
        Called with (bytes so far, bytes in all or None) while a file comes.
    policy
        Timeout, tries and waits of the download.

    Raises
    ------
    InvalidParameterError
        The name is not in the catalogue.
    MachineError
        The files are not here and can't be downloaded; the message says where to put which file.
    DataError
        A file is not the one it must be; it is kept as ``NAME.bad``.
    """
    found = fetch_details(name, cache=cache, offline=offline, progress=progress, policy=policy)
    for note in found.notes:
        _log.warning("%s", note)
    return found.path


def fetch_details(
    name: str,
    *,
    cache: str | Path | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    policy: Policy | None = None,
) -> Fetched:
    """Do what `fetch` does, and return everything that is known of the files; nothing is logged."""
    entry = dataset(name)
    local = _local_paths(entry)
    if local:
        return Fetched(entry, local, "local", entry.local_reading or entry.reading, {})
    pins = _Pins(Path(cache) if cache is not None else cache_folder())
    came, notes, hashes = False, [], {}
    for file in entry.files:
        target = pins.folder / name / file.name
        if not target.is_file():
            if offline:
                raise _not_here(entry, file, target)
            wanted = file.sha256 or pins.known(name, file)
            got = download(file.url, target, size=file.bytes, sha256=wanted, progress=progress, policy=policy)
            came = True
        else:
            got = pins.unchanged(name, file) or file_sha256(target)
            _check(pins, name, file, target, got)
        if file.sha256 is None and pins.known(name, file) is None:
            notes.append(
                f"{name}: no SHA-256 of {file.name} is published; this copy is trusted on first use, and "
                f"later ones must match {got} ({pins.path})"
            )
        pins.remember(name, file, got)
        hashes[file.name] = got
    paths = tuple(pins.folder / name / file.name for file in entry.files)
    return Fetched(entry, paths, "download" if came else "cache", entry.reading, hashes, tuple(notes))


def cache_folder() -> Path:
    """Return ``$KINFOLD_CACHE``, else the folder this platform keeps caches in, with ``kinfold`` added."""
    chosen = os.environ.get("KINFOLD_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "kinfold" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "kinfold"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kinfold"


def _local_paths(entry: Dataset) -> tuple[Path, ...]:
    """Return the set's files below ``$KINFOLD_DATA`` if they are all there, else nothing."""
    folder = os.environ.get("KINFOLD_DATA")
    if not folder or not entry.local:
        return ()
    paths = tuple(Path(folder).expanduser() / name for name in entry.local)
    return paths if all(path.is_file() for path in paths) else ()


def _not_here(entry: Dataset, file: RemoteFile, target: Path) -> MachineError:
    size = f", {file.bytes:,} bytes" if file.bytes is not None else ""
    return MachineError(
        f"the data set {entry.name} is not on this machine, and the network is not to be used",
        seen=f"{target} does not exist",
        fix=f"get {file.url} ({entry.licence}{size}) on another machine and put it at {target}",
        code="F-01",
    )


def _check(pins: _Pins, name: str, file: RemoteFile, target: Path, got: str) -> None:
    wanted = file.sha256 or pins.known(name, file)
    if wanted is None or got == wanted:
        return
    if file.sha256 is not None:
        raise refuse_file(target, wanted, got, "it differs from the published file", "call again to download it")
    why = "it differs from the copy that was here first"
    raise refuse_file(target, wanted, got, why, f"to accept the new one, remove its entry from {pins.path}")


class _Pins:
    """The hash, size and modification time that every file of a cache folder had when it was last checked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / PINS_NAME
        self._pins: dict[str, dict[str, Any]] = self._read()

    def known(self, name: str, file: RemoteFile) -> str | None:
        """Return the hash written down for a file, if any."""
        pin = self._pins.get(f"{name}/{file.name}")
        return str(pin["sha256"]) if pin else None

    def unchanged(self, name: str, file: RemoteFile) -> str | None:
        """Return the hash written down if the file on disk has still the same size and modification time."""
        pin = self._pins.get(f"{name}/{file.name}")
        return str(pin["sha256"]) if pin and self._stamp(name, file) == pin.get("stamp") else None

    def remember(self, name: str, file: RemoteFile, sha256: str) -> None:
        """Write the hash down, replacing the whole file at once."""
        pin = {"sha256": sha256, "stamp": self._stamp(name, file), "url": file.url}
        if self._pins.get(f"{name}/{file.name}") == pin:
            return
        self._pins[f"{name}/{file.name}"] = pin
        partial = self.path.with_name(f"{PINS_NAME}.{os.getpid()}")
        try:
            partial.write_text(json.dumps(self._pins, indent=1, sort_keys=True) + "\n", "utf-8")
            os.replace(partial, self.path)
        except OSError as error:
            raise cant_write(self.folder, error) from error

    def _stamp(self, name: str, file: RemoteFile) -> list[int]:
        status = (self.folder / name / file.name).stat()
        return [status.st_size, status.st_mtime_ns]

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self.path.is_file():
            return {}
        try:
            pins = json.loads(self.path.read_text("utf-8"))
            if all(isinstance(pin["sha256"], str) for pin in pins.values()):
                return dict(pins)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise DataError(
            f"the cache's list of hashes can't be read: {self.path}",
            seen="not the JSON that kinfold writes",
            why="it was edited, or cut off",
            fix="delete it: files with a published hash are checked again, the others are trusted anew",
            code="F-09",
        )
