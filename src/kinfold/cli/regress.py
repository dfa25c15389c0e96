"""`kinfold train regress`: from texts with numbers to a saved model that tells the number of a text."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import fmean
from typing import Any

from kinfold.artifacts.compose import Record
from kinfold.artifacts.store import reserve
from kinfold.cli.arguments.train import TrainRegress
from kinfold.cli.console import Console
from kinfold.cli.numbers import measure_numbers, numbers_of, show_regression
from kinfold.cli.overlap import sketch
from kinfold.cli.parts import check_measuring, fit, keep, parts, say_measured
from kinfold.cli.settings import settings
from kinfold.cli.source import read_labelled
from kinfold.cli.stopped import Stopped
from kinfold.data.checks import check_texts
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.evaluation.regression import RegressionEvaluation
from kinfold.kernels.threads import thread_count
from kinfold.types import Json


def train_regress(options: TrainRegress, console: Console) -> dict[str, Json]:
    """Do what `kinfold train regress` does; return its JSON."""
    begun = time.monotonic()
    check_measuring(options.test, options.valid)
    given = (options.model, options.config, options.set or ())
    chosen = settings("regress", *given, seed=options.seed, threads=options.threads)
    with ExitStack() as stack:
        lock = stack.enter_context(reserve(options.output))
        for note in lock.warnings:
            console.warn(note)
        model = chosen.build()
        kept = stack.enter_context(Stopped(options.output, console, resume=options.resume))
        table = read_labelled(options.data, options.reading(), console)
        train, test, measured_on = parts(options, table.examples, table.ledger, console, stratify=False)
        targets = numbers_of(train, table.ledger.source)
        for message in check_texts(train.texts):
            console.warn(message)
        fit(model, train.texts, targets, kept, console)
        evaluation = None
        if test is not None:
            evaluation = measure_numbers(
                model, test, measured_on, options.output, console, mean=fmean(targets), seed=options.seed
            )
        record = _record(train, targets, table.ledger, (evaluation, measured_on), thread_count(options.threads))
        saved = keep(model, options.output, record, lock, len(train), console)
    if evaluation is not None:
        show_regression(evaluation, console)
    say_measured(measured_on, console)
    console.out(f"{options.output} {saved['version']}")
    _show_next(options.output, console)
    return {**saved, "rows": table.ledger.to_dict()["rows"], "seconds": round(time.monotonic() - begun, 3)}


def _record(
    train: Examples,
    targets: Sequence[float],
    ledger: Ledger,
    measured: tuple[RegressionEvaluation | None, str],
    threads: int,
) -> Record:
    evaluation, measured_on = measured
    found: dict[str, Any] = {} if evaluation is None else evaluation.to_dict()
    rows = None if evaluation is None else evaluation.rows
    notes: dict[str, Json] = {
        "task": "regress",
        "mean": fmean(targets),
        "texts": sketch(train.texts),
        "history": [{"source": ledger.source, "rows": len(train), "sha256": ledger.sha256}],
        "measured_on": {} if rows is None else {"rows": rows, "source": measured_on},
        "baselines": found.get("baselines", {}),
    }
    return Record(found.get("metrics", {}), ledger.to_dict(), ledger.sha256 or None, notes, threads)


def _show_next(path: str, console: Console) -> None:
    name = shlex.quote(path)
    console.say("next:")
    console.table(
        ("", ""),
        [
            (f"kinfold predict {name} -", "tell the numbers of texts, one a line"),
            (f"kinfold evaluate {name} FILE", "measure it on texts it has not seen"),
        ],
    )
