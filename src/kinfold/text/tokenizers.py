"""Tokenizers: one text -> its tokens and where they stand; words of any script, or characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from kinfold.kernels.scan import WORD, split_characters, tokenize_all
from kinfold.text.characters import character_classes
from kinfold.text.normalize import Normalizer, check_texts, to_buffer
from kinfold.types import Array, Ints1d, Keys1d


@dataclass(frozen=True)
class Cut:
    """Texts cut into tokens.

    Parameters
    ----------
    data
        The normalised texts as UTF-8, back to back.
    indptr
        (N + 1,) int64: text `i` has tokens ``indptr[i]`` to ``indptr[i + 1] - 1``.
    spans
        (T, 3) int64: token `k` is ``data[spans[k, 0]:spans[k, 1]]``; the last column is its class.
    hashes
        (T,) uint64, equal for equal tokens.
    """

    data: bytes
    indptr: Ints1d
    spans: Array
    hashes: Keys1d

    def tokens(self) -> list[list[str]]:
        """Return each text's tokens."""
        named = [self.data[a:b].decode() for a, b, _ in self.spans.tolist()]
        return [named[a:b] for a, b in pairwise(self.indptr.tolist())]


class Tokenizer(Protocol):
    """What a vectorizer needs of a tokenizer."""

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""

    def cut(self, texts: Sequence[str]) -> Cut:
        """Return the tokens of many texts as arrays."""

    def join(self, tokens: Sequence[str]) -> str:
        """Return the text that has these tokens."""


@dataclass(frozen=True)
class WordTokenizer:
    """Cuts text into words and symbols, for any script.

    A word is a run of letters, numbers, underscores and their marks; an apostrophe inside it is part of it. Every
    other visible character is a token, with the marks and joiners that belong to it: an emoji stays whole. In scripts
    written without spaces (Chinese, Japanese, Thai, ...) each character is a token.

    Parameters
    ----------
    normalizer
        What is done to the text first.
    symbols
        Keep tokens that are no words.
    spaces
        Keep white space, but for a single blank between two words: `join` then gives back the normalised text exactly.

    Examples
    --------
    >>> WordTokenizer()("Don't stop, café!")
    ["don't", 'stop', ',', 'café', '!']
    """

    normalizer: Normalizer = field(default_factory=Normalizer)
    symbols: bool = True
    spaces: bool = False

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return self.all([text])[0]

    def all(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the tokens of many texts."""
        return self.cut(texts).tokens()

    def cut(self, texts: Sequence[str]) -> Cut:
        """Return the tokens of many texts as arrays."""
        buf, offsets = to_buffer(texts, self.normalizer)
        return Cut(buf.tobytes(), *tokenize_all(buf, offsets, character_classes(), self.symbols, self.spaces))

    def join(self, tokens: Sequence[str]) -> str:
        """Return the text that has these tokens: words that follow one another get a blank between them."""
        pieces: list[str] = []
        was_word = False
        for token in tokens:
            is_word = bool(token) and character_classes()[ord(token[0])] == WORD
            pieces.append(f" {token}" if was_word and is_word else token)
            was_word = is_word
        return "".join(pieces)


@dataclass(frozen=True)
class CharacterTokenizer:
    """Cuts text into its code points; never inside one."""

    normalizer: Normalizer = field(default_factory=Normalizer)

    def __call__(self, text: str) -> list[str]:
        """Return the characters of a text."""
        return self.all([text])[0]

    def all(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the characters of many texts."""
        return [list(self.normalizer(text)) for text in check_texts(texts)]

    def cut(self, texts: Sequence[str]) -> Cut:
        """Return the characters of many texts as arrays."""
        buf, offsets = to_buffer(texts, self.normalizer)
        return Cut(buf.tobytes(), *split_characters(buf, offsets))

    def join(self, tokens: Sequence[str]) -> str:
        """Return the text that has these characters."""
        return "".join(tokens)
