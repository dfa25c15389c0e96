"""An evaluation in, one self-contained HTML page out: the answer first, then how sure, then the evidence."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from kinfold.evaluation import charts, page
from kinfold.evaluation.baselines import MAJORITY
from kinfold.evaluation.curves import ClassRow, common_confusions
from kinfold.evaluation.evaluate import Evaluation, LedgerCounts
from kinfold.evaluation.evidence import SHOWN, error_section, issue_section, ngram_section, worst_rows
from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.label_errors import LabelIssues, issues_of
from kinfold.evaluation.metrics import LOWER_IS_BETTER
from kinfold.evaluation.page import head_row, label, note, section, shown
from kinfold.evaluation.scoring import AnyRows, asked_of, text_of
from kinfold.evaluation.wording import ledger_line, metric_title, shown_label, strata_table
from kinfold.pages.document import document
from kinfold.types import Ints1d

#: Up to this many classes the confusion matrix is a table a person can read.
MAX_MATRIX = 30
#: Baselines with a column of their own.
MAX_COLUMNS = 3


class ReadLedger(LedgerCounts, Protocol):
    """A ledger with its warnings."""

    @property
    def source(self) -> str:
        """The file's name."""

    @property
    def warnings(self) -> list[str]:
        """One sentence each."""


class HasSection(Protocol):
    """What has a card of its own to show: `kinfold.audit` returns one."""

    def section(self) -> str:
        """Return the card's markup."""


def report(
    evaluation: Evaluation,
    classifier: object,
    examples: AnyRows,
    *,
    ledger: ReadLedger | None = None,
    label_issues: LabelIssues | None = None,
    audit: HasSection | None = None,
    title: str = "",
) -> str:
    """Return the report of an evaluation as one HTML page that loads nothing and runs no script.

    Parameters
    ----------
    evaluation
        What `evaluate` returned.
    classifier
        The classifier evaluated; its `explain` and `top_ngrams` are shown where it has them.
    examples
        The rows evaluated on.
    ledger
        Of the reading of those rows: what was rejected and why is shown.
    label_issues
        What `label_errors` returned; by default the rows evaluated on are judged by the
        probabilities the classifier gave them, which it did not learn from.
    audit
        What `audit` returned for the training rows and these: its findings are a card.
    title
        The page's heading; by default the classifier's name.
    """
    texts = asked_of(examples)
    as_lines = [text_of(one) for one in texts]
    issues = label_issues if label_issues is not None else issues_of(evaluation.coded, texts=as_lines)
    above = set(worst_rows(evaluation.coded)[:SHOWN].tolist()) if label_issues is None else set()
    known = [name for name in evaluation.classes if name not in evaluation.unseen_labels]
    name = evaluation.name or "model"
    rows = evaluation.rows["used"]
    heading = title or evaluation.name or "Evaluation"
    kicker = f"kinfold evaluation · {name} · {rows:,} test row{'' if rows == 1 else 's'}"
    verdict = "".join(f"<b>{shown(text)}</b>" if bold else shown(text) for text, bold in evaluation.verdict())
    parts = [
        metric_section(evaluation),
        strata_section(evaluation),
        confusion_section(evaluation),
        *curve_sections(evaluation),
        class_section(evaluation),
        ngram_section(classifier, known) if evaluation.task == "classify" else "",
        error_section(classifier, texts, evaluation.coded),
        issue_section(issues, above),
        audit.section() if audit is not None else "",
        ledger_section(evaluation, ledger),
    ]
    cards = "\n\n".join(part for part in parts if part)
    body = (
        f'<main>\n<p class="kicker">{shown(kicker)}</p>\n<h1>{shown(heading)}</h1>\n'
        f'<p class="verdict">{verdict}</p>\n<div class="grid">\n{cards}\n</div>\n</main>'
    )
    return document(f"{heading}: evaluation", body, styles=(page.STYLE,), attributes=True)


def metric_section(evaluation: Evaluation) -> str:
    """Return every metric with its interval beside the baselines, on an axis that fits it."""
    bases = dict(list(evaluation.baselines.items())[:MAX_COLUMNS])
    shares = {name: value for name, value in evaluation.metrics.items() if name not in LOWER_IS_BETTER}
    axis = charts.share_axis([v for name, value in shares.items() for v in _ends(value, bases, name)])
    names = [("Majority" if base == MAJORITY else base, 'class="n"') for base in bases]
    value_head = (f"Value, {100 * evaluation.level:g} % interval", 'class="n"')
    head = head_row(("Measure", 'class="name"'), ("", 'class="plot"'), value_head, *names)
    head = head.replace('class="plot">', f'class="plot">{charts.axis_strip(axis)}')
    lines = []
    for name, value in evaluation.metrics.items():
        beside = {base: values[name] for base, values in bases.items() if name in values}
        own = axis if name in shares else charts.loss_axis(_ends(value, bases, name))
        strip = charts.interval_strip(value, beside, own)
        strip += "" if name in shares else charts.axis_strip(own)
        cells = "".join(f'<td class="n soft">{_number(beside.get(base))}</td>' for base in bases)
        heading = shown(metric_title(name, evaluation.kind))
        lines.append(
            f'<tr><th scope="row">{heading}</th><td class="plot">{strip}</td>{page.value_cell(value)}{cells}</tr>'
        )
    table = page.scrolling(f"<table>{head}{''.join(lines)}</table>", "Metrics with intervals")
    return section("m", "How good, and how sure", table + note(_how(evaluation)), wide=True)


