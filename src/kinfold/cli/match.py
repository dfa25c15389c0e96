"""`kinfold train match`: from pairs of texts to a saved matcher, with a figure for texts it has never seen."""

from __future__ import annotations

import os
import shlex
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from kinfold.artifacts.lock import FolderLock
from kinfold.artifacts.store import reserve
from kinfold.cli.arguments.match import SPLITS, TrainMatch
from kinfold.cli.console import Console
from kinfold.cli.known import Known
from kinfold.cli.matches import MatchRanking, check_one_label, rank_matches, show_ranking
from kinfold.cli.measure import measure, show_evaluation
from kinfold.cli.parts import check_measuring, fit, keep, say_measured, warn
from kinfold.cli.record import Measured, make_record
from kinfold.cli.settings import Settings, settings
from kinfold.cli.source import read_labelled, show_labels
from kinfold.cli.stopped import Stopped
from kinfold.data.checks import check_label_sets, check_labels, check_overlap, check_texts, single_labels
from kinfold.data.faults import count, fault
from kinfold.data.ledger import Ledger
from kinfold.data.records import Pairs
from kinfold.data.splits import By, split
from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.evaluate import Evaluation
from kinfold.evaluation.shared_words import SHARED_WORDS, SharedWords
from kinfold.kernels.threads import thread_count
from kinfold.types import Json

_BY: dict[str, By] = {"component": "component", "pair": None, "group": "group"}


def train_match(options: TrainMatch, console: Console) -> dict[str, Json]:
    """Do what `kinfold train match` does; return its JSON.

    As with `kinfold train classify`, the place to save is held before anything is read, and whatever goes wrong leaves
    the model that was there as it was.
    """
    begun = time.monotonic()
    chosen = _checked(options, console)
    with ExitStack() as stack:
        lock = stack.enter_context(reserve(options.output))
        for note in lock.warnings:
            console.warn(note)
        model = chosen.build()
        kept = stack.enter_context(Stopped(options.output, console, resume=options.resume)) if chosen.is_net else None
        table = read_labelled(options.data, options.reading(), console, pairs=True)
        train, test, measured_on = _parts(options, table.pairs, table.ledger, console)
        _check(train, test, chosen, options, table.ledger, console)
        show_labels(table.ledger, console)
        fit(model, train, train.labels, kept, console)
        _say_odd(model, table.ledger, console)
        baseline = SharedWords.learned(train, model.classes_)
        evaluation = None if test is None else _measured(model, train, test, baseline, options, console)
        saved = _save(model, options, (train, table.ledger), (evaluation, measured_on), baseline, lock, console)
    if isinstance(evaluation, MatchRanking):
        show_ranking(evaluation, console)
    elif evaluation is not None:
        show_evaluation(evaluation, console)
    say_measured(measured_on, console)
    console.out(f"{options.output} {saved['version']}")
    _show_next(options.output, console)
    more = {} if evaluation is None else {k: v for k, v in evaluation.to_dict().items() if k == "strata"}
    return {**saved, **more, "rows": table.ledger.to_dict()["rows"], "seconds": round(time.monotonic() - begun, 3)}


def _checked(options: TrainMatch, console: Console) -> Settings:
    """Return the settings; raise for options that contradict one another."""
    check_measuring(options.test, options.valid)
    given = (options.model, options.config, options.set or ())
    directed = True if options.directed else None
    chosen = settings("match", *given, seed=options.seed, threads=options.threads, directed=directed)
    how = options.splitting()
    faults = (
        (
            options.resume and not chosen.is_net,
            "--resume is for nets, which leave a folder where they were stopped",
            f"--model {chosen.model}",
            "leave it out: this model is learned in one go",
        ),
        (how not in SPLITS, "there is no way to split of that name", how, f"one of {', '.join(SPLITS)}"),
        (options.split and not options.test, "--split says how --test holds pairs out", how, "--test 0.2 beside it"),
        (how == "group" and options.group is None, "--split group keeps groups together", how, "--group COL beside it"),
        (
            options.no_labels and not chosen.is_net,
            "this model learns from pairs of both kinds",
            f"--no-labels, --model {chosen.model}",
            "--model bag, or another net: it takes the other pairs of a batch as those that do not match",
        ),
        (options.no_labels and options.label is not None, "there are labels or none", "--label, --no-labels", "one"),
    )
    for wrong, what, seen, fix in faults:
        if wrong:
            raise InvalidParameterError(what, seen=seen, fix=fix, code="U-007")
    if options.no_labels and "loss" not in chosen.given:
        console.say("no labels: loss=softmax, the other pairs of a batch do not match")
        return replace(chosen, given={**chosen.given, "loss": "softmax"})
    return chosen


