"""What `manifest.json` says about one version of a model: read as distrustfully as if a stranger wrote it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from kinfold.artifacts import jsontext
from kinfold.artifacts.tensors import ARRAY_NAME, DTYPES, ArraySpec
from kinfold.errors import ArtifactError
from kinfold.types import Json

#: The layout of the folder that this code reads and writes.
FORMAT = 1
MAX_MANIFEST = 1 << 20
MAX_VOCABULARY = 256 << 20
MAX_WEIGHTS = 8 << 30
MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
VOCABULARY_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
VERSION_NAME = re.compile(r"v[0-9]{6,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileSpec:
    """Size and SHA-256 (hex) of one file."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says about one of its versions.

    Attributes
    ----------
    format
        Layout of the folder, a whole number.
    version
        Name of the version's folder, such as ``"v000012"``.
    estimator
        Name of its class in the registry.
    params, values
        Parameters as given to the class; small learned things such as labels and thresholds.
    arrays, vocabularies, files
        Type and shape by array name; entries by vocabulary name; size and sha256 by file name.
    probes, expected
        A few inputs, and the first columns of what the model answers to each.
    metrics, ledger, data_sha256, notes, threads
        The training record as given to `save`; data_sha256 and threads may be None.
    created
        UTC, ISO 8601. For people only: nothing depends on clocks.
    libraries
        Versions of Python and the libraries the model was made with.
    """

    format: int
    version: str
    estimator: str
    params: dict[str, Any]
    values: dict[str, Any]
    arrays: dict[str, ArraySpec]
    vocabularies: dict[str, int]
    files: dict[str, FileSpec]
    probes: tuple[str, ...]
    expected: list[list[float]]
    metrics: dict[str, Json]
    ledger: dict[str, Json]
    data_sha256: str | None
    notes: dict[str, Json]
    threads: int | None
    created: str
    libraries: dict[str, str]

    @property
    def nbytes(self) -> int:
        """Bytes of all files but the manifest."""
        return sum(spec.bytes for spec in self.files.values())

    def rows(self) -> list[tuple[str, str]]:
        """Return (name, text) pairs for a person, safe to print in a terminal."""
        sizes = ", ".join(f"{name} {spec.bytes:,} bytes" for name, spec in self.files.items())
        arrays = ", ".join(f"{name} {spec.dtype} {spec.shape}" for name, spec in self.arrays.items())
        table: list[tuple[str, object]] = [
            ("class", self.estimator),
            ("version", self.version),
            ("created", self.created),
            *((f"parameter {name}", value) for name, value in self.params.items()),
            *((f"metric {name}", value) for name, value in self.metrics.items()),
            ("arrays", arrays),
            ("vocabularies", ", ".join(f"{name} {n:,}" for name, n in self.vocabularies.items())),
            ("files", sizes),
            ("training data", self.data_sha256 or "not recorded"),
            ("made with", ", ".join(f"{name} {version}" for name, version in self.libraries.items())),
        ]
        return [(jsontext.shown(name), jsontext.shown(value, 300)) for name, value in table]

    def _repr_html_(self) -> str:
        lines = (f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>" for name, text in self.rows())
        return f"<table>{''.join(lines)}</table>"


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as the bytes of `manifest.json`."""
    document = asdict(manifest)
    document["params"] = jsontext.plain(manifest.params, "parameter")
    document["values"] = jsontext.plain(manifest.values, "value")
    return jsontext.dump(document)


def decode(data: bytes, where: str) -> Manifest:
    """Return the manifest that `data` holds, every field checked.

    Raises
    ------
    ArtifactError
        Another format version, a missing or unknown field, a field of the wrong kind, a file too large.
    """
    document = jsontext.parse(data, where)
    _require(isinstance(document, dict), where, "it is not a mapping", document)
    _check_format(document, where)
    known = {field.name for field in fields(Manifest)}
    odd = sorted(known ^ set(document))
    _require(not odd, where, "its fields are not the ones of this format", ", ".join(odd))
    for name, (kind, good) in _CHECKS.items():
        _require(good(document[name]), where, f"{name} must be {kind}", document[name])
    arrays = {name: _array_spec(name, entry, where) for name, entry in document["arrays"].items()}
    listed = {WEIGHTS} | {vocabulary_file(name) for name in document["vocabularies"]}
    _require(set(document["files"]) == listed, where, "files do not match", ", ".join(document["files"]))
    files = {name: _file_spec(name, entry, where) for name, entry in document["files"].items()}
    rows, probes = document["expected"], document["probes"]
    _require(len(rows) == len(probes), where, "each probe needs one expected row", f"{len(rows)} of {len(probes)}")
    changed: dict[str, Any] = {
        "params": jsontext.untag(document["params"]),
        "values": jsontext.untag(document["values"]),
        "arrays": arrays,
        "files": files,
        "probes": tuple(probes),
    }
    return Manifest(**(document | changed))


