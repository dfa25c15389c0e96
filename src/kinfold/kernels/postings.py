"""Postings of terms in, the k documents with the highest sums for each query out.

The postings of a term are the documents that have it, in order, each with what the term adds to its score. A query's
terms are gone through for one stretch of documents after another, so that the sums stay in the nearest cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.kernels.nearest import STRIDE, reaches, sink, worse
from kinfold.types import Ids1d, Ids2d, Ints1d, Singles1d, Singles2d

#: Documents whose sums are made together: 64 KB. A whole number of strides.
STRETCH = 1 << 14
#: The least a sum can be that something was added to.
_LEAST = np.float32(1e-37)


@njit(cache=True, nogil=True)
def best_documents(
    first: int,
    end: int,
    query_indptr: Ints1d,
    query_terms: Ids1d,
    query_counts: Singles1d,
    indptr: Ints1d,
    documents: Ids1d,
    weights: Singles1d,
    n_documents: int,
    scores: Singles2d,
    ids: Ids2d,
) -> None:
    """Put the best documents of the queries `first` to `end` into their lists.

    Parameters
    ----------
    query_indptr, query_terms, query_counts
        (N + 1,), (T,), (T,): query `i` has terms ``query_terms[query_indptr[i]:query_indptr[i + 1]]``, each so often.
    indptr, documents, weights
        (V + 1,), (P,), (P,): the postings of term `t` are ``indptr[t]`` to ``indptr[t + 1]``.
    n_documents
        How many documents there are.
    scores, ids
        (N, K) heaps, changed in place. A document that shares no term with the query is never put in.
    """
    sums = np.zeros(STRETCH, np.float32)
    longest = 0
    for i in range(first, end):
        longest = max(longest, query_indptr[i + 1] - query_indptr[i])
    places = np.empty(longest, np.int64)
    for i in range(first, end):
        terms = query_terms[query_indptr[i] : query_indptr[i + 1]]
        counts = query_counts[query_indptr[i] : query_indptr[i + 1]]
        for t in range(len(terms)):
            places[t] = indptr[terms[t]]
        for start in range(0, n_documents, STRETCH):
            stop = min(start + STRETCH, n_documents)
            added = False
            for t in range(len(terms)):
                here, last, count = places[t], indptr[terms[t] + 1], counts[t]
                past = _first_from(documents, here, last, stop)
                for p in range(here, past):
                    sums[np.uint64(documents[p] - start)] += count * weights[p]
                added = added or past > here
                places[t] = past
            if added:
                _keep(sums, start, scores[i], ids[i])
                sums[:] = 0


@njit(cache=True, nogil=True)
def _first_from(documents: Ids1d, low: int, high: int, least: int) -> int:
    """Return the first place from `low` to `high` whose document is `least` or later."""
    if high > low and documents[high - 1] < least:
        return high
    while low < high:
        middle = (low + high) // 2
        if documents[middle] < least:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _keep(sums: Singles1d, start: int, scores: Singles1d, ids: Ids1d) -> None:
    """Put the best of a stretch of documents into a list."""
    limit = max(scores[0], _LEAST)
    for first in range(0, STRETCH, STRIDE):
        if not reaches(sums, np.uint64(first), limit):
            continue
        for j in range(first, first + STRIDE):
            if sums[j] >= limit and worse(scores[0], ids[0], sums[j], start + j):
                sink(scores, ids, sums[j], start + j)
                limit = max(scores[0], _LEAST)
