"""Documents that are searched by their words (BM25), by their vectors, or by both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from kinfold.checks import Rules, check, check_k, is_number, one_of, whole
from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.index.documents import Documents, unfit
from kinfold.index.exact import ExactIndex
from kinfold.index.fusion import FUSIONS, fuse
from kinfold.index.rows import checked_rows
from kinfold.index.state import layout_of, parts_of, state_of
from kinfold.text.bm25 import BM25
from kinfold.types import Floats2d, Ids2d, Json, Layout, Singles2d, State

#: Ways to search.
HOW = ("bm25", "dense", "hybrid")
#: Texts encoded together.
_BATCH = 1024
#: Documents that are encoded again to see whether an encoder is the one the index was made with.
_RECHECKED = 4
#: How far apart two encodings of one text may be: a batch of another size may change the last digits.
_NEAR = 1e-3
_RULES: Rules = {
    "fusion": one_of(*FUSIONS),
    "weight": ((lambda value: is_number(value) and float(value) <= 1), "a number from 0 to 1"),
    "depth": whole(),
    "served": one_of(*HOW),
}


class Encoder(Protocol):
    """What turns texts into vectors: an estimator of ours, or anything else that can."""

    def encode(self, texts: list[str]) -> ArrayLike:
        """Return one vector a text, (n, D)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found: its id, text and payload, and its score, which only compares within one search."""

    id: str
    text: str
    score: float
    payload: dict[str, Json]

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {"id": self.id, "score": self.score, "text": self.text, "payload": self.payload}


class SearchIndex:
    """Documents, each with an id and a text, and the search among them.

    Parameters
    ----------
    encoder
        What has ``encode(texts) -> (n, D)``, for the search by vectors; None for words alone. It is not saved with the
        index: give it to `attach` after loading.
    k1, b
        Of `BM25`.
    metric
        Of `ExactIndex`: ``"cosine"``, ``"dot"`` or ``"euclidean"``.
    fusion
        How ``"hybrid"`` puts the two lists together: by ``"rank"`` or by ``"score"``; see `kinfold.index.fusion.fuse`.
    weight
        How much the vectors count in it, from 0 to 1.
    depth
        How long the two lists are that it puts together, at the least.
    served
        How to search where a search does not say. `kinfold.evaluation.retrieval.choose` says which is worth it.

    Attributes
    ----------
    ids, texts : sequence of str
    columns : mapping of str to sequence
        The payload: one value a document, by the column's name.
    words : BM25
    dense : ExactIndex or None

    Examples
    --------
    >>> index = SearchIndex().fit(["a", "b"], ["how to boil an egg", "how to ride a horse"])
    >>> [hit.id for hit in index.find("eggs and an egg")]
    ['a']
    """

    def __init__(
        self,
        encoder: Encoder | None = None,
        *,
        k1: float = 1.2,
        b: float = 0.75,
        metric: str = "cosine",
        fusion: str = "rank",
        weight: float = 0.5,
        depth: int = 100,
        served: str = "bm25",
    ) -> None:
        self.encoder = encoder
        self.k1, self.b, self.metric = k1, b, metric
        self.fusion, self.weight, self.depth, self.served = fusion, weight, depth, served

    def fit(
        self, ids: Sequence[str], texts: Sequence[str], columns: Mapping[str, Sequence[Json]] | None = None
    ) -> Self:
        """Take the documents in.

        Parameters
        ----------
        ids
            Distinct strings.
        texts
            One an id.
        columns
            Name -> one value a document, such as JSON holds.

        Raises
        ------
        DataError
            D-130: ids that are not distinct strings. D-133: texts or columns that are not as many, a value that JSON
            can't hold, an encoder that gives something else than one vector a text.
        """
        check(self, _RULES)
        documents = Documents.of(ids, texts, columns or {})
        listed = list(documents.texts)
        dense = None
        if self.encoder is not None:
            dense = ExactIndex(self.metric)
            for first in range(0, len(listed), _BATCH):
                encoded = self._encoded(listed[first : first + _BATCH], dense.dim)
                dense.add(documents.ids[first : first + _BATCH], encoded)
        self.words = BM25(self.k1, self.b).fit(listed)
        self._documents, self.dense = documents, dense
        return self

    @property
    def ids(self) -> Sequence[str]:
        """The documents' ids."""
        return self._documents.ids

    @property
    def texts(self) -> Sequence[str]:
        """The documents' texts."""
        return self._documents.texts

    @property
    def columns(self) -> dict[str, list[Json]]:
        """The payload: one value a document, by the column's name."""
        return {name: [json.loads(value) for value in column] for name, column in self._documents.columns.items()}

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self._documents.ids)

    def attach(self, encoder: Encoder) -> Self:
        """Give a loaded index the encoder it was made with; return self.

        Raises
        ------
        ArtifactError
            A-021: it encodes the first documents otherwise than the one the index was made with.
        InvalidParameterError
            U-033: the index was made without one.
        """
        if self.dense is None:
            raise _no_vectors()
        self.encoder = encoder
        first = list(self.texts[:_RECHECKED])
        found = ExactIndex(self.metric).add([str(i) for i in range(len(first))], self._encoded(first, None)).vectors
        kept = self.dense.vectors[: len(first)]
        if found.shape != kept.shape or not np.allclose(found, kept, _NEAR, _NEAR):
            self.encoder = None
            raise ArtifactError(
                "This is not the encoder that the index was made with.",
                seen=f"width {found.shape[1]}, the index has {kept.shape[1]}"
                if found.shape != kept.shape
                else "other vectors for the first documents",
                fix="Attach that one, or make the index anew.",
                code="A-021",
            )
        return self

    def search(self, queries: Sequence[str], k: int = 10, how: str | None = None) -> list[list[Hit]]:
        """Return for each query the documents found, the best first.

        Parameters
        ----------
        queries
            N texts.
        k
            How many documents.
        how
            ``"bm25"``, ``"dense"``, ``"hybrid"``, or None for `served`.

        Raises
        ------
        InvalidParameterError
            U-032: there is no such way to search. U-033: the index has no vectors, or no encoder is attached.
        """
        rows, scores = self.search_rows(queries, k, how)
        return [
            [self._hit(row, score) for row, score in zip(line, of, strict=True) if row >= 0]
            for line, of in zip(rows.tolist(), scores.tolist(), strict=True)
        ]

    def find(self, query: str, k: int = 10, how: str | None = None) -> list[Hit]:
        """Return what `search` finds for one query."""
        return self.search([query], k, how)[0]

    def search_rows(self, queries: Sequence[str], k: int = 10, how: str | None = None) -> tuple[Ids2d, Singles2d]:
        """Return the numbers of documents (N, K), -1 where there are no more, and scores (N, K), NaN there.

        Scores are higher for better, so that distances come with their sign turned. By words, only documents are found
        that share one with the query; by vectors, none where a query's vector is zeros.
        """
        check_k(k)
        way = self.served if how is None else how
        if way not in HOW:
            raise InvalidParameterError(
                "There is no such way to search.", seen=repr(way), fix=f"One of {', '.join(HOW)}.", code="U-032"
            )
        if way == "bm25":
            return self.words.search(queries, k)
        if way == "dense":
            return self._nearest(queries, k)
        depth = max(k, self.depth)
        both = self.words.search(queries, depth), self._nearest(queries, depth)
        return fuse(both, min(k, len(self)), self.fusion, self.weight)

    def scores(self, queries: Sequence[str], how: str | None = None) -> Singles2d:
        """Return the score of every document for each query, (N, documents); -inf for what a search never shows."""
        way = self.served if how is None else how
        rows, scores = self.search_rows(queries, self.depth if way == "hybrid" else max(len(self), 1), way)
        return scores_of_all(rows, scores, len(self))

    def _nearest(self, queries: Sequence[str], k: int) -> tuple[Ids2d, Singles2d]:
        if self.dense is None or self.encoder is None:
            raise _no_vectors()
        asked = self._encoded(list(queries), self.dense.dim)
        rows, scores = self.dense.search_rows(asked, k)
        lost = ~asked.any(axis=1)
        if lost.any():
            rows, scores = rows.copy(), scores.copy()
            rows[lost], scores[lost] = -1, np.nan
        return rows, -scores if self.metric == "euclidean" else scores

    def _encoded(self, texts: list[str], dim: int | None) -> Singles2d:
        assert self.encoder is not None
        rows = checked_rows(self.encoder.encode(texts), dim, "What the encoder gave", "D-133")
        if len(rows) != len(texts):
            raise unfit("The encoder must give one vector a text.", f"{len(rows):,} for {len(texts):,} texts")
        return rows

    def _hit(self, row: int, score: float) -> Hit:
        payload = {name: json.loads(column[row]) for name, column in self._documents.columns.items()}
        return Hit(self.ids[row], self.texts[row], score, payload)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name; `deep` changes nothing."""
        return {"encoder": self.encoder, **self.saved_params()}

    def saved_params(self) -> dict[str, Any]:
        """Return the constructor's arguments but for the encoder."""
        names = ("k1", "b", "metric", "fusion", "weight", "depth", "served")
        return {name: vars(self)[name] for name in names}

    def get_state(self) -> State:
        """Return documents, words and vectors."""
        return state_of(self._documents, self.words, self.dense)

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return the index that has these documents; `attach` its encoder to search by vectors."""
        index = cls(None, **params)
        check(index, _RULES)
        made = BM25(index.k1, index.b)
        index._documents, index.words, index.dense = parts_of(state, made.get_params(), index.metric)
        return index

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
        return layout_of(params["metric"], values, vocabulary_sizes)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the number and score (N, 2) of the best document of each text, by words; -1 where there is none."""
        out = np.full((len(texts), 2), -1.0)
        rows, scores = self.words.search(texts, 1)
        if rows.shape[1]:
            found = rows[:, 0] >= 0
            out[found] = np.stack([rows[found, 0].astype(np.float64), scores[found, 0].astype(np.float64)], axis=1)
        return out


def scores_of_all(rows: Ids2d, scores: Singles2d, n: int) -> Singles2d:
    """Return lists (N, K) as one score a document, (N, n); -inf for a document that is in no list."""
    out = np.full((len(rows), n), -np.inf, np.float32)
    line, place = np.nonzero(rows >= 0)
    out[line, rows[line, place]] = scores[line, place]
    return out


def _no_vectors() -> InvalidParameterError:
    return InvalidParameterError(
        "This index can't be searched by vectors.",
        why="it was made without an encoder, or was loaded and its encoder is not attached",
        fix='search with how="bm25", or index.attach(encoder)',
        code="U-033",
    )
