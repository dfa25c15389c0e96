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
    "match": "kinfold.cli.evaluate_matcher:evaluate_matcher",
    "embed": "kinfold.cli.evaluate_vectors:evaluate_vectors",
    "regress": "kinfold.cli.numbers:evaluate_regressor",
    "search": "kinfold.cli.evaluate_index:evaluate_index",
}
#: Options that every task takes; then those of some tasks alone.
_SHARED = {"model", "data", "seed", "json", "debug"}
_OF_VECTORS = {"restrict", "method"}
_OF_PAIRS = {"left", "right", "no_labels"}
_OF_INDEX = {"query", "relevant", "own", "k", "decide", "no_keep"}
_OF_LABELS = {"report", "label_errors", "positive", "multi_label", "label_separator"}
#: Task -> options that say nothing to its models; word vectors take their own alone.
_ODD = {
    "classify": _OF_VECTORS | _OF_PAIRS | _OF_INDEX,
    "match": _OF_VECTORS | _OF_INDEX | {"text", "label_errors", "multi_label", "label_separator"},
    "regress": _OF_VECTORS | _OF_PAIRS | _OF_INDEX | _OF_LABELS,
    "search": _OF_VECTORS
    | _OF_PAIRS
    | (_OF_LABELS - {"label_separator"})
    | {"text", "label", "merge_labels", "merge_duplicates"},
}


def evaluate_model(options: Evaluate, console: Console) -> dict[str, Json]:
    """Do what `kinfold evaluate` does; return its JSON."""
    task = task_at(options.model) or "classify"
    _check(options, task)
    measured: dict[str, Json] = find(WORK[task])(options, console)
    return measured


def _check(options: Evaluate, task: str) -> None:
    """Raise for an option that says nothing to models of this task."""
    given = {field.name for field in fields(options) if getattr(options, field.name) != field.default} - _SHARED
    odd = given - _OF_VECTORS if task == "embed" else given & _ODD[task]
    if odd:
        raise InvalidParameterError(
            f"--{min(odd).replace('_', '-')} says nothing to a model of this task",
            seen=f"a model that {maker(task)} makes",
            fix="leave it out",
            code="U-015",
        )
