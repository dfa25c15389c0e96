"""What the classifier went by, as HTML: n-grams of each class, the worst errors, labels that look wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kinfold.evaluation.coding import Coded
from kinfold.evaluation.label_errors import LabelIssue, LabelIssues
from kinfold.evaluation.page import head_row, label, note, section, shown
from kinfold.evaluation.weighted import right_rows
from kinfold.types import Ints1d, Label

#: Longest text shown whole, and the characters kept around each weighty piece of a longer one.
WHOLE, AROUND = 420, 60
#: Pieces that weigh less than this share of the text's heaviest are left unmarked.
FAINT = 0.15
#: Errors, and suspected labels, shown.
SHOWN = 12
#: Weighty pieces shown of a long text.
PIECES = 6
#: Classes whose n-grams are listed.
MAX_CLASSES = 40

#: Room between a number on the right of its column and a text on the left of the next.
INDENT = 'style="padding-left:1rem"'

Piece = tuple[str, float]


@runtime_checkable
class Explains(Protocol):
    """A classifier that says what each piece of a text weighed: `explain(text).segments()`."""

    def explain(self, text: str) -> Any:
        """Return an explanation with `segments()`: (piece of text, weight), in order."""


@runtime_checkable
class HasNgrams(Protocol):
    """A classifier that knows the n-grams that speak for a class."""

    def top_ngrams(self, label: str, n: int = 20) -> Sequence[tuple[str, float]]:
        """Return the n weightiest n-grams of a class."""


def ngram_section(classifier: object, classes: Sequence[str], n: int = 14) -> str:
    """Return the n-grams that speak most for each class."""
    heading = "What it goes by"
    if not isinstance(classifier, HasNgrams):
        return section("g", heading, note("This classifier has no n-grams to show."), wide=True)
    rows = []
    for name in classes[:MAX_CLASSES]:
        grams = [(gram, weight) for gram, weight in classifier.top_ngrams(name, n) if weight > 0]
        most = max((weight for _, weight in grams), default=1.0)
        items = "".join(
            f'<li><mark class="{_shade(weight / most)}" dir="auto">{shown(_edges(gram))}</mark></li>'
            for gram, weight in grams
        )
        held = f'<ul class="grams">{items}</ul>' if items else '<span class="soft">nothing yet: too few rows</span>'
        rows.append(f'<tr><th scope="row">{label(name)}</th><td>{held}</td></tr>')
    told = "The n-grams that weigh most for each class, heaviest first; ␣ is a space at an edge."
    if len(classes) > MAX_CLASSES:
        told += f" The first {MAX_CLASSES} of {len(classes):,} classes."
    body = f'<table class="stack">{"".join(rows)}</table>{note(told)}'
    return section("g", heading, body, wide=True, long=True)


def error_section(classifier: object, texts: Sequence[Any], coded: Coded, n: int = SHOWN) -> str:
    """Return the rows that were answered wrong with the most confidence, and what decided them."""
    heading = "Confidently wrong: read these first"
    rows = worst_rows(coded)
    if not len(rows):
        told = "Every answer on these rows was right: try more rows, or harder ones."
        if coded.abstained.any():
            told = "No answer given on these rows was wrong; the others were left without an answer."
        return section("e", heading, note(told), wide=True)
    lines = []
    for i in rows[:n].tolist():
        said, sure = _said(coded, i)
        lines.append(
            f'<tr><td class="top text" dir="auto">{explained(classifier, texts[i])}</td>'
            f'<td class="top" data-name="Label">{label(_label(coded, i))}</td>'
            f'<td class="top" data-name="Said">{label(said)}, {sure:.2f}</td></tr>'
        )
    wide = 'style="width:8rem"'
    pairs = not isinstance(texts[0], str)
    head = head_row("Pair" if pairs else "Text, with what decided it", ("Label", wide), ("Said, how sure", wide))
    shown_of = f"{min(n, len(rows)):,} of {len(rows):,} error{'' if len(rows) == 1 else 's'}"
    told = f"{shown_of}, the surest first."
    if isinstance(classifier, Explains) and not pairs:
        told += " Shaded words pushed towards the answer; underlined ones against it."
    body = f'<table class="errors">{head}{"".join(lines)}</table>{note(told)}'
    return section("e", heading, body, wide=True, long=True)


def issue_section(issues: LabelIssues, above: Collection[int] = (), n: int = SHOWN) -> str:
    """Return the labels that look wrong, the surest first, but for rows already shown above."""
    heading = "Labels that look wrong"
    if not len(issues):
        told = f"None of {issues.n_rows:,} labels is contradicted with confidence: nothing to correct."
        return section("l", heading, note(told), wide=True)
    listed = [issue for issue in issues.issues if issue.row not in above][:n]
    lines = "".join(map(_issue_row, listed))
    wide = 'style="width:8rem"'
    head = head_row(("Row", 'class="n" style="width:3rem"'), ("Text", INDENT), ("Label", wide), ("Looks like", wide))
    share = 100 * issues.n_suspected / issues.n_rows
    told = (
        f"{issues.n_suspected:,} of {issues.n_rows:,} labels ({share:.1f} %) are contradicted by {issues.source}; "
        f"the {len(listed):,} surest{' that are not among the errors above' if above else ''} are listed. "
    )
    told += "Some are hard texts rather than wrong labels: read before correcting. Rows are counted from 1."
    if not listed:
        return section("l", heading, note(told), wide=True)
    body = f'<table class="errors">{head}{lines}</table>{note(told)}'
    return section("l", heading, body, wide=True, long=True)


def _issue_row(issue: LabelIssue) -> str:
    said = f"{label(issue.suggestion)}, {issue.suggestion_probability:.2f}"
    return (
        f'<tr><td class="n top" data-name="Row">{issue.row + 1:,}</td>'
        f'<td class="top text" dir="auto" {INDENT}>{shown(_cut(issue.text))}</td>'
        f'<td class="top" data-name="Label">{label(issue.label)}, {issue.label_probability:.2f}</td>'
        f'<td class="top" data-name="Looks like">{said}</td></tr>'
    )


def worst_rows(coded: Coded) -> Ints1d:
    """Return the rows with a wrong answer, the most confident first."""
    rows = np.flatnonzero(~right_rows(coded) & ~coded.abstained)
    if coded.probabilities is None:
        return rows
    sure = np.array([_said(coded, int(i))[1] for i in rows])
    return np.asarray(rows[np.argsort(-sure, kind="stable")]) if len(rows) else rows


def explained(classifier: object, text: str | tuple[str, str]) -> str:
    """Return a text as HTML with the pieces that decided it marked, long ones cut around them; of a pair both sides."""
    if not isinstance(text, str):
        return "<br>".join(shown(_cut(side)) for side in text)
    if not isinstance(classifier, Explains):
        return shown(_cut(text))
    pieces: list[Piece] = [(str(piece), float(weight)) for piece, weight in classifier.explain(text).segments()]
    most = max((abs(weight) for _, weight in pieces), default=0.0)
    if most == 0:
        return shown(_cut(text))
    if sum(len(piece) for piece, _ in pieces) > WHOLE:
        pieces = _around_weighty(pieces)
    return "".join(_marked(piece, weight / most) for piece, weight in pieces)


def _marked(piece: str, share: float) -> str:
    if abs(share) < FAINT or not piece.strip():
        return shown(piece)
    if share > 0:
        return f'<mark class="{_shade(share)}">{shown(piece)}</mark>'
    return f'<span class="against">{shown(piece)}</span>'


def _around_weighty(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the weightiest pieces with some text on either side, and … where text was left out."""
    ends = np.cumsum([len(piece) for piece, _ in pieces])
    starts = ends - [len(piece) for piece, _ in pieces]
    heavy = sorted(range(len(pieces)), key=lambda k: -abs(pieces[k][1]))[:PIECES]
    kept: list[Piece] = []
    gap = False
    for k, (piece, weight) in enumerate(pieces):
        near = min(max(starts[k] - ends[h], starts[h] - ends[k]) for h in heavy)
        if near <= 0 or (len(piece) <= AROUND and near < AROUND):
            shorter = piece
        elif near < AROUND:  # a long plain piece next to a weighty one: keep the end that touches it
            touches = [starts[k] - ends[h] <= 0 <= starts[h] - starts[k] for h in heavy]
            shorter = piece[-AROUND:] if any(touches) else piece[:AROUND]
        else:
            gap = True
            continue
        if k not in heavy and len(shorter) > 2 * AROUND:
            shorter = f"{shorter[:AROUND]} … {shorter[-AROUND:]}"
        kept.append((f"{' … ' if gap else ''}", 0.0))
        kept.append((shorter, weight))
        gap = False
    return [*kept, (" …", 0.0)] if gap else kept


