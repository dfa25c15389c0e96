"""`kinfold compare`: which of several models is better on the same rows, or that none is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from kinfold.cli.arguments.compare import Compare
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.model import load_model, several_if_model
from kinfold.cli.overlap import overlap
from kinfold.cli.source import read_labelled
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.comparison import Comparison, compare
from kinfold.types import Json


def compare_models(options: Compare, console: Console) -> dict[str, Json]:
    """Do what `kinfold compare` does; return its JSON."""
    if len(options.paths) < 3:
        raise InvalidParameterError(
            "compare takes two models or more, then DATA", seen=f"{len(options.paths)} paths", code="U-008"
        )
    *paths, data = options.paths
    models = {name: load_model(path, console) for name, path in zip(short_names(paths), paths, strict=True)}
    table = read_labelled(data, several_if_model(options.reading(), list(models.values())), console)
    for name, model in models.items():
        found = overlap(Kept.of(model.load_report_.manifest).sketch, table.examples.texts)
        if found is not None and found.n_known:
            console.warn(f"D-032: {name}: {found}; that favours it")
    given: dict[str, Any] = {"metric": options.metric, "positive": options.positive, "seed": options.seed}
    with console.progress() as report:
        report(f"comparing on {len(table.examples):,} rows", None)
        comparison = compare(
            models, table.examples, **{name: value for name, value in given.items() if value is not None}
        )
    show_comparison(comparison, console)
    return {"models": dict(zip(models, paths, strict=True)), **comparison.to_dict()}


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Write a sentence a pair as the result, and the table of scores beside it."""
    scores = [(name, str(score)) for name, score in comparison.scores.items()]
    console.table(("model", f"{comparison.metric}, 95 % interval"), scores)
    for sentence in comparison.sentences():
        console.out(sentence)


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the last parts of the paths, or the paths themselves where these don't tell them apart."""
    names = [os.path.basename(os.path.normpath(path)) for path in paths]
    if len(set(names)) == len(names):
        return names
    if len(set(paths)) == len(paths):
        return list(paths)
    raise InvalidParameterError("the same model is named twice", seen=", ".join(names), code="U-008")
