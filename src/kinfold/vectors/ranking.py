"""A query and the members of a class in, the members in the order of their likeness to the query out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from kinfold.checks import check_k
from kinfold.errors import DataError, InvalidParameterError
from kinfold.kernels.blocks import unit_rows
from kinfold.types import Floats1d, Floats2d, Json
from kinfold.vectors.neighbours import Like, directions, is_vector, listed, unit_query, words_in
from kinfold.vectors.spelling import unknown
from kinfold.vectors.tables import html_table, scored_cells, scored_rows, shown, text_table

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

Likeness: TypeAlias = Literal["cosine", "dot"]
#: Words compared with all others at a time.
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Ranking:
    """Words of a class, the likest to the query first.

    Parameters
    ----------
    words
        The members that are known; none is lost but by `k`.
    scores
        One a word: the cosine, or the dot product.
    stability
        One a word: of its comparisons with every other member, the share in which models trained alike from other
        random numbers put the two in the same order; None where there are no such models.
    missing
        Members that have no vector, in the order in which they were given.
    """

    words: tuple[str, ...]
    scores: tuple[float, ...]
    stability: tuple[float, ...] | None = None
    missing: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """Yield each word with its score."""
        return zip(self.words, self.scores, strict=True)

    def __str__(self) -> str:
        """Return a plain table, one line a word, and the words without a vector below it."""
        lines = [text_table(*self._cells())]
        if self.missing:
            lines.append(f"no vector: {', '.join(map(shown, self.missing))}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Json]:
        """Return words, scores and missing words as JSON holds them."""
        return {"ranking": scored_rows(self, self.stability), "missing": list(self.missing)}

    def _repr_html_(self) -> str:
        lost = html_table(["no vector"], [[word] for word in self.missing]) if self.missing else ""
        return html_table(*self._cells()) + lost

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        return scored_cells(self, self.stability)


def rank(
    vectors: WordVectors,
    query: Like,
    among: Sequence[str],
    *,
    method: Likeness = "cosine",
    k: int | None = None,
) -> Ranking:
    """Put the members of a class in the order of their likeness to a query.

    Parameters
    ----------
    vectors
        The words and their vectors.
    query
        A word, several words (the mean of their directions; for ``"dot"`` of their vectors), or a vector (D,).
    among
        The members; each counts once. The query itself may be one.
    method
        ``"cosine"``, or ``"dot"``: the product of the vectors as they are, in which words with longer vectors, often
        those seen in fewer contexts, reach further to either side.
    k
        How many of the first to return; None for all.

    Returns
    -------
    Ranking
        Equal scores in the order of the vocabulary, whatever the order of `among`.

    Raises
    ------
    DataError
        D-060: the query is unknown, or every member is. D-062: the query has no direction. D-064: there are no members,
        or a query vector has another width.
    InvalidParameterError
        P-023: `method` or `k` is none.
    """
    if method not in get_args(Likeness):
        raise InvalidParameterError("`method` must be 'cosine' or 'dot'.", seen=repr(method), code="P-023")
    if k is not None:
        check_k(k)
    asked = list(dict.fromkeys(listed(among)))
    if not asked:
        raise DataError("There are no members to rank.", fix="name at least one in `among`", code="D-064")
    known = [word for word in asked if word in vectors or vectors.subwords is not None]
    if not known:
        raise unknown(asked[0], vectors.words)
    rows = np.where((ids := vectors.ids(known)) < 0, len(vectors), ids)  # words composed from their parts come last
    known = [known[i] for i in np.lexsort((np.argsort(np.argsort(known)), rows)).tolist()]
    scores = _scores(vectors, query, known, method)
    order = np.argsort(-scores, kind="stable")
    stability = _agreement(scores, [_scores(one, query, known, method) for one in vectors.replicas])[order]
    order, stability = order[:k], stability[:k]
    return Ranking(
        words=tuple(known[i] for i in order.tolist()),
        scores=tuple(scores[order].tolist()),
        stability=tuple(stability.tolist()) if vectors.replicas else None,
        missing=tuple(word for word in asked if word not in set(known)),
    )


def _scores(vectors: WordVectors, query: Like, members: list[str], method: Likeness) -> Floats1d:
    """Return the likeness of each member, (N,); summed row by row, so that equal vectors have equal scores."""
    rows = vectors[members]  # (N, D)
    rows = unit_rows(rows) if method == "cosine" else rows
    products: Floats2d = rows.astype(np.float64) * _direction(vectors, query, method)
    return np.asarray(products.sum(axis=1))


def _direction(vectors: WordVectors, query: Like, method: Likeness) -> Floats1d:
    """Return what the members are multiplied with, (D,)."""
    if is_vector(query):
        vector = np.asarray(query, np.float64)
        if vector.shape != (vectors.dim,):
            raise DataError(
                f"A vector to compare with must have the shape ({vectors.dim},).", seen=str(vector.shape), code="D-064"
            )
        unit = unit_query(np.where(np.isfinite(vector).all(), vector, 0.0), "the vector given")
        return unit if method == "cosine" else vector
    words = words_in(query)
    if not words:
        raise DataError("There is nothing to compare with.", fix="give a word as the query", code="D-064")
    toward = directions(vectors, words)  # (Q, D); refuses unknown and zero ones
    if method == "dot":
        return vectors[words].astype(np.float64).mean(axis=0)
    return unit_query(toward.sum(axis=0), "the query")


def _agreement(scores: Floats1d, others: list[Floats1d]) -> Floats1d:
    """Return the share of each score's comparisons that others order alike, (N,); 1 where there is nothing to compare.

    Parameters
    ----------
    scores
        (N,) of this model.
    others
        (N,) of each replica.
    """
    n = len(scores)
    if n < 2 or not others:
        return np.ones(n)
    agreed = np.zeros(n)
    for other in others:
        for first in range(0, n, _BLOCK):
            block = slice(first, first + _BLOCK)
            mine = np.sign(scores[block, None] - scores)  # (B, N)
            theirs = np.sign(other[block, None] - other)
            agreed[block] += (mine == theirs).sum(axis=1) - 1  # each agrees with itself
    return agreed / (len(others) * (n - 1))
