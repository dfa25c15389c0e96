"""Labels that are numbers: read from a table, and what a model that tells them is worth."""

from __future__ import annotations

from typing import Any

from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.model import load_model
from kinfold.cli.overlap import overlap
from kinfold.cli.source import read_labelled
from kinfold.data.checks import is_number
from kinfold.data.faults import fault, shown
from kinfold.data.records import Examples
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.regression import RegressionEvaluation, evaluate_regression
from kinfold.types import Json


def numbers_of(examples: Examples, source: str) -> list[float]:
    """Return the labels as numbers.

    Raises
    ------
    DataError
        D-107: a label is no number.
    """
    labels = examples.labels or []
    odd = next((label for label in labels if not isinstance(label, str) or not is_number(label.strip())), None)
    if odd is not None:
        raise fault(
            "D-107",
            f"{source}: a label is no number",
            seen=shown(str(odd)),
            fix="name the column of numbers with --label; write them as 3.5, with a point",
        )
    return [float(str(label)) for label in labels]


def measure_numbers(
    model: Any, examples: Examples, source: str, name: str, console: Console, *, mean: float | None, seed: int | None
) -> RegressionEvaluation:
    """Measure a regressor with progress shown."""
    targets = numbers_of(examples, source)
    with console.progress() as report:
        report(f"measuring on {len(examples):,} rows", None)
        return evaluate_regression(model, examples.texts, targets, train_mean=mean, name=name, seed=seed or 0)


def show_regression(evaluation: RegressionEvaluation, console: Console) -> None:
    """Write the verdict as the result, and the table beside it."""
    console.table(("metric, 95 % interval", evaluation.name or "model", "always the mean"), evaluation.table())
    console.out(evaluation.verdict())


def evaluate_regressor(options: Evaluate, console: Console) -> dict[str, Json]:
    """Do what `kinfold evaluate` does with a regressor; return its JSON."""
    if len(options.data) > 1:
        raise InvalidParameterError(
            "a regressor is measured on one DATA", seen=", ".join(options.data), fix="name one", code="U-015"
        )
    model = load_model(options.model, console, task="regress")
    table = read_labelled(options.data[0], options.reading(), console)
    manifest = model.load_report_.manifest
    found = overlap(Kept.of(manifest).sketch, table.examples.texts)
    if found is not None and found.n_known:
        console.warn(f"D-032: {found}; figures on them say nothing about new texts")
    mean = manifest.notes.get("mean")
    evaluation = measure_numbers(
        model,
        table.examples,
        table.ledger.source,
        options.model,
        console,
        mean=float(mean) if isinstance(mean, int | float) else None,
        seed=options.seed,
    )
    show_regression(evaluation, console)
    return evaluation.to_dict() | {"rows": table.ledger.to_dict()["rows"]}
