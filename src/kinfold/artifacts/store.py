"""`save` and `load`: what was learned into a model folder and back, bit for bit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.artifacts import bundle, jsontext, publish
from kinfold.artifacts.compose import (
    PROBE_TOLERANCE,
    PROBES,
    Record,
    Registry,
    builder,
    check_layout,
    compose,
    fitting,
    known_class,
    probe,
)
from kinfold.artifacts.lock import FolderLock, hold
from kinfold.artifacts.manifest import Manifest
from kinfold.artifacts.plainfile import Folder
from kinfold.artifacts.versions import read_version, warnings_about
from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.estimators.registry import estimator_class
from kinfold.types import Floats2d, HoldsModel, Savable, State


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Where a model came from; `load` leaves it on the model as `load_report_`.

    Attributes
    ----------
    path, version
        The model folder and the version read.
    manifest
        All the folder says about that version.
    warnings
        Other library versions, a folder that others may change.
    """

    path: str
    version: str
    manifest: Manifest
    warnings: tuple[str, ...]


def check_writable(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Write, sync, rename and remove a megabyte where a model is to be saved; return warnings.

    Call it before work that takes long. A folder that was not there is not left behind.

    Raises
    ------
    MachineError
        The place can't be written.
    LockedError
        Another process is writing there.
    ArtifactError
        The folder holds other things than a model.
    """
    with reserve(path) as lock:
        return lock.warnings


@contextmanager
def reserve(path: str | os.PathLike[str]) -> Iterator[FolderLock]:
    """Check that a model can be saved at `path`, and keep every other writer out until the block ends.

    Hand the lock to `save(..., lock=lock)`. Raises as `check_writable` does.
    """
    with hold(path) as lock:
        publish.probe_disk(lock)
        yield lock


def save(
    estimator: Savable,
    path: str | os.PathLike[str],
    *,
    record: Record | None = None,
    probes: Sequence[str] | None = None,
    keep: int = 2,
    lock: FolderLock | None = None,
    registry: Registry = estimator_class,
) -> str:
    """Save a fitted estimator or word vectors as the next version of the model at `path`; return the version's name.

    Whatever happens while it runs, the folder holds the old model or the new one; once it returned, the new
    one survives a power cut.

    Parameters
    ----------
    estimator, path
        What to save, and the model folder; it is created if need be, with the folders above it.
    record
        What to keep about the training run.
    probes
        Up to 16 texts whose answers are re-checked by every `load`; each is cut to 1,000 characters. They are
        stored in the clear, so give no private text. None for three of our own, () for none.
    keep
        How many versions to leave, the new one included.
    lock
        From `reserve`, when the caller holds the folder already.
    registry
        Name of a class -> the class; only what it knows can be saved.

    Raises
    ------
    MachineError
        Disk full, no permission, a failing disk: nothing changed, no temporary files stay.
    LockedError
        Another process is writing there.
    InvalidParameterError
        A parameter or learned value that JSON can't hold, or a class that isn't registered.
    """
    if keep < 1:
        raise InvalidParameterError("keep must be 1 or more", seen=str(keep), code="P-023")
    if lock is not None and lock.path != os.path.abspath(os.fspath(path)):
        raise InvalidParameterError(f"the lock is for {lock.path}, not for {os.fspath(path)}", code="P-023")
    manifest, pieces = compose(estimator, record or Record(), PROBES if probes is None else probes, registry)
    with hold(path) if lock is None else nullcontext(lock) as held:
        return publish.publish(held, manifest, pieces, keep)


def load(
    path: str | os.PathLike[str],
    device: str = "cpu",
    *,
    version: str | None = None,
    mmap: bool = False,
    registry: Registry = estimator_class,
) -> Any:
    """Return what was saved at `path`, with a `LoadReport` as its `load_report_`.

    Nothing from the folder is run: names of classes are looked up in the registry, everything else is data
    that is checked before it is used.

    Parameters
    ----------
    path
        The model folder.
    device
        Where its arrays go; only ``"cpu"`` so far.
    version
        Such as ``"v000011"``; None for the current one.
    mmap
        Map the weights instead of reading them into memory. Every byte is read, hashed and checked first, as
        always, but through a small buffer: the arrays take memory only where they are used, several processes
        share it, and the system may take it back. They can't be written. Weaker is this: the numbers stay in the
        file, so whoever changes it after loading changes the model, and whoever cuts it short ends the process
        that touches what is gone. No save of ours does either: a version is never changed, and one that is
        removed stays readable where it is mapped. On a network mount prefer memory.
    registry
        Name of a class -> the class; only what it knows can be loaded.

    Raises
    ------
    ArtifactError
        No model there, or it is damaged, hostile, or of another format version; an older version is never
        loaded in its place, but the message names one that could be.
    MachineError
        It could not be read, or does not fit into memory.
    """
    if device != "cpu":
        raise InvalidParameterError(f"device must be 'cpu', got {device!r} instead", code="P-023")

    def build(top: Folder, folder: Folder, manifest: Manifest) -> Any:
        estimator = _build(folder, manifest, registry, mmap)
        notes = warnings_about(top, folder, manifest)
        estimator.load_report_ = LoadReport(top.path, manifest.version, manifest, notes)
        return estimator

    return read_version(path, version, build)


def _build(folder: Folder, manifest: Manifest, registry: Registry, mmap: bool) -> Any:
    where = folder.path
    kind = known_class(where, manifest.estimator, manifest.params, registry)
    vocabularies = {name: bundle.read_vocabulary(folder, manifest, name) for name in manifest.vocabularies}
    check_layout(where, kind, manifest.params, manifest.values, manifest.vocabularies, manifest.arrays)
    state = State(bundle.read_weights(folder, manifest, mapped=mmap), vocabularies, manifest.values)
    with fitting(where, "its content does not fit its class"):
        estimator = kind.from_state(manifest.params, state)
        if isinstance(estimator, HoldsModel):
            estimator.build_with(builder(where, registry))
        outputs = probe(estimator, manifest.probes)
    _check_probes(where, manifest, outputs)
    return estimator


def _check_probes(where: str, manifest: Manifest, outputs: Floats2d) -> None:
    for text, expected, found in zip(manifest.probes, manifest.expected, outputs, strict=True):
        if len(expected) == len(found) and np.allclose(found, expected, PROBE_TOLERANCE, PROBE_TOLERANCE):
            continue
        raise ArtifactError(
            f"{where}: the model answers otherwise than when it was saved",
            seen=f"{jsontext.shown(found[:4].tolist())} to {jsontext.shown(text)}",
            why=f"expected {jsontext.shown(expected[:4])}; the model or a library was changed",
            fix="use the library versions that `kinfold show` lists, or train again",
            code="A-013",
        )
