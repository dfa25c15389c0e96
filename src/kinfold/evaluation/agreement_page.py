"""How far classifiers agree in, one self-contained HTML page out: a heat map, the pairs, and texts that part them."""

from __future__ import annotations

from kinfold.evaluation import page
from kinfold.evaluation.agreement import Agreement, Disagreement
from kinfold.evaluation.page import head_row, label, note, scrolling, section, shown
from kinfold.pages.document import document

#: The heat map in points: the side of a cell, the room for names, and the characters kept of one.
CELL, NAMES, CUT = 54, 130, 18
#: Characters of a text that are shown.
LONGEST = 420


def agreement_page(found: Agreement, title: str = "") -> str:
    """Return the page; `title` is its heading."""
    heading = title or "Where models agree"
    kicker = (
        f"kinfold compare · {len(found.names)} models · {found.n_rows:,} test row{'' if found.n_rows == 1 else 's'}"
    )
    parts = [
        section("a", "The same answer", agreement_chart(found) + note("The share of rows with the same answer.")),
        pair_section(found),
        example_section(found),
    ]
    cards = "\n\n".join(parts)
    body = (
        f'<main>\n<p class="kicker">{shown(kicker)}</p>\n<h1>{shown(heading)}</h1>\n'
        f'<p class="verdict">{shown(str(found))}</p>\n<div class="grid">\n{cards}\n</div>\n</main>'
    )
    return document(f"{heading}: agreement", body, styles=(page.STYLE,), attributes=True)


def agreement_chart(found: Agreement) -> str:
    """Return the share of equal answers of every two models as a heat map; the least is the palest."""
    values = found.matrix()
    least = float(values.min())
    n = len(found.names)
    parts = []
    for i, name in enumerate(found.names):
        middle = NAMES + (i + 0.5) * CELL
        parts.append(f'<text x="{NAMES - 6}" y="{middle + 4:.1f}" text-anchor="end">{shown(_short(name))}</text>')
        turned = f'text-anchor="start" transform="rotate(-45 {middle:.1f} {NAMES - 8})"'
        parts.append(f'<text x="{middle:.1f}" y="{NAMES - 8}" {turned}>{shown(_short(name))}</text>')
        for j in range(n):
            share = float(values[i, j])
            depth = 1.0 if least >= 1.0 else (share - least) / (1.0 - least)
            x, y = NAMES + j * CELL, NAMES + i * CELL
            box = f'x="{x + 1}" y="{y + 1}" width="{CELL - 2}" height="{CELL - 2}" rx="4"'
            parts.append(f'<rect {box} fill="var(--accent)" fill-opacity="{0.08 + 0.42 * depth:.2f}"/>')
            at = f'x="{x + CELL / 2:.1f}" y="{y + CELL / 2 + 4:.1f}" text-anchor="middle"'
            parts.append(f'<text class="ink" {at}>{100 * share:.0f} %</text>')
    side = NAMES + n * CELL
    said = "Share of rows with the same answer. " + "; ".join(
        f"{pair.a} and {pair.b}: {100 * pair.same:.1f} %" for pair in found.pairs
    )
    # Room at the right for the last name, which is turned.
    size = f'viewBox="0 0 {side + NAMES // 2} {side}" style="max-width:{side + NAMES // 2}px"'
    return f'<svg {size} role="img" aria-label="{shown(said)}">{"".join(parts)}</svg>'


def pair_section(found: Agreement) -> str:
    """Return one line a pair."""
    numbers = [(name, 'class="n"') for name in ("Same answer", "Kappa", "Both wrong", "Of all errors")]
    lines = ""
    for name, *cells in found.rows():
        counted = "".join(f'<td class="n">{shown(cell)}</td>' for cell in cells)
        lines += f'<tr><th scope="row">{shown(name)}</th>{counted}</tr>'
    table = scrolling(f"<table>{head_row('Models', *numbers)}{lines}</table>", "Agreement of every two models")
    told = (
        "Kappa is agreement beyond chance: 1 for the same answers, 0 for as many as by lot. Of all errors: of the rows "
        "that either gets wrong, the share that both do. Models that err on different rows are worth blending."
    )
    return section("b", "Every two models", table + note(told))


def example_section(found: Agreement) -> str:
    """Return the texts on which the models differ most, with each one's answer and how sure it is."""
    heading = "Where they differ most"
    if not found.examples:
        return section("e", heading, note("All answers are the same on every row."), wide=True)
    wide = 'style="width:8rem"'
    head = head_row("Text", ("Label", wide), *((_short(name), wide) for name in found.names))
    lines = "".join(_example_row(found.names, example) for example in found.examples)
    told = (
        f"{len(found.examples):,} of {found.n_differ:,} texts with different answers, the greatest difference of "
        "probabilities first. Beside an answer: the probability that the model itself gives it."
    )
    table = scrolling(f'<table class="errors">{head}{lines}</table>', heading)
    return section("e", heading, table + note(told), wide=True, long=True)


def _example_row(names: tuple[str, ...], example: Disagreement) -> str:
    cells = []
    for name in names:
        said, right = example.answers[name], example.answers[name] == example.label
        told = f"{label(said)}, {example.probabilities[name]:.2f}"
        cells.append(f'<td class="top" data-name="{shown(_short(name))}">{f"<b>{told}</b>" if right else told}</td>')
    text = example.text if len(example.text) <= LONGEST else example.text[: LONGEST - 1] + "…"
    return (
        f'<tr><td class="top text" dir="auto">{shown(text)}</td>'
        f'<td class="top" data-name="Label">{label(example.label)}</td>{"".join(cells)}</tr>'
    )


def _short(name: str) -> str:
    return name if len(name) <= CUT else name[: CUT - 1] + "…"
