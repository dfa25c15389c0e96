"""An evaluation in, plain words out: the verdict in sentences, names of metrics, a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinfold.evaluation.baselines import MAJORITY
from kinfold.evaluation.coding import Answer
from kinfold.evaluation.comparison import Difference
from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.metrics import TITLES
from kinfold.evaluation.page import plain_table as html_table
from kinfold.evaluation.page import shown

if TYPE_CHECKING:
    from kinfold.evaluation.evaluate import Evaluation

#: Under this many rows a verdict says that the test set is small.
FEW_ROWS = 100


def verdict(evaluation: Evaluation) -> list[tuple[str, bool]]:
    """Return the answer in sentences, as pieces of text with whether each is to be stressed."""
    main, n = evaluation.metrics[evaluation.main_metric], evaluation.rows["used"]
    thing = "pair" if evaluation.task == "match" else "row"
    noun = f"test {thing}" if n == 1 else f"test {thing}s"
    if main.value is None:
        return [(f"No answer from these {n:,} {noun}: {main.reason}.", False)]
    several = evaluation.kind == "multilabel"
    span = ""
    if main.low is not None and main.high is not None:
        span = f" ({100 * main.low:.1f} to {100 * main.high:.1f})"
    pieces = [
        ("A micro-F1 of " if several else "Right on ", False),
        (f"{100 * main.value:.1f} %", True),
        (f" {'on' if several else 'of'} {n:,} {noun}{span}.", False),
    ]
    for difference in evaluation.differences:
        pieces += _against(difference, evaluation.majority_answer)
    if "coverage" in evaluation.metrics:
        answered, right = (evaluation.metrics[name].value for name in ("coverage", "accuracy_answered"))
        if answered is not None and right is not None:
            share = f" It answers {100 * answered:.1f} % of the rows"
            pieces.append((f"{share} and is right on {100 * right:.1f} % of those.", False))
    pieces += _of_new_pairs(evaluation)
    if n < FEW_ROWS:
        small = f" With only {n:,} {noun} this is a first impression; more {thing}s would sharpen it."
        pieces.append((small, False))
    return pieces


def _against(difference: Difference, majority_answer: Answer) -> list[tuple[str, bool]]:
    other = difference.b
    if other == MAJORITY:
        other = f"always answering {shown_label(majority_answer)}"
    gap = difference.interval.value
    if gap is None or difference.interval.low is None:
        return [(f" Against {other} no comparison is possible.", False)]
    if difference.winner is None:
        return [(f" Against {other} it is ", False), ("a tie", True), (".", False)]
    verb = "beats" if difference.winner == difference.a else "is worse than"
    return [(f" It {verb} {other} by {abs(100 * gap):.1f} points.", False)]


def _of_new_pairs(evaluation: Evaluation) -> list[tuple[str, bool]]:
    """Return how good a matcher is on pairs of which it has learned from neither side, where that is known."""
    if not evaluation.strata:
        return []
    new, *others = evaluation.strata
    if not any(one.rows for one in others):
        return [(" No text of these pairs was learned from.", False)]
    right = new.scores.get("accuracy")
    if right is None or right.value is None:
        return [(f" Of pairs with two new texts there are only {new.rows:,}: too few to tell of new texts.", False)]
    told = f" Of the {new.rows:,} pairs with two new texts it is right on "
    return [(told, False), (f"{100 * right.value:.1f} %", True), (".", False)]


def strata_table(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Return the scores of pairs by how many of their sides were learned from: the names of the columns, the lines."""
    metrics = list(dict.fromkeys(metric for one in evaluation.strata for metric in one.scores))
    head = ["Sides learned from", "pairs", *(metric_title(metric, evaluation.kind) for metric in metrics)]
    lines = []
    for one in evaluation.strata:
        cells = [str(one.scores[metric]) if metric in one.scores else "-" for metric in metrics]
        lines.append([one.name, f"{one.rows:,}", *cells])
    return head, lines


def metric_title(metric: str, kind: str) -> str:
    """Return a metric's name for people, with the average it is where that is not plain."""
    name = TITLES.get(metric, metric)
    if kind == "multilabel" and metric == "accuracy":
        return "Exact match"
    if kind == "multilabel" and metric in ("precision", "recall", "f1"):
        return f"{name}, micro"
    if kind != "binary" and metric in ("precision", "recall", "auc", "average_precision"):
        return f"{name}, macro"
    return name


def shown_label(label: Answer) -> str:
    """Return a label in quotes, or several joined, for people."""
    if label is None:
        return "nothing"
    if isinstance(label, tuple):
        return ", ".join(f"“{name}”" for name in label) or "no label"
    return f"“{label}”"


def ledger_line(rows: dict[str, int]) -> str:
    """Return what became of the rows read."""
    used, rejected, merged = rows["used"], rows["rejected"], rows["merged"]
    return f"{rows['in']:,} in = {used:,} used + {rejected:,} rejected + {merged:,} merged"


def plain_table(evaluation: Evaluation) -> str:
    """Return the verdict, then the metrics beside the baselines, in columns."""
    bases = evaluation.baselines
    table = [["", evaluation.name or "model", f"{100 * evaluation.level:g} % interval", *bases]]
    for metric, value in evaluation.metrics.items():
        beside = [_number(base.get(metric)) for base in bases.values()]
        table.append([metric_title(metric, evaluation.kind), _number(value), _span(value), *beside])
    text = "".join(text for text, _ in verdict(evaluation))
    head, strata = strata_table(evaluation)
    more = ["", *_columns([head, *strata])] if strata else []
    return "\n".join([text, "", *_columns(table), *more, "", f"Rows: {ledger_line(evaluation.rows)}"])


def _columns(table: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]


def fragment(evaluation: Evaluation) -> str:
    """Return the verdict and the metrics as HTML for a notebook."""
    bases = evaluation.baselines
    rows = []
    for metric, value in evaluation.metrics.items():
        beside = [_number(base.get(metric)) for base in bases.values()]
        rows.append([metric_title(metric, evaluation.kind), str(value), *beside])
    text = "".join(text for text, _ in verdict(evaluation))
    head = ["Measure", f"Value, {100 * evaluation.level:g} % interval", *bases]
    strata = html_table(*strata_table(evaluation)) if evaluation.strata else ""
    return f"<p>{shown(text)}</p>{html_table(head, rows)}{strata}"


def _number(value: Interval | None) -> str:
    return "-" if value is None or value.value is None else f"{value.value:.3f}"


def _span(value: Interval) -> str:
    if value.value is None or value.low is None or value.high is None:
        return value.reason
    return f"{value.low:.3f} to {value.high:.3f}"
