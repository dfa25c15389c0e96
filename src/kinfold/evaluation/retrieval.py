"""Ranking among all candidates: scores in blocks in, the ranks of what is relevant and metrics of them out.

Candidates are never sampled: a metric over a sample is another one, and may order systems otherwise (Krichene and
Rendle, 2020, "On sampled metrics for item recommendation"). Only the ranks of the relevant candidates are kept, so that
memory holds one block of scores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.comparison import Difference, differences
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval, draw, mean_interval
from kinfold.evaluation.scoring import Score
from kinfold.evaluation.weighted import means
from kinfold.types import Array, Floats1d, Ids2d, Ints1d, Json, Singles2d

#: First query and the one after the last -> scores (queries, candidates), the highest for the best.
Scorer: TypeAlias = Callable[[int, int], Array]
#: Query -> which of the candidates may be shown to it, (candidates,) of bool.
Filter: TypeAlias = Callable[[int], Array]
TIES = ("worst", "mean")
METRICS = ("mrr", "map", "precision_at_10", "recall_at_10", "ndcg_at_10")
#: With fewer queries, or groups of them, nothing is decided: so few say nothing of how much others would differ.
LEAST = 20
#: Scores in memory at a time: 32 MB as float64.
_CELLS = 1 << 22


@dataclass(frozen=True)
class Ranks:
    """Where the relevant candidates of each query stand among all of its candidates.

    Parameters
    ----------
    ranks
        One array a query, ascending: 1 is the best. Not whole numbers where ties are averaged.
    n_candidates
        (N,) how many candidates each query has.
    ties
        What was done with equal scores.
    """

    ranks: tuple[Floats1d, ...]
    n_candidates: Ints1d
    ties: str

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.ranks)

    def per_query(self, metric: str) -> Floats1d:
        """Return one value a query, (N,): ``mrr``, ``map``, or ``precision_at_K``, ``recall_at_K``, ``ndcg_at_K``.

        Raises
        ------
        InvalidParameterError
            E-007: there is no metric of that name.
        """
        function, k = _named(metric)
        return np.array([function(ranks, k) for ranks in self.ranks])

    def metrics(
        self,
        names: Sequence[str] = METRICS,
        *,
        n_draws: int = N_DRAWS,
        seed: int = 0,
        level: float = LEVEL,
        groups: Sequence[str] | None = None,
    ) -> dict[str, Interval]:
        """Return the mean of each metric over the queries, with its interval."""
        return {
            name: mean_interval(self.per_query(name), n_draws=n_draws, seed=seed, level=level, groups=groups)
            for name in names
        }


def rank_all(
    scores: Scorer,
    relevant: Sequence[ArrayLike],
    *,
    allowed: Filter | None = None,
    ties: str = "worst",
    n_candidates: int | None = None,
) -> Ranks:
    """Rank every candidate for every query, and return where the relevant ones stand.

    Parameters
    ----------
    scores
        Called with the numbers of a first query and the one after the last; -inf stands for the last places.
    relevant
        For each query the numbers of its relevant candidates, at least one.
    allowed
        Which candidates a query has: the others are neither ranked nor counted. A relevant one must be among them.
    ties
        ``"worst"``: of equal scores those that are not relevant go first. ``"mean"``: each relevant one takes the place
        that it has on average over all orders of the equal ones.
    n_candidates
        How many there are, where known: blocks are then cut to fit memory from the first one on.

    Raises
    ------
    DataError
        D-134: a query without a relevant candidate, one that there is not or that is not allowed, or scores that are
        NaN or of another shape.
    """
    if ties not in TIES:
        raise InvalidParameterError("`ties` has no such value.", seen=repr(ties), fix=" or ".join(TIES), code="U-034")
    wanted = [np.unique(np.asarray(one, np.int64)) for one in relevant]
    out: list[Floats1d] = []
    counts: list[int] = []
    first, width = 0, n_candidates
    while first < len(wanted):
        step = 1 if width is None else max(1, _CELLS // max(width, 1))
        end = min(first + step, len(wanted))
        block = np.asarray(scores(first, end))
        if block.ndim != 2 or len(block) != end - first or (width is not None and block.shape[1] != width):
            shape = f"({end - first}, {'candidates' if width is None else width})"
            raise _unfit(f"Scores must have the shape {shape}.", str(block.shape))
        if np.isnan(block).any():
            raise _unfit("A score is NaN.", f"queries {first:,} to {end - 1:,}")
        width = block.shape[1]
        for query in range(first, end):
            line, chosen = _of_query(query, block[query - first], wanted[query], allowed)
            out.append(_ranks(line, chosen, ties))
            counts.append(len(line))
        first = end
    return Ranks(tuple(out), np.array(counts, np.int64), ties)


def limit_exposure(rows: Ids2d, scores: Singles2d, k: int, most: int) -> tuple[Ids2d, Singles2d]:
    """Show each item to at most so many users: the highest scores are served first.

    Parameters
    ----------
    rows, scores
        (N, P) items and scores of each user's candidates, the longer the better; an item of -1 is none.
    k
        How many items a user is shown.
    most
        How many users an item is shown to.

    Returns
    -------
    rows, scores : (N, k)
        The best first; -1 and NaN where a user's candidates ran out. Equal scores go to the user, then the item, with
        the lower number.
    """
    if k < 1 or most < 1:
        raise InvalidParameterError("`k` and `most` must be 1 or more.", seen=f"k={k}, most={most}", code="U-034")
    user, place = np.nonzero(rows >= 0)
    items, of = rows[user, place], scores[user, place]
    shown: dict[int, int] = {}
    filled = np.zeros(len(rows), np.int64)
    out, out_scores = np.full((len(rows), k), -1, np.int32), np.full((len(rows), k), np.nan, np.float32)
    for i in np.lexsort((items, user, -of)).tolist():
        who, item = int(user[i]), int(items[i])
        if filled[who] < k and shown.get(item, 0) < most:
            out[who, filled[who]], out_scores[who, filled[who]] = item, of[i]
            filled[who] += 1
            shown[item] = shown.get(item, 0) + 1
    return out, out_scores


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of two ways to search is served, and why.

    `served` is the better one only where `difference.winner` names it and `units` are enough to decide; a tie is a
    tie, and the plain one is served.

    Attributes
    ----------
    units
        How many queries decide, or how many groups of them where it is `grouped`.
    """

    served: str
    plain: str
    metric: str
    difference: Difference
    metrics: dict[str, dict[str, Interval]]
    units: int
    grouped: bool

    @property
    def decides(self) -> bool:
        """Whether there are enough queries, or groups, that a winner is named at all."""
        return self.units >= LEAST

    def __str__(self) -> str:
        """Return the difference in words, or why there is none to speak of, and what is served."""
        return f"{self.difference if self.decides else self.too_few()}; {self.served} is served"

    def too_few(self) -> str:
        """Return that so many queries, or groups, decide nothing."""
        one, more = ("group", "groups") if self.grouped else ("query", "queries")
        return f"{self.units:,} {one if self.units == 1 else more} can't decide, {LEAST} or more can"

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {
            "served": self.served,
            "plain": self.plain,
            "metric": self.metric,
            "difference": self.difference.to_dict(),
            "metrics": {name: {key: one.to_dict() for key, one in of.items()} for name, of in self.metrics.items()},
            "units": self.units,
            "grouped": self.grouped,
        }


