"""Finding, describing and checking the versions in a model folder, without building the model."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from functools import cache
from typing import TypeAlias, TypeVar

from kinfold.artifacts import bundle
from kinfold.artifacts.jsontext import shown
from kinfold.artifacts.manifest import Manifest
from kinfold.artifacts.plainfile import Folder, machine_errors, others_may_write
from kinfold.errors import ArtifactError, MachineError

T = TypeVar("T")
#: What to do with an open model folder, its open version folder, and the manifest.
Read: TypeAlias = Callable[[Folder, Folder, Manifest], T]
#: How often a reader starts over when savers keep replacing the version it reads.
_ATTEMPTS = 20
#: Versions looked at for one to suggest in place of a damaged one; each is read whole.
_CANDIDATES = 3
#: Distributions whose version can change what a model answers, and the module that shows they are in use.
_LIBRARIES = {
    "kinfold": "kinfold",
    "numpy": "numpy",
    "scipy": "scipy",
    "scikit-learn": "sklearn",
    "numba": "numba",
}


def describe(path: str | os.PathLike[str], *, version: str | None = None) -> Manifest:
    """Return what a model folder says about itself, without reading the weights.

    Names and sizes of its files are checked, their hashes are not: see `verify`.

    Raises
    ------
    ArtifactError
        No model there, or its pointer, manifest or list of files is damaged.
    """
    return read_version(path, version, lambda _top, _folder, manifest: manifest)


def verify(path: str | os.PathLike[str], *, version: str | None = None) -> tuple[Manifest, ...]:
    """Read and check every byte of all versions, or of one; return their manifests, oldest first.

    Raises
    ------
    ArtifactError
        The first thing found damaged, by name.
    """
    if version is not None:
        return (read_version(path, version, _check_content),)
    read_version(path, None, _check_content)
    with machine_errors(os.fspath(path)), bundle.open_model(os.fspath(path)) as top:
        names = bundle.list_versions(top)
    return tuple(read_version(path, name, _check_content) for name in names)


def read_version(path: str | os.PathLike[str], version: str | None, read: Read[T]) -> T:
    """Return ``read(model folder, version folder, manifest)`` of the current version or of the one asked for.

    A reader that loses its version to a saver starts over with the new one. When nothing can be read, the
    error names a version that still verifies, if there is one; it is never loaded unasked.
    """
    where = os.fspath(path)
    with machine_errors(where), bundle.open_model(where) as top:
        versions = bundle.list_versions(top)
        try:
            if version is not None:
                return _read_one(top, version, None, read)
            return _read_current(top, read)
        except ArtifactError as error:
            hint = _other_version(top, versions, version)
            if hint:
                error.fix = f"{error.fix}; {hint}" if error.fix else hint
            raise


def _read_one(top: Folder, version: str, digest: str | None, read: Read[T]) -> T:
    with bundle.open_version(top, version) as folder:
        return read(top, folder, bundle.read_manifest(folder, version, digest))


def _read_current(top: Folder, read: Read[T]) -> T:
    for _ in range(_ATTEMPTS):
        pointer = bundle.read_pointer(top)
        try:
            return _read_one(top, pointer.version, pointer.digest, read)
        except (ArtifactError, FileNotFoundError):
            if bundle.read_pointer(top) == pointer:
                raise
    raise MachineError(f"{top.path}: new versions are saved faster than one can be read", code="M-004")


def _check_content(_top: Folder, folder: Folder, manifest: Manifest) -> Manifest:
    for name in manifest.vocabularies:
        bundle.read_vocabulary(folder, manifest, name)
    bundle.read_weights(folder, manifest)
    return manifest


def _other_version(top: Folder, versions: list[str], failed: str | None) -> str:
    if failed is None:
        try:
            failed = bundle.read_pointer(top).version
        except (ArtifactError, OSError):
            failed = None
    for name in [name for name in reversed(versions) if name != failed][:_CANDIDATES]:
        try:
            _read_one(top, name, None, _check_content)
        except (ArtifactError, OSError):
            continue
        return f'another version in the folder is whole: load(..., version="{name}")'
    return ""


def libraries() -> dict[str, str]:
    """Return the versions of Python and of the loaded libraries that can change what a model answers."""
    found = {"python": platform.python_version()}
    for name, module in _LIBRARIES.items():
        if module in sys.modules:
            found[name] = _installed(name)
    return found


@cache
def _installed(distribution: str) -> str:
    return importlib.metadata.version(distribution)


def warnings_about(top: Folder, folder: Folder, manifest: Manifest) -> tuple[str, ...]:
    """Return what a loader should say: other library versions, a folder that others may change."""
    here = libraries()
    notes = [
        f"made with {name} {shown(made)}, this is {here[name]}: answers may differ in the last digits"
        for name, made in manifest.libraries.items()
        if name in here and here[name] != made
    ]
    for place in (top, folder):
        if others_may_write(place):
            notes.append(f"{place.path} can be changed by every user of this machine: chmod o-w it")
    return tuple(notes)
