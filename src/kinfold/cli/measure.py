"""A model and labelled rows in, an evaluation out, and how it is shown."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.overlap import overlap
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples, Pairs
from kinfold.evaluation.evaluate import Evaluation, evaluate
from kinfold.types import Label


def measure(
    model: Any,
    examples: Examples | Pairs,
    name: str,
    console: Console,
    *,
    train_labels: Sequence[Label] | Mapping[str, int] | None = None,
    train_texts: Container[str] | None = None,
    baselines: Mapping[str, Any] | None = None,
    ledger: Ledger | None = None,
    positive: str | None = None,
    seed: int | None = None,
) -> Evaluation:
    """Evaluate a model with progress shown; what is None keeps the default of `evaluate`."""
    given: dict[str, Any] = {
        "train_labels": train_labels,
        "train_texts": train_texts,
        "baselines": baselines,
        "ledger": ledger,
        "positive": positive,
        "seed": seed,
    }
    with console.progress() as report:
        report(f"measuring on {len(examples):,} rows", None)
        return evaluate(model, examples, name=name, **{key: value for key, value in given.items() if value is not None})


def warn_of_known(kept: Kept, rows: Examples | Pairs, ledger: Ledger, console: Console) -> None:
    """Say how many of the rows the model was trained on: its figures say little of new texts."""
    if ledger.sha256 and ledger.sha256 in {step.get("sha256") for step in kept.history}:
        console.warn(f"D-032: {ledger.source} is a file the model was trained on; its figures say little of new texts")
        return
    found = overlap(kept.sketch, rows if isinstance(rows, Pairs) else rows.texts)
    if found is not None and found.n_known:
        console.warn(f"D-032: {found}; figures on them say nothing about new texts")
    elif found is not None:
        console.say(f"{found}")


def show_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Write the verdict as the result, and the table beside it."""
    verdict, _, table = str(evaluation).partition("\n\n")
    console.say(table)
    console.out(verdict)