def _said(coded: Coded, i: int) -> tuple[Label, float]:
    """Return the answer to a row, and how sure it was; multi-label: of the wrong label it was surest of."""
    assert coded.answers is not None
    if not coded.multilabel:
        code = int(coded.answers[i])
        sure = float(coded.probabilities[i, code]) if coded.probabilities is not None else 1.0
        return coded.classes[code], sure
    given = coded.answers[i]
    wrong = given != coded.labels[i]
    p = np.ones(len(wrong)) if coded.probabilities is None else coded.probabilities[i]
    sure = float(np.where(given, p, 1 - p)[wrong].max(initial=0.0))
    return _names(coded, given), sure


def _label(coded: Coded, i: int) -> Label:
    return _names(coded, coded.labels[i]) if coded.multilabel else coded.classes[int(coded.labels[i])]


def _names(coded: Coded, cells: Any) -> tuple[str, ...]:
    return tuple(name for name, held in zip(coded.classes, cells, strict=True) if held)


def _shade(share: float) -> str:
    return "w3" if share > 0.66 else "w2" if share > 0.33 else "w1"


def _edges(gram: str) -> str:
    """Return an n-gram with the spaces at its edges made visible."""
    inner = gram.strip(" ")
    left, right = len(gram) - len(gram.lstrip(" ")), len(gram) - len(gram.rstrip(" "))
    return "␣" * len(gram) if not inner else "␣" * left + inner + "␣" * right


def _cut(text: str) -> str:
    return text if len(text) <= WHOLE else text[:WHOLE].rstrip() + " …"
