"""`kinfold evaluate`: how good a model is at what it is for, by what measures models of its task."""

from __future__ import annotations

from dataclasses import fields

from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.main import find
from kinfold.cli.model import maker, task_at
from kinfold.errors import InvalidParameterError
from kinfold.types import Json

#: Task -> what measures models of it; imported when there is one to measure.
WORK = {
    "classify": "kinfold.cli.evaluate_classifier:evaluate_classifier",
    "embed": "kinfold.cli.evaluate_vectors:evaluate_vectors",
    "regress": "kinfold.cli.numbers:evaluate_regressor",
    "search": "kinfold.cli.evaluate_index:evaluate_index",
}
#: Options that every task takes, and those of word vectors alone; all others are those of classifiers.
_SHARED = {"model", "data", "seed", "json", "debug"}
_OF_VECTORS = {"restrict", "method"}
_OF_INDEX = {"query", "relevant", "own", "k", "decide", "no_keep"}
#: Options of reading that are for labels, or for texts by another name.
_NOT_OF_INDEX = {
    "text",
    "label",
    "multi_label",
    "merge_labels",
    "merge_duplicates",
    "report",
    "label_errors",
    "positive",
}
#: Options of classifiers that say nothing of numbers.
_OF_LABELS = {"report", "label_errors", "positive", "multi_label", "label_separator"}


def evaluate_model(options: Evaluate, console: Console) -> dict[str, Json]:
    """Do what `kinfold evaluate` does; return its JSON."""
    task = task_at(options.model) or "classify"
    _check(options, task)
    measured: dict[str, Json] = find(WORK[task])(options, console)
    return measured


def _check(options: Evaluate, task: str) -> None:
    """Raise for an option that says nothing to models of this task."""
    given = {field.name for field in fields(options) if getattr(options, field.name) != field.default} - _SHARED
    odd = given - _OF_VECTORS if task == "embed" else given & _OF_VECTORS
    if task == "regress":
        odd |= given & _OF_LABELS
    odd |= given & _NOT_OF_INDEX if task == "search" else given & _OF_INDEX
    if odd:
        raise InvalidParameterError(
            f"--{min(odd).replace('_', '-')} says nothing to a model of this task",
            seen=f"a model that {maker(task)} makes",
            fix="leave it out",
            code="U-015",
        )
