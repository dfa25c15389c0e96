"""A model folder on disk, read without trust.

::

    MODEL/CURRENT                     "v000012 <sha256 of its manifest.json>"
    MODEL/v000012/manifest.json       what it is; size and sha256 of every other file
    MODEL/v000012/manifest.sha256     "<sha256>  manifest.json", the form that sha256sum checks
    MODEL/v000012/weights.safetensors
    MODEL/v000012/<name>.vocab.txt    one entry a line

Each file is opened once, checked to be a plain file of the stated size, and hashed while it is read into
memory, so that what was checked is what is used. Weights that are mapped are hashed through the same open file.
"""

from __future__ import annotations

import codecs
import difflib
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from kinfold.artifacts import files, tensors
from kinfold.artifacts.jsontext import shown
from kinfold.artifacts.manifest import (
    MANIFEST,
    MAX_MANIFEST,
    VERSION_NAME,
    WEIGHTS,
    Manifest,
    decode,
    vocabulary_file,
)
from kinfold.artifacts.plainfile import (
    Folder,
    PlainFile,
    archive_kind,
    check_end,
    check_plain,
    open_plain,
    read_exactly,
    read_small,
)
from kinfold.errors import ArtifactError, MachineError
from kinfold.types import Array

CURRENT = "CURRENT"
LOCK = ".lock"
DIGEST = "manifest.sha256"
#: What an interrupted save may leave behind; the next save removes it and no reader opens it.
LEFTOVER = re.compile(r"\.tmp-[0-9]+-[a-z0-9]+")
_POINTER = re.compile(rb"(v[0-9]{6,9}) ([0-9a-f]{64})\n")
_CODE_KINDS = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Pointer:
    """What CURRENT says: the version to load and the sha256 of its manifest."""

    version: str
    digest: str

    def encode(self) -> bytes:
        """Return the bytes of CURRENT."""
        return f"{self.version} {self.digest}\n".encode("ascii")


def version_name(number: int) -> str:
    """Return ``"v000012"`` for 12."""
    return f"v{number:06d}"


def is_version(name: str) -> bool:
    """Return whether `name` is how a version's folder is called."""
    return bool(VERSION_NAME.fullmatch(name)) and version_name(int(name[1:])) == name


@contextmanager
def open_model(path: str) -> Iterator[Folder]:
    """Open a model folder for reading.

    Raises
    ------
    ArtifactError
        Nothing there, or something else than a folder.
    """
    try:
        fd = files.open_root(path)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except NotADirectoryError as error:
        raise _not_a_folder(path) from error
    try:
        yield Folder(path, fd)
    finally:
        files.close(fd)


def list_versions(folder: Folder) -> list[str]:
    """Return the names of the version folders, oldest first; anything foreign in the folder is an error."""
    names = files.names(folder.fd)
    versions = [name for name in names if is_version(name)]
    if MANIFEST in names and CURRENT not in names:
        raise ArtifactError(
            f"{folder.path}: this is one version of a model, not the model",
            fix='give the folder above it; load(..., version="...") takes another version than the current',
            code="A-001",
        )
    if CURRENT not in names and not versions:
        raise ArtifactError(
            f"{folder.path}: no model here",
            seen=shown(", ".join(names) or "an empty folder"),
            fix="train one: kinfold train classify DATA -o MODEL",
            code="A-001",
        )
    refuse_foreign(folder.path, names)
    return sorted(versions, key=lambda name: int(name[1:]))


def refuse_foreign(path: str, names: list[str]) -> None:
    """Raise ArtifactError if a name in a model folder is not one that a save puts there."""
    for name in names:
        if name not in (CURRENT, LOCK) and not is_version(name) and not LEFTOVER.fullmatch(name):
            raise _unlisted(path, name)


def read_pointer(folder: Folder) -> Pointer:
    """Return what CURRENT says."""
    if CURRENT not in files.names(folder.fd):
        raise ArtifactError(
            f"{folder.path}: CURRENT is missing", why="it says which version is the model", code="A-003"
        )
    data = read_small(folder, CURRENT, 128)
    match = _POINTER.fullmatch(data)
    if match is None or not is_version(match[1].decode("ascii")):
        raise ArtifactError(
            f"{folder.path}: CURRENT is damaged",
            seen=shown(data.decode("utf-8", "replace")),
            why="it must hold a version and the sha256 of its manifest",
            code="A-003",
        )
    return Pointer(match[1].decode("ascii"), match[2].decode("ascii"))