def choose(
    systems: Mapping[str, Ranks],
    *,
    plain: str = "bm25",
    metric: str = "mrr",
    n_draws: int = N_DRAWS,
    seed: int = 0,
    level: float = LEVEL,
    groups: Sequence[str] | None = None,
) -> Choice:
    """Choose between a plain way to search and a better one: the plain one, unless the other is surely better.

    Fewer than `LEAST` queries, or groups of them, decide nothing.

    Parameters
    ----------
    systems
        Two ways by name, `plain` among them, and the ranks that each gave the same held-out queries.
    plain
        The one that is served in a tie.
    metric
        As `Ranks.per_query` names it.
    n_draws, seed, level, groups
        Of the paired bootstrap over queries, or over whole groups of them.

    Raises
    ------
    InvalidParameterError
        U-034: not two systems, or none of them is `plain`.
    DataError
        D-134: they ranked different numbers of queries, or none.
    """
    if len(systems) != 2 or plain not in systems:
        raise InvalidParameterError(
            "Two systems are compared, one of them the plain one.",
            seen=f"{', '.join(systems)}; plain: {plain}",
            code="U-034",
        )
    other = next(name for name in systems if name != plain)
    sizes = {len(ranks) for ranks in systems.values()}
    if len(sizes) != 1 or 0 in sizes:
        raise _unfit("Both systems must have ranked the same queries.", ", ".join(map(str, sorted(sizes))))
    values = {name: ranks.per_query(metric) for name, ranks in systems.items()}
    stacked = np.stack([values[other], values[plain]])  # (2, N)
    drawn = draw([means((other, plain), stacked)], stacked.shape[1], n_draws, seed=seed, groups=groups)[0]  # (2, draws)
    scores = {
        name: Score(float(values[name].mean()), of, None, False, "")
        for name, of in zip((other, plain), drawn, strict=True)
    }
    found = differences({}, scores, metric, [(other, plain)], level=level, grouped=groups is not None)[0]
    named = {
        name: ranks.metrics([metric], n_draws=n_draws, seed=seed, level=level, groups=groups)
        for name, ranks in systems.items()
    }
    units = stacked.shape[1] if groups is None else len(set(groups))
    better = found.winner == other and units >= LEAST
    return Choice(other if better else plain, plain, metric, found, named, units, groups is not None)