def vocabulary_file(name: str) -> str:
    """Return the file name of a vocabulary."""
    return f"{name}.vocab.txt"


def _check_format(document: dict[str, Json], where: str) -> None:
    found = document.get("format")
    if type(found) is int and found == FORMAT:
        return
    maker = document.get("libraries")
    written = maker.get("kinfold") if isinstance(maker, dict) else None
    newer = type(found) is int and found > FORMAT
    raise ArtifactError(
        f"{where}: the folder has format {jsontext.shown(found)}, this kinfold reads format {FORMAT}",
        seen=f"written by kinfold {jsontext.shown(written or 'of unknown version')}",
        fix="install a newer kinfold to read it" if newer else "train the model again with this kinfold",
        code="A-008",
    )


def _array_spec(name: str, entry: Json, where: str) -> ArraySpec:
    good = bool(ARRAY_NAME.fullmatch(name)) and isinstance(entry, dict) and set(entry) == {"dtype", "shape"}
    good = good and isinstance(entry["dtype"], str) and entry["dtype"] in DTYPES
    good = good and isinstance(entry["shape"], list) and all(_count(n) for n in entry["shape"])
    _require(good, where, f"array {jsontext.shown(name)} needs a known dtype and a shape", entry)
    return ArraySpec(entry["dtype"], tuple(entry["shape"]))


def _file_spec(name: str, entry: Json, where: str) -> FileSpec:
    good = isinstance(entry, dict) and set(entry) == {"bytes", "sha256"} and _count(entry["bytes"])
    _require(good and _digest(entry["sha256"]), where, f"file {name} needs bytes and sha256", entry)
    cap = MAX_WEIGHTS if name == WEIGHTS else MAX_VOCABULARY
    if entry["bytes"] > cap:
        raise ArtifactError(
            f"{where}: {name} is too large",
            seen=f"{entry['bytes']:,} bytes",
            why=f"the cap is {cap:,}",
            code="A-014",
        )
    return FileSpec(entry["bytes"], entry["sha256"])


def _require(good: object, where: str, what: str, seen: object) -> None:
    if not good:
        raise ArtifactError(
            f"{where}: {what}",
            seen=jsontext.shown(seen),
            why="the file is damaged, or was not written by kinfold",
            code="A-007",
        )


def _count(value: Json) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def _digest(value: Json) -> bool:
    return isinstance(value, str) and bool(_SHA256.fullmatch(value))


def _mapping(value: Json) -> bool:
    return isinstance(value, dict) and set(value) != {jsontext.TUPLE}


def _matches(pattern: re.Pattern[str]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _numbers(value: Json) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, list) and all(type(number) in (int, float) for number in row) for row in value
    )


_CHECKS: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "version": ("a version name", _matches(VERSION_NAME)),
    "estimator": ("the plain name of a class", _matches(CLASS_NAME)),
    "params": ("a mapping", _mapping),
    "values": ("a mapping", _mapping),
    "arrays": ("a mapping", _mapping),
    "vocabularies": (
        "entries by name",
        lambda value: _mapping(value) and all(VOCABULARY_NAME.fullmatch(k) and _count(n) for k, n in value.items()),
    ),
    "files": ("a mapping", _mapping),
    "probes": ("a list of texts", _texts),
    "expected": ("rows of numbers", _numbers),
    "metrics": ("a mapping", _mapping),
    "ledger": ("a mapping", _mapping),
    "data_sha256": ("a SHA-256 or nothing", lambda value: value is None or _digest(value)),
    "notes": ("a mapping", _mapping),
    "threads": ("a count or nothing", lambda value: value is None or _count(value)),
    "created": ("text", lambda value: isinstance(value, str)),
    "libraries": ("text by name", lambda value: _mapping(value) and _texts(list(value.values()))),
}
