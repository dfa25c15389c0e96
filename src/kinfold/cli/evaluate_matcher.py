"""`kinfold evaluate` of a matcher: how good it is on pairs it has not seen, and on those of texts it has not seen."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.known import Known
from kinfold.cli.matches import rank_matches, show_ranking
from kinfold.cli.measure import measure, show_evaluation, warn_of_known
from kinfold.cli.model import load_model
from kinfold.cli.outfile import whole_file
from kinfold.cli.source import read_labelled
from kinfold.data.checks import check_label_sets
from kinfold.data.table import Table
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.report import report
from kinfold.evaluation.shared_words import SHARED_WORDS, SharedWords
from kinfold.types import Json


def evaluate_matcher(options: Evaluate, console: Console) -> dict[str, Json]:
    """Do what `kinfold evaluate` does with a matcher; return its JSON."""
    if len(options.data) > 1:
        raise InvalidParameterError(
            "a matcher is measured on one DATA", seen=", ".join(options.data), fix="name one", code="U-015"
        )
    with ExitStack() as stack:
        page = stack.enter_context(whole_file(options.report)) if options.report is not None else None
        model = load_model(options.model, console, task="match")
        table = read_labelled(options.data[0], _reading(options), console, pairs=True)
        kept = Kept.of(model.load_report_.manifest)
        warn_of_known(kept, table.pairs, table.ledger, console)
        if options.no_labels:
            ranking = rank_matches(model, table.pairs, options.model, console, seed=options.seed)
            show_ranking(ranking, console)
            return ranking.to_dict()
        for message in check_label_sets(model.classes_, table.pairs.labels or []):
            console.warn(message)
        evaluation = _measured(model, kept, table, options, console)
        if page is not None:
            page.write(report(evaluation, model, table.pairs, ledger=table.ledger))
    show_evaluation(evaluation, console)
    if options.report is not None:
        console.say(f"report: {options.report}")
    return evaluation.to_dict()


def _reading(options: Evaluate) -> dict[str, Any]:
    if options.no_labels and (options.label is not None or options.report is not None):
        raise InvalidParameterError(
            "matches alone are ranked: there are no labels, and no report of them",
            seen="--label" if options.label is not None else "--report",
            fix="leave it out, or --no-labels",
            code="U-015",
        )
    return options.reading() | ({"label": None} if options.no_labels else {})


def _measured(model: Any, kept: Kept, table: Table, options: Evaluate, console: Console) -> Any:
    known, baseline = Known.from_dict(kept.sides), SharedWords.from_dict(kept.shared_words)
    if known is not None:
        console.say(
            f"the model knows {known.n_texts:,} texts; about {100 * known.error:.1f} % of new ones are taken for known"
        )
    else:
        console.say("which texts the model was trained on is not known: no scores by how new the pairs are")
    return measure(
        model,
        table.pairs,
        options.model,
        console,
        train_labels=kept.training_labels(),
        train_texts=known,
        baselines=None if baseline is None else {SHARED_WORDS: baseline},
        ledger=table.ledger,
        positive=options.positive,
        seed=options.seed,
    )
