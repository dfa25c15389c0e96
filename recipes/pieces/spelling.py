"""Texts in, vectors out: character n-grams, hashed and weighted by how rare they are, beside what a model makes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

import kinfold as kf

#: Columns that n-grams are counted in before they are projected.
_BITS = 20


class Spelled:
    """Vectors in which words that are spelled alike are near, known or not, and what a model has learned counts too.

    Parameters
    ----------
    model
        What has ``encode(texts) -> (n, D)``.
    texts
        In how many of them an n-gram stands says what it counts for.
    share
        Of the cosine of two vectors, from 0 to 1: how much of it is the model's.
    dim
        Numbers for the spelling.

    Notes
    -----
    Weinberger et al. (2009), "Feature hashing for large scale multitask learning": with random signs the product of two
    hashed vectors is that of the counts, on average.
    """

    def __init__(self, model: kf.PairMatcher, texts: Sequence[str], share: float, dim: int) -> None:
        self.model, self.share = model, share
        self.counter = kf.NGramVectorizer(unit="character", orders=(4, 4), min_df=1, n_bits=_BITS)
        self.counter.fit(texts)
        rng, n = np.random.default_rng(0), 1 << _BITS
        rarity = np.log((1 + len(texts)) / (1 + self.counter.document_frequency_)) + 1
        signed = rarity * rng.choice([-1.0, 1.0], n)
        self.projection = sparse.csr_array((signed, (np.arange(n), rng.integers(0, dim, n))), shape=(n, dim))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector a text (n, dim + D)."""
        counts = self.counter.transform(texts).astype(np.float64)
        counts.data = 1 + np.log(counts.data)
        spelled = (counts @ self.projection).toarray()  # (n, dim)
        parts = (1 - self.share, spelled), (self.share, self.model.encode(texts))
        return np.concatenate([weight**0.5 * _unit(vectors) for weight, vectors in parts], axis=1)


class Remembered:
    """An encoder that makes the vector of each text once."""

    def __init__(self, model: Spelled | kf.PairMatcher) -> None:
        self.model = model
        self.known: dict[str, np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector a text (n, D)."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            self.known.update(zip(new, self.model.encode(new), strict=True))
        return np.stack([self.known[text] for text in texts])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
