"""A model and labelled rows in, an evaluation out, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kinfold.cli.console import Console
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.evaluation.evaluate import Evaluation, evaluate
from kinfold.types import Label


def measure(
    model: Any,
    examples: Examples,
    name: str,
    console: Console,
    *,
    train_labels: Sequence[Label] | Mapping[str, int] | None = None,
    ledger: Ledger | None = None,
    positive: str | None = None,
    seed: int | None = None,
) -> Evaluation:
    """Evaluate a model with progress shown; what is None keeps the default of `evaluate`."""
    given: dict[str, Any] = {"train_labels": train_labels, "ledger": ledger, "positive": positive, "seed": seed}
    with console.progress() as report:
        report(f"measuring on {len(examples):,} rows", None)
        return evaluate(model, examples, name=name, **{key: value for key, value in given.items() if value is not None})


def show_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Write the verdict as the result, and the table beside it."""
    verdict, _, table = str(evaluation).partition("\n\n")
    console.say(table)
    console.out(verdict)
