"""A matcher that learned from matches alone, and pairs that match; how well it finds the partner among all, out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.cli.console import Console
from kinfold.cli.settings import Settings
from kinfold.data.faults import count, fault
from kinfold.data.records import Pairs
from kinfold.data.splits import text_key
from kinfold.errors import InvalidParameterError
from kinfold.evaluation.comparison import Difference
from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.retrieval import Ranks, choose, rank_all
from kinfold.text.bm25 import BM25
from kinfold.types import Array, Json

_METRICS = ("mrr", "recall_at_1", "recall_at_10")
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
    metrics, baselines, difference
        Means over the left texts, and what the model gains over BM25 in the mean reciprocal rank.
    """

    name: str
    rows: dict[str, int]
    n_queries: int
    n_candidates: int
    metrics: dict[str, Interval]
    baselines: dict[str, dict[str, Interval]]
    difference: Difference
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
        gap = self.difference.interval.value or 0.0
        against = f"against {_BASELINE} it is a tie"
        if self.difference.winner is not None:
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
    if model.similarity not in _NEARNESS:
        raise InvalidParameterError(
            "matches alone are measured by ranking, which takes vectors",
            seen=f"similarity={model.similarity}",
            fix=f"--set similarity={next(iter(_NEARNESS))}, or pairs of both labels",
            code="U-007",
        )
    queries, candidates = list(dict.fromkeys(rows.lefts)), list(dict.fromkeys(rows.rights))
    if len(candidates) < 2:
        raise fault("D-051", "nothing can be ranked", seen=count(len(candidates), "right text"), fix="add pairs")
    place = {text: i for i, text in enumerate(candidates)}
    relevant: dict[str, set[int]] = {text: set() for text in queries}
    for left, right in zip(rows.lefts, rows.rights, strict=True):
        relevant[left].add(place[right])
    keys = np.array([text_key(text) for text in candidates], object)
    wanted = [sorted(relevant[text]) for text in queries]

    def allowed(query: int) -> Array:
        return np.asarray(keys != text_key(queries[query]))

    with console.progress() as report:
        report(f"ranking {len(candidates):,} texts for {len(queries):,}", None)
        left, right = model.encode(queries, "left"), model.encode(candidates, "right")
        words = BM25().fit(candidates)
        systems: dict[str, Ranks] = {
            _MODEL: rank_all(
                lambda a, b: _NEARNESS[model.similarity](left[a:b], right),
                wanted,
                allowed=allowed,
                n_candidates=len(candidates),
            ),
            _BASELINE: rank_all(
                lambda a, b: words.scores(queries[a:b]).toarray(),
                wanted,
                allowed=allowed,
                n_candidates=len(candidates),
            ),
        }
        found = choose(systems, metric="mrr", plain=_BASELINE, seed=seed or 0)
        scored = {system: ranks.metrics(_METRICS, seed=seed or 0) for system, ranks in systems.items()}
    return MatchRanking(
        name=name,
        rows={"in": len(pairs), "used": len(rows), "rejected": 0, "merged": 0},
        n_queries=len(queries),
        n_candidates=len(candidates),
        metrics=scored.pop(_MODEL),
        baselines=scored,
        difference=found.difference,
        seconds=time.monotonic() - begun,
    )


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


def _cosines(left: Array, right: Array) -> Array:
    return np.asarray(_unit(left) @ _unit(right).T)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _products(left: Array, right: Array) -> Array:
    return np.asarray(left @ right.T)


def _negative_distances(left: Array, right: Array) -> Array:
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2.0 * left @ right.T
    return np.asarray(-squares)


#: What says how near two vectors are -> the same for all of some with all of others.
_NEARNESS = {"cosine": _cosines, "dot": _products, "euclidean": _negative_distances}