@contextmanager
def open_version(folder: Folder, version: str) -> Iterator[Folder]:
    """Open one version's folder."""
    path = os.path.join(folder.path, shown(version))
    if not is_version(version):
        raise ArtifactError(f"{path}: not the name of a version", seen=shown(version), code="A-001")
    try:
        if not stat.S_ISDIR(files.status(version, folder.fd).st_mode):
            raise ArtifactError(f"{path}: not a folder", why="a version is a folder, never a link", code="A-005")
        fd = files.open_folder(version, folder.fd)
    except FileNotFoundError as error:
        raise ArtifactError(f"{path}: this version is not there", code="A-004") from error
    try:
        yield Folder(path, fd)
    finally:
        files.close(fd)


def read_manifest(folder: Folder, version: str, digest: str | None) -> Manifest:
    """Return the checked manifest of an open version; names and sizes of the files beside it are checked too.

    Parameters
    ----------
    folder, version
        The version's open folder and its name.
    digest
        The sha256 CURRENT gives, or None for a version CURRENT does not point at.
    """
    data = read_small(folder, MANIFEST, MAX_MANIFEST)
    found = hashlib.sha256(data).hexdigest()
    side = read_small(folder, DIGEST, 128)
    if side != digest_line(found) or digest not in (None, found):
        raise ArtifactError(
            f"{folder.path}: {MANIFEST} or {DIGEST} is damaged",
            seen=f"sha256 {found}",
            why=f"{CURRENT if side == digest_line(found) else DIGEST} says otherwise",
            code="A-006",
        )
    manifest = decode(data, f"{folder.path}: {MANIFEST}")
    if manifest.version != version:
        raise ArtifactError(
            f"{folder.path}: its manifest is of another version",
            seen=manifest.version,
            why="the folder was renamed or mixed from two models",
            code="A-006",
        )
    _check_listing(folder, manifest)
    return manifest


def digest_line(digest: str) -> bytes:
    """Return the bytes of `manifest.sha256`."""
    return f"{digest}  {MANIFEST}\n".encode("ascii")


def _check_listing(folder: Folder, manifest: Manifest) -> None:
    names = files.names(folder.fd)
    for name in names:
        if name not in manifest.files and name not in (MANIFEST, DIGEST):
            raise _unlisted(folder.path, name)
    for name, spec in manifest.files.items():
        if name not in names:
            raise ArtifactError(f"{folder.path}: {name} is missing", code="A-004")
        check_plain(folder, name, files.status(name, folder.fd), spec.bytes)


def read_vocabulary(folder: Folder, manifest: Manifest, name: str) -> bytes:
    """Return a vocabulary's bytes: UTF-8, one entry a line, as many as the manifest says."""
    file_name, size = vocabulary_file(name), manifest.vocabularies[name]
    spec = manifest.files[file_name]
    with open_plain(folder, file_name, spec.bytes) as file:
        buffer = bytearray(file.size)
        read_exactly(file, memoryview(buffer))
        check_end(file, spec.sha256)
    data = bytes(buffer)
    check_vocabulary(data, size, f"{folder.path}: {file_name}")
    return data


