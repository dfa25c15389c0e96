"""Texts -> the design matrix of a linear model: blocks of n-grams side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinfold.text.ngrams import NGramVectorizer, batches
from kinfold.text.normalize import check_texts, to_buffer
from kinfold.text.rows import Rows
from kinfold.types import Array, Ids1d, Ints1d


@dataclass(frozen=True)
class Design:
    """A sparse binary matrix (N, F) in B blocks of columns.

    Parameters
    ----------
    bounds
        (N, B, 2) int64: the columns of row `i` in block `b` are ``indices[bounds[i, b, 0]:bounds[i, b, 1]]``.
    indices
        (K,) int32.
    n_columns
        F.
    """

    bounds: Array
    indices: Ids1d
    n_columns: int

    def __len__(self) -> int:
        """Return N."""
        return len(self.bounds)

    def take(self, rows: Ints1d) -> Design:
        """Return some rows, sharing the columns' memory."""
        return Design(self.bounds[rows], self.indices, self.n_columns)

    def known(self) -> Ints1d:
        """Return how many columns each row has, shape (N,)."""
        return (self.bounds[:, :, 1] - self.bounds[:, :, 0]).sum(axis=1)


def beside(blocks: Sequence[Rows]) -> Design:
    """Return the blocks side by side."""
    first_column = np.cumsum([0] + [block.n_columns for block in blocks])
    first_index = np.cumsum([0] + [len(block.indices) for block in blocks])
    bounds = np.empty((len(blocks[0]), len(blocks), 2), np.int64)
    for b, block in enumerate(blocks):
        bounds[:, b, 0] = block.indptr[:-1] + first_index[b]
        bounds[:, b, 1] = block.indptr[1:] + first_index[b]
    shifted = [block.indices + np.int32(start) for block, start in zip(blocks, first_column, strict=False)]
    return Design(bounds, np.concatenate(shifted), int(first_column[-1]))


def below(parts: Sequence[Design]) -> Design:
    """Return the rows of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    first_index = np.cumsum([0] + [len(part.indices) for part in parts])
    bounds = np.concatenate([part.bounds + start for part, start in zip(parts, first_index, strict=False)])
    return Design(bounds, np.concatenate([part.indices for part in parts]), parts[0].n_columns)


class NGramFeatures:
    """Several n-gram vectorizers over the same texts, with one normalizer.

    Parameters
    ----------
    vectorizers
        By name, in the order of their blocks.
    """

    def __init__(self, vectorizers: dict[str, NGramVectorizer]) -> None:
        self.vectorizers = vectorizers

    @property
    def sizes(self) -> dict[str, int]:
        """Columns of each block."""
        return {name: vectorizer.n_columns for name, vectorizer in self.vectorizers.items()}

    @property
    def document_frequency(self) -> Ids1d:
        """In how many fitted texts each column occurs, shape (F,) int32."""
        return np.concatenate([vectorizer.document_frequency_ for vectorizer in self.vectorizers.values()])

    def fit(self, texts: Sequence[str]) -> Design:
        """Learn the n-grams of `texts` and return their design matrix; raise DataError if no block has any."""
        blocks = [vectorizer.fit_rows(texts) for vectorizer in self.vectorizers.values()]
        if not any(len(block.indices) for block in blocks):
            raise next(iter(self.vectorizers.values())).nothing_left(texts)
        return beside(blocks)

    def design(self, texts: Sequence[str]) -> Design:
        """Return the design matrix of texts; columns of a block come in the order they first occur."""
        vectorizers = list(self.vectorizers.values())
        parts = []
        for batch in batches(check_texts(texts)):
            buf, offsets = to_buffer(batch, vectorizers[0].normalizer)
            parts.append(beside([part.rows_in(buf, offsets, sort=False) for part in vectorizers]))
        return below(parts)

    def extend(self, texts: Sequence[str]) -> dict[str, int]:
        """Learn the n-grams of more texts; return how many columns each block gained at its end."""
        return {name: vectorizer.extend(texts) for name, vectorizer in self.vectorizers.items()}

    def name(self, column: int) -> str:
        """Return the n-gram of a column."""
        for vectorizer in self.vectorizers.values():
            if column < vectorizer.n_columns:
                return vectorizer.name(column)
            column -= vectorizer.n_columns
        raise IndexError(column)


def inserted(old_sizes: dict[str, int], added: dict[str, int]) -> Ints1d:
    """Return where each old column stands after every block gained columns at its end, shape (F before,)."""
    moved, start = [], 0
    for name, size in old_sizes.items():
        moved.append(np.arange(start, start + size))
        start += size + added[name]
    return np.concatenate(moved)
