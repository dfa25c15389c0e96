"""`kinfold curve`: how the scores of models grow with the rows, and what more of them would bring."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from kinfold.cli.arguments.curve import Curve
from kinfold.cli.console import Console
from kinfold.cli.outfile import whole_file
from kinfold.cli.settings import MODELS, settings
from kinfold.cli.source import read_labelled
from kinfold.data.faults import shown
from kinfold.data.records import Examples
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.learning_curve import LearningCurve, learning_curve
from kinfold.types import Json

#: What `--report` can write.
_ENDINGS = (".html", ".svg")


def draw_curve(options: Curve, console: Console) -> dict[str, Json]:
    """Do what `kinfold curve` does; return its JSON."""
    models = _models(options)
    given = _given(options)
    kind = _kind(options.report)
    with ExitStack() as stack:
        page = stack.enter_context(whole_file(options.report)) if options.report is not None else None
        table = read_labelled(options.data, options.reading(), console)
        given["test"] = _test(options, console)
        with console.progress() as report:
            curve = learning_curve(
                models,
                table.examples,
                progress=report,
                **{name: value for name, value in given.items() if value is not None},
            )
        if page is not None:
            page.write(
                curve.svg() if kind == ".svg" else curve.html(f"What more rows of {table.ledger.source} would bring")
            )
    if curve.n_shared:
        console.warn(f"D-102: {curve.n_shared:,} rows share a text or group with the test rows and were left out")
    asked = _show(curve, options, console)
    if options.report is not None:
        console.say(f"report: {options.report}")
    return {"data": options.data, **curve.to_dict(), "asked": asked, "ledger": table.ledger.to_dict()}


def _models(options: Curve) -> dict[str, Any]:
    """Return the unfitted models by name, with the parameters that were set."""
    names = options.models()
    if len(set(names)) < len(names):
        raise InvalidParameterError("the same model is named twice", seen=", ".join(names), code="U-019")
    assigned: dict[str, list[str]] = {name: [] for name in names}
    for text in options.set or ():
        model, dot, rest = text.partition(".")
        model = model.strip()
        if not dot or "=" in model or model not in MODELS["classify"]:
            assigned[names[0]].append(text)
        elif model in assigned:
            assigned[model].append(rest)
        else:
            raise InvalidParameterError(
                "--set names a model that is not among those of the curve",
                seen=shown(text),
                fix=f"one of {', '.join(names)}",
                code="U-019",
            )
    return {name: settings("classify", name, None, assigned[name], threads=options.threads).build() for name in names}


def _given(options: Curve) -> dict[str, Any]:
    sizes = options.asked_sizes()
    if sizes is not None and not all(size.isascii() and size.isdigit() for size in sizes):
        raise InvalidParameterError(
            "--sizes takes whole numbers with commas between", seen=shown(options.sizes or ""), code="U-019"
        )
    return {
        "sizes": None if sizes is None else [int(size) for size in sizes],
        "n_seeds": options.seeds,
        "metric": options.metric,
        "positive": options.positive,
        "minutes": options.minutes,
        "seed": options.seed,
    }


def _kind(report: str | None) -> str:
    """Return what the report is to be."""
    kind = "" if report is None else os.path.splitext(report)[1].lower()
    if report is not None and kind not in _ENDINGS:
        raise InvalidParameterError(
            "the report can't be written as this", seen=shown(report), fix="end it in .html or .svg", code="U-019"
        )
    return kind


def _test(options: Curve, console: Console) -> float | Examples | None:
    """Return the share of the rows to measure on, or the rows of the file named; None for the default."""
    if options.test is None:
        return None
    try:
        return float(options.test)
    except ValueError:
        given = {name: value for name, value in options.reading().items() if name not in ("rejected", "member")}
        return read_labelled(options.test, given, console).examples


def _show(curve: LearningCurve, options: Curve, console: Console) -> dict[str, Json]:
    """Write the sentences as the result and the table beside them; return what `--rows` asked for."""
    head, *lines = curve.table()
    console.table(head, lines)
    for sentence in curve.sentences():
        console.out(sentence)
    asked: dict[str, Json] = {}
    for rows in options.rows or ():
        for name in curve.models:
            found = curve.at(name, rows)
            asked.setdefault(name, []).append(found.to_dict())
            console.out(curve.sentence(found))
    return asked
