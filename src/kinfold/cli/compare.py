"""`kinfold compare`: which of several models is better on the same rows, or that none is, and how far they agree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from kinfold.cli.arguments.compare import Compare
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.model import load_model, several_if_model, task_at
from kinfold.cli.outfile import whole_file
from kinfold.cli.overlap import overlap
from kinfold.cli.source import read_labelled
from kinfold.data.checks import check_label_sets
from kinfold.data.records import Pairs
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.agreement import Agreement, agreement
from kinfold.evaluation.agreement_page import agreement_page
from kinfold.evaluation.comparison import Comparison, compare
from kinfold.types import Floats2d, Json


def compare_models(options: Compare, console: Console) -> dict[str, Json]:
    """Do what `kinfold compare` does; return its JSON."""
    if len(options.paths) < 3:
        raise InvalidParameterError(
            "compare takes two models or more, then DATA", seen=f"{len(options.paths)} paths", code="U-008"
        )
    with ExitStack() as stack:
        page = stack.enter_context(whole_file(options.agreement)) if options.agreement is not None else None
        told, comparison, found = _compared(options, console)
        if page is not None:
            page.write(agreement_page(found, " and ".join(told) if len(told) == 2 else ""))
    show_comparison(comparison, console)
    show_agreement(found, console)
    return {"models": told, **comparison.to_dict(), "agreement": found.to_dict()}


def _compared(options: Compare, console: Console) -> tuple[dict[str, str], Comparison, Agreement]:
    """Return the models' paths by their names, the comparison, and how far they agree."""
    *paths, data = options.paths
    task = "match" if task_at(paths[0]) == "match" else "classify"
    _check_sides(options, task)
    models = {name: load_model(path, console, task=task) for name, path in zip(short_names(paths), paths, strict=True)}
    given_reading = several_if_model(options.reading(), list(models.values()))
    rows = read_labelled(data, given_reading, console, pairs=task == "match").rows
    for name, model in models.items():
        found = overlap(Kept.of(model.load_report_.manifest).sketch, rows if isinstance(rows, Pairs) else rows.texts)
        if found is not None and found.n_known:
            console.warn(f"D-032: {name}: {found}; that favours it")
        for message in check_label_sets(model.classes_, rows.labels or []):
            console.warn(f"{message}: {name}")
    given: dict[str, Any] = {"metric": options.metric, "positive": options.positive, "seed": options.seed}
    chosen = {name: value for name, value in given.items() if value is not None}
    with console.progress() as report:
        report(f"comparing on {len(rows):,} rows", None)
        asked = {name: _Asked(model) for name, model in models.items()}
        comparison = compare(asked, rows, **chosen)
        alike = agreement(asked, rows)
    return dict(zip(models, paths, strict=True)), comparison, alike


def _check_sides(options: Compare, task: str) -> None:
    """Raise for columns that models of this task don't read."""
    odd = options.text if task == "match" else options.left or options.right
    if odd is not None:
        raise InvalidParameterError(
            f"these models read {'pairs: --left, --right' if task == 'match' else 'single texts: --text'}",
            seen=f"column {odd}",
            fix="name the columns they read",
            code="U-015",
        )


class _Asked:
    """A model that is asked once: its answers to the texts it was asked about last are kept."""

    def __init__(self, model: Any) -> None:
        self.classes_: Sequence[str] = model.classes_
        self._model = model
        self._texts: list[Any] | None = None

    def fit(self, texts: Sequence[str], labels: Sequence[Any]) -> Any:
        """Refuse: it has learned."""
        raise NotImplementedError

    def predict_proba(self, texts: Sequence[str]) -> Floats2d:
        """Return what the model says."""
        self._ask(list(texts))
        return self._probabilities

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """Return what the model answers."""
        self._ask(list(texts))
        return self._answers

    def _ask(self, texts: list[Any]) -> None:
        if texts != self._texts:
            self._probabilities: Floats2d = self._model.predict_proba(texts)
            self._answers: list[Any] = self._model.answers(self._probabilities)
            self._texts = texts


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Write a sentence a pair as the result, and the table of scores beside it."""
    scores = [(name, str(score)) for name, score in comparison.scores.items()]
    console.table(("model", f"{comparison.metric}, 95 % interval"), scores)
    for sentence in comparison.sentences():
        console.out(sentence)


def show_agreement(found: Agreement, console: Console) -> None:
    """Say how far every two models agree, and what choosing among them could gain."""
    console.table(found.header(), found.rows())
    console.say(str(found))


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the last parts of the paths, or the paths themselves where these don't tell them apart."""
    names = [os.path.basename(os.path.normpath(path)) for path in paths]
    if len(set(names)) == len(names):
        return names
    if len(set(paths)) == len(paths):
        return list(paths)
    raise InvalidParameterError("the same model is named twice", seen=", ".join(names), code="U-008")
