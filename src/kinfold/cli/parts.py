"""What training on a labelled file takes whatever the task: rows to learn from, rows to measure on, the fit itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kinfold.artifacts.compose import Record
from kinfold.artifacts.lock import FolderLock
from kinfold.artifacts.store import save
from kinfold.cli.arguments.train import TrainLabelled
from kinfold.cli.console import Console
from kinfold.cli.source import read_labelled
from kinfold.cli.stopped import Stopped
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples, Pairs
from kinfold.data.splits import By, split
from kinfold.errors import InvalidParameterError
from kinfold.types import Json


def check_measuring(test: float | None, valid: str | None) -> None:
    """Raise for `--test` and `--valid` that contradict one another, and for a share that is none."""
    if test is not None and valid is not None:
        raise InvalidParameterError("--test and --valid are two ways to one figure", fix="give one", code="U-007")
    if test is not None and not 0 < test < 1:
        raise InvalidParameterError("--test is a share of the rows, above 0 and below 1", seen=str(test), code="U-007")


def parts(
    options: TrainLabelled, examples: Examples, ledger: Ledger, console: Console, *, stratify: bool = True
) -> tuple[Examples, Examples | None, str]:
    """Return the rows to learn from, those to measure on, and what to call the latter."""
    if options.valid is not None:
        given = {name: value for name, value in options.reading().items() if name not in ("rejected", "member")}
        other = read_labelled(options.valid, given, console)
        return examples, other.examples, other.ledger.source
    if options.test is None:
        return examples, None, ""
    given = {"seed": options.seed} if options.seed is not None else {}
    by: By = "group" if options.group is not None else None
    train, test = split(examples, (1 - options.test, options.test), by=by, stratify=stratify, **given)
    return train, test, f"{len(test):,} rows of {ledger.source} that were held out"


def fit(model: Any, texts: Sequence[str] | Pairs, labels: Any, kept: Stopped | None, console: Console) -> None:
    """Fit a model with progress shown, and say what a blend is worth; `kept`: where a net keeps how far it is."""
    more = {} if kept is None else {"checkpoint": kept.folder, "resume": kept.goes_on}
    with console.progress() as report:
        model.fit(texts, labels, progress=report, **more)
    if "verdict_" in vars(model):
        weights = ", ".join(f"{name} {weight:.2f}" for name, weight in model.weights_.items())
        console.say(f"{model.verdict_}; weights: {weights}")


def warn(found: Iterable[str], ledger: Ledger, console: Console) -> None:
    """Say what is odd, and note it in the ledger, unless it stands there."""
    for message in found:
        if message not in ledger.warnings:
            console.warn(message)
            ledger.warn(message)


def keep(
    model: Any, path: str, record: Record, lock: FolderLock, n_rows: int, console: Console, **more: Json
) -> dict[str, Json]:
    """Save a model that has learned from so many rows; return what is said of it as JSON, `more` of it besides."""
    with console.progress() as report:
        report(f"saving {path}", None)
        version = save(model, path, record=record, lock=lock)
    return {
        "model": path,
        "version": version,
        "task": model.task,
        **more,
        "trained_on": n_rows,
        "metrics": dict(record.metrics),
        "baselines": record.notes["baselines"],
        "measured_on": record.notes["measured_on"],
        "ledger": record.ledger,
    }


def say_measured(measured_on: str, console: Console) -> None:
    """Say what figures were measured on, or how to have one."""
    if measured_on:
        console.say(f"measured on {measured_on}")
    else:
        console.say("no figure was measured: --test 0.2 holds out a fifth of the rows, --valid FILE takes others")
