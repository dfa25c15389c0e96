"""What is to c as b is to a: one question for a person, or very many for an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from kinfold.checks import check_k
from kinfold.errors import DataError, InvalidParameterError
from kinfold.kernels.blocks import parts_of, read_only, rows_at_once, share_out, without_nobody
from kinfold.kernels.nearest import (
    NOBODY,
    Ids2d,
    bound_nearness,
    empty_lists,
    keep_best_analogies,
    order_best,
    slack_of,
)
from kinfold.kernels.threads import thread_count
from kinfold.types import Floats1d, Ids1d, Singles2d
from kinfold.vectors.neighbours import (
    Neighbours,
    directions,
    listed,
    unit_query,
)
from kinfold.vectors.stability import overlap

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

#: One word, or several that stand for the same.
Side: TypeAlias = str | Sequence[str]
Method: TypeAlias = Literal["add", "mul"]
METHODS: tuple[Method, ...] = ("add", "mul")
#: Questions gone through together. They share the products with their words.
QUESTION_BLOCK = 2048


def analogy(vectors: WordVectors, a: Side, b: Side, c: Side, k: int = 10, method: Method = "add") -> Neighbours:
    """Return what is to `c` as `b` is to `a`; see `WordVectors.analogy`.

    The scores of ``"add"`` are cosines with b - a + c, those of ``"mul"`` are the products.
    """
    check_k(k)
    check_method(method)
    sides = np.stack([_side(vectors, name, side) for name, side in (("a", a), ("b", b), ("c", c))])  # (3, D)
    own = vectors.ids([*listed(a), *listed(b), *listed(c)])[None]  # (1, words asked with)
    asked = np.array([[0, 1, 2]], np.int32)
    unit = vectors.unit
    ids, scores = _search(unit, len(unit), sides.astype(np.float32), asked, own, k, method, 1)
    ids, scores = without_nobody(ids, scores)
    found = scores[0].astype(np.float64)
    if method == "add":
        target = sides[1] - sides[0] + sides[2]  # (D,)
        unit_query(target, "b - a + c")
        found = np.clip(found / np.linalg.norm(target), -1, 1)
    stable = None
    if vectors.replicas and (own >= 0).all():
        tops = [vectors.ids(analogy(one, a, b, c, k, method).words) for one in vectors.replicas]
        stable = tuple(overlap(ids[0], tops).tolist())
    return Neighbours(tuple(vectors.words[i] for i in ids[0].tolist()), tuple(found.tolist()), stable)


def solve(
    unit: Singles2d,
    a_ids: ArrayLike,
    b_ids: ArrayLike,
    c_ids: ArrayLike,
    restrict: int | None = None,
    method: Method = "add",
    n_threads: int | None = None,
) -> Ids1d:
    """Answer many analogies of one word a side.

    Parameters
    ----------
    unit
        (V, D) float32, C-contiguous, rows of length 1.
    a_ids, b_ids, c_ids
        (N,) rows of the words asked with.
    restrict
        Answer with one of the first so many words only; None for all. Words asked with may lie beyond.
    method
        ``"add"`` (3CosAdd) or ``"mul"`` (3CosMul).
    n_threads
        None for one a processor. The answers are the same for any number.

    Returns
    -------
    ids : (N,) int32
        The best answer that is none of the three words, ties by id; -1 where there is none, or one of the words has an
        id below 0 (unknown) or a vector of zeros.

    Notes
    -----
    The cosines of the distinct words asked with are made once a block of questions and shared by them. Memory grows
    with the number of questions by their ids and answers only.
    """
    check_method(method)
    asked = np.stack([np.asarray(ids, np.int32) for ids in (a_ids, b_ids, c_ids)], axis=1)  # (N, 3)
    if restrict is not None and restrict < 1:
        raise InvalidParameterError("`restrict` must be None, or 1 or more.", seen=repr(restrict), code="P-023")
    if len(asked) and asked.max() >= len(unit):
        raise DataError(
            "A question asks with an id that is none.", seen=f"{asked.max()} of {len(unit):,}", code="D-064"
        )
    n_rows = len(unit) if restrict is None else min(restrict, len(unit))
    out = np.full(len(asked), -1, np.int32)
    known = np.flatnonzero((asked >= 0).all(axis=1))

    for first in range(0, len(known), QUESTION_BLOCK):
        block = known[first : first + QUESTION_BLOCK]
        words, inverse = np.unique(asked[block], return_inverse=True)
        sides = unit[words]  # (S, D)
        places: Ids2d = inverse.reshape(-1, 3).astype(np.int32)  # (block, 3)
        found = _search(unit, n_rows, sides, places, asked[block], 1, method, n_threads)[0][:, 0]  # (block,)
        nowhere = np.flatnonzero(~sides.any(axis=1))
        asks = ~np.isin(places, nowhere).any(axis=1)  # (block, 3) -> (block,)
        out[block] = np.where(asks & (found != NOBODY), found, -1)
    return out


def check_method(method: str) -> None:
    """Refuse a method that is none."""
    if method not in METHODS:
        raise InvalidParameterError(
            "There is no such method for analogies.",
            seen=repr(method),
            fix=f"One of {', '.join(METHODS)}.",
            code="P-023",
        )


def _search(
    unit: Singles2d,
    n_rows: int,
    sides: Singles2d,
    asked: Ids2d,
    own: Ids2d,
    k: int,
    method: Method,
    n_threads: int | None,
) -> tuple[Ids2d, Singles2d]:
    """Return the ids and scores (N, K) of the best of the first rows; `asked` (N, 3) are rows of `sides` (S, D)."""
    scores, ids = empty_lists(len(asked), min(k, n_rows))
    slack, threads, multiplied = slack_of(unit.shape[1]), thread_count(n_threads), method == "mul"
    unit, sides = read_only(unit), read_only(sides)
    shares = parts_of(0, len(asked), threads)
    step = rows_at_once(len(sides))
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for row in range(0, n_rows, step):
            products = sides @ unit[row : min(row + step, n_rows)].T  # (S, M)
            over = bound_nearness(products, slack) if multiplied else products  # (S, M)
            work = [
                (products, over, row, asked[i:j], sides, unit, own[i:j], slack, multiplied, scores[i:j], ids[i:j])
                for i, j in shares
            ]
            share_out(pool, keep_best_analogies, work)
    order_best(scores, ids)
    return ids, scores


def _side(vectors: WordVectors, name: str, side: Side) -> Floats1d:
    """Return the mean direction (D,) of a side, at length 1."""
    words = listed(side)
    if not words:
        raise DataError(f"The side `{name}` of an analogy has no word.", fix="give one word or more", code="D-064")
    return unit_query(directions(vectors, words).sum(axis=0), f"the words of side `{name}`")  # (N, D) -> (D,)
