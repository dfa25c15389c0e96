"""`kinfold search`: queries in, the texts of an index that fit each of them out, in the order of the queries."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TextIO

from kinfold.cli.answers import Answer, JsonLines, OneObject, Writer, refusal
from kinfold.cli.arguments.search import Search
from kinfold.cli.console import Console
from kinfold.cli.faults import AlreadyToldError, as_json
from kinfold.cli.hits import HitRows, ShownHits, cut
from kinfold.cli.model import load_model
from kinfold.cli.outfile import whole_file
from kinfold.cli.queries import Queries
from kinfold.cli.source import show_ledger
from kinfold.cli.vectors import named
from kinfold.data.assemble import Block
from kinfold.data.faults import count
from kinfold.data.records import Examples
from kinfold.errors import InvalidParameterError, KinfoldError
from kinfold.index.search import HOW, SearchIndex
from kinfold.types import Json

FORMATS = ("jsonl", "csv")
#: Characters shown of a text: to people, to programs.
_CHARS = (80, 200)


def search(options: Search, console: Console) -> dict[str, Json] | None:
    """Do what `kinfold search` does; return its JSON, None where that is written already."""
    begun = time.monotonic()
    form = _form(options)
    queries = Queries(options)
    index = open_index(options.index, console)
    way = _way(index, options)
    default = _CHARS[0] if form == "table" and not options.json else _CHARS[1]
    chars = default if options.chars is None else options.chars
    if options.k > len(index):
        console.warn(f"D-174: the index holds {count(len(index), 'text')}, fewer than -k {options.k:,}")
    inside = options.json and options.output is None
    tally = {"asked": 0, "found": 0}
    with ExitStack() as stack:
        file = sys.stdout if options.output is None else stack.enter_context(whole_file(options.output))
        reader = stack.enter_context(queries.open(console))
        writer = OneObject(file) if inside else _writer(form, file, options, console, way)
        try:
            for block in reader:
                writer.write(list(_answers(index, block, way, (options.k, chars), tally)))
                if reader.live:
                    file.flush()
            reader.check_used()
        except KinfoldError as error:
            if not inside:
                raise
            writer.close(_summary(options, way, index, reader.rows(), tally, begun) | {"error": as_json(error)})
            raise AlreadyToldError(error.exit_code) from error
        summary = _summary(options, way, index, reader.rows(), tally, begun)
        writer.close(summary)
        ledger = reader.ledger
    if ledger is not None and (ledger.n_rejected or options.output is not None):
        show_ledger(ledger, console)
    if options.output is not None:
        console.say(f"{options.output}: {count(tally['asked'], 'answer')}, by {way}")
    return None if inside or not options.json else summary


def open_index(path: str, console: Console) -> SearchIndex:
    """Return an index that stays on disk until it is used.

    Raises
    ------
    InvalidParameterError
        U-012: the folder holds something else.
    ArtifactError
        There is no index, or it is damaged, or of another kinfold.
    """
    found = load_model(path, console, task="search", mmap=True)
    if not isinstance(found, SearchIndex):
        raise InvalidParameterError(
            f"{path} is no index that kinfold index makes", seen=type(found).__name__, fix="name one", code="U-012"
        )
    return found


def _way(index: SearchIndex, options: Search) -> str:
    """Return how to search; raise U-063 for a way that this index does not have."""
    way = index.served if options.by is None else named("--by", options.by, HOW)
    if way in index.ways:
        return way
    why = "it was made without a model" if index.dense is None else "the encoder of its vectors was not saved with it"
    raise InvalidParameterError(
        f"{options.index} can't be searched by vectors",
        seen=f"by {way}",
        why=why,
        fix="--by bm25, or make it anew: kinfold index DATA -o INDEX --model MODEL",
        code="U-063",
    )


def _form(options: Search) -> str:
    """Return "jsonl", "csv" or, for people, "table"."""
    form = options.answers
    if form is None:
        ending = os.path.splitext(options.output or "")[1].lower()
        form = "csv" if ending == ".csv" else "jsonl" if options.output is not None else "table"
    elif form not in FORMATS:
        raise InvalidParameterError("--as is jsonl or csv", seen=form, code="U-064")
    if options.excel_safe and form != "csv":
        raise InvalidParameterError("--excel-safe is for CSV", fix="--as csv, or -o FILE.csv", code="U-064")
    if options.answers is not None and options.json and options.output is None:
        raise InvalidParameterError("--json writes one object, --as something else", fix="leave one out", code="U-064")
    return form


def _writer(form: str, file: TextIO, options: Search, console: Console, way: str) -> Writer:
    if form == "table":
        return ShownHits(console, titled=options.query is None or len(options.query) > 1 or options.query == ["-"])
    return JsonLines(file) if form == "jsonl" else HitRows(file, way, safe=options.excel_safe)


def _answers(
    index: SearchIndex, block: Block, way: str, size: tuple[int, int], tally: dict[str, int]
) -> Iterator[Answer]:
    """Yield an answer for each record of a block, in order: so many hits, so many characters of each text."""
    rows = block.rows
    assert isinstance(rows, Examples)
    made = [refusal(reject) for reject in block.rejected]
    if len(rows):
        found = index.search(rows.texts, size[0], way)
        tally["asked"] += len(found)
        tally["found"] += sum(map(bool, found))
        for record, text, hits in zip(block.numbers, rows.texts, found, strict=True):
            answer: Answer = {"record": record, "query": cut(text, size[1])}
            made.append(answer | {"hits": _told(hits, way, size[1])})
    if block.rejected:
        made.sort(key=lambda one: one["record"])
    yield from made


def _told(hits: Sequence[Any], way: str, chars: int) -> list[Json]:
    return [
        {
            "rank": rank,
            "id": hit.id,
            "score": float(f"{hit.score:.7g}"),
            **({"found_by": hit.found_by} if way == "hybrid" else {}),
            "text": cut(hit.text, chars),
            **({"payload": hit.payload} if hit.payload else {}),
        }
        for rank, hit in enumerate(hits, 1)
    ]


def _summary(
    options: Search, way: str, index: SearchIndex, rows: Json, tally: dict[str, int], begun: float
) -> dict[str, Json]:
    return {
        "index": options.index,
        "by": way,
        "k": options.k,
        "documents": len(index),
        "rows": rows,
        "without_hits": tally["asked"] - tally["found"],
        "output": options.output,
        "seconds": round(time.monotonic() - begun, 3),
    }
