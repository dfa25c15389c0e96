"""`kinfold evaluate` of a classifier: how good it is on texts it has not seen, and how sure that is."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.measure import measure, show_evaluation, warn_of_known
from kinfold.cli.model import load_model, several_if_model
from kinfold.cli.outfile import whole_file
from kinfold.cli.source import read_labelled
from kinfold.data.checks import check_label_sets
from kinfold.data.faults import shown
from kinfold.data.table import Table
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.label_errors import LabelIssues, label_errors
from kinfold.evaluation.report import report
from kinfold.types import Json


def evaluate_classifier(options: Evaluate, console: Console) -> dict[str, Json]:
    """Do what `kinfold evaluate` does with a classifier; return its JSON."""
    if len(options.data) > 1:
        raise InvalidParameterError(
            "a classifier is measured on one DATA", seen=", ".join(options.data), fix="name one", code="U-015"
        )
    with ExitStack() as stack:
        page = stack.enter_context(whole_file(options.report)) if options.report is not None else None
        model = load_model(options.model, console)
        table = read_labelled(options.data[0], several_if_model(options.reading(), [model]), console)
        kept = Kept.of(model.load_report_.manifest)
        _warn(model, kept, table, console)
        evaluation = measure(
            model,
            table.examples,
            options.model,
            console,
            train_labels=kept.training_labels(),
            ledger=table.ledger,
            positive=options.positive,
            seed=options.seed,
        )
        issues = _label_issues(model, table, options.seed, console) if options.label_errors else None
        if page is not None:
            page.write(report(evaluation, model, table.examples, ledger=table.ledger, label_issues=issues))
    show_evaluation(evaluation, console)
    if issues is not None:
        _show_issues(issues, table, console)
    if options.report is not None:
        console.say(f"report: {options.report}")
    shape = evaluation.to_dict()
    return shape if issues is None else shape | {"label_errors": [issue.to_dict() for issue in issues]}


def _warn(model: Any, kept: Kept, table: Table, console: Console) -> None:
    """Say what makes the figures mean less: unknown labels, texts the model was trained on."""
    examples = table.examples
    if examples.labels is not None and not model.multilabel_:
        for message in check_label_sets(model.classes_, examples.labels):
            console.warn(message)
    warn_of_known(kept, examples, table.ledger, console)


def _label_issues(model: Any, table: Table, seed: int | None, console: Console) -> LabelIssues:
    given: dict[str, Any] = {"seed": seed} if seed is not None else {}
    with console.progress() as say:
        say("looking for wrong labels: training on parts of the data", None)
        return label_errors(lambda: type(model)(**model.get_params(deep=False)), table.examples, **given)


def _show_issues(issues: LabelIssues, table: Table, console: Console) -> None:
    console.say(str(issues).split("\n")[0])
    rows = [
        (
            f"{issue.row + 1:,}",
            _named(issue.label),
            _named(issue.suggestion),
            f"{issue.margin:.2f}",
            shown(issue.text, 60),
        )
        for issue in issues.issues[:10]
    ]
    console.table(("row", "label", "looks like", "margin", "text"), rows)


def _named(label: Any) -> str:
    return ", ".join(label) if isinstance(label, tuple) else str(label)
