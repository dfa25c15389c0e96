"""Two ranked lists of the same documents in, one out: by their ranks, or by their scores brought to one scale."""

from __future__ import annotations

import numpy as np

from kinfold.types import Array, Floats1d, Floats2d, Ids2d, Ints1d, Singles2d

FUSIONS = ("rank", "score")
#: Added to each rank: how little the first places of one list alone may decide.
RANK_OFFSET = 60


def fuse(
    lists: tuple[tuple[Ids2d, Singles2d], tuple[Ids2d, Singles2d]], k: int, how: str, weight: float
) -> tuple[Ids2d, Singles2d]:
    """Return the k best documents of two lists for each query.

    Parameters
    ----------
    lists
        Two of documents (N, K) and scores (N, K), the highest first; -1 where a list has ended.
    k
        How many.
    how
        ``"rank"``: a document gets 1 / (60 + its rank) from each list it is in (reciprocal rank fusion: Cormack, Clarke
        and Büttcher, 2009). ``"score"``: its score in each list it is in, the list's lowest as 0 and its highest as 1.
    weight
        From 0 to 1: how much the second list counts; the first counts what is left.

    Returns
    -------
    documents : (N, k) int32
        The best first, ties by number; -1 where there are no more.
    scores : (N, k) float32
        NaN beside -1.
    """
    n = len(lists[0][0])
    documents, scores = np.full((n, k), -1, np.int32), np.full((n, k), np.nan, np.float32)
    parts = [
        (found, (1 - weight, weight)[side] * _gains(of, found >= 0, how)) for side, (found, of) in enumerate(lists)
    ]
    for i in range(n):
        held = [found[i] >= 0 for found, _ in parts]
        together = np.concatenate([found[i][good] for (found, _), good in zip(parts, held, strict=True)])
        gains = np.concatenate([of[i][good] for (_, of), good in zip(parts, held, strict=True)])
        named, sums = _summed(together, gains)
        best = np.lexsort((named, -sums))[:k]
        documents[i, : len(best)], scores[i, : len(best)] = named[best], sums[best]
    return documents, scores


def _gains(scores: Singles2d, held: Array, how: str) -> Floats2d:
    """Return what each place of a list (N, K) gives to its document."""
    if how == "rank":
        return np.broadcast_to(1 / (RANK_OFFSET + 1.0 + np.arange(scores.shape[1])), scores.shape)
    exact = scores.astype(np.float64)
    low = np.where(held, exact, np.inf).min(axis=1, initial=np.inf, keepdims=True)  # (N, 1)
    high = np.where(held, exact, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)  # (N, 1)
    out = np.ones(scores.shape)  # a list whose scores are all the same says only that its documents were found
    np.divide(exact - low, high - low, out=out, where=held & (high > low))
    return out


def _summed(documents: Ints1d, gains: Floats1d) -> tuple[Ints1d, Floats1d]:
    named, place = np.unique(documents, return_inverse=True)
    # In float32, in which sums that are equal on paper come out equal whichever list gave which part.
    return named, np.bincount(place, gains, len(named)).astype(np.float32).astype(np.float64)
