"""An audit in; a card of a report, a page, or a fragment for a notebook, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinfold.evaluation import page
from kinfold.evaluation.page import head_row, note, section, shown
from kinfold.pages.document import document

if TYPE_CHECKING:
    from kinfold.evaluation.audit import Audit


def card(audit: Audit) -> str:
    """Return the verdict and the findings as one card of a report."""
    verdict, *rest = audit.sentences()
    told = "".join(f"<p>{shown(line)}</p>" for line in rest)
    return section("audit", "Can the score be believed?", f"<p><b>{shown(verdict)}</b></p>{told}", wide=True)


def html(audit: Audit, title: str = "") -> str:
    """Return the page."""
    heading = title or "Can the score be believed?"
    kicker = f"kinfold audit · {audit.kind} · {audit.n_train:,} training rows, {audit.n_test:,} test rows"
    verdict, *rest = audit.sentences()
    told = "".join(f"<p>{shown(line)}</p>" for line in rest)
    cards = [section("f", "Findings", told or note("None."), wide=True)]
    for k, (name, head, lines) in enumerate(audit.tables()):
        cells = "".join(
            f'<tr><th scope="row">{shown(line[0])}</th>{"".join(_cell(text) for text in line[1:])}</tr>'
            for line in lines
        )
        columns = head_row(head[0], *((one, 'class="n"') for one in head[1:]))
        body = page.scrolling(f"<table>{columns}{cells}</table>", name)
        cards.append(section(f"t{k}", name, body, wide=True, long=True))
    cards.append(section("h", "How this was measured", note(_how(audit)), wide=True))
    body = (
        f'<main>\n<p class="kicker">{shown(kicker)}</p>\n<h1>{shown(heading)}</h1>\n<p class="verdict">{shown(verdict)}'
        f'</p>\n<div class="grid">\n{"".join(cards)}\n</div>\n</main>'
    )
    return document(f"{heading}: audit", body, styles=(page.STYLE,), attributes=True)


def fragment(audit: Audit) -> str:
    """Return the sentences and the tables for a notebook."""
    told = "".join(f"<p>{shown(line)}</p>" for line in audit.sentences())
    made = (f"<h4>{shown(title)}</h4>{page.plain_table(head, lines)}" for title, head, lines in audit.tables())
    return told + "".join(made)


def _cell(text: str) -> str:
    return f'<td class="n">{shown(text)}</td>'


def _how(audit: Audit) -> str:
    drawn = f"{audit.n_draws:,} bootstrap draws"
    if audit.n_clusters is not None:
        drawn += f" of whole {'groups or components' if audit.kind == 'pairs' else 'groups'} ({audit.n_clusters:,})"
    return (
        f"Intervals: {drawn}. Near-duplicates: Jaccard of character shingles of at least {audit.threshold:g}. Probes "
        "learn from the training rows; p is the chance of an AUC so far from 0.5, corrected for their number; what "
        "they explain is (AUC - 0.5) / (AUC of the headline - 0.5). Clean scores have the labels in the shares of all "
        "test rows."
    )