def strata_section(evaluation: Evaluation) -> str:
    """Return the scores of pairs by how many of their sides were learned from, where that is known."""
    if not evaluation.strata:
        return ""
    (name, pairs, *metrics), _ = strata_table(evaluation)
    none = '<td class="n soft">–</td>' * len(metrics)
    lines = ""
    for one in evaluation.strata:
        cells = "".join(page.value_cell(value) for value in one.scores.values()) or none
        lines += f'<tr><th scope="row">{shown(one.name)}</th><td class="n">{one.rows:,}</td>{cells}</tr>'
    head = head_row((name, 'class="name"'), *((title, 'class="n"') for title in (pairs, *metrics)))
    table = page.scrolling(f"<table>{head}{lines}</table>", "Scores by sides learned from")
    told = (
        "How many of the two texts of a pair stood in a pair that the model learned from. Only the pairs of two new "
        "texts tell how good it is on texts to come."
    )
    return section("n", "How new the pairs are", table + note(told), wide=True)


def confusion_section(evaluation: Evaluation) -> str:
    """Return the confusion matrix where a person can read it, and the commonest confusions."""
    matrix = evaluation.confusion
    if matrix is None:
        return ""
    classes, abstained = evaluation.classes, bool(matrix[:, -1].any())
    few, many = len(classes) <= 4, len(classes) > MAX_MATRIX
    wrong = common_confusions(matrix)
    parts = []
    if not many:
        table = _matrix_table(matrix, classes, abstained, few)
        told = f"Deeper colour, a larger share of the label's rows. {_evenness(wrong, classes) if few else ''}"
        parts += [page.scrolling(table, "Confusion matrix"), note(told.strip())]
    if not few and wrong:
        parts.append(_confusion_list(wrong, matrix, classes))
    return section("c", "Where it errs", "".join(parts), wide=evaluation.kind != "binary", long=not few)


def curve_sections(evaluation: Evaluation) -> list[str]:
    """Return the ROC, precision-recall and calibration charts, or why there are none."""
    out = []
    which = f"for “{evaluation.positive}”" if evaluation.positive is not None else "each class against the rest"
    if evaluation.roc:
        chance = None
        if evaluation.positive is not None:
            chance = float(evaluation.coded.present[:, evaluation.classes.index(evaluation.positive)].mean())
        out.append(
            section("r", f"ROC, {which}", charts.roc_chart(evaluation.roc) + note("Dotted: answering at random."))
        )
        drawn = charts.precision_recall_chart(evaluation.precision_recall, chance)
        random = note("Dotted: answering at random.") if chance is not None else ""
        out.append(section("p", f"Precision and recall, {which}", drawn + random))
    else:
        told = "All test rows have the same label, so nothing can be ranked: add rows of another label."
        out.append(section("r", "ROC, precision and recall", note(told)))
    meaning = {
        "binary": f"probability of “{evaluation.positive}”",
        "multiclass": "probability of the likeliest class",
        "multilabel": "probability of each label of each row",
    }[evaluation.kind]
    bins = evaluation.calibration
    cut = f"{len(bins)} bins of about equally many rows" if len(bins) > 1 else "one bin: too few rows for more"
    told = f"The {meaning}, in {cut}. Dotted: what it states comes true."
    out.append(section("k", "Are its probabilities true?", charts.calibration_chart(bins) + note(told)))
    if evaluation.kind == "binary":
        return out  # with the confusion matrix they are four
    return [f'<div class="grid">\n{"".join(out)}\n</div>']


def class_section(evaluation: Evaluation) -> str:
    """Return one line a class, the weakest first, where there are more than two."""
    if evaluation.kind == "binary":
        return ""
    rows = sorted(evaluation.per_class, key=lambda row: (row.f1 is None, row.f1 if row.f1 is not None else 0.0))
    numbers = [(name, 'class="n"') for name in ("Rows", "Answered", "Precision", "Recall", "F1")]
    bar = ("F1, 0 to 1", 'class="plot" style="width:11rem;padding-left:1rem"')
    head = head_row("Class", *numbers, bar, ("ROC AUC", 'class="n"'))
    table = page.scrolling(f"<table>{head}{''.join(map(_class_row, rows))}</table>", "Precision and recall by class")
    told = "Weakest first. A dash is undefined: the class has no rows, or was never answered."
    return section("s", "Class by class", table + note(told), wide=True, long=True)


