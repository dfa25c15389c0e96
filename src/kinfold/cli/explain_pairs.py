"""`kinfold explain` of a matcher: what spoke for the label of a pair, as its model tells it."""

from __future__ import annotations

from typing import Any

from kinfold.cli.console import Console
from kinfold.estimators.boosted.reasons import Reasons
from kinfold.explain.meeting import Meeting
from kinfold.types import Json


def show_pair(found: Reasons | Meeting, top: int, console: Console) -> None:
    """Write why a pair got its label: features and words of boosted trees, or words of a net."""
    console.out(f"{found.classes[1]}  {found.probability:.3f}")
    if isinstance(found, Reasons):
        _show_reasons(found, top, console)
    else:
        _show_meeting(found, top, console)


def cut_pair(found: Reasons | Meeting, top: int) -> dict[str, Json]:
    """Return the parts as JSON, the `top` strongest of each list."""
    kind = "features" if isinstance(found, Reasons) else "meeting"
    parts = {"kind": kind, **found.to_dict(), "log_odds": found.log_odds}
    for name in ("features", "words", "met"):
        if name in parts:
            parts[name] = parts[name][:top]
    if isinstance(found, Reasons):
        return {**parts, "others": sum(one.effect for one in found.features[top:])}
    return parts


def _show_reasons(found: Reasons, top: int, console: Console) -> None:
    for one in found.features[:top]:
        console.out(f"  {one.effect:+.3f}  {one.feature} = {one.value:.3g}")
    if len(found.features) > top:
        rest = sum(one.effect for one in found.features[top:])
        console.out(f"  {rest:+.3f}  (the other {len(found.features) - top:,})")
    console.out(f"  {found.intercept:+.3f}  (the mean pair)")
    console.out(f"= {found.log_odds:+.3f}")
    words = [(f"{one.effect:+.3f}", one.kind, one.words) for one in found.words[:top]]
    if words:
        console.say("what words add to the word score, which is a feature:")
        console.table(("", "", ""), words)


def _show_meeting(found: Meeting, top: int, console: Console) -> None:
    sides = (("left", found.left, found.left_effects), ("right", found.right, found.right_effects))
    listed: list[tuple[str, str, float]] = [
        (side, word, float(effect))
        for side, words, effects in sides
        for word, effect in zip(words, effects, strict=True)
    ]
    listed.sort(key=lambda one: -abs(one[2]))
    console.out(f"  {found.log_odds:+.3f}  with all words; without one of them it loses:")
    for side, word, effect in listed[:top]:
        console.out(f"  {effect:+.3f}  {side}: {word}")
    met: list[Any] = found.top(top)
    if met:
        console.say("words of the two sides that count for more together:")
        console.table(("", "", ""), [(f"{effect:+.3f}", left, right) for left, right, effect in met])
