"""Word vectors from elsewhere -> the rows of a net's table that start from them."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TypeAlias

import numpy as np

from kinfold.errors import DataError
from kinfold.text.vocabulary import Vocabulary
from kinfold.types import Singles2d
from kinfold.vectors.formats import read_vectors
from kinfold.vectors.words import WordVectors

#: A file of word vectors, or vectors in memory.
Embedding: TypeAlias = str | PathLike[str] | WordVectors


class Given:
    """Word vectors that a net may start from.

    Parameters
    ----------
    source
        What was given.
    n_more
        How many words of it that are not in the training text get an id as well.
    """

    def __init__(self, source: Embedding, n_more: int) -> None:
        if not isinstance(source, WordVectors):
            read = read_vectors(source)
            source = WordVectors(read.words, read.vectors)
        self.vectors, self.n_more = source, n_more

    def more(self, words: Sequence[str]) -> list[str]:
        """Return the first words of the vectors that are not among `words`, `n_more` of them at most."""
        known = set(words)
        found: list[str] = []
        for word in self.vectors.words:
            if len(found) == self.n_more:
                break
            if word not in known and "\0" not in word:
                found.append(word)
        return found

    def table(self, vocabulary: Vocabulary) -> tuple[Singles2d, int]:
        """Return one row for each id (V, D), NaN where there is no vector, and for how many there is one.

        Words are looked up as they stand in the vocabulary; vectors that compose words from parts compose those.

        Raises
        ------
        DataError
            D-096: there is a vector for none.
        """
        tokens = vocabulary.tokens(np.arange(3, len(vocabulary)))
        table = np.full((len(vocabulary), self.vectors.dim), np.nan, np.float32)
        ids = self.vectors.ids(tokens)
        known = np.flatnonzero(ids >= 0)
        table[known + 3] = self.vectors.vectors[ids[known]]
        if self.vectors.subwords is not None:
            for place in np.flatnonzero(ids < 0).tolist():
                table[place + 3] = self._composed(tokens[place])
        n_found = int(np.isfinite(table[:, 0]).sum())
        if n_found == 0:
            raise DataError(
                "Not one token of the texts has a vector.",
                seen=f"{len(tokens):,} tokens such as {tokens[:3]}, {len(self.vectors):,} words such as "
                f"{self.vectors.words[:3]}",
                fix="Vectors of the same language and case, or lowercase=False.",
                code="D-096",
            )
        return table, n_found

    def _composed(self, word: str) -> Singles2d | float:
        try:
            return self.vectors[[word]][0]
        except DataError:
            return np.nan
