"""Words, their vectors and what each speaks for in; a map of the strongest ones, coloured by it, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kinfold.errors import DataError
from kinfold.kernels.blocks import unit_rows
from kinfold.types import Floats1d
from kinfold.vectors.maps import Plane, WordMap, map_words
from kinfold.vectors.polarity import N_NEIGHBOURS, find_polarity
from kinfold.vectors.projection import neighbours_of

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors


def map_polarity(
    vectors: WordVectors,
    polarity: Sequence[float] | Floats1d,
    *,
    toward: str = "positive",
    against: str = "negative",
    words: Sequence[str] | None = None,
    n_words: int = 400,
    method: Plane = "tsne",
    perplexity: float = 30.0,
    random_state: int | None = None,
    n_threads: int | None = None,
) -> WordMap:
    """Put the words a classifier learned on a plane, and colour each by what it speaks for.

    Parameters
    ----------
    vectors
        The words of its vocabulary and their vectors.
    polarity
        For each word of `vectors`, in their order: by how much the word alone moves the log-odds of `toward`.
    toward, against
        What words above 0, and below 0, speak for.
    words
        The words to draw; default: the strongest ones, as many of each side as there are.
    n_words
        How many, where none are named.
    method, perplexity, random_state, n_threads
        As in `map_words`.

    Returns
    -------
    WordMap
        With its `polarity`, which tells the purity, and with the steps of the scale as classes.

    Raises
    ------
    DataError
        D-105: there is not one finite number a word. D-106: all are 0. As `map_words` does.

    Notes
    -----
    Passage (Indico, 2015) shows the words of a sentiment network in this way. Purity turns the impression into a
    number.
    """
    values = np.asarray(polarity, np.float64)
    if values.shape != (len(vectors.words),) or not np.isfinite(values).all():
        raise DataError(
            "There must be one finite number for each word.",
            seen=f"{values.shape} for {len(vectors.words):,} words, {int((~np.isfinite(values)).sum()):,} not finite",
            fix="leave such words out",
            code="D-105",
        )
    of_word = dict(zip(vectors.words, values.tolist(), strict=True))
    if words is None and not values.any():
        raise DataError(
            "No word speaks for either side.",
            seen=f"all {len(values):,} are 0",
            why="a model that has learned nothing answers the same whatever it reads",
            fix="train it longer, or name words",
            code="D-106",
        )
    asked = strongest(vectors.words, values, n_words) if words is None else [word for word in words if word in of_word]
    lost = () if words is None else tuple(word for word in dict.fromkeys(words) if word not in of_word)
    drawn = map_words(
        vectors,
        # Where no word is known, `map_words` says so and proposes others.
        asked or words,
        method=method,
        perplexity=perplexity,
        random_state=random_state,
        n_threads=n_threads,
    )
    units = unit_rows(vectors[list(drawn.words)])
    near = neighbours_of(units, min(N_NEIGHBOURS, len(drawn)), n_threads)[0]
    own = np.array([of_word[word] for word in drawn.words])
    found = find_polarity(own, toward, against, near, drawn.points)
    names = found.names()
    classes = tuple(names[step] for step in found.steps().tolist())
    return replace(drawn, classes=classes, polarity=found, missing=(*lost, *drawn.missing))


def strongest(words: Sequence[str], values: Floats1d, n_words: int) -> list[str]:
    """Return the words that speak most for either side, half of them for each where there are so many."""
    half = max(1, n_words // 2)
    order = np.argsort(-np.abs(values), kind="stable")
    above, below = order[values[order] > 0], order[values[order] < 0]
    of_above = min(len(above), max(half, n_words - len(below)))
    chosen = np.concatenate([above[:of_above], below[: max(0, n_words - of_above)]])
    return [words[i] for i in chosen[np.argsort(-np.abs(values[chosen]), kind="stable")].tolist()]