def ledger_section(evaluation: Evaluation, ledger: ReadLedger | None) -> str:
    """Return what was read and what became of it, and how the numbers were made."""
    lines = []
    if ledger is not None:
        lines.append(f"{ledger.source}: {ledger}.")
        if ledger.used != evaluation.rows["used"]:
            lines.append(f"Of these rows {evaluation.rows['used']:,} were evaluated on.")
        lines += [f"Rejected for {code}: {count:,}." for code, count in ledger.rejected.items()]
        lines += list(ledger.warnings)
    if evaluation.unseen_labels:
        names = ", ".join(f"“{name}”" for name in evaluation.unseen_labels[:10])
        lines.append(f"Labels the classifier has never learned, counted as wrong: {names}.")
    lines.append(
        f"Majority baseline: always answering {shown_label(evaluation.majority_answer)}, by the "
        f"{evaluation.majority_source}; its log loss is that of the classes' shares."
    )
    body = "".join(f'<p class="note">{shown(line)}</p>' for line in lines)
    return section("d", "What was read, and how this was measured", body, wide=True)


def _how(evaluation: Evaluation) -> str:
    drawn = f"{evaluation.n_draws:,} bootstrap draws"
    if evaluation.n_groups is not None:
        drawn += f" of whole groups ({evaluation.n_groups:,} groups)"
    others = ", dashed ones the other baselines" if len(evaluation.baselines) > 1 else ""
    rows = ledger_line(evaluation.rows)
    return f"The grey tick is the majority baseline{others}. Intervals: {drawn}. Rows: {rows}."


def _ends(value: Interval, bases: dict[str, dict[str, Interval]], name: str) -> list[float]:
    """Return every number of a metric that its axis must hold."""
    beside = [values[name].value for values in bases.values() if name in values]
    return [v for v in (value.value, value.low, value.high, *beside) if v is not None]


def _number(value: Interval | None) -> str:
    return "–" if value is None or value.value is None else f"{value.value:.3f}"


def _matrix_table(matrix: Ints1d, classes: tuple[str, ...], abstained: bool, few: bool) -> str:
    columns = len(classes) + abstained
    if few:
        heads = "".join(f'<th scope="col">said {label(name)}</th>' for name in classes)
    else:
        heads = "".join(f'<th scope="col" title="{shown(name)}">{j + 1}</th>' for j, name in enumerate(classes))
    heads += '<th scope="col">no answer</th>' if abstained else ""
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    lines = []
    for i, name in enumerate(classes):
        cells = "".join(_matrix_cell(int(matrix[i, j]), float(shares[i, j]), few) for j in range(columns))
        number = "" if few else f"{i + 1} "
        lines.append(f'<tr><th scope="row" title="{shown(name)}">{number}{label(name)}</th>{cells}</tr>')
    corner = "<td></td>" if few else '<th scope="col" style="text-align:left">Label; across: said</th>'
    return f'<table class="{"" if few else "many"}"><tr>{corner}{heads}</tr>{"".join(lines)}</table>'


def _matrix_cell(count: int, share: float, few: bool) -> str:
    text = f"{count:,}" if count or few else '<span class="soft">·</span>'
    return f'<td class="cell" style="--share:{42 * share:.0f}%">{text}</td>'


def _confusion_list(wrong: list[tuple[int, int, int]], matrix: Ints1d, classes: tuple[str, ...]) -> str:
    lines = "".join(
        f'<tr><td>{label(classes[i])}</td><td>{label(classes[j])}</td><td class="n">{n:,}</td>'
        f'<td class="n">{100 * n / matrix[i].sum():.0f} %</td></tr>'
        for i, j, n in wrong
    )
    numbers = [(name, 'class="n"') for name in ("Rows", "Of the label")]
    head = head_row("Commonest confusions: label", "said", *numbers)
    return f'<table style="margin-top:1.5rem">{head}{lines}</table>'


def _evenness(wrong: list[tuple[int, int, int]], classes: tuple[str, ...]) -> str:
    if not wrong:
        return "No row was given a wrong answer."
    i, j, n = wrong[0]
    total = sum(count for _, _, count in wrong)
    if len(classes) == 2 and n <= 0.6 * total:
        return "Errors are about even on both sides."
    return f"The commonest error: “{classes[i]}” called “{classes[j]}”, {n:,} of {total:,} errors."


def _class_row(row: ClassRow) -> str:
    scores = [row.precision, row.recall, row.f1]
    cells = "".join(f'<td class="n">{"–" if score is None else f"{score:.3f}"}</td>' for score in scores)
    area = "–" if row.auc is None else f"{row.auc:.3f}"
    bar = f'<td class="plot" style="padding-left:1rem">{charts.share_bar(row.f1)}</td>'
    counts = f'<td class="n">{row.rows:,}</td><td class="n">{row.answered:,}</td>'
    return f'<tr><th scope="row">{label(row.name)}</th>{counts}{cells}{bar}<td class="n">{area}</td></tr>'
