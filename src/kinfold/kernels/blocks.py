"""What a search of a whole table shares: cutting it into blocks and shares, rows at length 1, what lists hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kinfold.kernels.nearest import NOBODY
from kinfold.types import Ids2d, Singles2d

#: Queries gone through together, and numbers in one matrix product: 16 MB, which a processor's cache may hold.
QUERY_BLOCK, PRODUCTS = 1024, 1 << 22
#: Rows of the table that are made ready, or multiplied, together, at the least.
ROW_BLOCK = 1024


def share_out(pool: ThreadPoolExecutor, kernel: Callable[..., None], work: Sequence[tuple[Any, ...]]) -> None:
    """Call a kernel with each set of arguments; one alone in the thread at hand, others in those of the pool."""
    list((map if len(work) == 1 else pool.map)(lambda arguments: kernel(*arguments), work))


def parts_of(first: int, end: int, n: int) -> list[tuple[int, int]]:
    """Return `n` ranges, about as long as one another and none empty, that make up one; fewer if it is short."""
    edges = np.unique(np.linspace(first, end, max(n, 1) + 1).astype(int)).tolist()
    return list(pairwise(edges))


def read_only(rows: Singles2d) -> Singles2d:
    """Return a view that can't be written to: kernels are compiled once more for arrays that can be."""
    view = rows.view()
    view.flags.writeable = False
    return view


def rows_at_once(n: int) -> int:
    """Return how many rows of a table to multiply with `n` others at a time: enough for a product to be worth it."""
    return max(ROW_BLOCK, PRODUCTS // max(n, 1))


def without_nobody(ids: Ids2d, scores: Singles2d) -> tuple[Ids2d, Singles2d]:
    """Cut places (N, K) that no query has filled; those that only some have filled become -1 and NaN."""
    taken = ids != NOBODY
    if not taken.all():
        k = int(taken.any(axis=0).sum())
        taken = taken[:, :k]
        ids = np.where(taken, ids[:, :k], np.int32(-1))
        scores = np.where(taken, scores[:, :k], np.float32(np.nan))
    return ids, scores


def unit_rows(vectors: ArrayLike) -> Singles2d:
    """Return rows at length 1, (N, D) float32; zeros stay zeros. Rows are read a block at a time, not written."""
    given = np.asarray(vectors)
    out = np.zeros(given.shape, np.float32)
    for first in range(0, len(given), ROW_BLOCK):
        block = given[first : first + ROW_BLOCK].astype(np.float64)  # squares of float32 may exceed it
        largest = np.abs(block).max(axis=1, initial=0, keepdims=True)  # (rows, 1)
        np.divide(block, largest, out=block, where=largest > 0)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]  # (rows, 1)
        np.divide(block, lengths, out=block, where=lengths > 0)
        out[first : first + ROW_BLOCK] = block
    out.flags.writeable = False
    return out
