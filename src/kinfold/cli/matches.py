"""A matcher that learned from matches alone, and pairs that match; how well it finds the partner among all, out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from kinfold.cli.console import Console
from kinfold.cli.encoder import compared_by
from kinfold.cli.settings import Settings
from kinfold.data.faults import count, fault
from kinfold.data.records import Pairs
from kinfold.data.splits import text_key
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.retrieval import Choice, choose, rank_all
from kinfold.index.search import SearchIndex
from kinfold.types import Array, Json

_SHOWN = ("mrr", "recall_at_1", "recall_at_10")
_MODEL, _BASELINE = "model", "BM25"


@dataclass(frozen=True, slots=True)
class MatchRanking:
    """How well a matcher finds what belongs to a text among all texts of the other side.

    Attributes
    ----------
    rows
        How many pairs were used.
    n_queries, n_candidates
        Distinct left texts, and distinct right texts.
    metrics, baselines, choice
        Means over the left texts, and whether the model surely has a better mean reciprocal rank than BM25.
    """

    name: str
    rows: dict[str, int]
    n_queries: int
    n_candidates: int
    metrics: dict[str, Interval]
    baselines: dict[str, dict[str, Interval]]
    choice: Choice
    seconds: float

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {
            "model": self.name,
            "task": "match",
            "rows": dict(self.rows),
            "metrics": _json(self.metrics),
            "baselines": {name: _json(values) for name, values in self.baselines.items()},
            "seconds": round(self.seconds, 3),
        }

    def verdict(self) -> str:
        """Return the answer in sentences."""
        first = self.metrics["recall_at_1"].value or 0.0
        difference = self.choice.difference
        gap = difference.interval.value or 0.0
        against = f"against {_BASELINE} it is a tie"
        if not self.choice.decides:
            against = f"{self.choice.too_few()}: whether it beats {_BASELINE} is open"
        elif difference.winner is not None:
            verb = "beats" if gap > 0 else "is worse than"
            against = f"it {verb} {_BASELINE} by {abs(gap):.3f}"
        return (
            f"The partner of a text is found first, among {self.n_candidates:,}, in {100 * first:.1f} % of "
            f"{self.n_queries:,} cases. Mean reciprocal rank: {self.metrics['mrr']}; {against}."
        )


def check_one_label(kinds: Mapping[str, int], chosen: Settings) -> None:
    """Raise unless pairs of one label can be learned from: matches alone, by a net with a loss of batches."""
    if chosen.is_net and chosen.given.get("loss") in ("softmax", "triplet"):
        return
    raise fault(
        "D-153",
        "all pairs are alike, so that there is nothing to tell them from",
        seen=f"{count(sum(kinds.values()), 'pair')}, all labelled {next(iter(kinds), '')!r}",
        fix="add pairs of the other label; or learn from matches alone: --no-labels --model bag, or another net",
    )


def rank_matches(model: Any, pairs: Pairs, name: str, console: Console, *, seed: int | None) -> MatchRanking:
    """Rank all right texts for each left one, by the vectors of the model and by BM25.

    A left text that is among the right ones is no candidate of its own.
    """
    begun = time.monotonic()
    kept = [i for i, (a, b) in enumerate(zip(pairs.lefts, pairs.rights, strict=True)) if text_key(a) != text_key(b)]
    rows = pairs.take(kept)
    compared, _ = compared_by(model.get_params(deep=False))
    if "metric" not in compared:
        raise InvalidParameterError(
            "matches alone are measured by ranking, which takes vectors",
            seen=f"similarity={model.similarity}",
            fix="--set similarity=cosine, or pairs of both labels",
            code="U-007",
        )
    queries, candidates, relevant = _sought(rows)
    keys = np.array([text_key(text) for text in candidates], object)

    def allowed(query: int) -> Array:
        return np.asarray(keys != text_key(queries[query]))

    with console.progress() as report:
        ids = [str(i) for i in range(len(candidates))]
        index = SearchIndex(model, **compared).fit(ids, candidates, progress=report)

        def scores(way: str, first: int, end: int) -> Array:
            report(f"ranking {len(index):,} texts for {len(queries):,}", first / len(queries))
            return index.scores(queries[first:end], way)

        systems = {
            system: rank_all(partial(scores, way), relevant, allowed=allowed, n_candidates=len(index))
            for system, way in ((_MODEL, "dense"), (_BASELINE, "bm25"))
        }
        found = choose(systems, metric="mrr", plain=_BASELINE, seed=seed or 0)
        scored = {system: ranks.metrics(_SHOWN, seed=seed or 0) for system, ranks in systems.items()}
    return MatchRanking(
        name=name,
        rows={"in": len(pairs), "used": len(rows), "rejected": 0, "merged": 0},
        n_queries=len(queries),
        n_candidates=len(candidates),
        metrics=scored.pop(_MODEL),
        baselines=scored,
        choice=found,
        seconds=time.monotonic() - begun,
    )


def _sought(rows: Pairs) -> tuple[list[str], list[str], list[list[int]]]:
    """Return the distinct lefts, the distinct rights, and for each left the places of its rights."""
    queries, candidates = list(dict.fromkeys(rows.lefts)), list(dict.fromkeys(rows.rights))
    if len(candidates) < 2:
        raise fault("D-051", "nothing can be ranked", seen=count(len(candidates), "right text"), fix="add pairs")
    place = {text: i for i, text in enumerate(candidates)}
    relevant: dict[str, set[int]] = {text: set() for text in queries}
    for left, right in zip(rows.lefts, rows.rights, strict=True):
        relevant[left].add(place[right])
    return queries, candidates, [sorted(relevant[text]) for text in queries]


def show_ranking(found: MatchRanking, console: Console) -> None:
    """Write the verdict as the result, and the table beside it."""
    lines = [
        (metric, str(value), *(str(values[metric]) for values in found.baselines.values()))
        for metric, value in found.metrics.items()
    ]
    console.table(("metric, 95 % interval", found.name, *found.baselines), lines)
    console.out(found.verdict())


def _json(values: Mapping[str, Interval]) -> dict[str, Json]:
    return {name: value.to_dict() for name, value in values.items()}
