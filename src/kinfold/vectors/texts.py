"""Texts in, the weighted mean of their words' vectors out.

A text's vector depends neither on the order of its words nor on the texts beside it, but for ``"sif"``, which takes
away what all the texts have in common.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from kinfold.errors import DataError, InvalidParameterError
from kinfold.types import Floats1d, Ids1d, Singles1d, Singles2d

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

Weighting: TypeAlias = Literal["idf", "sif", "mean"]
WEIGHTINGS: tuple[Weighting, ...] = ("idf", "sif", "mean")
#: Text -> its words.
Tokenizer: TypeAlias = Callable[[str], Iterable[str]]
#: The a of a / (a + p), as in the paper.
SMOOTHING = 1e-3
#: Rows read from the table, or texts gone through, at a time.
_BLOCK = 4096
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def encode(
    vectors: WordVectors,
    texts: Sequence[str],
    weighting: Weighting = "idf",
    tokenizer: Tokenizer | None = None,
    common: ArrayLike | None = None,
) -> Singles2d:
    """Return a vector for each text (N, D); see `WordVectors.encode`."""
    _check_weighting(weighting, common)
    out = _means(vectors, _checked_texts(texts), weighting, tokenizer)
    if weighting == "sif":
        _take_away(out, _first_direction(out) if common is None else _checked_direction(common, vectors.dim))
    return out


def text_similarity(
    vectors: WordVectors,
    left: Sequence[str],
    right: Sequence[str],
    weighting: Weighting = "idf",
    tokenizer: Tokenizer | None = None,
    common: ArrayLike | None = None,
) -> Singles1d:
    """Return the cosine of each pair of texts (N,); see `WordVectors.text_similarity`."""
    first, second = _checked_texts(left), _checked_texts(right)
    if len(first) != len(second):
        raise DataError(
            "There must be as many texts on the left as on the right.",
            seen=f"{len(first):,} and {len(second):,}",
            code="E-002",
        )
    encoded = encode(vectors, [*first, *second], weighting, tokenizer, common).astype(np.float64)  # (2 N, D)
    lefts, rights = encoded[: len(first)], encoded[len(first) :]  # (N, D)
    lengths = np.linalg.norm(lefts, axis=1) * np.linalg.norm(rights, axis=1)  # (N,)
    cosines = np.divide((lefts * rights).sum(axis=1), lengths, out=np.zeros(len(first)), where=lengths > 0)
    return np.clip(cosines, -1, 1).astype(np.float32)


def common_direction(vectors: WordVectors, texts: Sequence[str], tokenizer: Tokenizer | None = None) -> Floats1d:
    """Return what texts have in common: the direction that ``encode(..., weighting="sif")`` takes away from them.

    Hand it on as `common` for texts that come later, or one at a time.

    Parameters
    ----------
    vectors
        The vectors of words.
    texts
        Two or more that share no more than all texts do.
    tokenizer
        As in `WordVectors.encode`.

    Returns
    -------
    direction : (D,) float64
        Of length 1: the first principal component, about zero, of the weighted means.
    """
    return _first_direction(_means(vectors, _checked_texts(texts), "sif", tokenizer))


def _means(vectors: WordVectors, texts: Sequence[str], weighting: Weighting, tokenizer: Tokenizer | None) -> Singles2d:
    """Return the weighted mean of the vectors of each text's words (N, D); zero where none is known."""
    chances = _Chances(vectors)
    out = np.zeros((len(texts), vectors.dim), np.float32)
    for i, text in enumerate(texts):
        counted = Counter(_known_case(vectors, text) if tokenizer is None else tokenizer(text))
        words = sorted(counted)  # so that no order of words changes the last digits of a sum
        if vectors.subwords is None:
            words = [word for word in words if word in vectors]
        if not words:
            continue
        times = np.array([counted[word] for word in words], np.float64)  # (words,)
        weights = times * _weights(chances.of(vectors.ids(words)), weighting)
        total = np.zeros(vectors.dim)  # (D,)
        for first in range(0, len(words), _BLOCK):
            part = slice(first, first + _BLOCK)
            total += weights[part] @ vectors[words[part]].astype(np.float64)
        # The paper divides by the number of words, the others by what their weights add up to.
        out[i] = total / (times.sum() if weighting == "sif" else weights.sum())
    return out


