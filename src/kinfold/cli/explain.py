"""`kinfold explain`: which words of a text led to its label, and how that is known."""

from __future__ import annotations

import html
import sys
from contextlib import ExitStack
from typing import Any

from kinfold.cli.arguments.explain import Explain
from kinfold.cli.console import Console, marked
from kinfold.cli.explain_pairs import cut_pair, show_pair
from kinfold.cli.model import load_model, task_at
from kinfold.cli.outfile import whole_file
from kinfold.data.faults import fault
from kinfold.errors import InvalidParameterError
from kinfold.types import Json


def explain(options: Explain, console: Console) -> dict[str, Json]:
    """Do what `kinfold explain` does; return its JSON."""
    pairs = task_at(options.model) == "match"
    asked = _asked(options, pairs=pairs)
    with ExitStack() as stack:
        page = stack.enter_context(whole_file(options.html)) if options.html is not None else None
        model = load_model(options.model, console, also=["match"])
        found = [model.explain(*one) if pairs else model.explain(*one, options.label) for one in asked]
        if page is not None:
            page.write(_page(options.model, found))
    for explanation in found:
        if pairs:
            show_pair(explanation, options.top, console)
        else:
            _show(explanation, options.top, console)
    cut = [cut_pair(one, options.top) if pairs else _cut(one.to_dict(), options.top) for one in found]
    if pairs:
        cut = [{"pair": list(one), **parts} for one, parts in zip(asked, cut, strict=True)]
    return {"model": options.model, "explanations": cut}


def _asked(options: Explain, *, pairs: bool) -> list[tuple[str, ...]]:
    """Return what to explain: a text each, or the two of a pair."""
    given = [text for text in (options.text, options.right) if text is not None]
    if pairs and options.label is not None:
        raise InvalidParameterError(
            "of a pair it is explained how likely it matches", seen="--label", fix="leave it out", code="U-024"
        )
    if options.text != "-" or options.right is not None:
        if len(given) != 1 + pairs:
            wanted = "two texts, LEFT and RIGHT" if pairs else "one text"
            raise InvalidParameterError(
                f"this model explains {wanted}", seen=f"{len(given)} texts", fix="quote each text", code="U-024"
            )
        # What the terminal's encoding could not hold came as half surrogates.
        return [tuple(text.encode("utf-8", "replace").decode("utf-8") for text in given)]
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").splitlines()
    texts = [tuple(line.split("\t") if pairs else [line]) for line in lines if line.strip()]
    if not texts:
        raise fault("D-003", "<stdin> is empty", seen="no line with a text", fix="give texts, one a line")
    odd = next((i for i, text in enumerate(texts, 1) if len(text) != 1 + pairs), None)
    if odd is not None:
        seen = f"{len(texts[odd - 1])} texts"
        raise fault("D-037", f"<stdin>, pair {odd:,}: no pair", seen=seen, fix="two texts a line, a tab between them")
    return texts


def _show(explanation: Any, top: int, console: Console) -> None:
    strongest = max((abs(weight) for _, weight in explanation.segments()), default=0.0) or 1.0
    if console.is_terminal:
        console.coloured([(piece, _style(weight / strongest)) for piece, weight in explanation.segments()])
    console.out(f"{explanation.label}  {explanation.probability:.3f}")
    parts = explanation.contributions[:top]
    for part in parts:
        console.out(f"  {part.weight:+.3f}  {marked(part.ngram)}")
    rest = sum(part.weight for part in explanation.contributions[top:])
    if len(explanation.contributions) > len(parts):
        console.out(f"  {rest:+.3f}  (the other {len(explanation.contributions) - len(parts):,})")
    console.out(f"  {explanation.intercept:+.3f}  (before any word)")
    if explanation.kind == "occlusion":
        console.out(f"  {explanation.remainder:+.3f}  (not shown by leaving one part out at a time)")
    console.out(f"= {explanation.score:+.3f}")


def _style(strength: float) -> str:
    if abs(strength) < 0.15:
        return ""
    return ("bold " if abs(strength) > 0.5 else "") + ("green" if strength > 0 else "red")


def _cut(parts: dict[str, Json], top: int) -> dict[str, Json]:
    kept, rest = parts["contributions"][:top], parts["contributions"][top:]
    return {**parts, "contributions": kept, "others": sum(part["weight"] for part in rest)}


def _page(name: str, explanations: list[Any]) -> str:
    title = html.escape(f"{name}: why")
    body = "\n".join(explanation._repr_html_() for explanation in explanations)
    style = "body{font:16px/1.6 system-ui;max-width:45rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{style}</style></head><body><h1>{title}</h1>\n{body}\n</body></html>\n"
    )
