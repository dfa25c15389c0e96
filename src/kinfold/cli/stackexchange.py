"""`kinfold convert stackexchange`: a dump of questions and answers as JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, cast

from kinfold.cli.arguments.stackexchange import ConvertStackexchange
from kinfold.cli.console import Console, Report
from kinfold.cli.outfile import check_place, whole_file
from kinfold.cli.source import show_ledger
from kinfold.data.dumpreader import DumpReader, check_choice
from kinfold.data.faults import count, fault
from kinfold.data.ledger import Ledger
from kinfold.data.records import Pairs
from kinfold.data.samples import DUMP, sample_dump
from kinfold.data.stackexchange import CHOSEN, PARTS, Question, gather, open_stackexchange
from kinfold.errors import InvalidParameterError
from kinfold.types import Json

#: --what -> the options that say something to it, besides those of reading.
WHAT: dict[str, tuple[str, ...]] = {
    "questions": (),
    "answers": (),
    "pairs": ("answer", "part"),
    "duplicates": ("part",),
}
_OFTEN = 500  # posts from one report of progress to the next


def convert_stackexchange(options: ConvertStackexchange, console: Console) -> dict[str, Json]:
    """Do what `kinfold convert stackexchange` does; return its JSON."""
    _check(options)
    given = {"code": options.code, "allow_truncated": options.allow_truncated}
    sample = options.input == f"sample:{DUMP}"
    with open_stackexchange(sample_dump() if sample else options.input, **cast(Any, given)) as reader:
        ledgers: dict[str, Ledger] = {}
        with whole_file(options.output) as file, console.progress() as report:
            rows = _ROWS[options.what](options, reader, ledgers, report)
            n_written = 0
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                n_written += 1
            if not n_written:
                raise _nothing(options.what, ledgers)
    for ledger in ledgers.values():
        show_ledger(ledger, console)
    console.out(f"{options.output}: {count(n_written, options.what.removesuffix('s'))}")
    return {
        "input": options.input,
        "output": options.output,
        "what": options.what,
        "written": n_written,
        "rows": ledgers["posts"].to_dict()["rows"],
        "ledgers": {name: ledger.to_dict() for name, ledger in ledgers.items()},
    }


def _check(options: ConvertStackexchange) -> None:
    """Raise for options that have no such value or say nothing together, and for what can't be written."""
    check_choice("--what", options.what, tuple(WHAT))
    given: dict[str, tuple[str | None, tuple[str, ...]]] = {
        "answer": (options.answer, CHOSEN),
        "part": (options.part, PARTS),
    }
    for name, (value, known) in given.items():
        if value is None:
            continue
        check_choice(f"--{name}", value, known)
        if name not in WHAT[options.what]:
            raise InvalidParameterError(
                f"--{name} says nothing to --what {options.what}",
                seen=f"--{name} {value}",
                fix="leave it out",
                code="U-031",
            )
    check_choice("--code", options.code, ("keep", "drop"))
    check_place(options.output)
    both_there = os.path.exists(options.output) and os.path.exists(options.input)
    if both_there and os.path.samefile(options.input, options.output):
        raise InvalidParameterError(
            "the output would be written over the input", seen=options.output, fix="another name", code="U-031"
        )


def _posts(
    options: ConvertStackexchange, reader: DumpReader, ledgers: dict[str, Ledger], report: Report
) -> Iterator[dict[str, Json]]:
    """Yield all questions, or all answers, as they are read."""
    posts = reader.posts()
    ledgers["posts"] = reader.ledger
    for number, post in enumerate(posts):
        if number % _OFTEN == 0:
            report(f"reading {reader.ledger.source}", reader.share)
        kind = "question" if isinstance(post, Question) else "answer"
        if options.what == f"{kind}s":
            yield {"kind": kind, **asdict(post)}


def _pairs(
    options: ConvertStackexchange, reader: DumpReader, ledgers: dict[str, Ledger], report: Report
) -> Iterator[dict[str, Json]]:
    """Yield questions beside answers, or beside questions."""
    between_questions = options.what == "duplicates"
    if between_questions and not reader.has_links:
        reader.links()  # says what is missing, before anything is read
    dump = gather(
        reader,
        links=between_questions,
        progress=lambda: report(f"reading {reader.ledger.source}", reader.share),
    )
    ledgers["posts"] = dump.ledger
    part: Any = options.part or "both"
    ledger = Ledger(options.what, "pairs")
    if between_questions:
        if dump.link_ledger is None:
            next(reader.links())  # an archive of posts alone: this says so
        else:
            ledgers["links"] = dump.link_ledger
        pairs = dump.duplicate_pairs(part=part, ledger=ledger)
    else:
        answer: Any = options.answer or "best"
        pairs = dump.answer_pairs(answer=answer, part=part, ledger=ledger)
    ledgers[options.what] = ledger
    report("writing", None)
    yield from _columns(pairs, "duplicate" if between_questions else "pair")


def _columns(pairs: Pairs, kind: str) -> Iterator[dict[str, Json]]:
    """Yield pairs as rows; a column that they do not have is left out.

    The ids of both sides stand for themselves too, to be looked for in an index: ``kinfold evaluate INDEX FILE``.
    """
    sides = [one.split("-", 1) for one in pairs.ids or ()]
    columns = {
        "id": pairs.ids,
        "left": pairs.lefts,
        "right": pairs.rights,
        "label": pairs.labels,
        "group": pairs.groups,
        "time": pairs.times,
        "left_id": [left for left, _ in sides],
        "right_id": [right for _, right in sides],
    }
    held = {name: column for name, column in columns.items() if column is not None}
    for values in zip(*held.values(), strict=True):
        yield {"kind": kind, **dict(zip(held, cast(Any, values), strict=True))}


_Maker = Callable[[ConvertStackexchange, DumpReader, dict[str, Ledger], Report], Iterator[dict[str, Json]]]
_ROWS: dict[str, _Maker] = {"questions": _posts, "answers": _posts, "pairs": _pairs, "duplicates": _pairs}


def _nothing(what: str, ledgers: dict[str, Ledger]) -> Exception:
    last = list(ledgers.values())[-1]
    codes = ", ".join(f"{code}: {n:,}" for code, n in sorted(last.rejected.items()))
    code = "D-127" if what == "duplicates" else "D-126" if what == "pairs" else "D-120"
    return fault(
        code,
        f"{ledgers['posts'].source}: there are no {what} to write",
        seen=f"{count(last.read, 'row')}" + (f"; rejected {codes}" if codes else ""),
        fix="another --what" + (", or --answer best" if what == "pairs" else ""),
    )
