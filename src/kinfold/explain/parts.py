"""A text -> the parts of it that are left out to see what they count for, and the text without one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from kinfold.types import Array

#: Parts of a text that are left out, at most; beyond, a part is a run of several tokens.
MAX_PARTS = 256
#: Characters that may be scored in all: a text of 10 MB is not scored 256 times.
MAX_CHARACTERS = 50_000_000
#: A text however long is left at least so many parts.
_FEW = 4


class Pieces(Protocol):
    """A text cut into tokens: see `kinfold.text.tokenizers.Cut`."""

    @property
    def data(self) -> bytes:
        """The normalised text as UTF-8; a NUL may end it."""

    @property
    def spans(self) -> Array:
        """Return (T, 3) int64: where in `data` each token stands."""


class Cutter(Protocol):
    """What is needed of a tokenizer: see `kinfold.text.tokenizers.Tokenizer`."""

    def cut(self, texts: Sequence[str]) -> Pieces:
        """Return where the tokens of the texts stand."""


def parts_of(text: str, tokenizer: Cutter, max_parts: int = MAX_PARTS) -> tuple[str, list[tuple[int, int]]]:
    """Return the text as the tokenizer reads it, and where in it the parts stand, (start, end) in characters.

    A part is a token; of a text of more than `max_parts`, or one so long that to score it so often would take more than
    `MAX_CHARACTERS` characters, a run of equally many tokens.
    """
    cut = tokenizer.cut([text])
    read = cut.data.removesuffix(b"\0").decode()
    return read, _runs(_characters(cut), len(read), max_parts)


def without(text: str, start: int, end: int) -> str:
    """Return the text without a part, words before and after it no closer to one another than they were."""
    before, after = text[:start], text[end:]
    if (not before or before[-1].isspace()) and after[:1].isspace():
        return before + after[1:]
    if not after and before[-1:].isspace():
        return before[:-1]
    parted = bool(before and after) and not before[-1].isspace() and not after[0].isspace()
    letters = parted and before[-1].isalnum() and after[0].isalnum() and not text[start:end].isalnum()
    return f"{before} {after}" if letters else before + after


def _characters(cut: Pieces) -> list[tuple[int, int]]:
    """Return where the tokens stand, counted in characters."""
    data = np.frombuffer(cut.data, np.uint8)
    begins = (data & 0xC0) != 0x80  # a byte that goes on with a character begins none
    before = np.concatenate([[0], np.cumsum(begins)])
    spans = np.asarray(cut.spans, np.int64)[:, :2]
    return [(start, end) for start, end in before[spans].tolist() if start < end]


def _runs(tokens: list[tuple[int, int]], length: int, max_parts: int) -> list[tuple[int, int]]:
    """Return the parts to leave out: tokens, or runs of them where there are many."""
    most = max(_FEW, min(max_parts, MAX_CHARACTERS // max(1, length)))
    size = max(1, math.ceil(len(tokens) / most))
    return [(tokens[i][0], tokens[min(i + size, len(tokens)) - 1][1]) for i in range(0, len(tokens), size)]
