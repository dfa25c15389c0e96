"""`kinfold train classify`: from labelled texts to a saved model, with an honest figure where one was asked for."""

from __future__ import annotations

import shlex
import time
from contextlib import ExitStack
from typing import Any

from kinfold.artifacts.lock import FolderLock
from kinfold.artifacts.store import reserve
from kinfold.artifacts.versions import describe
from kinfold.cli.arguments.train import TrainClassify
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.measure import measure, show_evaluation
from kinfold.cli.model import load_model
from kinfold.cli.parts import check_measuring, fit, keep, parts, say_measured, warn
from kinfold.cli.record import make_record
from kinfold.cli.settings import Settings, settings
from kinfold.cli.source import read_labelled, show_labels
from kinfold.cli.stopped import Stopped
from kinfold.data.checks import check_label_sets, check_labels, check_overlap, check_texts
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.evaluate import Evaluation
from kinfold.kernels.threads import thread_count
from kinfold.types import Json


def train_classify(options: TrainClassify, console: Console) -> dict[str, Json]:
    """Do what `kinfold train classify` does; return its JSON.

    The place to save is checked and held before anything is read, and whatever goes wrong leaves the model that
    was there as it was. While a net learns, a folder beside the model holds how far it is, for `--resume`.
    """
    begun = time.monotonic()
    chosen = _checked(options)
    if options.update:
        describe(options.output)
    with ExitStack() as stack:
        lock = stack.enter_context(reserve(options.output))
        for note in lock.warnings:
            console.warn(note)
        model = _opened(options, console) if options.update else chosen.build()
        before = Kept.of(model.load_report_.manifest) if options.update else None
        kept = stack.enter_context(Stopped(options.output, console, resume=options.resume)) if chosen.is_net else None
        table = read_labelled(options.data, options.reading(), console)
        train, test, measured_on = parts(options, table.examples, table.ledger, console)
        _check(train, test, options, table.ledger, console)
        show_labels(table.ledger, console)
        if options.update:
            with console.progress() as report:
                model.set_params(**chosen.given).partial_fit(train.texts, train.labels, progress=report)
        else:
            fit(model, train.texts, train.labels, kept, console)
        evaluation = None
        if test is not None:
            evaluation = measure(model, test, options.output, console, train_labels=train.labels, seed=options.seed)
        saved = _save(model, options, (train, table.ledger), (evaluation, measured_on), before, lock, console)
    if evaluation is not None:
        show_evaluation(evaluation, console)
    say_measured(measured_on, console)
    console.out(f"{options.output} {saved['version']}")
    _show_next(options.output, console)
    return {**saved, "rows": table.ledger.to_dict()["rows"], "seconds": round(time.monotonic() - begun, 3)}


def _checked(options: TrainClassify) -> Settings:
    """Return the settings; raise for options that contradict one another."""
    check_measuring(options.test, options.valid)
    if options.update and (options.set or options.config or options.model or options.resume):
        raise InvalidParameterError(
            "--update keeps the parameters of the model it goes on from",
            fix="leave out --model, --set, --config and --resume, or train anew without --update",
            code="U-007",
        )
    seed = None if options.update else options.seed
    given = (options.model, options.config, options.set or ())
    chosen = settings("classify", *given, seed=seed, threads=options.threads)
    if options.resume and not chosen.is_net:
        raise InvalidParameterError(
            "--resume is for nets, which leave a folder where they were stopped",
            seen=f"--model {chosen.model}",
            fix="leave it out: this model is learned in one go",
            code="U-007",
        )
    return chosen


def _opened(options: TrainClassify, console: Console) -> Any:
    """Return the model to go on from."""
    model = load_model(options.output, console)
    if not hasattr(model, "partial_fit"):
        raise InvalidParameterError(
            "a model of this kind can't go on from new rows alone",
            seen=type(model).__name__,
            fix="train anew on all rows, without --update",
            code="U-023",
        )
    return model


def _check(train: Examples, test: Examples | None, options: TrainClassify, ledger: Ledger, console: Console) -> None:
    labels = train.labels or []
    found = [] if options.update else check_labels(labels)
    found += check_texts(train.texts)
    if test is not None:
        found += check_label_sets(labels, test.labels or [])
    if test is not None and options.valid is not None:
        found += check_overlap(train, test)
    warn(found, ledger, console)


def _save(
    model: Any,
    options: TrainClassify,
    learned: tuple[Examples, Ledger],
    measured: tuple[Evaluation | None, str],
    before: Kept | None,
    lock: FolderLock,
    console: Console,
) -> dict[str, Json]:
    train, ledger = learned
    record = make_record(model.task, train, ledger, measured, thread_count(model.n_threads), before)
    return keep(model, options.output, record, lock, len(train), console, labels=list(model.classes_))


def _show_next(path: str, console: Console) -> None:
    name = shlex.quote(path)
    console.say("next:")
    console.table(
        ("", ""),
        [
            (f"kinfold predict {name} -", "label texts, one a line"),
            (f'kinfold explain {name} "TEXT"', "see which words led to a label"),
            (f"kinfold evaluate {name} FILE", "measure it on texts it has not seen"),
        ],
    )
