"""`kinfold explain`: which words of a text led to its label, and how that is known."""

from __future__ import annotations

import html
import sys
from contextlib import ExitStack
from typing import Any

from kinfold.cli.arguments.explain import Explain
from kinfold.cli.console import Console, marked
from kinfold.cli.model import load_model
from kinfold.cli.outfile import whole_file
from kinfold.data.faults import fault
from kinfold.types import Json


def explain(options: Explain, console: Console) -> dict[str, Json]:
    """Do what `kinfold explain` does; return its JSON."""
    texts = _texts(options.text)
    with ExitStack() as stack:
        page = stack.enter_context(whole_file(options.html)) if options.html is not None else None
        model = load_model(options.model, console)
        found = [model.explain(text, options.label) for text in texts]
        if page is not None:
            page.write(_page(options.model, found))
    for explanation in found:
        _show(explanation, options.top, console)
    return {"model": options.model, "explanations": [_cut(one.to_dict(), options.top) for one in found]}


def _texts(text: str) -> list[str]:
    if text != "-":
        # What the terminal's encoding could not hold came as half surrogates.
        return [text.encode("utf-8", "replace").decode("utf-8")]
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").splitlines()
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise fault("D-003", "<stdin> is empty", seen="no line with a text", fix="give texts, one a line")
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
