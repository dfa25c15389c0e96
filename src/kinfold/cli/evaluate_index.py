"""`kinfold evaluate` of an index: how well each way to search it finds what it should, and which is served."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.artifacts.compose import Record
from kinfold.artifacts.lock import FolderLock
from kinfold.artifacts.store import reserve, save
from kinfold.artifacts.versions import describe
from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console, Report
from kinfold.cli.search import open_index
from kinfold.cli.sought import Sought, read_sought
from kinfold.data.ledger import Ledger
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.intervals import LEVEL, Interval
from kinfold.evaluation.retrieval import Choice, Ranks, choose, rank_all
from kinfold.index.search import SearchIndex
from kinfold.types import Array, Json

K, DECIDES = 10, "mrr"
_PLAIN = "bm25"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which way is served, the comparisons that led to it, and why in one sentence each."""

    served: str
    choices: list[Choice]
    why: list[str]


def evaluate_index(options: Evaluate, console: Console) -> dict[str, Json]:
    """Do what `kinfold evaluate` does with an index; return its JSON."""
    begun = time.monotonic()
    if len(options.data) > 1:
        raise InvalidParameterError(
            "an index is measured on one FILE of queries", seen=", ".join(options.data), fix="name one", code="U-015"
        )
    metric = options.decide or DECIDES
    names = _names(options.k or K, metric)
    Ranks((), np.empty(0, np.int64), "worst").per_query(metric)  # an unknown metric is refused before anything is read
    with ExitStack() as stack:
        lock = None if options.no_keep else stack.enter_context(reserve(options.model))
        index = open_index(options.model, console)
        sought, ledger = read_sought(options, index, console)
        ranks = _ranked(index, sought, console)
        given: dict[str, Any] = {"groups": sought.groups, "seed": options.seed or 0}
        metrics = {way: one.metrics(names, **given) for way, one in ranks.items()}
        verdict = _verdict(ranks, metric, given)
        version = None if lock is None else _keep(index, options.model, metrics, verdict, ledger, lock)
    _show(metrics, verdict, console)
    if version is not None:
        console.say(f"kept: {options.model} {version}")
    told = {way: _told(values) for way, values in metrics.items()}
    return {
        "model": options.model,
        "task": "search",
        "rows": ledger.to_dict()["rows"],
        "documents": len(index),
        "metrics": told[verdict.served],
        "baselines": {way: values for way, values in told.items() if way != verdict.served},
        "served": verdict.served,
        "why": verdict.why,
        "choices": [choice.to_dict() for choice in verdict.choices],
        "version": version,
        "ledger": ledger.to_dict(),
        "seconds": round(time.monotonic() - begun, 3),
    }


def _names(k: int, metric: str) -> list[str]:
    return list(dict.fromkeys(["mrr", "map", f"precision_at_{k}", f"recall_at_{k}", f"ndcg_at_{k}", metric]))


def _ranked(index: SearchIndex, sought: Sought, console: Console) -> dict[str, Ranks]:
    """Rank every text for every query, by every way that the index has."""
    n = len(sought.texts)
    made = {}

    def allowed(query: int) -> Array:
        may = np.ones(len(index), bool)
        if sought.own[query] >= 0:
            may[sought.own[query]] = False
        return may

    def ranked(way: str, report: Report) -> Ranks:
        def scores(first: int, end: int) -> Array:
            report(f"ranking by {way}", first / n)
            return index.scores(sought.texts[first:end], way)

        some_own = any(place >= 0 for place in sought.own)
        return rank_all(scores, sought.relevant, allowed=allowed if some_own else None, n_candidates=len(index))

    with console.progress() as report:
        for way in index.ways:
            made[way] = ranked(way, report)
    return made


def _verdict(ranks: dict[str, Ranks], metric: str, given: dict[str, Any]) -> Verdict:
    """Choose what is served: words, unless vectors beside them, or then vectors alone, are surely better."""
    others = [way for way in ("hybrid", "dense") if way in ranks]
    if not others:
        return Verdict(_PLAIN, [], ["the index can be searched by words alone"])
    served, choices = _PLAIN, []
    for way in others:
        # Two comparisons share the chance of an error between them (Bonferroni).
        level = 1 - (1 - LEVEL) / len(others)
        pair = {served: ranks[served], way: ranks[way]}
        choices.append(choose(pair, plain=served, metric=metric, level=level, **given))
        served = choices[-1].served
    return Verdict(served, choices, list(dict.fromkeys(f"{metric}: {choice}" for choice in choices)))


def _told(metrics: dict[str, Interval]) -> dict[str, Json]:
    return {name: one.to_dict() for name, one in metrics.items()}


def _keep(
    index: SearchIndex,
    path: str,
    metrics: dict[str, dict[str, Interval]],
    verdict: Verdict,
    ledger: Ledger,
    lock: FolderLock,
) -> str:
    """Save the index with its figures and what is served; return the new version."""
    before = describe(path)
    index.served = verdict.served
    told = {way: _told(values) for way, values in metrics.items()}
    notes = {
        **before.notes,
        "why": "; ".join(verdict.why),
        "measured_on": {"source": ledger.source, "rows": ledger.used},
        "baselines": {way: values for way, values in told.items() if way != verdict.served},
    }
    record = Record(told[verdict.served], before.ledger, before.data_sha256, notes, before.threads)
    return save(index, path, record=record, probes=before.probes, lock=lock)


def _show(metrics: dict[str, dict[str, Interval]], verdict: Verdict, console: Console) -> None:
    """Write the verdict as the result, and the table beside it."""
    names = list(next(iter(metrics.values())))
    rows = [(name, *(str(values[name]) for values in metrics.values())) for name in names]
    console.say(f"among all texts, {100 * LEVEL:g} % intervals")
    console.table(("", *metrics), rows)
    for line in verdict.why:
        console.out(line)
