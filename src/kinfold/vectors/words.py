"""A learned space after training: words, each with a vector, and what can be asked of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinfold.kernels.blocks import unit_rows
from kinfold.kernels.nearest import Ids2d
from kinfold.types import Floats2d, Ids1d, Json, Layout, Singles1d, Singles2d, State
from kinfold.vectors.analogies import Method, Side, analogy, solve
from kinfold.vectors.checks import checked_counts, checked_vectors, numbered
from kinfold.vectors.classes import Members, members
from kinfold.vectors.formats import read_vectors, write_vectors
from kinfold.vectors.formats_kept import ReadAccount
from kinfold.vectors.formats_text import Progress
from kinfold.vectors.maps import WordMap, map_words
from kinfold.vectors.neighbours import Like, Neighbours, most_similar, nearest, odd_one_out, similarity
from kinfold.vectors.ranking import Ranking, rank
from kinfold.vectors.spelling import unknown
from kinfold.vectors.stability import check_replicas
from kinfold.vectors.state import layout_of, parts_of, replicas_of, state_of
from kinfold.vectors.subwords import Subwords
from kinfold.vectors.tables import shown
from kinfold.vectors.texts import Tokenizer, Weighting, encode, text_similarity


class WordVectors:
    """Words, each with a vector.

    Parameters
    ----------
    words
        Distinct, not empty; by custom the most frequent first.
    vectors
        (V, D), one row a word, finite. float32 is kept as it is, also where it is a memory map, and never written to;
        other numbers are converted.
    counts
        (V,) how often each word was seen, where that is known.
    subwords
        What composes a vector for words that are not among `words`.

    Attributes
    ----------
    words : list of str
    vectors : (V, D) float32, read-only
    counts : (V,) int64 or None
    account : ReadAccount or None
        What became of every row of the file they were read from.

    Raises
    ------
    DataError
        D-064: words and vectors that don't go together, a word that is empty or occurs twice, a number that is not
        finite.

    Examples
    --------
    >>> vectors = WordVectors(["warm", "hot", "cold"], [[1.0, 0.1], [2.0, 0.0], [-1.0, 0.2]])
    >>> vectors.most_similar("warm", k=1).words
    ('hot',)
    """

    def __init__(
        self,
        words: Sequence[str],
        vectors: ArrayLike,
        counts: ArrayLike | None = None,
        *,
        subwords: Subwords | None = None,
    ) -> None:
        self.words = list(words)
        self._ids = numbered(self.words)
        self.vectors = checked_vectors(vectors, self.words)
        self.counts = None if counts is None else checked_counts(counts, len(self.words))
        self.subwords = subwords
        self.account: ReadAccount | None = None
        self._replicas: tuple[WordVectors, ...] = ()
        self._unit: Singles2d | None = None

    @property
    def dim(self) -> int:
        """The width of a vector."""
        return int(self.vectors.shape[1])

    @property
    def replicas(self) -> tuple[WordVectors, ...]:
        """Models of the same words, trained alike from other random numbers; set them to have answers' stability."""
        return self._replicas

    @replicas.setter
    def replicas(self, replicas: Sequence[WordVectors]) -> None:
        """Take models over, if they have the same words."""
        self._replicas = check_replicas(self.words, replicas)

    @property
    def unit(self) -> Singles2d:
        """The vectors at length 1, (V, D) float32, made on first use; a vector of zeros stays one."""
        if self._unit is None:
            self._unit = unit_rows(self.vectors)
        return self._unit

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Return whether the word has a vector of its own."""
        return word in self._ids

    def __iter__(self) -> Iterator[str]:
        """Yield the words in order."""
        return iter(self.words)

    @overload
    def __getitem__(self, words: str) -> Singles1d: ...
    @overload
    def __getitem__(self, words: Sequence[str]) -> Singles2d: ...
    def __getitem__(self, words: str | Sequence[str]) -> NDArray[np.float32]:
        """Return the vector of a word (D,), or of several (N, D); composed from its parts if there are `subwords`.

        Raises
        ------
        DataError
            D-060: a word is unknown, and nothing composes a vector for it.
        """
        if isinstance(words, str):
            return self._vector(words)
        ids = self.ids(words)
        if (ids >= 0).all():
            return self.vectors[ids]
        return np.stack([self._vector(word) for word in words])

    def __repr__(self) -> str:
        """Return how many words of which width."""
        composed = ", with subwords" if self.subwords is not None else ""
        return f"WordVectors({len(self):,} words, dim={self.dim}{composed})"

    def _repr_html_(self) -> str:
        first = ", ".join(escape(shown(word)) for word in self.words[:8])
        return f"<p><code>{escape(repr(self))}</code></p><p>{first}{', …' if len(self) > 8 else ''}</p>"

    def ids(self, words: Sequence[str]) -> Ids1d:
        """Return the row of each word, (N,) int32; -1 where it is unknown."""
        asked = [words] if isinstance(words, str) else words
        return np.fromiter((self._ids.get(word, -1) for word in asked), np.int32, len(asked))

    def id(self, word: str) -> int:
        """Return the row of a word.

        Raises
        ------
        DataError
            D-060: it is unknown; the message offers the words that are spelled most like it.
        """
        found = self._ids.get(word)
        if found is None:
            raise unknown(word, self.words)
        return found

    def similarity(self, left: str, right: str) -> float:
        """Return the cosine of two words' vectors; 0 where one is a vector of zeros."""
        return similarity(self, left, right)

    def most_similar(
        self, like: Like, unlike: Like = (), k: int = 10, *, among: Sequence[str] | None = None
    ) -> Neighbours:
        """Return the words whose vectors point most nearly the same way.

        Parameters
        ----------
        like
            A word, several words (the mean of their directions), or a vector (D,).
        unlike
            The same; their directions are taken away.
        k
            How many words; fewer where there are no more.
        among
            The words to choose from; default all.

        Returns
        -------
        Neighbours
            Cosines, highest first, ties in the order of the words. Words asked with are never answers, nor are words
            whose vector is zero.

        Raises
        ------
        DataError
            D-060: a word is unknown. D-062: what is asked for has no direction.
        """
        return most_similar(self, like, unlike, k, among)

    def nearest(
        self, queries: ArrayLike | Sequence[str], k: int = 10, *, n_threads: int | None = None
    ) -> tuple[Ids2d, Singles2d]:
        """Return the nearest words of many queries: exact, in bounded memory, whatever the number of either.

        Parameters
        ----------
        queries
            N words, each of which is left out of its own answer, or vectors (N, D).
        k
            How many; fewer where there are no more.
        n_threads
            Threads that choose among the cosines; None for one a processor. The cosines themselves are numpy's matrix
            product, which has threads of its own. The result is the same for any number.

        Returns
        -------
        ids : (N, K) int32
            Rows of the nearest words, nearest first, ties in the order of the words.
        cosines : (N, K) float32

        Raises
        ------
        DataError
            D-060: a word is unknown. D-062: a query is zero or not finite. D-064: queries of another width.
        """
        return nearest(self, queries, k, n_threads)

    def analogy(self, a: Side, b: Side, c: Side, k: int = 10, *, method: Method = "add") -> Neighbours:
        """Return what is to `c` as `b` is to `a`: man, woman, king gives queen.

        Parameters
        ----------
        a, b, c
            One word, or several that stand for the same (the mean of their directions).
        k
            How many answers; the words asked with are never among them.
        method
            ``"add"``: the words nearest to b - a + c (3CosAdd). ``"mul"``: the highest product of nearness to b and c
            over nearness to a (3CosMul), which lets no one of the three outweigh the others.

        Notes
        -----
        Levy and Goldberg, Linguistic Regularities in Sparse and Explicit Word Representations, CoNLL 2014.
        """
        return analogy(self, a, b, c, k, method)

    def solve_analogies(
        self,
        a_ids: ArrayLike,
        b_ids: ArrayLike,
        c_ids: ArrayLike,
        *,
        restrict: int | None = None,
        method: Method = "add",
        n_threads: int | None = None,
    ) -> Ids1d:
        """Answer N analogies of rows, for an evaluation; see `kinfold.vectors.analogies.solve`."""
        return solve(self.unit, a_ids, b_ids, c_ids, restrict, method, n_threads)

    def odd_one_out(self, words: Sequence[str]) -> str:
        """Return the word whose direction differs most from the mean direction of the others; the first if tied."""
        return odd_one_out(self, words)

    def encode(
        self,
        texts: Sequence[str],
        *,
        weighting: Weighting = "idf",
        tokenizer: Tokenizer | None = None,
        common: ArrayLike | None = None,
    ) -> Singles2d:
        """Return a vector for each text: the weighted mean of its words' vectors.

        Parameters
        ----------
        texts
            N texts. One that is empty, or has no known word, becomes zeros.
        weighting
            ``"mean"``: every word counts the same. ``"idf"``: a rare word counts more, log(1 + 1 / p), where p is its
            share of all words by `counts`; without counts the words are taken to stand in the order of their frequency
            and to follow Zipf's law. ``"sif"``: a / (a + p) with a = 0.001, then what all the texts have in common,
            their first principal component, is taken away, so that the vectors depend on the texts given together.
        tokenizer
            Text -> words. Default: runs of letters, digits and apostrophes, as written if known so, else lower-cased.
        common
            For ``"sif"``, the direction (D,) to take away in place of the texts' own, so that texts that come later
            are treated alike: from `kinfold.vectors.texts.common_direction`.

        Returns
        -------
        encoded : (N, D) float32

        Notes
        -----
        Arora, Liang and Ma, A Simple but Tough-to-Beat Baseline for Sentence Embeddings, ICLR 2017.
        """
        return encode(self, texts, weighting, tokenizer, common)

    def text_similarity(
        self,
        left: Sequence[str],
        right: Sequence[str],
        *,
        weighting: Weighting = "idf",
        tokenizer: Tokenizer | None = None,
        common: ArrayLike | None = None,
    ) -> Singles1d:
        """Return the cosine of each text on the left with the one beside it on the right.

        Parameters
        ----------
        left, right
            N texts each.
        weighting, tokenizer, common
            As in `encode`; what ``"sif"`` takes away is what all the texts of both sides have in common.

        Returns
        -------
        cosines : (N,) float32
            0 where a text is empty, or has no known word.
        """
        return text_similarity(self, left, right, weighting, tokenizer, common)

    def members(self, like: str | Sequence[str], unlike: str | Sequence[str] = (), **options: Any) -> Members:
        """Return all words of a class of which `like` names some; options as in `kinfold.vectors.classes.members`."""
        return members(self, like, unlike, **options)

    def rank(self, query: Like, among: Sequence[str], **options: Any) -> Ranking:
        """Return words by their likeness to a query; options as in `kinfold.vectors.ranking.rank`."""
        return rank(self, query, among, **options)

    def map(self, words: Sequence[str] | None = None, **options: Any) -> WordMap:
        """Return words on a plane, those alike near one another; options as in `kinfold.vectors.maps.map_words`."""
        return map_words(self, words, **options)

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Read a vector file of another program; parameters and errors as in `kinfold.vectors.formats.read_vectors`.

        What became of every row of the file is in `account`.
        """
        file = read_vectors(path, format=format, limit=limit, progress=progress)
        vectors = cls(file.words, file.vectors)
        vectors.account = file.account
        return vectors

    def write(self, path: str | os.PathLike[str], *, format: str | None = None) -> None:
        """Write a file that other programs read; see `kinfold.vectors.formats.write_vectors`."""
        write_vectors(self, path, format=format)

    def __sklearn_clone__(self) -> WordVectors:
        """Return these: an estimator's copy starts from the same vectors."""
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return nothing: all there is to word vectors is learned; `deep` changes nothing."""
        return {}

    def get_state(self) -> State:
        """Return the words and all that is known of them as a model folder holds it."""
        return state_of(self)

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return the word vectors that a model folder holds; there are no parameters."""
        made = cls(**params, **parts_of(state))
        made.replicas = tuple(cls(made.words, table, made.counts) for table in replicas_of(state))
        return made

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that go with these values and so many words."""
        return layout_of(values, vocabulary_sizes)

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the mean vector of the words of each text (N, D)."""
        return self.encode(texts, weighting="mean").astype(np.float64)

    def _vector(self, word: str) -> Singles1d:
        if self.subwords is not None and word not in self._ids:
            return np.asarray(self.subwords.vector(word), np.float32)
        return np.array(self.vectors[self.id(word)])