def check_vocabulary(data: bytes, size: int, where: str) -> None:
    """Raise ArtifactError unless `data` is UTF-8 text of `size` LF ended lines, none of them empty."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _CHUNK):
            decoder.decode(data[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{where}: not UTF-8 text", seen=shown(str(error.reason)), code="A-012") from error
    lines = data.count(b"\n")
    if lines != size or (data and not data.endswith(b"\n")) or data.startswith(b"\n") or b"\n\n" in data:
        raise ArtifactError(
            f"{where}: needs {size:,} lines, each LF ended, none empty", seen=f"{lines:,} lines", code="A-012"
        )


def read_weights(folder: Folder, manifest: Manifest, *, mapped: bool = False) -> dict[str, Array]:
    """Return the arrays the manifest lists; nothing is allocated before the header says the same.

    Parameters
    ----------
    mapped
        Hash and check them piece by piece without keeping any, then map the file: the arrays can't be written,
        and their pages are read when they are used.
    """
    spec = manifest.files[WEIGHTS]
    with open_plain(folder, WEIGHTS, spec.bytes) as file:
        head = bytearray(min(8, file.size))
        read_exactly(file, memoryview(head))
        n_header = int.from_bytes(head, "little")
        if file.size < 8 or n_header > min(file.size - 8, tensors.MAX_HEADER):
            raise _foreign_weights(file.where, bytes(head), n_header)
        header = bytearray(n_header)
        read_exactly(file, memoryview(header))
        n_data = file.size - 8 - n_header
        starts = tensors.check_header(bytes(header), n_data, manifest.arrays, file.where)
        if mapped:
            wrong = _check_pieces(file, starts, manifest)
            check_end(file, spec.sha256)
            if wrong is not None:
                raise wrong
            return tensors.arrays_in(_mapped(file)[8 + n_header :], starts, manifest.arrays)
        _check_memory(file.where, n_data)
        buffer = np.empty(n_data, dtype=np.uint8)
        read_exactly(file, buffer.data)
        check_end(file, spec.sha256)
    arrays = tensors.arrays_in(buffer, starts, manifest.arrays)
    tensors.check_values(arrays, file.where)
    return arrays


def _check_pieces(file: PlainFile, starts: dict[str, int], manifest: Manifest) -> ArtifactError | None:
    """Read all array data through one small buffer; return the error for the first wrong number, if any.

    It is for the caller to raise once the hash is right: in a damaged file a wrong number is only a symptom.
    """
    first: ArtifactError | None = None
    scratch = np.empty(0, dtype=np.uint8)
    for name, before, n_bytes in tensors.pieces_of(starts, manifest.arrays):
        if scratch.size < n_bytes:
            scratch = np.empty(n_bytes, dtype=np.uint8)
        raw = scratch[:n_bytes]
        read_exactly(file, raw.data)
        numbers = raw.view(np.dtype(manifest.arrays[name].dtype).newbyteorder("<"))
        first = first or tensors.value_fault(name, numbers, before // numbers.itemsize, file.where)
    return first


def _mapped(file: PlainFile) -> Array:
    """Return the whole file as bytes (n,) that are read from the disk when they are used."""
    try:
        return np.frombuffer(files.map_file(file.fd, file.size), dtype=np.uint8)
    except ValueError as error:  # shorter than when it was hashed
        raise ArtifactError(
            f"{file.where} changed while it was being read",
            seen=shown(str(error)),
            why="something writes into the folder; kinfold never changes a version once it is there",
            fix="find out what, and load again",
            code="A-006",
        ) from error


def _check_memory(where: str, n_bytes: int) -> None:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if n_bytes > total:
        raise MachineError(
            f"{where}: larger than this machine's memory",
            seen=f"{n_bytes:,} of {total:,} bytes",
            code="M-003",
        )


def _foreign_weights(where: str, head: bytes, n_header: int) -> ArtifactError:
    kind = archive_kind(head)
    return ArtifactError(
        f"{where}: not a safetensors file",
        seen=kind or f"a header of {n_header:,} bytes",
        why="a pickle or an archive is never loaded" if kind else "the file is damaged, or was not written by kinfold",
        code="A-010",
    )


def _unlisted(path: str, name: str) -> ArtifactError:
    never = "a pickle is never loaded"
    return ArtifactError(
        f"{path}: {shown(name)} does not belong in a model folder",
        seen=shown(name),
        why=never if name.endswith(_CODE_KINDS) else "it holds what its manifest lists, and nothing else",
        fix="move it elsewhere if you put it there; else do not trust this folder",
        code="A-004",
    )


def _missing(path: str) -> ArtifactError:
    parent = os.path.dirname(os.path.abspath(path))
    try:
        near = difflib.get_close_matches(os.path.basename(os.path.abspath(path)), files.names(parent), 1)
    except OSError:
        near = []
    return ArtifactError(
        f"{path}: no such model",
        fix=f"did you mean {shown(near[0])}?" if near else "check the path",
        code="A-001",
    )


def _not_a_folder(path: str) -> ArtifactError:
    kind = None
    parent, name = os.path.split(os.path.abspath(path))
    if stat.S_ISREG(files.status(path).st_mode):
        with open_model(parent) as folder, open_plain(folder, name) as file:
            head = bytearray(min(8, file.size))
            read_exactly(file, memoryview(head))
            kind = archive_kind(bytes(head))
    return ArtifactError(
        f"{path}: a model is a folder, this is {kind or 'something else'}",
        why="archives and pickles are never opened: they can write anywhere or run code" if kind else "",
        fix="unpack it yourself if you trust it, and give the folder" if kind and "archive" in kind else "",
        code="A-002",
    )
