"""`kinfold predict`: one answer a record, in the order of the input, with memory that does not grow with it."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, TextIO

from kinfold.cli.answers import Answer, Csv, JsonLines, OneObject, Writer, answer, columns, number, refusal
from kinfold.cli.arguments.predict import Predict
from kinfold.cli.console import Console
from kinfold.cli.faults import AlreadyToldError, as_json
from kinfold.cli.lines import LineReader
from kinfold.cli.model import load_model
from kinfold.cli.outfile import whole_file
from kinfold.cli.source import locate, show_ledger
from kinfold.data.assemble import Block
from kinfold.data.faults import count, fault
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples
from kinfold.data.table import TableReader, open_table
from kinfold.errors import InvalidParameterError, KinfoldError
from kinfold.types import Json

FORMATS = ("jsonl", "csv")


def predict(options: Predict, console: Console) -> dict[str, Json] | None:
    """Do what `kinfold predict` does; return its JSON, None where that is written already."""
    begun = time.monotonic()
    form = _form(options)
    model = load_model(options.model, console, also=("regress", "match"))
    _check(model, options)
    if options.threads is not None:
        model.set_params(n_threads=options.threads)
    inside = options.json and options.output is None
    labels: Counter[str] = Counter()
    with ExitStack() as stack:
        file = sys.stdout if options.output is None else stack.enter_context(whole_file(options.output))
        reader = stack.enter_context(_reader(options, console, pairs=model.task == "match"))
        writer = OneObject(file) if inside else _writer(form, file, model, options)
        report = None
        if options.output is not None:
            report = stack.enter_context(console.progress())
        try:
            for block in reader:
                writer.write(list(_answers(model, block, options.proba, labels)))
                if reader.live:
                    file.flush()
                if report is not None:
                    report("predicting", None)
            _check_used(reader.ledger)
        except KinfoldError as error:
            if not inside:
                raise
            writer.close(_summary(options, model, reader.ledger, labels, begun) | {"error": as_json(error)})
            raise AlreadyToldError(error.exit_code) from error
        summary = _summary(options, model, reader.ledger, labels, begun)
        writer.close(summary)
    if reader.ledger.n_rejected or options.output is not None:
        show_ledger(reader.ledger, console)
    return None if inside or not options.json else summary


def _check(model: Any, options: Predict) -> None:
    """Raise for an option that says nothing to the model."""
    of_pairs = options.left is not None or options.right is not None
    faults = (
        (model.task == "regress" and options.proba, "numbers have no probabilities", "--proba"),
        (model.task == "match" and options.text is not None, "a matcher reads pairs: --left and --right", "--text"),
        (model.task != "match" and of_pairs, "this model reads single texts: --text", "--left, --right"),
        (
            options.threads is not None and "n_threads" not in model.get_params(deep=False),
            "this model has no threads to set",
            "--threads",
        ),
    )
    for wrong, what, option in faults:
        if wrong:
            raise InvalidParameterError(what, seen=option, fix=f"leave out {option}", code="U-010")


class _Reader:
    """A table or the lines of standard input, to be iterated over and closed alike."""

    def __init__(self, inner: TableReader | LineReader) -> None:
        self._inner = inner
        self.live = isinstance(inner, LineReader)

    @property
    def ledger(self) -> Ledger:
        return self._inner.ledger

    def __iter__(self) -> Iterator[Block]:
        return iter(self._inner)

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._inner, TableReader):
            self._inner.close()


def _reader(options: Predict, console: Console, *, pairs: bool) -> _Reader:
    given = options.reading()
    if options.data == "-" and not set(given) - {"format"} and given.get("format", "text") in ("auto", "text"):
        if options.id is not None:
            raise InvalidParameterError(
                "lines of text have no ids", fix="leave out --id, or give --format", code="U-010"
            )
        if sys.stdin.isatty():
            console.say(f"one {'pair a line, a tab between the texts' if pairs else 'text a line'}; Ctrl-D ends")
        return _Reader(LineReader(pairs=pairs))
    path, known = locate(options.data, given, console, pairs=pairs)
    if path == "-" and not pairs:
        known.setdefault("format", "text")
    known.pop("label", None)
    return _Reader(open_table(path, **{**known, "id": options.id, "max_rejected": 1.0}))


def _form(options: Predict) -> str:
    """Return "jsonl" or "csv"."""
    form = options.answers
    if form is None:
        ending = os.path.splitext(options.output or "")[1].lower()
        form = "csv" if ending == ".csv" else "jsonl"
    if form not in FORMATS:
        raise InvalidParameterError("--as is jsonl or csv", seen=form, code="U-010")
    if options.excel_safe and form != "csv":
        raise InvalidParameterError("--excel-safe is for CSV", fix="--as csv, or -o FILE.csv", code="U-010")
    if options.answers is not None and options.json and options.output is None:
        raise InvalidParameterError("--json writes one object, --as something else", fix="leave one out", code="U-010")
    return form


def _writer(form: str, file: TextIO, model: Any, options: Predict) -> Writer:
    if form == "jsonl":
        return JsonLines(file)
    return Csv(file, columns(model, ids=options.id is not None, proba=options.proba), safe=options.excel_safe)


def _answers(model: Any, block: Block, proba: bool, labels: Counter[str]) -> Iterator[Answer]:
    """Yield an answer for each record of a block, in order."""
    rows = block.rows
    asked: Any = rows.texts if isinstance(rows, Examples) else rows
    made = [refusal(reject) for reject in block.rejected]
    ids: Sequence[str | None] = rows.ids or [None] * len(rows)
    if len(rows) and model.task == "regress":
        found = model.predict(asked)
        made += [number(record, id, value) for record, id, value in zip(block.numbers, ids, found, strict=True)]
    elif len(rows):
        probabilities = model.predict_proba(asked)
        given = model.answers(probabilities)
        made += [
            answer(number, id, label, row, model.classes_, proba)
            for number, id, label, row in zip(block.numbers, ids, given, probabilities, strict=True)
        ]
        for label in given:
            labels.update(label if isinstance(label, tuple) else ["" if label is None else label])
    if block.rejected:
        made.sort(key=lambda one: one["record"])
    yield from made


def _check_used(ledger: Ledger) -> None:
    """Raise if no record at all could be used: then the file is read in the wrong way."""
    if ledger.read and not ledger.used:
        code = ledger.rejected.most_common(1)[0][0]
        what = f"{ledger.source}: none of {count(ledger.read, 'record')} can be used"
        raise fault(code, what, seen=", ".join(f"{name}: {n:,}" for name, n in sorted(ledger.rejected.items())))


def _summary(options: Predict, model: Any, ledger: Ledger, labels: Mapping[str, int], begun: float) -> dict[str, Json]:
    counts: dict[str, Json] = {}
    if model.task != "regress":
        named = {name: labels.get(name, 0) for name in model.classes_}
        counts = {"labels": named, "abstained": labels.get("", 0)}
    return {
        "model": options.model,
        "task": model.task,
        "rows": ledger.to_dict()["rows"],
        **counts,
        "output": options.output,
        "seconds": round(time.monotonic() - begun, 3),
    }
