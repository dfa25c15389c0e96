"""Documents that are searched by their words (BM25), by their vectors, or by both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from kinfold.checks import Rules, check, check_k, is_number, one_of, whole
from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.index.documents import Documents
from kinfold.index.encoding import SIDES, Encoder, Progress, encode_all, encoded, silent
from kinfold.index.exact import ExactIndex
from kinfold.index.fusion import FUSIONS, fuse
from kinfold.index.held import held_layout, held_of, split_held, with_held
from kinfold.index.hits import Hit, places_of, scores_of_all
from kinfold.index.state import layout_of, parts_of, state_of
from kinfold.text.bm25 import BM25
from kinfold.types import Floats2d, Held, Ids2d, Json, Layout, Singles2d, State

#: Ways to search.
HOW = ("bm25", "dense", "hybrid")
#: Documents that are encoded again to see whether an encoder is the one the index was made with.
_RECHECKED = 4
#: How far apart two encodings of one text may be: a batch of another size may change the last digits.
_NEAR = 1e-3
_RULES: Rules = {
    "fusion": one_of(*FUSIONS),
    "weight": ((lambda value: is_number(value) and float(value) <= 1), "a number from 0 to 1"),
    "depth": whole(),
    "sides": one_of(*SIDES),
    "served": one_of(*HOW),
}


class SearchIndex:
    """Documents, each with an id and a text, and the search among them.

    Parameters
    ----------
    encoder
        What has ``encode(texts) -> (n, D)``, for the search by vectors; None for words alone. One of kinfold's own is
        saved inside the index, and built again when it is first needed; any other is given to `attach` after loading.
    k1, b, k3, symbols, stop_words
        Of `BM25`.
    metric
        Of `ExactIndex`: ``"cosine"``, ``"dot"`` or ``"euclidean"``.
    fusion
        How ``"hybrid"`` puts the two lists together: by ``"rank"`` or by ``"score"``; see `kinfold.index.fusion.fuse`.
    weight
        How much the vectors count in it, from 0 to 1.
    depth
        How long the two lists are that it puts together, at the least.
    sides
        For an encoder with two sides, ``encode(texts, side=)``, such as a directed matcher: ``"left-right"``, queries
        stand on the left and documents on the right, or ``"right-left"``. ``"same"``: no side is named.
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
        k3: float | None = None,
        symbols: bool = True,
        stop_words: Sequence[str] = (),
        metric: str = "cosine",
        fusion: str = "rank",
        weight: float = 0.5,
        depth: int = 100,
        sides: str = "same",
        served: str = "bm25",
    ) -> None:
        self.encoder = encoder
        self.k1, self.b, self.k3, self.symbols, self.stop_words = k1, b, k3, symbols, stop_words
        self.metric = metric
        self.fusion, self.weight, self.depth, self.sides, self.served = fusion, weight, depth, sides, served

    @property
    def encoder(self) -> Encoder | None:
        """What texts are encoded with; that of a loaded index is built, and tried, when it is first asked for.

        Raises
        ------
        ArtifactError
            A-021: it encodes the first documents otherwise than when the index was made.
        """
        if self._encoder is None and self._held is not None and self._build is not None:
            self.attach(self._build(self._held))
        return self._encoder

    @encoder.setter
    def encoder(self, given: Encoder | None) -> None:
        """Take another one, or none; that of the folder is then forgotten."""
        self._encoder = given
        self._held: Held | None = None
        self._build: Callable[[Held], Any] | None = None

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways in which this index can be searched: by words always, by vectors where their encoder is there."""
        encodes = self._encoder is not None or (self._held is not None and self._build is not None)
        return HOW if self.dense is not None and encodes else HOW[:1]

    def fit(
        self,
        ids: Sequence[str],
        texts: Sequence[str],
        columns: Mapping[str, Sequence[Json]] | None = None,
        *,
        progress: Progress = silent,
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
        progress
            Called as progress(what is being done, the share that is done or None).

        Raises
        ------
        DataError
            D-130: ids that are not distinct strings. D-133: texts or columns that are not as many, a value that JSON
            can't hold, an encoder that gives something else than one vector a text.
        """
        check(self, _RULES)
        documents = Documents.of(ids, texts, columns or {})
        listed, dense, encoder = list(documents.texts), None, self.encoder
        progress("counting words", None)
        words = self._new_words().fit(listed)
        if encoder is not None:
            dense = encode_all(encoder, documents.ids, listed, self.metric, self._side(1), progress)
        self.words = words
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
        first = list(self.texts[:_RECHECKED])
        vectors = encoded(encoder, first, None, self._side(1)) if first else self.dense.vectors
        found = ExactIndex(self.metric).add([str(i) for i in range(len(first))], vectors).vectors
        kept = self.dense.vectors[: len(first)]
        if found.shape != kept.shape or not np.allclose(found, kept, _NEAR, _NEAR):
            raise ArtifactError(
                "This is not the encoder that the index was made with.",
                seen=f"width {found.shape[1]}, the index has {kept.shape[1]}"
                if found.shape != kept.shape
                else "other vectors for the first documents",
                fix="Attach that one, or make the index anew.",
                code="A-021",
            )
        self.encoder = encoder
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
        way = self._way(how)
        lists = self._lists(queries, k, way)
        rows, scores = self._joined(lists, k)
        places = {name: places_of(found) for name, (found, _) in lists.items()}
        return [
            [
                self._hit(row, score, {name: of[i][row] for name, of in places.items() if row in of[i]})
                for row, score in zip(line, of_line, strict=True)
                if row >= 0
            ]
            for i, (line, of_line) in enumerate(zip(rows.tolist(), scores.tolist(), strict=True))
        ]

    def find(self, query: str, k: int = 10, how: str | None = None) -> list[Hit]:
        """Return what `search` finds for one query."""
        return self.search([query], k, how)[0]

    def search_rows(self, queries: Sequence[str], k: int = 10, how: str | None = None) -> tuple[Ids2d, Singles2d]:
        """Return the numbers of documents (N, K), -1 where there are no more, and scores (N, K), NaN there.

        Scores are higher for better, so that distances come with their sign turned. By words, only documents are found
        that share one with the query; by vectors, none where a query's vector is zeros.
        """
        return self._joined(self._lists(queries, k, self._way(how)), k)

    def scores(self, queries: Sequence[str], how: str | None = None) -> Singles2d:
        """Return the score of every document for each query, (N, documents); -inf for what a search never shows."""
        way = self.served if how is None else how
        rows, scores = self.search_rows(queries, self.depth if way == "hybrid" else max(len(self), 1), way)
        return scores_of_all(rows, scores, len(self))

    def _new_words(self) -> BM25:
        return BM25(self.k1, self.b, k3=self.k3, symbols=self.symbols, stop_words=self.stop_words)

    def _way(self, how: str | None) -> str:
        way = self.served if how is None else how
        if way not in HOW:
            raise InvalidParameterError(
                "There is no such way to search.", seen=repr(way), fix=f"One of {', '.join(HOW)}.", code="U-032"
            )
        return way

    def _lists(self, queries: Sequence[str], k: int, way: str) -> dict[str, tuple[Ids2d, Singles2d]]:
        """Return the list, or the two, that a way to search begins with."""
        check_k(k)
        if way == "bm25":
            return {way: self.words.search(queries, k)}
        if way == "dense":
            return {way: self._nearest(queries, k)}
        depth = max(k, self.depth)
        return {"bm25": self.words.search(queries, depth), "dense": self._nearest(queries, depth)}

    def _joined(self, lists: dict[str, tuple[Ids2d, Singles2d]], k: int) -> tuple[Ids2d, Singles2d]:
        if len(lists) == 1:
            return next(iter(lists.values()))
        return fuse((lists["bm25"], lists["dense"]), min(k, len(self)), self.fusion, self.weight)

    def _nearest(self, queries: Sequence[str], k: int) -> tuple[Ids2d, Singles2d]:
        encoder = self.encoder
        if self.dense is None or encoder is None:
            raise _no_vectors()
        if not len(self):
            return np.empty((len(queries), 0), np.int32), np.empty((len(queries), 0), np.float32)
        asked = encoded(encoder, list(queries), self.dense.dim, self._side(0))
        rows, scores = self.dense.search_rows(asked, k)
        lost = ~asked.any(axis=1)
        if lost.any():
            rows, scores = rows.copy(), scores.copy()
            rows[lost], scores[lost] = -1, np.nan
        return rows, -scores if self.metric == "euclidean" else scores

    def _side(self, of: int) -> str | None:
        """Return on which side queries (0) or documents (1) stand; None where no side is named."""
        named = SIDES[self.sides]
        return None if named is None else named[of]

    def _hit(self, row: int, score: float, found_by: dict[str, int]) -> Hit:
        payload = {name: json.loads(column[row]) for name, column in self._documents.columns.items()}
        return Hit(self.ids[row], self.texts[row], score, payload, found_by)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name; `deep` changes nothing."""
        return {"encoder": self.encoder, **self.saved_params()}

    def saved_params(self) -> dict[str, Any]:
        """Return the constructor's arguments but for the encoder."""
        names = ("k1", "b", "k3", "symbols", "metric", "fusion", "weight", "depth", "sides", "served")
        return {name: vars(self)[name] for name in names} | {"stop_words": list(self.stop_words)}

    def get_state(self) -> State:
        """Return documents, words, vectors, and the encoder where it can be saved."""
        return with_held(state_of(self._documents, self.words, self.dense), self.held())

    def held(self) -> Held | None:
        """Return the encoder as it is saved; None if it can't be, or if there is none."""
        return self._held if self._encoder is None else held_of(self._encoder)

    def build_with(self, build: Callable[[Held], Any]) -> None:
        """Take over, after loading, what builds the encoder."""
        self._build = build

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return the index that has these documents."""
        index = cls(None, **params)
        check(index, _RULES)
        own, index._held = split_held(state)
        params_of_words = index._new_words().get_params()
        index._documents, index.words, index.dense = parts_of(own, params_of_words, index.metric)
        return index

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
        return layout_of(params["metric"], values, vocabulary_sizes) | held_layout(values)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the number and score (N, 2) of the best document of each text, by words; -1 where there is none."""
        out = np.full((len(texts), 2), -1.0)
        rows, scores = self.words.search(texts, 1)
        if rows.shape[1]:
            found = rows[:, 0] >= 0
            out[found] = np.stack([rows[found, 0].astype(np.float64), scores[found, 0].astype(np.float64)], axis=1)
        return out


def _no_vectors() -> InvalidParameterError:
    return InvalidParameterError(
        "This index can't be searched by vectors.",
        why="it was made without an encoder, or with one that is not saved and was not attached",
        fix='search with how="bm25", or index.attach(encoder)',
        code="U-033",
    )
