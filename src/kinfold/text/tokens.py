"""Texts -> ids of their tokens, in order, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from kinfold.errors import NotFittedError
from kinfold.text.normalize import check_texts
from kinfold.text.tokenizers import Cut, Tokenizer, WordTokenizer
from kinfold.text.vocabulary import Vocabulary
from kinfold.types import Ids1d

#: Texts cut at a time, and their characters where they are long; bounds the memory of their tokens.
_BATCH, _BATCH_CHARACTERS = 4096, 1 << 22


class TokenVectorizer:
    """Turns texts into the ids of their tokens.

    Parameters
    ----------
    tokenizer
        `WordTokenizer`, `CharacterTokenizer` or another one; None for words and symbols with their white space kept,
        so that `inverse_transform` gives a text of known tokens back as the tokenizer's normaliser left it.
    min_count
        Leave out tokens that occur less often in the texts fitted.
    max_size
        Keep only that many tokens, the most frequent.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        Token <-> id.

    Examples
    --------
    >>> vectorizer = TokenVectorizer().fit(["a cat, a dog"])
    >>> ids = vectorizer.transform(["a dog, a cat"])
    >>> vectorizer.inverse_transform(ids)
    ['a dog, a cat']
    """

    def __init__(self, *, tokenizer: Tokenizer | None = None, min_count: int = 1, max_size: int | None = None) -> None:
        self.tokenizer = tokenizer
        self.min_count = min_count
        self.max_size = max_size

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn the tokens of `texts`."""
        counts: Counter[str] = Counter()
        for cut in self._cuts(texts):
            _, first, how_often = np.unique(cut.hashes, return_index=True, return_counts=True)
            spans = cut.spans[first, :2].tolist()
            counts.update({cut.data[a:b].decode(): n for (a, b), n in zip(spans, how_often.tolist(), strict=True)})
        self.vocabulary_ = Vocabulary.from_counts(counts, min_count=self.min_count, max_size=self.max_size)
        return self

    def transform(self, texts: Sequence[str]) -> list[Ids1d]:
        """Return the ids of each text's tokens, int32 arrays; an unknown token is `UNK`."""
        vocabulary = self._vocabulary()
        out: list[Ids1d] = []
        for cut in self._cuts(texts):
            ids = vocabulary.ids_of_keys(cut.hashes)
            out += [ids[a:b] for a, b in pairwise(cut.indptr.tolist())]
        return out

    def fit_transform(self, texts: Sequence[str]) -> list[Ids1d]:
        """Learn the tokens of `texts` and return their ids."""
        return self.fit(texts).transform(texts)

    def inverse_transform(self, ids: Sequence[ArrayLike]) -> list[str]:
        """Return the text of each sequence of ids."""
        vocabulary, tokenizer = self._vocabulary(), self._tokenizer()
        return [tokenizer.join(vocabulary.tokens(of_text)) for of_text in ids]

    def _cuts(self, texts: Sequence[str]) -> Iterator[Cut]:
        listed, tokenizer = check_texts(texts), self._tokenizer()
        first, size = 0, 0
        for i, text in enumerate(listed):
            if i > first and (i - first == _BATCH or size + len(text) > _BATCH_CHARACTERS):
                yield tokenizer.cut(listed[first:i])
                first, size = i, 0
            size += len(text)
        yield tokenizer.cut(listed[first:])

    def _tokenizer(self) -> Tokenizer:
        return WordTokenizer(spaces=True) if self.tokenizer is None else self.tokenizer

    def _vocabulary(self) -> Vocabulary:
        if not hasattr(self, "vocabulary_"):
            raise NotFittedError("This vectorizer has learned no tokens yet.", fix="Call fit first.")
        return self.vocabulary_