def _parts(options: TrainMatch, pairs: Pairs, ledger: Ledger, console: Console) -> tuple[Pairs, Pairs | None, str]:
    """Return the pairs to learn from, those to measure on, and what to call the latter."""
    if options.valid is not None:
        given = {name: value for name, value in options.reading().items() if name not in ("rejected", "member")}
        other = read_labelled(options.valid, given, console, pairs=True)
        return pairs, other.pairs, other.ledger.source
    if options.test is None:
        return pairs, None, ""
    how = options.splitting()
    given = {"seed": options.seed} if options.seed is not None else {}
    try:
        train, test = split(pairs, (1 - options.test, options.test), by=_BY[how], **given)
    except DataError as error:
        if how != "component" or error.code not in ("S-03", "S-04", "S-05"):
            raise
        raise fault(
            error.code,
            error.what,
            seen=error.seen,
            why="pairs that share a text, directly or through others, stay together",
            fix="more pairs; kinfold audit DATA --repaired PREFIX, which leaves pairs out; or --split pair",
        ) from error
    console.say(f"held out: {len(test):,} of {count(len(pairs), 'pair')}, {_APART[how]}")
    return train, test, f"{len(test):,} pairs of {ledger.source} that were held out"


_APART = {
    "component": "whole connected components, so that no text stands on both sides",
    "pair": "at random: their texts may stand in the pairs to learn from too",
    "group": "whole groups: a text of two groups may stand on both sides",
}


def _check(
    train: Pairs, test: Pairs | None, chosen: Settings, options: TrainMatch, ledger: Ledger, console: Console
) -> None:
    """Raise for pairs that can't be learned from, before anything is learned; warn of what is odd."""
    labels = train.labels
    found = check_texts([*train.lefts, *train.rights])
    if labels is not None:
        kinds = single_labels(labels)
        if len(kinds) < 2:
            check_one_label(kinds, chosen)
        else:
            found += check_labels(labels)
        if len(kinds) > 2:
            raise fault(
                "D-154",
                "a matcher needs two labels: of pairs that match, and of pairs that do not",
                seen=f"{count(len(kinds), 'label')} such as {', '.join(map(repr, sorted(kinds)[:3]))}",
                fix="name another label column: --label; --merge-labels joins those that differ only in case or space",
            )
    if test is not None and labels is not None:
        found += check_label_sets(labels, test.labels or [])
    if test is not None and options.valid is not None:
        found += check_overlap(train, test)
    warn(found, ledger, console)


def _say_odd(model: Any, ledger: Ledger, console: Console) -> None:
    """Say what the model found odd among the pairs it learned from; it has dropped none of them."""
    counts: dict[str, int] = dict(model.counts_)
    twice = counts.pop("of two labels", 0)
    for what, n in counts.items():
        if n:
            console.say(f"{count(n, 'training pair')}: {what}")
    if twice and not model.directed:
        warn([f"D-077: {count(twice, 'training pair')} of two labels, in one order or the other"], ledger, console)


def _measured(
    model: Any, train: Pairs, test: Pairs, baseline: SharedWords | None, options: TrainMatch, console: Console
) -> Evaluation | MatchRanking:
    if baseline is None:
        return rank_matches(model, test, options.output, console, seed=options.seed)
    return measure(
        model,
        test,
        options.output,
        console,
        train_labels=train.labels,
        train_texts={*train.lefts, *train.rights},
        baselines={SHARED_WORDS: baseline},
        seed=options.seed,
    )


def _save(
    model: Any,
    options: TrainMatch,
    learned: tuple[Pairs, Ledger],
    measured: tuple[Measured | None, str],
    baseline: SharedWords | None,
    lock: FolderLock,
    console: Console,
) -> dict[str, Json]:
    train, ledger = learned
    known = Known.of([*train.lefts, *train.rights])
    parts = {"sides": known, "shared_words": baseline}
    more = {name: part.to_dict() for name, part in parts.items() if part is not None}
    record = make_record(model.task, train, ledger, measured, _threads(model), None, more)
    said: dict[str, Json] = {"labels": list(model.classes_), "odd_pairs": dict(model.counts_)}
    return keep(model, options.output, record, lock, len(train), console, **said)


def _threads(model: Any) -> int:
    """Return how many threads learned: trees take as many as scikit-learn is given."""
    given = model.get_params(deep=False)
    if "n_threads" in given:
        return thread_count(given["n_threads"])
    named = os.environ.get("OMP_NUM_THREADS", "")
    return int(named) if named.isdecimal() and int(named) else thread_count(None)


def _show_next(path: str, console: Console) -> None:
    name = shlex.quote(path)
    console.say("next:")
    console.table(
        ("", ""),
        [
            (f"kinfold predict {name} -", "label pairs, one a line, a tab between the texts"),
            (f'kinfold explain {name} "LEFT" "RIGHT"', "see what spoke for the label of a pair"),
            (f"kinfold evaluate {name} FILE", "measure it on pairs it has not seen"),
        ],
    )
