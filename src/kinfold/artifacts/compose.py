"""What something learned becomes on disk: a manifest and the bytes of the files beside it."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import index
from typing import Any

import numpy as np

from kinfold.artifacts import bundle, jsontext, tensors
from kinfold.artifacts.manifest import (
    CLASS_NAME,
    FORMAT,
    MAX_MANIFEST,
    VOCABULARY_NAME,
    WEIGHTS,
    FileSpec,
    Manifest,
    decode,
    encode,
    vocabulary_file,
)
from kinfold.artifacts.versions import libraries
from kinfold.errors import ArtifactError, InvalidParameterError, KinfoldError, MachineError, MissingExtraError
from kinfold.types import Floats2d, Held, HoldsModel, Json, Savable, SavesParams, State

#: Probes when the caller gives none: written for this, so that no training text ends up in a manifest.
PROBES = ("", "It was a good day, and nothing went wrong.", "Das war nicht gut 😀 — 3.5 out of 10!")
MAX_PROBES = 16
MAX_PROBE_LENGTH = 1000
PROBE_COLUMNS = 32
PROBE_TOLERANCE = 1e-6

Registry = Callable[[str], type[Savable]]


@dataclass(frozen=True, slots=True)
class Record:
    """What is worth knowing about a training run; kept in the manifest. Undefined numbers (NaN) become null.

    Attributes
    ----------
    metrics
        By name, each with value, low and high.
    ledger
        The reader's ledger as a mapping.
    data_sha256
        SHA-256 (hex) of the training data.
    notes
        Anything else that JSON can hold.
    threads
        Threads the training used.
    """

    metrics: Mapping[str, Json] = field(default_factory=dict)
    ledger: Mapping[str, Json] = field(default_factory=dict)
    data_sha256: str | None = None
    notes: Mapping[str, Json] = field(default_factory=dict)
    threads: int | None = None


def compose(
    estimator: Savable, record: Record, probes: Sequence[str], registry: Registry
) -> tuple[Manifest, dict[str, list[memoryview]]]:
    """Return the manifest, complete but for its version, and the other files as pieces, by name."""
    name = type(estimator).__name__
    if registered(name, registry) is not type(estimator):
        raise InvalidParameterError(
            f"{name} can't be saved: it is not a registered class of kinfold",
            fix="save one of kinfold's estimators, or word vectors",
            code="P-020",
        )
    state = estimator.get_state()
    given = estimator.saved_params() if isinstance(estimator, SavesParams) else estimator.get_params(deep=False)
    params = jsontext.untag(jsontext.plain(given, f"{name} parameter"))
    values = jsontext.untag(jsontext.plain(state.values, f"{name} value"))
    sizes = {vocabulary: data.count(b"\n") for vocabulary, data in state.vocabularies.items()}
    _check_state(name, state, sizes)
    table = tensors.describe(state.arrays)
    check_layout(name, type(estimator), params, values, sizes, table)
    if isinstance(estimator, HoldsModel):
        _check_held(name, estimator.held(), registry)
    pieces = {WEIGHTS: tensors.encode(state.arrays)}
    pieces |= {vocabulary_file(vocabulary): [memoryview(data)] for vocabulary, data in state.vocabularies.items()}
    texts = tuple(jsontext.plain([text[:MAX_PROBE_LENGTH] for text in probes], "probe"))
    manifest = Manifest(
        format=FORMAT,
        version=bundle.version_name(1),
        estimator=name,
        params=params,
        values=values,
        arrays=table,
        vocabularies=sizes,
        files={file: _file_spec(parts) for file, parts in pieces.items()},
        probes=texts,
        expected=probe(estimator, texts).tolist(),
        metrics=jsontext.plain(jsontext.without_nonfinite(record.metrics), "metrics"),
        ledger=jsontext.plain(jsontext.without_nonfinite(record.ledger), "ledger"),
        data_sha256=record.data_sha256,
        notes=jsontext.plain(jsontext.without_nonfinite(record.notes), "notes"),
        threads=record.threads,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        libraries=libraries(),
    )
    _check_manifest(manifest)
    return manifest, pieces


def _check_held(name: str, held: Held | None, registry: Registry) -> None:
    """Refuse a model inside another one whose class `load` would not know."""
    if held is not None and registered(held.name, registry) is None:
        raise InvalidParameterError(
            f"{name} can't be saved: {held.name}, which it holds, is not a registered class of kinfold",
            fix="save it without, and attach it after loading",
            code="P-020",
        )


def _check_state(name: str, state: State, sizes: dict[str, int]) -> None:
    """Refuse vocabularies and arrays that `load` would refuse."""
    for vocabulary, data in state.vocabularies.items():
        if not VOCABULARY_NAME.fullmatch(vocabulary):
            raise InvalidParameterError(f"{name}: vocabulary name {jsontext.shown(vocabulary)}", code="P-022")
        bundle.check_vocabulary(data, sizes[vocabulary], f"{name}: vocabulary {vocabulary}")
    tensors.check_values(state.arrays, name)


def _check_manifest(manifest: Manifest) -> None:
    """Refuse now what `load` would refuse later."""
    data = encode(manifest)
    if len(data) > MAX_MANIFEST:
        raise InvalidParameterError(
            f"the model's parameters, values and notes take {len(data):,} bytes, the cap is {MAX_MANIFEST:,}",
            fix="leave long lists out of the notes; an estimator keeps long lists as a vocabulary",
            code="P-024",
        )
    decode(data, "the manifest")


def _file_spec(parts: Iterable[memoryview]) -> FileSpec:
    digest, size = hashlib.sha256(), 0
    for part in parts:
        digest.update(part)
        size += len(part)
    return FileSpec(size, digest.hexdigest())


def probe(estimator: Savable, texts: Sequence[str]) -> Floats2d:
    """Return the first columns (n, k) of what the estimator answers to each text."""
    if len(texts) > MAX_PROBES:
        raise InvalidParameterError(f"at most {MAX_PROBES} probes", seen=str(len(texts)), code="P-023")
    if not texts:
        return np.empty((0, 0))
    outputs = np.asarray(estimator.probe_outputs(list(texts)), dtype=np.float64)  # (n, k)
    outputs = outputs.reshape(len(texts), -1)[:, :PROBE_COLUMNS]
    if not np.isfinite(outputs).all():
        raise ArtifactError(
            "the model answers a probe with a number that is not finite", fix="train again", code="A-011"
        )
    return outputs


def registered(name: str, registry: Registry) -> type[Savable] | None:
    """Return the class of this name, or None if the registry does not know it."""
    if not CLASS_NAME.fullmatch(name):
        return None
    try:
        return registry(name)
    except MissingExtraError:
        raise
    except (KinfoldError, LookupError):
        return None


def known_class(where: str, name: str, params: Mapping[str, Any], registry: Registry) -> type[Savable]:
    """Return the class of this name; raise ArtifactError, A-009, if there is none or it has no such parameters."""
    kind = registered(name, registry)
    if kind is None:
        raise ArtifactError(
            f"{where}: its class is not one of kinfold's",
            seen=jsontext.shown(name),
            why="only classes listed in kinfold's own registry are loaded",
            fix="install the kinfold that wrote it, if that is a newer one",
            code="A-009",
        )
    unknown = sorted(set(params) - set(inspect.signature(kind).parameters))
    if unknown:
        raise ArtifactError(
            f"{where}: {name} has no parameter {jsontext.shown(unknown[0])}",
            why="the model was made by another kinfold, or by hand",
            code="A-009",
        )
    return kind


def builder(where: str, registry: Registry) -> Callable[[Held], Savable]:
    """Return what builds a thing that was saved inside another: as distrustful as `load`, and as late as asked."""

    def build(held: Held) -> Savable:
        inside = f"{where}: the {jsontext.shown(held.name)} inside"
        kind = known_class(inside, held.name, held.params, registry)
        sizes = {name: data.count(b"\n") for name, data in held.state.vocabularies.items()}
        check_layout(inside, kind, held.params, held.state.values, sizes, tensors.describe(held.state.arrays))
        with fitting(inside, "its content does not fit its class"):
            return kind.from_state(held.params, held.state)

    return build


def check_layout(
    where: str,
    kind: type[Savable],
    params: dict[str, Any],
    values: dict[str, Any],
    sizes: dict[str, int],
    table: dict[str, tensors.ArraySpec],
) -> None:
    """Raise ArtifactError unless the class, given these, has exactly the arrays of `table`."""
    with fitting(where, "its parameters and values do not fit its class"):
        layout = kind.layout(params, values, sizes)
        wanted = {
            name: tensors.ArraySpec(np.dtype(dtype).name, tuple(map(index, shape)))
            for name, (dtype, shape) in layout.items()
        }
    if wanted != table:
        odd = sorted(name for name in wanted.keys() | table.keys() if wanted.get(name) != table.get(name))[0]
        raise ArtifactError(
            f"{where}: array {jsontext.shown(odd)} does not fit the parameters and vocabularies",
            seen=str(table.get(odd, "no such array")),
            why=f"{kind.__name__} needs {wanted.get(odd, 'no such array')}",
            code="A-010",
        )


@contextmanager
def fitting(where: str, what: str) -> Iterator[None]:
    """Turn what a class's own code raises into ArtifactError."""
    try:
        yield
    except (ArtifactError, MachineError, MissingExtraError, MemoryError):
        raise
    # What a stranger wrote reaches the class's own code here: whatever that raises says that it does not fit.
    except Exception as error:
        raise ArtifactError(
            f"{where}: {what}",
            seen=f"{type(error).__name__}: {jsontext.shown(str(error), 160)}",
            code="A-015",
        ) from error
