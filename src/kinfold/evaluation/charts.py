"""Numbers in, inline SVG out: every chart has a text that says the same, and uses the page's colours only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinfold.evaluation.curves import CalibrationBin, Curve
from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.page import shown

#: The strip on which an interval is drawn, and the room kept at its ends for a dot.
STRIP, MARGIN = 380, 6
#: The frame of a square chart: left, top, and the side of the plot.
LEFT, TOP, SIDE = 46, 8, 224


@dataclass(frozen=True, slots=True)
class Axis:
    """A measure's scale: its ends, and whether the low end is the best."""

    low: float
    high: float
    low_is_best: bool = False

    def at(self, value: float) -> float:
        """Return where a value stands on the strip, held inside it."""
        share = (value - self.low) / (self.high - self.low)
        return MARGIN + min(max(share, 0.0), 1.0) * (STRIP - 2 * MARGIN)


def share_axis(values: Sequence[float]) -> Axis:
    """Return an axis up to 1 for shares, from 0 or 0.5: whichever leaves room for all values."""
    return Axis(0.5 if values and min(values) >= 0.5 else 0.0, 1.0)


def loss_axis(values: Sequence[float]) -> Axis:
    """Return an axis from 0, the best, to the next round number above all values."""
    most = max(values, default=0.0)
    if most <= 0:
        return Axis(0.0, 1.0, low_is_best=True)
    power = 10.0 ** math.floor(math.log10(most))
    top = next(step * power for step in (1, 2, 5, 10) if step * power >= most)
    return Axis(0.0, top, low_is_best=True)


def axis_strip(axis: Axis) -> str:
    """Return the numbers of an axis: its ends and its middle."""
    middle = (axis.low + axis.high) / 2
    best = ", best" if axis.low_is_best else ""
    return (
        f'<svg viewBox="0 0 {STRIP} 14" aria-hidden="true">'
        f'<text x="{MARGIN}" y="11">{axis.low:g}{best}</text>'
        f'<text x="{STRIP / 2:g}" y="11" text-anchor="middle">{middle:g}</text>'
        f'<text x="{STRIP - MARGIN}" y="11" text-anchor="end">{axis.high:g}</text></svg>'
    )


def interval_strip(value: Interval, baselines: dict[str, Interval], axis: Axis) -> str:
    """Return a dot and bar on an axis, with a tick for each baseline."""
    parts = [f'<line x1="{MARGIN}" x2="{STRIP - MARGIN}" y1="10" y2="10" stroke="var(--line)"/>']
    said = [str(value)]
    for place, (name, base) in enumerate(baselines.items()):
        if base.value is not None:
            x = axis.at(base.value)
            colour, dash = ("var(--soft)", "") if place == 0 else ("var(--warn)", ' stroke-dasharray="3 2"')
            parts.append(_line(x, 2, x, 18, colour, 2, dash))
            said.append(f"{name} {base.value:.3f}")
    if value.value is not None:
        if value.low is not None and value.high is not None:
            parts.append(_line(axis.at(value.low), 10, axis.at(value.high), 10, "var(--accent)", 3))
        parts.append(f'<circle cx="{axis.at(value.value):.1f}" cy="10" r="5" fill="var(--accent)"/>')
    direction = "; lower is better" if axis.low_is_best else ""
    text = f"{'; '.join(said)}; on a scale from {axis.low:g} to {axis.high:g}{direction}"
    return f'<svg viewBox="0 0 {STRIP} 20" role="img" aria-label="{shown(text)}">{"".join(parts)}</svg>'


def share_bar(share: float | None) -> str:
    """Return a bar from 0 to 1."""
    if share is None:
        return ""
    return (
        '<svg viewBox="0 0 200 8" preserveAspectRatio="none" height="8" aria-hidden="true">'
        '<rect width="200" height="8" rx="2" fill="var(--line)"/>'
        f'<rect width="{200 * share:.1f}" height="8" rx="2" fill="var(--accent)"/></svg>'
    )


def roc_chart(curves: Sequence[Curve]) -> str:
    """Return ROC curves: false positives to the right, true positives up."""
    said = "ROC curves. " + _areas(curves)
    if len(curves) == 1:
        found = zip((5, 10, 20), np.interp([0.05, 0.1, 0.2], curves[0].x, curves[0].y), strict=True)
        said += "".join(f"; at {at} % false positives it finds {100 * y:.0f} %" for at, y in found)
    diagonal = _line(_x(0), _y(0), _x(1), _y(1), "var(--soft)", 1, ' stroke-dasharray="2 4"')
    body = diagonal + _lines(curves, "AUC", corner_x=1.0)
    return _frame(body, "share of others called it", "share found", said)


