"""`kinfold index`: from texts to a saved index that `kinfold search` asks."""

from __future__ import annotations

import os
import time

import numpy as np

from kinfold.artifacts.compose import Record
from kinfold.artifacts.store import reserve, save
from kinfold.artifacts.versions import describe
from kinfold.cli.arguments.index import Index
from kinfold.cli.console import Console
from kinfold.cli.documents import read_documents
from kinfold.cli.encoder import Chosen, open_encoder
from kinfold.cli.vectors import named
from kinfold.data.faults import count
from kinfold.errors import InvalidParameterError
from kinfold.index.encoding import SIDES
from kinfold.index.exact import METRICS
from kinfold.index.fusion import FUSIONS
from kinfold.index.search import HOW, SearchIndex
from kinfold.types import Json

_ZEROS = 1 << 16  # rows looked at together


def index_texts(options: Index, console: Console) -> dict[str, Json]:
    """Do what `kinfold index` does; return its JSON.

    The place to save is checked and held before anything is read; whatever goes wrong leaves the index that was there.
    """
    begun = time.monotonic()
    _check(options)
    with reserve(options.output) as lock:
        for note in lock.warnings:
            console.warn(note)
        chosen = None if options.model is None else open_encoder(options.model, console)
        index = _new(options, chosen)
        found, ledger = read_documents(options, console)
        with console.progress() as report:
            index.fit(found.ids, found.texts, progress=report)
            report("saving", None)
            n_zeros = _without_vector(index)
            if n_zeros:
                ledger.noted["D-173"] += n_zeros
            notes: dict[str, Json] = {
                "task": "search",
                "history": [{"source": ledger.source, "rows": len(index), "sha256": ledger.sha256}],
                "encoder": None if chosen is None else chosen.said,
                "why": "asked for when it was made" if options.by is not None else "",
            }
            record = Record({}, ledger.to_dict(), ledger.sha256 or None, notes)
            version = save(index, options.output, record=record, lock=lock)
    if n_zeros:
        console.warn(f"D-173: {count(n_zeros, 'text')} with no known word: found by words, never by vectors")
    _show(options, index, version, console)
    return {
        "index": options.output,
        "version": version,
        "documents": len(index),
        "ways": list(index.ways),
        "served": index.served,
        "encoder": notes["encoder"],
        "parameters": index.saved_params(),
        "rows": ledger.to_dict()["rows"],
        "ledger": ledger.to_dict(),
        "bytes": describe(options.output).nbytes,
        "seconds": round(time.monotonic() - begun, 3),
    }


def _check(options: Index) -> None:
    """Raise for options that have no such value or contradict one another, before a model is opened."""
    given = options.searching()
    known = {"served": HOW, "metric": tuple(METRICS), "fusion": FUSIONS, "sides": tuple(SIDES)}
    for name in known.keys() & given.keys():
        named(f"--{'by' if name == 'served' else name}", given[name], known[name])
    odd = [name for name in ("metric", "fusion", "weight", "sides") if name in given]
    if options.model is None and (odd or options.by in ("dense", "hybrid")):
        raise InvalidParameterError(
            "only a model gives texts the vectors that this is about",
            seen=f"--by {options.by}" if not odd else f"--{odd[0]} {given[odd[0]]}",
            fix="add --model MODEL, or leave it out",
            code="U-060",
        )
    if options.model is not None and _same(options.model, options.output):
        raise InvalidParameterError(
            "the index would be written over the model", seen=options.output, fix="another -o", code="U-060"
        )


def _same(model: str, output: str) -> bool:
    return os.path.realpath(model) == os.path.realpath(output)


def _new(options: Index, chosen: Chosen | None) -> SearchIndex:
    if chosen is None:
        return SearchIndex(**options.searching())
    return SearchIndex(chosen.model, **{**chosen.searching, **options.searching()})


def _without_vector(index: SearchIndex) -> int:
    """Return how many documents have a vector of zeros."""
    if index.dense is None:
        return 0
    vectors = index.dense.vectors
    return sum(
        int(np.count_nonzero(~vectors[first : first + _ZEROS].any(axis=1))) for first in range(0, len(vectors), _ZEROS)
    )


def _show(options: Index, index: SearchIndex, version: str, console: Console) -> None:
    console.out(
        f"{options.output} {version}: {count(len(index), 'text')}, by {', '.join(index.ways)}; {index.served} is served"
    )
    if len(index.ways) > 1 and options.by is None:
        console.say("which way is better: kinfold evaluate INDEX FILE, with queries and what they should find")
    console.say(f'next: kinfold search {options.output} "..."')
