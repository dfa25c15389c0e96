"""Metrics of ranked lists: what each query got, best first, in; one number out.

`relevance` holds one row a query: the gain of each returned item in the order it was returned (1 or True for
relevant, 0 for not; larger numbers for graded gains). Rows may differ in length. `n_relevant` says how many
relevant items each query has in all; without it, the list is taken to hold all of them. A query with nothing
relevant scores 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from kinfold.errors import DataError, InvalidParameterError
from kinfold.types import Floats1d

Relevance: TypeAlias = Sequence[Sequence[float]]


def mrr(relevance: Relevance, n_relevant: Sequence[int] | None = None) -> float:
    """Return the mean of 1 / rank of the first relevant item; 0 for a query without one in its list."""
    return float(np.mean(per_query("mrr", relevance, n_relevant)))


def mean_average_precision(relevance: Relevance, n_relevant: Sequence[int] | None = None) -> float:
    """Return the mean over queries of the mean precision at each relevant item; missing items count as 0."""
    return float(np.mean(per_query("map", relevance, n_relevant)))


def recall_at_k(relevance: Relevance, n_relevant: Sequence[int] | None = None, *, k: int = 10) -> float:
    """Return the mean share of a query's relevant items that are among its first k."""
    return float(np.mean(per_query(f"recall_at_{k}", relevance, n_relevant)))


def precision_at_k(relevance: Relevance, n_relevant: Sequence[int] | None = None, *, k: int = 10) -> float:
    """Return the mean share of the first k places that hold a relevant item; short lists leave some empty."""
    return float(np.mean(per_query(f"precision_at_{k}", relevance, n_relevant)))


def ndcg_at_k(relevance: Relevance, n_relevant: Sequence[int] | None = None, *, k: int = 10) -> float:
    """Return the mean discounted gain of the first k over that of the best order: linear gain, log2 discount.

    The best order sorts the list's own gains; with `n_relevant`, each query has that many items of gain 1
    instead.
    """
    return float(np.mean(per_query(f"ndcg_at_{k}", relevance, n_relevant)))


def per_query(name: str, relevance: Relevance, n_relevant: Sequence[int] | None = None) -> Floats1d:
    """Return one value a query, for intervals: `intervals.mean_interval(per_query("mrr", relevance))`.

    Parameters
    ----------
    name
        ``mrr``, ``map``, ``recall_at_K``, ``precision_at_K`` or ``ndcg_at_K`` with a number for K.
    relevance, n_relevant
        As everywhere in this module.

    Raises
    ------
    InvalidParameterError
        There is no metric of that name, or K is below 1.
    DataError
        There is no query, or `n_relevant` doesn't fit the queries.
    """
    function, k = _named(name)
    rows = [np.asarray(row, np.float64) for row in relevance]
    if not rows:
        raise DataError("there are no queries to score", fix="give at least one ranked list", code="E-001")
    totals = [int((row > 0).sum()) for row in rows] if n_relevant is None else [int(n) for n in n_relevant]
    if len(totals) != len(rows) or any(t < int((row > 0).sum()) for t, row in zip(totals, rows, strict=False)):
        raise DataError(
            "n_relevant doesn't fit the ranked lists",
            seen=f"{len(totals):,} counts for {len(rows):,} queries, or a count below what a list holds",
            fix="give the number of relevant items of each query, in the same order",
            code="E-002",
        )
    graded = n_relevant is None
    return np.array([function(row, total, k, graded) for row, total in zip(rows, totals, strict=True)])


def _named(name: str) -> tuple[Callable[[Floats1d, int, int, bool], float], int]:
    whole = {"mrr": _reciprocal_rank, "map": _average_precision}
    if name in whole:
        return whole[name], 0
    cut: dict[str, Callable[[Floats1d, int, int, bool], float]] = {
        "recall_at": _recall,
        "precision_at": _precision,
        "ndcg_at": _ndcg,
    }
    family, _, k = name.rpartition("_")
    if family not in cut or not k.isdecimal() or int(k) < 1:
        raise InvalidParameterError(
            "there is no ranking metric of that name",
            seen=repr(name),
            fix=f"use one of {', '.join([*whole, *(f'{family}_10' for family in cut)])}",
            code="E-007",
        )
    return cut[family], int(k)


def _reciprocal_rank(row: Floats1d, total: int, k: int, graded: bool) -> float:
    found = np.flatnonzero(row > 0)
    return 1 / (int(found[0]) + 1) if len(found) else 0.0


def _average_precision(row: Floats1d, total: int, k: int, graded: bool) -> float:
    found = np.flatnonzero(row > 0)
    return float(np.sum(np.arange(1, len(found) + 1) / (found + 1)) / total) if total else 0.0


def _recall(row: Floats1d, total: int, k: int, graded: bool) -> float:
    return int((row[:k] > 0).sum()) / total if total else 0.0


def _precision(row: Floats1d, total: int, k: int, graded: bool) -> float:
    return int((row[:k] > 0).sum()) / k


def _ndcg(row: Floats1d, total: int, k: int, graded: bool) -> float:
    best: Any = np.sort(row)[::-1] if graded else np.ones(total)
    ideal = _discounted(best[:k])
    return _discounted(row[:k]) / ideal if ideal > 0 else 0.0


def _discounted(gains: Floats1d) -> float:
    return float(sum(gain / math.log2(place + 2) for place, gain in enumerate(gains)))
