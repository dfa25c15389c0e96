"""BM25: texts -> which of them a query's words speak for.

A word that is in n of N texts has the weight ``log(1 + (N - n + 0.5) / (n + 0.5))``, and a text of length L that has it
f times gets ``weight * f / (f + k1 * (1 - b + b * L / mean L))``, summed over the words of the query (Robertson and
Zaragoza, 2009, "The probabilistic relevance framework: BM25 and beyond", in the form of Lucene 8 and later). What
a word adds to a text does not depend on the query, so it is computed once, when fitted (Lù, 2024, "BM25S"). In a query
that has a word q times it counts ``q * (k3 + 1) / (q + k3)`` times: q without `k3`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from scipy import sparse

from kinfold.checks import FLAG, NUMBER, Rules, check, check_k, is_number, optional
from kinfold.errors import NotFittedError
from kinfold.kernels.blocks import parts_of, share_out, without_nobody
from kinfold.kernels.nearest import empty_lists, order_best
from kinfold.kernels.postings import best_documents
from kinfold.kernels.threads import thread_count
from kinfold.text.lexicon import Lexicon
from kinfold.text.ngrams import NGramVectorizer
from kinfold.text.normalize import Normalizer
from kinfold.text.rows import Rows
from kinfold.types import Array, Floats1d, Ids1d, Ids2d, Ints1d, Json, Layout, Singles1d, Singles2d, State


def _are_words(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(word, str) for word in value)


_RULES: Rules = {
    "k1": NUMBER,
    "b": ((lambda value: is_number(value) and float(value) <= 1), "a number from 0 to 1"),
    "k3": optional(NUMBER),
    "symbols": FLAG,
    "stop_words": (_are_words, "a sequence of words"),
}


class BM25:
    """Finds the texts that a query's words speak for.

    Parameters
    ----------
    k1
        How much a word's further occurrences in a text still count: 0, not at all.
    b
        How much a text's length counts against it: 0, not at all; 1, in full.
    k3
        How much a word's further occurrences in a query still count: 0, not at all; None, in full.
    symbols
        Whether tokens that are no words count; see `kinfold.text.tokenizers.WordTokenizer`. In scripts written without
        spaces every character is such a token.
    stop_words
        Words of queries that count nothing, such as "how" and "the".
    normalizer
        What is done to each text first.

    Attributes
    ----------
    vocabulary_ : Lexicon
        The words, those in most texts first.
    idf_ : (V,) float64
        The weight of each word.
    indptr_, documents_, weights_ : (V + 1,) int64, (P,) int32, (P,) float32
        The postings: word `t` is in the texts ``documents_[indptr_[t]:indptr_[t + 1]]`` and adds as much of `weights_`.
    n_texts_ : int
        How many texts were fitted.

    Examples
    --------
    >>> model = BM25().fit(["a cat sat", "a dog ran", "the dog sat"])
    >>> model.search(["dog that ran"], k=2)[0].tolist()
    [[1, 2]]
    """

    def __init__(
        self,
        k1: float = 1.2,
        b: float = 0.75,
        *,
        k3: float | None = None,
        symbols: bool = True,
        stop_words: Sequence[str] = (),
        normalizer: Normalizer | None = None,
    ) -> None:
        self.k1 = k1
        self.b = b
        self.k3 = k3
        self.symbols = symbols
        self.stop_words = stop_words
        self.normalizer = normalizer or Normalizer()

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn the texts that are searched; they may be none, or have no words."""
        check(self, _RULES)
        self._vectorizer = self._new_vectorizer()
        counted = self._vectorizer.fit_rows(texts)
        self.n_texts_ = len(counted)
        self.indptr_, self.documents_, self.weights_ = self._postings(counted)
        return self

    def search(self, queries: Sequence[str], k: int = 10, *, n_threads: int | None = None) -> tuple[Ids2d, Singles2d]:
        """Return the texts that score highest for each query.

        Parameters
        ----------
        queries
            N texts. A word that is there twice counts twice, or as `k3` says; unknown words count nothing.
        k
            How many.
        n_threads
            Threads to use; None for all processors. The answer does not depend on it.

        Returns
        -------
        rows : (N, K) int32
            Numbers of texts in the order fitted, the best first, ties by number. K is `k` or, where no query has so
            many, fewer; a query that shares words with fewer texts ends in -1.
        scores : (N, K) float32
            NaN beside -1.
        """
        check_k(k)
        asked = self._rows(queries)
        scores, ids = empty_lists(len(asked), min(k, self.n_texts_))
        if not scores.size:
            return ids, scores
        threads = thread_count(n_threads)
        arguments = (asked.indptr, asked.indices, self._asked(asked), self.indptr_, self.documents_, self.weights_)
        # Queries differ in their work, so there are more shares than threads.
        shares = parts_of(0, len(asked), 1 if threads == 1 else 4 * threads)
        with ThreadPoolExecutor(max(1, threads)) as pool:
            work = [(first, end, *arguments, self.n_texts_, scores, ids) for first, end in shares]
            share_out(pool, best_documents, work)
        order_best(scores, ids)
        return without_nobody(ids, scores)

    def scores(self, queries: Sequence[str]) -> sparse.csr_array:
        """Return the score of every text that shares a word with a query, (N, texts) float32."""
        asked = self._rows(queries)
        shape = (len(asked), asked.n_columns)
        terms = sparse.csr_array((self._asked(asked), asked.indices, asked.indptr), shape=shape)
        postings = sparse.csr_array(
            (self.weights_, self.documents_, self.indptr_), shape=(asked.n_columns, self.n_texts_)
        )
        return sparse.csr_array(terms @ postings)

    @property
    def vocabulary_(self) -> Lexicon:
        """The words, those in most texts first."""
        return self._fitted()._lexicon()

    @property
    def idf_(self) -> Floats1d:
        """The weight of each word, (V,)."""
        n = self._fitted().document_frequency_
        return np.log1p((self.n_texts_ - n + 0.5) / (n + 0.5))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments as JSON holds them; `deep` changes nothing."""
        own = {"k3": self.k3, "symbols": self.symbols, "stop_words": list(self.stop_words)}
        return {"k1": self.k1, "b": self.b, **own, "normalizer": self.normalizer.to_dict()}

    def get_state(self) -> State:
        """Return words and postings."""
        lexicon = self.vocabulary_
        arrays: dict[str, Array] = {
            "indptr": self.indptr_,
            "documents": self.documents_,
            "weights": self.weights_,
        }
        values: dict[str, Json] = {"texts": self.n_texts_, "postings": len(self.documents_)}
        return State(arrays, {"words": lexicon.to_text()}, values)

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return the model that has these words and postings."""
        model = cls(**{**params, "normalizer": Normalizer(**params["normalizer"])})
        arrays = state.arrays
        model.n_texts_ = int(state.values["texts"])
        model.indptr_, model.documents_, model.weights_ = arrays["indptr"], arrays["documents"], arrays["weights"]
        check(model, _RULES)
        _check_postings(model.indptr_, model.documents_, model.n_texts_)
        lexicon = Lexicon.from_text(state.vocabularies["words"], "word")
        frequency = np.diff(model.indptr_).astype(np.int32)
        model._vectorizer = model._new_vectorizer().restore(lexicon, frequency, model.n_texts_)
        return model

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
        n_postings = values["postings"]
        return {
            "indptr": ("int64", (vocabulary_sizes["words"] + 1,)),
            "documents": ("int32", (n_postings,)),
            "weights": ("float32", (n_postings,)),
        }

    def _new_vectorizer(self) -> NGramVectorizer:
        return NGramVectorizer(orders=(1, 1), min_df=1, symbols=self.symbols, normalizer=self.normalizer)

    def _fitted(self) -> NGramVectorizer:
        if not hasattr(self, "_vectorizer"):
            raise NotFittedError("This BM25 knows no texts yet.", fix="Call fit first.")
        return self._vectorizer

    def _rows(self, texts: Sequence[str]) -> Rows:
        return self._fitted().rows(texts)

    def _asked(self, asked: Rows) -> Singles1d:
        """Return what each word of the queries counts."""
        counts = _counts(asked)
        if self.k3 is not None:
            counts = (counts * (self.k3 + 1) / (counts + self.k3)).astype(np.float32)
        left_out = self._stopped()
        return np.where(np.isin(asked.indices, left_out), np.float32(0), counts) if len(left_out) else counts

    def _stopped(self) -> Ids1d:
        """Return the columns of the stop words."""
        words = {self.normalizer(word) for word in self.stop_words}
        columns = self.vocabulary_.columns(sorted(words)) if words else np.zeros(0, np.int32)
        return columns[columns >= 0]

    def _postings(self, counted: Rows) -> tuple[Ints1d, Ids1d, Singles1d]:
        """Return (indptr, documents, weights) from the counts of each text."""
        counts = _counts(counted).astype(np.float64)  # (P,)
        text = np.repeat(np.arange(len(counted), dtype=np.int32), np.diff(counted.indptr))  # (P,)
        lengths = np.bincount(text, counts, len(counted))  # (N,)
        mean = lengths.mean() if len(lengths) and lengths.any() else 1.0
        dampened = counts + self.k1 * (1 - self.b + self.b * lengths / mean)[text]  # (P,)
        weights = (self.idf_[counted.indices] * counts / dampened).astype(np.float32)
        shape = (len(counted), counted.n_columns)
        turned = sparse.csr_array((weights, counted.indices, counted.indptr), shape=shape).tocsc()
        return turned.indptr.astype(np.int64), turned.indices.astype(np.int32), turned.data


def _counts(rows: Rows) -> Singles1d:
    assert rows.counts is not None  # since the vectorizer is not binary
    return rows.counts


def _check_postings(indptr: Ints1d, documents: Ids1d, n_texts: int) -> None:
    """Refuse postings that would be read or written beyond their ends."""
    inside = not len(documents) or (documents.min() >= 0 and documents.max() < n_texts)
    ordered = indptr[0] == 0 and indptr[-1] == len(documents) and bool((np.diff(indptr) >= 0).all())
    # Within a term documents go up; where one goes down, the next term must begin.
    down = np.flatnonzero(np.diff(documents) <= 0) + 1
    if not (inside and ordered and np.isin(down, indptr).all()):
        raise ValueError("the postings are not in order")
