"""What is saved beside a model of its training: figures, ledger, and what later commands need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from kinfold.artifacts.compose import Record
from kinfold.cli.kept import Kept
from kinfold.cli.overlap import lines_of, sketch
from kinfold.data.checks import single_labels
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples, Pairs
from kinfold.types import Json


class Measured(Protocol):
    """What was measured: an `Evaluation`, or what models of another kind are measured by."""

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows were read, used, rejected and merged."""

    def to_dict(self) -> dict[str, Json]:
        """Return `metrics` and `baselines` among others."""


def make_record(
    task: str,
    train: Examples | Pairs,
    ledger: Ledger,
    measured: tuple[Measured | None, str],
    threads: int,
    before: Kept | None,
    more: Mapping[str, Json] | None = None,
) -> Record:
    """Return what is saved beside a model.

    Parameters
    ----------
    task
        What the model does.
    train, ledger
        The rows it learned from, and the account of the file they are from.
    measured
        Its figures, if any, and what they were measured on.
    threads
        How many threads learned.
    before
        What the model kept that this one goes on from.
    more
        What models of this task keep besides.
    """
    evaluation, measured_on = measured
    counts = single_labels(train.labels or ())
    rows = len(train)
    step = {"source": ledger.source, "rows": rows, "sha256": ledger.sha256}
    if before is not None:
        counts.update(before.labels.get("counts", {}))
        rows += int(before.labels.get("rows", 0))
    texts = train.texts if isinstance(train, Examples) else lines_of(train)
    several = any(isinstance(label, tuple) for label in train.labels or ())
    notes: dict[str, Json] = {
        "task": task,
        "labels": {"counts": dict(sorted(counts.items())), "rows": rows, "multilabel": several},
        "texts": sketch(texts, before.sketch if before is not None else None),
        "history": [*(before.history if before is not None else ()), step],
        "measured_on": {},
        "baselines": {},
        **(more or {}),
    }
    metrics = {}
    if evaluation is not None:
        parts = evaluation.to_dict()
        metrics = parts["metrics"]
        notes["measured_on"] = {"rows": evaluation.rows["used"], "source": measured_on}
        notes["baselines"] = parts["baselines"]
    return Record(metrics, ledger.to_dict(), ledger.sha256 or None, notes, threads)