def _of_query(query: int, line: Array, relevant: Ints1d, allowed: Filter | None) -> tuple[Array, Array]:
    """Return the scores (M,) of a query's candidates, and which of them are relevant (M,)."""
    if not len(relevant) or relevant[0] < 0 or relevant[-1] >= len(line):
        raise _unfit(
            f"Query {query:,} needs relevant candidates that are there.", f"{relevant[:3].tolist()} of {len(line):,}"
        )
    chosen = np.zeros(len(line), bool)
    chosen[relevant] = True
    if allowed is None:
        return line, chosen
    may = np.asarray(allowed(query), bool)
    if may.shape != chosen.shape or not may[relevant].all():
        raise _unfit(f"Query {query:,}: its filter leaves out what is relevant, or has another length.", str(may.shape))
    return line[may], chosen[may]


def _ranks(line: Array, chosen: Array, ties: str) -> Floats1d:
    """Return the ranks of the chosen scores, ascending."""
    ordered = np.sort(line)
    levels, n_chosen = np.unique(line[chosen], return_counts=True)
    levels, n_chosen = levels[::-1], n_chosen[::-1]
    above = len(ordered) - np.searchsorted(ordered, levels, side="right")
    equal = len(ordered) - above - np.searchsorted(ordered, levels, side="left")
    parts: list[Any] = []
    for before, tied, r in zip(above.tolist(), equal.tolist(), n_chosen.tolist(), strict=True):
        turn = np.arange(1, r + 1)
        parts.append(before + (tied - r + turn if ties == "worst" else turn * (tied + 1) / (r + 1)))
    return np.concatenate(parts).astype(np.float64)


def _named(metric: str) -> tuple[Callable[[Floats1d, int], float], int]:
    whole = {"mrr": _reciprocal, "map": _average_precision}
    if metric in whole:
        return whole[metric], 0
    cut = {"precision_at": _precision, "recall_at": _recall, "ndcg_at": _ndcg}
    match = re.fullmatch(r"(.+)_([1-9][0-9]*)", metric)
    if match is None or match[1] not in cut:
        raise InvalidParameterError(
            "there is no ranking metric of that name",
            seen=repr(metric),
            fix=f"use one of {', '.join(METRICS)}",
            code="E-007",
        )
    return cut[match[1]], int(match[2])


def _reciprocal(ranks: Floats1d, k: int) -> float:
    return float(1 / ranks[0])


def _average_precision(ranks: Floats1d, k: int) -> float:
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))


def _precision(ranks: Floats1d, k: int) -> float:
    return float((ranks <= k).sum() / k)


def _recall(ranks: Floats1d, k: int) -> float:
    return float((ranks <= k).mean())


def _ndcg(ranks: Floats1d, k: int) -> float:
    best = np.arange(1, min(k, len(ranks)) + 1)
    return float((1 / np.log2(ranks[ranks <= k] + 1)).sum() / (1 / np.log2(best + 1)).sum())


def _unfit(what: str, seen: str) -> DataError:
    return DataError(what, seen=seen, code="D-134")
