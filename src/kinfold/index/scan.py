"""A whole table gone through for the best rows of each query, by blocks and threads that change nothing in the answer.

Many queries are multiplied with a block of rows at a time, by numpy's matrix product with the threads that it has, and
our threads look for what reaches the lists. With few queries the reading of the rows is all the work, and every thread
multiplies and looks at a share of them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kinfold.kernels.blocks import QUERY_BLOCK, parts_of, read_only, rows_at_once, share_out
from kinfold.kernels.flat import bounds_of, keep_in_block, keep_in_rows, merge_lists
from kinfold.kernels.nearest import empty_lists, order_best
from kinfold.types import Floats2d, Ids2d, Singles1d, Singles2d

#: To so many queries at a time the rows are read, not multiplied in blocks.
FEW = 8
#: Products that are worth a thread.
_WORTH = 1 << 20


def best_rows(
    table: Singles2d, halves: Singles1d, queries: Singles2d, metric: int, longest: float, k: int, n_threads: int
) -> tuple[Ids2d, Singles2d]:
    """Return rows (N, K) of a table and their scores (N, K), the best first; see `kinfold.kernels.flat`."""
    k = min(k, len(table))
    scores, ids = empty_lists(len(queries), k)
    if not scores.size:
        return ids, scores
    table, queries, halves = read_only(table), read_only(queries), read_only(halves)
    bounds = bounds_of(queries, longest, metric)
    n_threads = int(max(1, min(n_threads, len(queries) * table.size // _WORTH)))
    with ThreadPoolExecutor(n_threads) as pool:
        for first in range(0, len(queries), QUERY_BLOCK):
            part = slice(first, first + QUERY_BLOCK)
            search = _read if len(queries[part]) <= FEW else _multiply
            search(pool, n_threads, table, halves, queries[part], metric, bounds[part], scores[part], ids[part])
    order_best(scores, ids)
    return ids, scores


def _read(
    pool: ThreadPoolExecutor,
    n_threads: int,
    table: Singles2d,
    halves: Singles1d,
    queries: Singles2d,
    metric: int,
    bounds: Floats2d,
    scores: Singles2d,
    ids: Ids2d,
) -> None:
    """Fill the lists of a few queries: each thread goes through a share of the rows, with lists of its own."""
    shares = parts_of(0, len(table), n_threads)
    lists = [(scores, ids), *(empty_lists(*scores.shape) for _ in shares[1:])]
    work = [(*share, queries, table, halves, metric, bounds, *own) for share, own in zip(shares, lists, strict=True)]
    share_out(pool, keep_in_rows, work)
    for other in lists[1:]:
        merge_lists(scores, ids, *other)


def _multiply(
    pool: ThreadPoolExecutor,
    n_threads: int,
    table: Singles2d,
    halves: Singles1d,
    queries: Singles2d,
    metric: int,
    bounds: Floats2d,
    scores: Singles2d,
    ids: Ids2d,
) -> None:
    """Fill the lists of many queries: a block of rows at a time, each thread looking at a share of the queries."""
    step = min(rows_at_once(len(queries)), len(table))
    space = np.empty(len(queries) * step, np.float32)
    shares = parts_of(0, len(queries), n_threads)
    for row in range(0, len(table), step):
        rows = table[row : row + step]
        products = space[: len(queries) * len(rows)].reshape(len(queries), len(rows))  # (N, M)
        np.matmul(queries, rows.T, out=products)
        work = [
            (products[i:j], row, queries[i:j], table, halves, metric, bounds[i:j], scores[i:j], ids[i:j])
            for i, j in shares
        ]
        share_out(pool, keep_in_block, work)
