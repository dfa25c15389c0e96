"""What a model keeps of its training for later commands, read back from a folder of any origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kinfold.artifacts.manifest import Manifest
from kinfold.cli.settings import MODELS
from kinfold.types import Label

#: Class -> the task it is made for; vectors outlive what trained them.
TASKS = {preset.name: task for task, names in MODELS.items() for preset in names.values()} | {
    "WordVectors": "embed",
    "SearchIndex": "search",
}
#: More rows than this are not laid out again for a baseline.
_MAX_ROWS = 10_000_000


def task_of(manifest: Manifest) -> str:
    """Return the task of a model, by its class; "" for a class of a kinfold that is not this one."""
    return TASKS.get(manifest.estimator, "")


@dataclass(frozen=True, slots=True)
class Kept:
    """The notes of a model, as far as they are what `make_record` wrote; the rest counts as absent.

    Parameters
    ----------
    labels
        How many training rows had each label, how many rows there were, and whether they had several labels.
    sketch
        Hashes of training texts: see `overlap`.
    history
        One entry a training: source, rows, sha256.
    task
        What the model does.
    epochs
        One entry an epoch, where the model was learned in any: words, words a second, losses.
    measured_on, baselines
        What the metrics were measured on, and what the baselines score there.
    sides, shared_words
        Of a matcher: the texts of the training pairs, and its baseline; as `Known` and `SharedWords` write them.
    """

    labels: dict[str, Any] = field(default_factory=dict)
    sketch: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    task: str = ""
    epochs: list[dict[str, Any]] = field(default_factory=list)
    measured_on: dict[str, Any] = field(default_factory=dict)
    baselines: dict[str, Any] = field(default_factory=dict)
    sides: dict[str, Any] = field(default_factory=dict)
    shared_words: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Manifest) -> Kept:
        """Read the notes of a manifest that anyone may have written."""
        notes = manifest.notes
        history, task, epochs = notes.get("history"), notes.get("task"), manifest.values.get("history")
        return cls(
            _mapping(notes.get("labels") if _are_labels(notes.get("labels")) else None),
            _mapping(notes.get("texts") if _is_sketch(notes.get("texts")) else None),
            [step for step in history if _is_step(step)] if isinstance(history, list) else [],
            task if isinstance(task, str) else "",
            [epoch for epoch in epochs if isinstance(epoch, dict)] if isinstance(epochs, list) else [],
            _mapping(notes.get("measured_on")),
            _mapping(notes.get("baselines")),
            _mapping(notes.get("sides")),
            _mapping(notes.get("shared_words")),
        )

    def training_labels(self) -> Sequence[Label] | Mapping[str, int] | None:
        """Return the labels of the training rows as `evaluate` takes them; None where they are not known."""
        if not self.labels:
            return None
        counts: dict[str, int] = self.labels["counts"]
        if not self.labels["multilabel"]:
            return counts
        # Rows that have each label as often as the training rows had it: a baseline sees no more of them.
        return [tuple(name for name, n in counts.items() if row < n) for row in range(self.labels["rows"])]


def _are_labels(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"counts", "rows", "multilabel"}:
        return False
    counts = value["counts"]
    whole = isinstance(counts, dict) and counts and all(type(n) is int and n >= 0 for n in counts.values())
    return bool(whole) and type(value["rows"]) is int and 0 < value["rows"] <= _MAX_ROWS


def _is_sketch(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"hashes", "all"} or not isinstance(value["hashes"], list):
        return False
    return all(isinstance(text, str) for text in value["hashes"])


def _is_step(value: Any) -> bool:
    return isinstance(value, dict) and type(value.get("rows")) is int and isinstance(value.get("source"), str)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
