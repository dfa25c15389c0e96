"""What is saved beside a model of its training: figures, ledger, and what later commands need."""

from __future__ import annotations

from kinfold.artifacts.compose import Record
from kinfold.cli.kept import Kept
from kinfold.cli.overlap import sketch
from kinfold.data.checks import single_labels
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.evaluation.evaluate import Evaluation
from kinfold.types import Json


def make_record(
    task: str,
    train: Examples,
    ledger: Ledger,
    measured: tuple[Evaluation | None, str],
    threads: int,
    before: Kept | None,
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
    """
    evaluation, measured_on = measured
    counts = single_labels(train.labels or ())
    rows = len(train)
    step = {"source": ledger.source, "rows": rows, "sha256": ledger.sha256}
    if before is not None:
        counts.update(before.labels.get("counts", {}))
        rows += int(before.labels.get("rows", 0))
    several = any(isinstance(label, tuple) for label in train.labels or ())
    notes: dict[str, Json] = {
        "task": task,
        "labels": {"counts": dict(sorted(counts.items())), "rows": rows, "multilabel": several},
        "texts": sketch(train.texts, before.sketch if before is not None else None),
        "history": [*(before.history if before is not None else ()), step],
        "measured_on": {},
        "baselines": {},
    }
    metrics = {}
    if evaluation is not None:
        parts = evaluation.to_dict()
        metrics = parts["metrics"]
        notes["measured_on"] = {"rows": evaluation.rows["used"], "source": measured_on}
        notes["baselines"] = parts["baselines"]
    return Record(metrics, ledger.to_dict(), ledger.sha256 or None, notes, threads)