def precision_recall_chart(curves: Sequence[Curve], prevalence: float | None) -> str:
    """Return precision-recall curves; a dashed line is what answering at random would get."""
    said = "Precision against recall. " + _areas(curves)
    if len(curves) == 1:
        at = np.interp([0.5, 0.9], curves[0].x, curves[0].y)
        said += f"; precision {at[0]:.2f} at recall 0.5 and {at[1]:.2f} at 0.9"
    body = ""
    if prevalence is not None:
        body = _line(_x(0), _y(prevalence), _x(1), _y(prevalence), "var(--soft)", 1, ' stroke-dasharray="2 4"')
    return _frame(body + _lines(curves, "AP", corner_x=0.0), "recall", "precision", said)


def calibration_chart(bins: Sequence[CalibrationBin]) -> str:
    """Return stated against observed probability, each bin with its interval."""
    diagonal = _line(_x(0), _y(0), _x(1), _y(1), "var(--soft)", 1, ' stroke-dasharray="2 4"')
    points = " ".join(f"{_x(b.stated):.1f},{_y(b.observed):.1f}" for b in bins)
    body = diagonal + f'<polyline fill="none" stroke="var(--accent)" stroke-width="1.5" points="{points}"/>'
    for b in bins:
        body += _line(_x(b.stated), _y(b.low), _x(b.stated), _y(b.high), "var(--accent)", 1.5)
        body += f'<circle cx="{_x(b.stated):.1f}" cy="{_y(b.observed):.1f}" r="3.5" fill="var(--accent)"/>'
    said = "Calibration. " + "; ".join(f"stated {b.stated:.2f}, came true {b.observed:.2f}" for b in bins)
    return _frame(body, "stated probability", "came true", said)


def _areas(curves: Sequence[Curve]) -> str:
    return "; ".join(f"{curve.name}: area {curve.area:.3f}" for curve in curves)


def _x(share: float) -> float:
    return LEFT + SIDE * share


def _y(share: float) -> float:
    return TOP + SIDE * (1 - share)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float, more: str = "") -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}"{more}/>'


def _lines(curves: Sequence[Curve], measure: str, corner_x: float) -> str:
    """Return the curves: one in the accent colour, or all in grey but the best and the weakest."""
    best = max(curves, key=lambda curve: curve.area)
    weakest = min(curves, key=lambda curve: curve.area)
    out = [_polyline(c, "var(--line)", 1.2) for c in curves if c is not best and c is not weakest]
    anchor = "end" if corner_x else "start"
    x = _x(0.97) if corner_x else _x(0.04)
    told = [(best, "var(--accent)", "", f"{measure} {best.area:.3f}")]
    if len(curves) > 1:
        dashes = ' stroke-dasharray="5 3"'
        told = [
            (weakest, "var(--warn)", dashes, f"weakest, dashed: {_short(weakest.name)} {weakest.area:.3f}"),
            (best, "var(--accent)", "", f"best: {_short(best.name)} {best.area:.3f}"),
        ]
    for place, (curve, colour, dash, text) in enumerate(told):
        out.append(_polyline(curve, colour, 2, dash))
        y = _y(0.05) - 15 * place
        out.append(f'<text class="ink" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{shown(text)}</text>')
    return "".join(out)


def _polyline(curve: Curve, colour: str, width: float, dash: str = "") -> str:
    points = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True))
    return f'<polyline fill="none" stroke="{colour}" stroke-width="{width:g}"{dash} points="{points}"/>'


def _short(name: str, limit: int = 18) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"


def _frame(body: str, below: str, beside: str, said: str) -> str:
    """Return a square chart from 0 to 1 both ways, with a few grid lines and its axes named."""
    parts = []
    for share in (0.0, 0.5, 1.0):
        parts.append(_line(_x(0), _y(share), _x(1), _y(share), "var(--line)", 1))
        parts.append(f'<text x="{LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:g}</text>')
        parts.append(f'<text x="{_x(share):.1f}" y="{_y(0) + 15:.1f}" text-anchor="middle">{share:g}</text>')
    parts.append(f'<text x="{_x(0.5):.1f}" y="{_y(0) + 31:.1f}" text-anchor="middle">{shown(below)}</text>')
    turned = f'y="{_y(0.5):.1f}" text-anchor="middle" transform="rotate(-90 9 {_y(0.5):.1f})"'
    parts.append(f'<text x="9" {turned}>{shown(beside)}</text>')
    size = f"0 0 {LEFT + SIDE + 12} {TOP + SIDE + 36}"
    said_so = f'role="img" aria-label="{shown(said)}"'
    return f'<svg class="square" viewBox="{size}" {said_so}>{"".join(parts)}{body}</svg>'
