"""`kinfold evaluate` of word vectors: how far they agree with what people say of words."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from kinfold.cli.arguments.evaluate import Evaluate
from kinfold.cli.console import Console
from kinfold.cli.vectors import named, open_vectors
from kinfold.data.faults import count
from kinfold.data.gold import Question, WordPair, read_analogies, read_similarity
from kinfold.data.records import Examples
from kinfold.data.table import open_table
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.words import AnalogyResult, SimilarityResult, analogies, similarity
from kinfold.types import Json
from kinfold.vectors.analogies import METHODS
from kinfold.vectors.words import WordVectors

#: Pairs to compare with, or sections of questions.
Gold = list[WordPair] | dict[str, list[Question]]

_SHOWN_WORDS = 10


def evaluate_vectors(options: Evaluate, console: Console) -> dict[str, Json]:
    """Do what `kinfold evaluate` does with word vectors; return its JSON."""
    begun = time.monotonic()
    how = _how(options)
    gold = {path: read_gold(path) for path in options.data}
    if not any(isinstance(one, dict) for one in gold.values()) and set(how) - {"seed"}:
        raise InvalidParameterError(
            "--restrict and --method are about analogies, and no DATA has any",
            seen=", ".join(options.data),
            fix="leave them out, or name a file of analogies: four words a line",
            code="U-015",
        )
    vectors = open_vectors(options.model, console)
    results = {}
    for path, one in gold.items():
        with console.progress() as report:
            report(f"measuring on {os.path.basename(path)}", None)
            results[path] = _measured(vectors, one, how)
        _show(os.path.basename(path), results[path], console)
    return _summary(options.model, results) | {"seconds": round(time.monotonic() - begun, 3)}


def read_gold(path: str) -> Gold:
    """Return what a gold file holds: analogies if it begins with a section or with four words, else pairs."""
    with open_table(path, format="text") as reader:
        lines = (text for block in reader if isinstance(block.rows, Examples) for text in block.rows.texts)
        first = next((line.strip() for line in lines if not line.lstrip().startswith("#")), "")
    plain = "\t" not in first and "," not in first
    return (
        read_analogies(path) if first.startswith(":") or (plain and len(first.split()) == 4) else read_similarity(path)
    )


def _how(options: Evaluate) -> dict[str, Any]:
    given = {
        "seed": options.seed,
        "restrict": options.restrict,
        "method": None if options.method is None else named("--method", options.method, METHODS),
    }
    return {name: value for name, value in given.items() if value is not None}


def _measured(vectors: WordVectors, gold: Gold, how: dict[str, Any]) -> SimilarityResult | AnalogyResult:
    if isinstance(gold, dict):
        return analogies(vectors, gold, **how)
    return similarity(vectors, gold, **{name: value for name, value in how.items() if name == "seed"})


def _show(name: str, result: SimilarityResult | AnalogyResult, console: Console) -> None:
    """Write the figures as the result, and the words that were not known beside them."""
    if isinstance(result, AnalogyResult):
        console.out(f"{name}: analogies by {result.method}, among {_among(result.restrict)}")
        console.out(str(result))
    else:
        console.out(f"{name}: {result}")
    if result.unknown:
        console.say(f"not known: {count(len(result.unknown), 'word')}: {_listed(result.unknown)}")


def _among(restrict: int | None) -> str:
    return "all words" if restrict is None else f"the {restrict:,} most frequent words"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:_SHOWN_WORDS]) + (", ..." if len(words) > _SHOWN_WORDS else "")


def _summary(model: str, results: dict[str, SimilarityResult | AnalogyResult]) -> dict[str, Json]:
    """Return the JSON of all files: metrics by name, followed by the file where several files have one of a name."""
    files = [{"file": path, **result.to_dict()} for path, result in results.items()]
    times = Counter(metric for file in files for metric in file["metrics"])
    metrics = {
        metric if times[metric] == 1 else f"{metric} ({os.path.basename(file['file'])})": value
        for file in files
        for metric, value in file["metrics"].items()
    }
    total = {name: sum(file["rows"][name] for file in files) for name in ("in", "used", "unknown")}
    return {
        "model": model,
        "task": "embed",
        "rows": {"in": total["in"], "used": total["used"], "rejected": total["unknown"], "merged": 0},
        "metrics": metrics,
        "baselines": {},
        "files": files,
    }
