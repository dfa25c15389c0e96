"""`kinfold train classify`: from labelled texts to a saved model, with an honest figure where one was asked for."""

from __future__ import annotations

import shlex
import time
from typing import Any

from kinfold.artifacts.lock import FolderLock
from kinfold.artifacts.store import reserve, save
from kinfold.artifacts.versions import describe
from kinfold.cli.arguments.train import TrainClassify
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.measure import measure, show_evaluation
from kinfold.cli.model import load_model
from kinfold.cli.record import make_record
from kinfold.cli.settings import Settings, settings
from kinfold.cli.source import read_labelled, show_labels
from kinfold.data.checks import check_label_sets, check_labels, check_overlap, check_texts
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.data.splits import split
from kinfold.errors import InvalidParameterError
from kinfold.estimators.registry import estimator_class
from kinfold.evaluation.evaluate import Evaluation
from kinfold.kernels.threads import thread_count
from kinfold.types import Json


def train_classify(options: TrainClassify, console: Console) -> dict[str, Json]:
    """Do what `kinfold train classify` does; return its JSON.

    The place to save is checked and held before anything is read, and whatever goes wrong leaves the model that
    was there as it was.
    """
    begun = time.monotonic()
    chosen = _checked(options)
    if options.update:
        describe(options.output)
    with reserve(options.output) as lock:
        for note in lock.warnings:
            console.warn(note)
        model = load_model(options.output, console) if options.update else None
        table = read_labelled(options.data, options.reading(), console)
        train, test, measured_on = _parts(options, table.examples, table.ledger, console)
        _check(train, test, options, table.ledger, console)
        show_labels(table.ledger, console)
        before = None if model is None else Kept.of(model.load_report_.manifest)
        model = _fitted(model, chosen, train, console)
        evaluation = None
        if test is not None:
            evaluation = measure(model, test, options.output, console, train_labels=train.labels, seed=options.seed)
        saved = _save(model, options, (train, table.ledger), (evaluation, measured_on), before, lock, console)
    if evaluation is not None:
        show_evaluation(evaluation, console)
        console.say(f"measured on {measured_on}")
    else:
        console.say("no figure was measured: --test 0.2 holds out a fifth of the rows, --valid FILE takes others")
    console.out(f"{options.output} {saved['version']}")
    _show_next(options.output, console)
    return {**saved, "rows": table.ledger.to_dict()["rows"], "seconds": round(time.monotonic() - begun, 3)}


def _checked(options: TrainClassify) -> Settings:
    """Return the settings; raise for options that contradict one another."""
    if options.test is not None and options.valid is not None:
        raise InvalidParameterError("--test and --valid are two ways to one figure", fix="give one", code="U-007")
    if options.test is not None and not 0 < options.test < 1:
        raise InvalidParameterError(
            "--test is a share of the rows, above 0 and below 1", seen=str(options.test), code="U-007"
        )
    if options.update and (options.set or options.config or options.model):
        raise InvalidParameterError(
            "--update keeps the parameters of the model it goes on from",
            fix="leave out --model, --set and --config, or train anew without --update",
            code="U-007",
        )
    seed = None if options.update else options.seed
    given = (options.model, options.config, options.set or ())
    return settings("classify", *given, seed=seed, threads=options.threads)


def _parts(
    options: TrainClassify, examples: Examples, ledger: Ledger, console: Console
) -> tuple[Examples, Examples | None, str]:
    """Return the rows to learn from, those to measure on, and what to call the latter."""
    if options.valid is not None:
        given = {name: value for name, value in options.reading().items() if name not in ("rejected", "member")}
        other = read_labelled(options.valid, given, console)
        return examples, other.examples, other.ledger.source
    if options.test is None:
        return examples, None, ""
    given = {"seed": options.seed} if options.seed is not None else {}
    train, test = split(
        examples, (1 - options.test, options.test), by="group" if options.group is not None else None, **given
    )
    return train, test, f"{len(test):,} rows of {ledger.source} that were held out"


def _check(train: Examples, test: Examples | None, options: TrainClassify, ledger: Ledger, console: Console) -> None:
    labels = train.labels or []
    found = [] if options.update else check_labels(labels)
    found += check_texts(train.texts)
    if test is not None:
        found += check_label_sets(labels, test.labels or [])
    if test is not None and options.valid is not None:
        found += check_overlap(train, test)
    for message in found:
        if message not in ledger.warnings:
            console.warn(message)
            ledger.warn(message)


def _fitted(model: Any, chosen: Settings, train: Examples, console: Console) -> Any:
    """Return a model that has learned from the rows: a new one, or the one given."""
    with console.progress() as report:
        if model is None:
            kind: Any = estimator_class(chosen.preset.name)
            return kind(**chosen.params).fit(train.texts, train.labels, progress=report)
        return model.set_params(**chosen.given).partial_fit(train.texts, train.labels, progress=report)


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
    with console.progress() as report:
        report(f"saving {options.output}", None)
        version = save(model, options.output, record=record, lock=lock)
    return {
        "model": options.output,
        "version": version,
        "task": model.task,
        "labels": list(model.classes_),
        "trained_on": len(train),
        "metrics": dict(record.metrics),
        "baselines": record.notes["baselines"],
        "measured_on": record.notes["measured_on"],
        "ledger": ledger.to_dict(),
    }


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
