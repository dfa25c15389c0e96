"""Any scorer of texts and one text in; what the score loses without each part of the text out.

Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014, for pictures; Li, Monroe and
Jurafsky, Understanding neural networks through representation erasure, 2016, for words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Protocol

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.explain.explanation import Contribution, Explanation
from kinfold.types import Array, Floats2d

#: Texts -> the log-odds of each label against all others, (N, C).
Scorer = Callable[[list[str]], Floats2d]
#: Parts of a text that are left out, at most; beyond, a part is a run of several tokens.
MAX_PARTS = 256
#: Characters that may be scored in all, and at a time: a text of 10 MB is not scored 256 times.
MAX_CHARACTERS, BATCH_CHARACTERS = 50_000_000, 4_000_000
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


def occlude(
    score: Scorer,
    text: str,
    tokenizer: Cutter,
    classes: Sequence[str],
    label: str | None = None,
    *,
    max_parts: int = MAX_PARTS,
) -> Explanation:
    """Return by how much the score of a label drops without each token of a text.

    Parameters
    ----------
    score
        Log-odds of each label against all others: `one_against_others` makes them of a softmax's scores. It is called
        once, or for long texts a few times, with the text, the empty text, and the variants.
    text
        The text.
    tokenizer
        What the parts are: words to read, also where the model reads characters.
    classes, label
        The labels in the order of the columns; the one to explain, by default the likeliest.
    max_parts
        A text of more tokens is cut into so many runs of equally many tokens at most, and each run is left out whole;
        a text so long that scoring it so often would take more than `MAX_CHARACTERS` characters, into fewer.

    Returns
    -------
    explanation : Explanation
        Of kind ``"occlusion"``: its weights need not add up to the score, and its `remainder` says what is missing.

    Raises
    ------
    InvalidParameterError
        There is no such label.
    """
    if label is not None and label not in classes:
        known = ", ".join(map(repr, classes[:20]))
        raise InvalidParameterError("That is no label of this model.", seen=repr(label), fix=f"One of {known}.")
    cut = tokenizer.cut([text])
    read = cut.data.removesuffix(b"\0").decode()
    runs = _runs(_characters(cut), len(read), max_parts)
    # What the model scores is the text as given; the variants differ from the text as it was read.
    given, empty, whole, *without = _score(score, [text, "", read], read, runs)
    place = int(np.argmax(given)) if label is None else classes.index(label)
    parts = [
        Contribution(read[start:end], float(whole[place] - row[place]), ((start, end),))
        for (start, end), row in zip(runs, without, strict=True)
    ]
    parts.sort(key=lambda part: -abs(part.weight))
    log_odds = float(given[place])
    probability = float(0.5 * (1.0 + np.tanh(0.5 * log_odds)))
    return Explanation(read, classes[place], probability, log_odds, float(empty[place]), tuple(parts), "occlusion")


def one_against_others(scores: Floats2d) -> Floats2d:
    """Return the log-odds of each class against all others, (N, C), of scores (N, C) that a softmax would take.

    They lose nothing where a probability is near 1, as those made of probabilities do.
    """
    scores = np.asarray(scores, np.float64)
    n_classes = scores.shape[1]
    out = np.empty_like(scores)
    for c in range(n_classes):
        others = np.delete(scores, c, axis=1)  # (N, C - 1)
        high = others.max(axis=1, keepdims=True)
        out[:, c] = scores[:, c] - high[:, 0] - np.log(np.exp(others - high).sum(axis=1))
    return out


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


def _score(score: Scorer, first: list[str], read: str, runs: list[tuple[int, int]]) -> list[Array]:
    """Return the scores, (C,) each, of some texts and of a text without each of its parts."""
    step = max(1, BATCH_CHARACTERS // max(1, len(read)))
    variants = chain(first, (_without(read, start, end) for start, end in runs))
    rows: list[Array] = []
    while batch := list(islice(variants, step)):
        scores = np.asarray(score(batch), np.float64)
        if scores.ndim != 2 or len(scores) != len(batch):
            raise InvalidParameterError(
                "A scorer gives one row of log-odds a text.", seen=f"{scores.shape} for {len(batch)} texts"
            )
        rows += list(scores)
    return rows


def _without(text: str, start: int, end: int) -> str:
    """Return the text without a part, words before and after it no closer to one another than they were."""
    before, after = text[:start], text[end:]
    if (not before or before[-1].isspace()) and after[:1].isspace():
        return before + after[1:]
    if not after and before[-1:].isspace():
        return before[:-1]
    parted = bool(before and after) and not before[-1].isspace() and not after[0].isspace()
    letters = parted and before[-1].isalnum() and after[0].isalnum() and not text[start:end].isalnum()
    return f"{before} {after}" if letters else before + after
