"""A model folder in, the model out, ready to be used by a command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from kinfold.artifacts.store import load
from kinfold.artifacts.versions import describe
from kinfold.cli.console import Console
from kinfold.cli.kept import task_of
from kinfold.errors import InvalidParameterError

#: Task -> what models of it are asked with.
VERBS_OF = {
    "classify": "kinfold predict, explain, evaluate, compare or show",
    "match": "kinfold predict, explain, evaluate, compare, audit or show",
    "regress": "kinfold predict, evaluate or show",
    "embed": "kinfold nearest, analogy, members, rank, map, evaluate or show",
    "search": "kinfold search, evaluate or show",
}
#: Task -> what makes models of it, where that is no `kinfold train`.
MAKERS = {"search": "kinfold index"}


def task_at(path: str) -> str:
    """Return the task of the model at a path: what is no folder can only be a file of word vectors."""
    return "embed" if os.path.exists(path) and not os.path.isdir(path) else task_of(describe(path))


def load_model(
    path: str, console: Console, *, task: str = "classify", also: Sequence[str] = (), mmap: bool = False
) -> Any:
    """Load a model of a task, or of one `also` taken, with progress shown, and show what its loading warns of.

    Raises
    ------
    InvalidParameterError
        It is a model of another task.
    """
    with console.progress() as report:
        report(f"loading {path}", None)
        _check_task(path, task, also)
        model = load(path, mmap=mmap)
    for note in model.load_report_.warnings:
        console.warn(note)
    return model


def maker(task: str) -> str:
    """Return the command that makes models of a task."""
    return MAKERS.get(task, f"kinfold train {task}")


def _check_task(path: str, task: str, also: Sequence[str]) -> None:
    found = task_of(describe(path))
    if found and found not in (task, *also):
        raise InvalidParameterError(
            f"{path} is a model of another task",
            seen=f"a model that {maker(found)} makes, where one of {maker(task)} is needed",
            fix=f"ask it with {VERBS_OF[found]}",
            code="U-012",
        )


def several_if_model(given: dict[str, Any], models: Sequence[Any]) -> dict[str, Any]:
    """Return reading options under which rows may have several labels if the models give several."""
    return {"multi_label": True, **given} if any(model.multilabel_ for model in models) else given