def _known_case(vectors: WordVectors, text: str) -> list[str]:
    """Return the words of a text, each as it is written if it is known so, else lower-cased."""
    return [word if word in vectors else word.lower() for word in _WORD.findall(text)]


class _Chances:
    """How likely each word is to be the next in running text.

    By the counts; without them by Zipf's law, as though the words stood in the order of their frequency, as those of
    vector files do. A word that was never counted is as likely as one that was counted once, or as the last one.
    """

    def __init__(self, vectors: WordVectors) -> None:
        self._counts = vectors.counts
        self._n = len(vectors)
        zipf = 1 / np.arange(1, self._n + 1, dtype=np.float64)  # (V,)
        self._total = float(max(1, self._counts.sum()) if self._counts is not None else zipf.sum())

    def of(self, ids: Ids1d) -> Floats1d:
        """Return the chance of each id (N,); -1 is an unknown word."""
        if self._counts is not None:
            counts = np.where(ids < 0, 1, np.maximum(self._counts[ids], 1))
            return np.minimum(counts / self._total, 1)
        return 1 / (np.where(ids < 0, self._n, ids + 1.0) * self._total)


def _weights(chances: Floats1d, weighting: Weighting) -> Floats1d:
    """Return what each word counts (N,), by its chance."""
    if weighting == "idf":
        return np.log1p(1 / chances)
    if weighting == "sif":
        return SMOOTHING / (SMOOTHING + chances)
    return np.ones(len(chances))


def _first_direction(means: Singles2d) -> Floats1d:
    """Return the first principal component (D,), about zero, of texts (N, D)."""
    products = np.zeros((means.shape[1], means.shape[1]))
    n_texts = 0
    for first in range(0, len(means), _BLOCK):
        block = means[first : first + _BLOCK].astype(np.float64)
        products += block.T @ block  # (D, D)
        n_texts += int(block.any(axis=1).sum())
    if n_texts == 1:
        raise DataError(
            "SIF takes away what texts have in common, and of one text that is all.",
            fix="encode several texts at once, or give `common=common_direction(vectors, texts)` of others",
            code="D-064",
        )
    return np.linalg.eigh(products)[1][:, -1]


def _take_away(means: Singles2d, direction: Floats1d) -> None:
    """Make texts (N, D) orthogonal to a direction (D,), in place."""
    for first in range(0, len(means), _BLOCK):
        block = means[first : first + _BLOCK].astype(np.float64)
        along = (block * direction).sum(axis=1, keepdims=True)  # (N, 1); row by row, the same in any block
        means[first : first + _BLOCK] = block - along * direction


def _checked_direction(common: ArrayLike, dim: int) -> Floats1d:
    direction = np.asarray(common, np.float64)
    length = np.linalg.norm(direction)
    if direction.shape != (dim,) or not np.isfinite(length) or not length:
        raise DataError(f"`common` must be a direction of shape ({dim},).", seen=str(direction.shape), code="D-064")
    return direction / length


def _checked_texts(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise DataError("Give a list of texts.", seen="one text", fix="put it in brackets: [text]", code="D-064")
    given = list(texts)
    for i, text in enumerate(given):
        if not isinstance(text, str):
            raise DataError(
                f"Text {i:,} is no text.", seen=repr(text)[:60], fix="leave it out, or give ''", code="D-064"
            )
    return given


def _check_weighting(weighting: str, common: ArrayLike | None) -> None:
    if weighting not in WEIGHTINGS:
        fix = f"One of {', '.join(WEIGHTINGS)}."
        raise InvalidParameterError("There is no weighting of that name.", seen=repr(weighting), fix=fix, code="P-023")
    if common is not None and weighting != "sif":
        raise InvalidParameterError(
            "Only SIF takes a common direction away.",
            seen=f"weighting={weighting!r}",
            fix="weighting='sif'",
            code="P-023",
        )
