"""A learning curve in, plain words out: what more rows would bring, and a table for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.metrics import TITLES
from kinfold.evaluation.power_law import FURTHEST

if TYPE_CHECKING:
    from kinfold.evaluation.learning_curve import Crossing, LearningCurve, Outlook

#: What the columns of the table are called.
COLUMNS = ("model", "rows", "score", "band", "minutes")


def sentences(curve: LearningCurve) -> list[str]:
    """Return the answer: a sentence a model, one a pair of models, the minutes, and how far all this holds."""
    lines = [_doubling(curve, outlook) for outlook in curve.doubled.values()]
    lines += [_crossing(crossing) for crossing in curve.crossings]
    lines.append(_cost(curve))
    lines += [
        f"{name} stops at {one.sizes[-1]:,} rows: {one.stopped}." for name, one in curve.models.items() if one.stopped
    ]
    lines.append(f"Nothing is said of more than {FURTHEST:g} times the rows measured: no law can be trusted there.")
    return lines


def sentence(outlook: Outlook) -> str:
    """Return what so many rows would give one model."""
    score = f"{outlook.score.value:.3f} ({span(outlook.score)})"
    gain = f"{_points(outlook.gain.value)} points ({_points(outlook.gain.low)} to {_points(outlook.gain.high)})"
    cost = f"{minutes(outlook.minutes)} minutes"
    return f"{outlook.name}: {outlook.rows:,} rows would give about {score}, {gain} more, in {cost}."


def table(curve: LearningCurve) -> list[list[str]]:
    """Return a line a size and model, what was measured first, then the forecasts for twice and four times the rows."""
    lines = [list(COLUMNS)]
    lines[0][2] = TITLES.get(curve.metric, curve.metric).lower() if curve.metric == "accuracy" else curve.metric
    lines[0][3] = f"{100 * curve.level:g} % band"
    for name, one in curve.models.items():
        bands = curve.band(name)
        for k, (rows, band) in enumerate(bands):
            measured = k < len(one.sizes)
            score = f"{one.means[k]:.3f}" if measured else f"{band.value:.3f}"
            seconds = float(one.seconds[:, k].mean()) if measured else one.times.at(rows)
            mark = "" if measured else "forecast: "
            lines.append([name, f"{rows:,}", score, f"{mark}{span(band)}", minutes(seconds / 60)])
    return lines


def plain(curve: LearningCurve) -> str:
    """Return the table in columns, then the sentences."""
    lines = table(curve)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*shown, "", *sentences(curve)])


def span(band: Interval) -> str:
    """Return ``0.85 to 0.87``."""
    return f"{band.low:.3f} to {band.high:.3f}"


def minutes(value: float) -> str:
    """Return minutes to the digits that count."""
    if value < 0.01:
        return "under 0.01"
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def rounded(rows: int) -> str:
    """Return a number of rows to two digits that count."""
    return f"{round(rows, 1 - int(math.log10(max(rows, 1)))):,}"


def _doubling(curve: LearningCurve, outlook: Outlook) -> str:
    one = curve.models[outlook.name]
    low, high = (_points(end) for end in (outlook.gain.low, outlook.gain.high))
    now = f"{outlook.name}: {curve.metric} {one.means[-1]:.3f} from {one.sizes[-1]:,} rows."
    what = f"Twice as many, {outlook.rows:,}, would give about {outlook.score.value:.3f} ({span(outlook.score)})"
    gain = f"a gain of {_points(outlook.gain.value)} points ({low} to {high})"
    nothing = ", which may be nothing" if (outlook.gain.low or 0.0) <= 0 else ""
    return f"{now} {what}: {gain}{nothing}."


def _crossing(crossing: Crossing) -> str:
    name, other, most = crossing.name, crossing.other, int(FURTHEST * crossing.measured)
    share = f"{100 * crossing.share:.0f} %"
    if crossing.rows is None:
        return (
            f"{name} does not overtake {other} within {FURTHEST:g} times the rows measured ({most:,}): "
            f"{share} of the forecasts see it overtake."
        )
    if crossing.rows <= crossing.first and crossing.low == crossing.rows:
        return f"{name} is ahead of {other} from {crossing.first:,} rows on: {share} of the forecasts agree."
    if crossing.low == crossing.first and crossing.high is None:
        return (
            f"Whether {name} is ahead of {other} by {most:,} rows can't be told: {share} of the forecasts see it ahead."
        )
    low = rounded(crossing.low) if crossing.low else "?"
    high = rounded(crossing.high) if crossing.high else f"beyond {most:,}"
    verb = "overtakes" if crossing.rows <= crossing.measured else "would overtake"
    where = f"at about {rounded(crossing.rows)} rows ({low} to {high})"
    return f"{name} {verb} {other} {where}: {share} of the forecasts see it."


def _cost(curve: LearningCurve) -> str:
    told = []
    for name, outlook in curve.doubled.items():
        now = float(curve.models[name].seconds[:, -1].mean()) / 60
        told.append(
            f"{name} {minutes(outlook.minutes)} minutes on {outlook.rows:,} rows ({minutes(now)} on half of them)"
        )
    return f"One training takes on this machine: {'; '.join(told)}."


def _points(value: float | None) -> str:
    return f"{100 * (value or 0.0):+.1f}".replace("-", "−").removeprefix("+")
