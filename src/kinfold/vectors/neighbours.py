"""What lies nearest in a learned space: exact, many queries at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike

from kinfold.checks import check_k
from kinfold.errors import DataError
from kinfold.kernels.blocks import (
    QUERY_BLOCK,
    parts_of,
    read_only,
    rows_at_once,
    share_out,
    unit_rows,
    without_nobody,
)
from kinfold.kernels.nearest import Ids2d, empty_lists, keep_best, order_best, slack_of
from kinfold.kernels.threads import thread_count
from kinfold.types import Array, Floats1d, Floats2d, Ids1d, Json, Singles2d
from kinfold.vectors.stability import overlap
from kinfold.vectors.tables import html_table, scored_cells, scored_rows, shown, text_table

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

#: A word, several words, or a vector (D,).
Like: TypeAlias = str | Sequence[str] | ArrayLike
#: What is shorter came out of rounding, and points nowhere.
_SHORTEST = 1e-6


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Words in order of nearness.

    Parameters
    ----------
    words
        The nearest first.
    scores
        One a word: the cosine, or what the method's score is.
    stability
        One a word: the share of models, trained alike from other random numbers, that have it among as many nearest
        words; None where there are no such models.
    """

    words: tuple[str, ...]
    scores: tuple[float, ...]
    stability: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """Yield each word with its score."""
        return zip(self.words, self.scores, strict=True)

    def __str__(self) -> str:
        """Return a plain table, one line a word."""
        return text_table(*self._cells())

    def to_dict(self) -> dict[str, Json]:
        """Return the words and their numbers as JSON holds them."""
        return {"neighbours": scored_rows(self, self.stability)}

    def _repr_html_(self) -> str:
        return html_table(*self._cells())

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        return scored_cells(self, self.stability)


def most_similar(
    vectors: WordVectors, like: Like, unlike: Like = (), k: int = 10, among: Sequence[str] | None = None
) -> Neighbours:
    """Return the words whose vectors point most nearly the same way; see `WordVectors.most_similar`."""
    check_k(k)
    plus, minus = _parts(vectors, like), _parts(vectors, unlike)
    query = unit_query(np.concatenate([plus, -minus]).sum(axis=0), "`like` less `unlike`")  # (P + M, D) -> (D,)
    asked = [*words_in(like), *words_in(unlike)]
    own = vectors.ids(asked)
    chosen = None if among is None else np.unique([vectors.id(word) for word in listed(among)]).astype(np.int32)
    ids, scores = nearest_one(vectors.unit, query, own, k, chosen)
    stable = None
    # A vector, or one that was composed, means nothing in another space.
    if vectors.replicas and not (is_vector(like) or is_vector(unlike)) and (own >= 0).all():
        tops = [vectors.ids(most_similar(one, like, unlike, k, among).words) for one in vectors.replicas]
        stable = tuple(overlap(ids, tops).tolist())
    return Neighbours(tuple(vectors.words[i] for i in ids.tolist()), tuple(scores.tolist()), stable)


def nearest(
    vectors: WordVectors, queries: ArrayLike | Sequence[str], k: int = 10, n_threads: int | None = None
) -> tuple[Ids2d, Singles2d]:
    """Return ids and cosines (N, K) of the nearest words of many queries; see `WordVectors.nearest`."""
    check_k(k)
    if is_vector(queries):
        rows = np.atleast_2d(numbers(queries))
        if rows.ndim != 2 or rows.shape[1] != vectors.dim:
            raise DataError(
                f"Queries must be words, or vectors (N, {vectors.dim}).", seen=str(rows.shape), code="D-064"
            )
        lost = np.flatnonzero(~(np.isfinite(rows).all(axis=1) & rows.any(axis=1)))
        if len(lost):
            raise _no_direction(f"query {lost[0]:,}")
        units, own = unit_rows(rows), np.full((len(rows), 1), -1, np.int32)
    else:
        words = words_in(queries)
        own = vectors.ids(words)[:, None]  # (N,) -> (N, 1)
        units = vectors.unit[own[:, 0]] if (own >= 0).all() else unit_rows(vectors[words])
        lost = np.flatnonzero(~units.any(axis=1))
        if len(lost):
            raise _no_direction(repr(shown(words[lost[0]])))
    return nearest_rows(vectors.unit, units, own, k, n_threads)


def nearest_rows(
    unit: Singles2d, queries: Singles2d, own: Ids2d, k: int, n_threads: int | None = None
) -> tuple[Ids2d, Singles2d]:
    """Return the rows of `unit` with the highest cosines with each query.

    The work goes by blocks of queries and of rows, of which memory holds one: numpy's matrix product makes a block's
    products with threads of its own, then ours go through them. The answer depends on neither blocks nor threads.

    Parameters
    ----------
    unit, queries
        (V, D) and (N, D) float32, C-contiguous, rows of length 1; zero rows of `unit` are never answers.
    own
        (N, S) rows that are no answer to a query; -1 for none.
    k
        How many.

    Returns
    -------
    ids : (N, K) int32
        The best first, ties by id. K is `k` or, where no query has so many, fewer; a query that has fewer than
        another ends in -1.
    cosines : (N, K) float32
        NaN beside an id of -1.
    """
    k = min(k, len(unit))
    unit, queries = read_only(unit), read_only(queries)
    scores, ids = empty_lists(len(queries), k)
    slack, threads = slack_of(unit.shape[1]), thread_count(n_threads)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for first in range(0, len(queries), QUERY_BLOCK):
            asked = queries[first : first + QUERY_BLOCK]
            step = min(rows_at_once(len(asked)), len(unit) + 1)
            space = np.empty(len(asked) * step, np.float32)
            shares = parts_of(first, first + len(asked), threads)
            for row in range(0, len(unit), step):
                rows = unit[row : row + step]
                products = space[: len(asked) * len(rows)].reshape(len(asked), len(rows))  # (N, M)
                np.matmul(asked, rows.T, out=products)
                work = [
                    (products[i - first : j - first], row, queries[i:j], unit, own[i:j], slack, scores[i:j], ids[i:j])
                    for i, j in shares
                ]
                share_out(pool, keep_best, work)
    order_best(scores, ids)
    return without_nobody(ids, scores)


def nearest_one(unit: Singles2d, query: Floats1d, own: Ids1d, k: int, chosen: Ids1d | None) -> tuple[Ids1d, Floats1d]:
    """Return the rows of `unit` nearest to one query (D,) of length 1, of all or of the `chosen` ones, and cosines."""
    table = unit if chosen is None else unit[chosen]
    if chosen is not None:
        own = np.flatnonzero(np.isin(chosen, own)).astype(np.int32)
    queries = np.asarray(query, np.float32)[None]  # (D,) -> (1, D)
    ids, scores = nearest_rows(table, queries, np.ascontiguousarray(own, np.int32)[None], k, 1)
    return (ids[0] if chosen is None else chosen[ids[0]]), scores[0].astype(np.float64)


def similarity(vectors: WordVectors, left: str, right: str) -> float:
    """Return the cosine of two words' vectors; 0 where one is a vector of zeros."""
    pair = unit_rows(vectors[[left, right]]).astype(np.float64)  # (2, D)
    return float(np.clip(pair[0] @ pair[1], -1, 1))


def odd_one_out(vectors: WordVectors, words: Sequence[str]) -> str:
    """Return the word whose direction differs most from that of the others; see `WordVectors.odd_one_out`."""
    asked = listed(words)
    if len(set(asked)) < 3:
        raise DataError(
            "The odd one out is one of three words or more.", seen=f"{len(set(asked))} different words", code="D-064"
        )
    units = unit_rows(vectors[asked]).astype(np.float64)  # (N, D)
    others = units.sum(axis=0) - units  # (N, D)
    lengths = np.linalg.norm(others, axis=1)  # (N,)
    cosines = np.divide((units * others).sum(axis=1), lengths, out=np.zeros(len(asked)), where=lengths > _SHORTEST)
    return asked[int(np.argmin(np.round(cosines, 12)))]  # sums in another order differ in their last digits


def unit_query(total: Floats1d, what: str) -> Floats1d:
    """Return a sum of directions (D,) at length 1.

    Raises
    ------
    DataError
        D-062: nothing is left of it.
    """
    length = float(np.linalg.norm(total))
    if not length > _SHORTEST:
        raise _no_direction(what)
    return total / length


def directions(vectors: WordVectors, words: Sequence[str]) -> Floats2d:
    """Return the vectors of words at length 1, (N, D) float64.

    Raises
    ------
    DataError
        D-060: a word is unknown. D-062: its vector is zero.
    """
    units = unit_rows(vectors[words])
    lost = np.flatnonzero(~units.any(axis=1))
    if len(lost):
        raise _no_direction(repr(shown(words[lost[0]])))
    return units.astype(np.float64)


def is_vector(like: Like) -> bool:
    """Return whether something is numbers, not words."""
    if isinstance(like, str):
        return False
    if isinstance(like, np.ndarray):
        return like.dtype.kind in "fiu"
    return isinstance(like, Sequence) and len(like) > 0 and not isinstance(like[0], str)


def numbers(like: Like) -> Array:
    """Return numbers as an array.

    Raises
    ------
    DataError
        D-064: there is something else among them, or rows have different lengths.
    """
    try:
        given = np.asarray(like)
    except ValueError:
        given = np.empty(0, object)
    if given.dtype.kind not in "fiu":
        raise DataError("Give words, or numbers (N, D).", seen=shown(repr(like)), code="D-064")
    return given


def words_in(like: Like) -> list[str]:
    """Return the words that something names: none if it is a vector."""
    if isinstance(like, str):
        return [like]
    return [] if is_vector(like) else list(cast("Iterable[str]", like))


def listed(words: str | Sequence[str]) -> list[str]:
    """Return words as a list; one word alone is a list of one."""
    return [words] if isinstance(words, str) else list(words)


def _parts(vectors: WordVectors, like: Like) -> Floats2d:
    """Return the directions (N, D) that something names."""
    if not is_vector(like):
        return directions(vectors, words_in(like))
    vector = numbers(like)
    if vector.shape != (vectors.dim,):
        raise DataError(
            f"A vector to compare with must have the shape ({vectors.dim},).", seen=str(vector.shape), code="D-064"
        )
    if not np.isfinite(vector).all() or not vector.any():
        raise _no_direction("the vector given")
    return unit_rows(vector[None]).astype(np.float64)  # (D,) -> (1, D)


def _no_direction(what: str) -> DataError:
    return DataError(
        f"Nothing is near {what}: it has no direction.",
        why="its vector is zero, not finite, or cancels out",
        fix="ask with another word, or leave it out",
        code="D-062",
    )
