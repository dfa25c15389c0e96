"""Examples of a class in, its other members out, likeliest first, with how good the list is held to be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinfold.checks import check_k
from kinfold.errors import DataError, InvalidParameterError
from kinfold.kernels.threads import thread_count
from kinfold.types import Floats1d, Floats2d, Ints1d, Json, Singles1d, Singles2d
from kinfold.vectors.bagging import Recipe, Space, learn, nearness
from kinfold.vectors.neighbours import directions, listed
from kinfold.vectors.tables import html_table, scored_cells, scored_rows, shown, text_table

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

#: Words proposed to be labelled next.
N_PROPOSED = 10
_N_DRAWS = 2000
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A held-out measurement; `reason` says why there is none.

    Parameters
    ----------
    value, low, high
        The value and its 95 % bootstrap interval over the examples, from 0 to 1; None where it can't be measured.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""

    def __str__(self) -> str:
        """Return ``0.80 (0.71 to 0.88)``, or why there is no value."""
        if self.value is None:
            return f"not measured: {self.reason}"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"

    def to_dict(self) -> dict[str, Json]:
        """Return value, low and high, and the reason where there is none."""
        parts: dict[str, Json] = {"value": self.value, "low": self.low, "high": self.high}
        return parts | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True, slots=True)
class Members:
    """Words of a class, the likeliest first.

    Parameters
    ----------
    words
        The answers; words given as examples are none.
    scores
        One a word: the mean margin, above 0 for what the models take for a member; or the cosine, if `method` is
        ``"nearest"``.
    stability
        One a word: the share of the models, each learned from another draw of examples and negatives (and in every
        replica of the vectors, if there are any), that have it among as many first words. None if there is one example.
    examples
        The words given, and in `example_scores` the margin of each as held out: an example far below the others may
        not belong. None where nothing could be held out.
    average_precision
        Of the examples among all words, each word scored by models that never saw it. Words of the class that nobody
        gave as examples count as errors, so that the true value is likely higher.
    centroid
        The same for words in the order of their likeness to the mean of the examples: what learning has to beat.
    chance
        The same for a random order: the share of examples among the words.
    median_rank
        Half of the examples, as held out, are among so many first words; unlabelled members before them count too.
    to_label
        Words nearest to the boundary, about which a word from you teaches most.
    method
        ``"svm"``, or ``"nearest"`` for one example.
    margins
        (V,) float32: the score of every word of the vectors, in their order; -inf for a vector of zeros.
    """

    words: tuple[str, ...]
    scores: tuple[float, ...]
    stability: tuple[float, ...] | None
    examples: tuple[str, ...]
    example_scores: tuple[float, ...] | None
    average_precision: Estimate
    centroid: Estimate
    chance: float
    median_rank: int | None
    to_label: tuple[str, ...]
    method: str
    margins: Singles1d = field(repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """Yield each word with its score."""
        return zip(self.words, self.scores, strict=True)

    def __str__(self) -> str:
        """Return a plain table, one line a word, and below it how good it is held to be."""
        return "\n".join([text_table(*self._cells()), "", *self._notes()])

    def to_dict(self) -> dict[str, Json]:
        """Return everything but the scores of all words as JSON holds it."""
        given: list[dict[str, Json]] = [{"word": word} for word in self.examples]
        for row, score in zip(given, self.example_scores or (), strict=False):
            row["score"] = score
        return {
            "members": scored_rows(self, self.stability),
            "examples": given,
            "metrics": {"average_precision": self.average_precision.to_dict()},
            "median_rank": self.median_rank,
            "baselines": {
                "centroid": {"average_precision": self.centroid.to_dict()},
                "chance": {"average_precision": {"value": self.chance, "low": None, "high": None}},
            },
            "to_label": list(self.to_label),
            "method": self.method,
        }

    def _repr_html_(self) -> str:
        return html_table(*self._cells()) + "".join(f"<p>{escape(note)}</p>" for note in self._notes())

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        return scored_cells(self, self.stability, sign="+")

    def _notes(self) -> list[str]:
        lines = [f"average precision {self.average_precision}"]
        if self.average_precision.value is not None:
            lines[0] += f"; nearest centroid {self.centroid}; chance {self.chance:.4f}"
            lines.append("a lower bound: members that are no examples count as errors")
        if self.median_rank is not None:
            words = f"{int((self.margins > -np.inf).sum()):,}"
            lines.append(f"half of the examples, held out, are among the first {self.median_rank:,} of {words} words")
        if self.to_label:
            lines.append(f"most useful to label next: {', '.join(map(shown, self.to_label))}")
        return lines


def members(
    vectors: WordVectors,
    like: str | Sequence[str],
    unlike: str | Sequence[str] = (),
    *,
    k: int = 50,
    n_negatives: int = 5000,
    folds: int = 5,
    cost: float = 20.0,
    n_refits: int = 20,
    random_state: int | None = None,
    n_threads: int | None = None,
) -> Members:
    """Find all words of a class from some of them.

    Linear SVMs tell the examples from words drawn from the vocabulary; the answer is their mean. What is known of the
    answer's quality comes from holding out every example, and every other word, in turn.

    Parameters
    ----------
    vectors
        The words and their vectors.
    like
        Words of the class: a dozen or more give a class, one alone its nearest words.
    unlike
        Words that are not of the class; each counts as much as an example, together no more than these.
    k
        How many answers.
    n_negatives
        How many words each model draws as negatives, half of them near the class.
    folds
        How many parts the examples are held out in; as many as there are examples, if these are fewer.
    cost
        What the loss of one example counts: more follows the examples more closely.
    n_refits
        How many models there are, each learned from a bootstrap draw of examples and fresh negatives.
    random_state
        Seed of all draws; None for another result each time.
    n_threads
        None for one a processor; the result is the same for any number.

    Returns
    -------
    Members

    Raises
    ------
    DataError
        D-060: a word is unknown; the message offers the words that are spelled most like it. D-062: the vector of an
        example is zero. D-064: there is no example, or a word is given on both sides.
    InvalidParameterError
        P-023: a number is out of range.

    Notes
    -----
    Squared hinge loss by dual coordinate descent (`kinfold.kernels.dense`); how negatives are drawn, and why: see
    `kinfold.vectors.bagging`.
    """
    _check_numbers(k, n_negatives, folds, cost, n_refits)
    plus, minus = _asked(vectors, like, unlike)
    recipe = Recipe(float(cost), int(n_negatives), int(n_refits), thread_count(n_threads))
    if len(plus) == 1:
        return _nearest(vectors, plus, minus, k)
    random = np.random.default_rng(random_state)
    space = Space.of(vectors.unit)
    held_out, by_centre = _hold_out(space, plus, minus, min(folds, len(plus)), recipe, random)
    ranked = space.alive.copy()
    ranked[minus] = False
    scores = _refits(space, plus, minus, recipe, random)  # (V, R)
    margins = scores.mean(axis=1)
    candidates = _others(space, plus, minus)
    best = candidates[np.argsort(-margins[candidates], kind="stable")[:k]]
    again = [scores, *(_refits(Space.of(one.unit), plus, minus, recipe, random) for one in vectors.replicas)]
    stability = np.mean([_shares(one, candidates, best) for one in again], axis=0)
    unsure = candidates[np.argsort(np.abs(margins[candidates]), kind="stable")[:N_PROPOSED]]
    return Members(
        words=tuple(vectors.words[i] for i in best.tolist()),
        scores=tuple(margins[best].tolist()),
        stability=tuple(stability.tolist()),
        examples=tuple(vectors.words[i] for i in plus.tolist()),
        example_scores=tuple(held_out[plus].tolist()),
        average_precision=_estimate(held_out, plus, ranked, random),
        centroid=_estimate(by_centre, plus, ranked, random),
        chance=len(plus) / int(ranked.sum()),
        median_rank=_median_rank(held_out, plus, ranked),
        to_label=tuple(vectors.words[i] for i in unsure.tolist()),
        method="svm",
        margins=margins,
    )


def average_precision(scores: Floats1d | Singles1d, positive: NDArray[np.bool_]) -> float:
    """Return the average precision of scores (N,) for rows that are positive or not; equal scores count as one rank."""
    return float(_weighted_precision(*_ranks(scores, positive), np.ones((1, int(positive.sum()))))[0])


def _nearest(vectors: WordVectors, plus: Ints1d, minus: Ints1d, k: int) -> Members:
    """Return the words nearest to one example: there is nothing to learn from it, and nothing to hold out."""
    query = vectors.unit[plus].mean(axis=0)
    if len(minus):
        query = query - vectors.unit[minus].mean(axis=0)
    space = Space.of(vectors.unit)
    margins = vectors.unit @ (query / max(float(np.linalg.norm(query)), 1e-12))
    margins[~space.alive] = -np.inf
    candidates = _others(space, plus, minus)
    best = candidates[np.argsort(-margins[candidates], kind="stable")[:k]]
    none = Estimate(None, None, None, "there is one example, so none can be held out")
    return Members(
        words=tuple(vectors.words[i] for i in best.tolist()),
        scores=tuple(margins[best].tolist()),
        stability=None,
        examples=(vectors.words[plus[0]],),
        example_scores=None,
        average_precision=none,
        centroid=none,
        chance=1 / int(space.alive.sum()),
        median_rank=None,
        to_label=tuple(vectors.words[i] for i in best[:N_PROPOSED].tolist()),
        method="nearest",
        margins=margins,
    )


def _refits(space: Space, plus: Ints1d, minus: Ints1d, recipe: Recipe, random: np.random.Generator) -> Singles2d:
    """Return the margins of every word in each model, (V, R)."""
    pool = _others(space, plus, minus)
    if not len(pool):
        return np.zeros((len(space.unit), recipe.n_refits), np.float32)
    return space.scores(learn(space, plus, minus, pool, recipe, random))


def _others(space: Space, plus: Ints1d, minus: Ints1d) -> Ints1d:
    """Return the ids of all words that have a direction and were not given."""
    free = space.alive.copy()
    free[plus] = False
    free[minus] = False
    return np.flatnonzero(free)


def _hold_out(
    space: Space, plus: Ints1d, minus: Ints1d, folds: int, recipe: Recipe, random: np.random.Generator
) -> tuple[Singles1d, Singles1d]:
    """Return two scores for every word, (V,) each, by models and by centroids that never saw the word."""
    part = random.integers(folds, size=len(space.unit))  # (V,)
    part[random.permutation(plus)] = np.arange(len(plus)) % folds
    part[minus] = -1
    by_models, by_centre = (np.full(len(part), -np.inf, np.float32) for _ in range(2))
    others = _others(space, plus, minus)
    for fold in range(folds):
        known = plus[part[plus] != fold]
        pool = others[part[others] != fold]
        out = part == fold
        by_centre[out] = nearness(space, known)[out]
        if len(pool):
            models = learn(space, known, minus, pool, recipe, random)
            by_models[out] = space.scores(models.mean())[out, 0]
    return by_models, by_centre


def _shares(scores: Singles2d, candidates: Ints1d, best: Ints1d) -> Floats1d:
    """Return for each of the best words the share of models that have it among as many first words, (K,)."""
    shares = np.zeros(len(best))
    for column in scores.T if len(best) else ():
        order = candidates[np.argpartition(-column[candidates], len(best) - 1)[: len(best)]]
        shares += np.isin(best, order)
    return shares / scores.shape[1]


def _estimate(scores: Singles1d, plus: Ints1d, ranked: NDArray[np.bool_], random: np.random.Generator) -> Estimate:
    """Return the average precision of the examples among the ranked words, with its interval over the examples."""
    positive = np.zeros(len(scores), bool)
    positive[plus] = True
    if positive.sum() == ranked.sum():
        return Estimate(None, None, None, "there is no word but the examples")
    order, others = _ranks(scores[ranked], positive[ranked])
    n = len(order)
    value = float(_weighted_precision(order, others, np.ones((1, n)))[0])
    if value == 1.0:  # no draw knows of errors not seen yet: the exact bound of a share, as if each were an error
        return Estimate(1.0, ((1 - _LEVEL) / 2) ** (1 / n), 1.0)
    weights = random.multinomial(n, np.full(n, 1 / n), size=_N_DRAWS).astype(np.float64)  # (draws, N)
    low, high = np.quantile(_weighted_precision(order, others, weights), ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2))
    return Estimate(value, min(float(low), value), max(float(high), value))


def _median_rank(scores: Singles1d, plus: Ints1d, ranked: NDArray[np.bool_]) -> int:
    """Return among how many first words half of the examples are, counted from 1."""
    middle = np.sort(scores[plus])[::-1][(len(plus) - 1) // 2]
    return int((scores[ranked] >= middle).sum())


def _ranks(scores: Floats1d | Singles1d, positive: NDArray[np.bool_]) -> tuple[Floats1d, Ints1d]:
    """Return the positives' scores in falling order, and how many others score at least as much as each."""
    own = np.sort(scores[positive])[::-1].astype(np.float64)
    rest = np.sort(scores[~positive])
    return own, len(rest) - np.searchsorted(rest, own.astype(rest.dtype), side="left")


def _weighted_precision(own: Floats1d, others: Ints1d, weights: Floats2d) -> Floats1d:
    """Return the average precision where positives (N,), best first, count by weights (draws, N)."""
    last = np.searchsorted(-own, -own, side="right") - 1  # equal scores are reached together
    above = np.cumsum(weights, axis=1)[:, last]  # (draws, N)
    precision = above / np.maximum(above + others, 1e-12)
    return np.asarray((precision * weights).sum(axis=1) / weights.sum(axis=1))


def _asked(vectors: WordVectors, like: str | Sequence[str], unlike: str | Sequence[str]) -> tuple[Ints1d, Ints1d]:
    """Return the ids of the words given, each once."""
    sides = [list(dict.fromkeys(listed(words))) for words in (like, unlike)]
    if not sides[0]:
        raise DataError("There is no example of the class.", fix="give one word of it, or a dozen", code="D-064")
    both = sorted(set(sides[0]) & set(sides[1]))
    if both:
        raise DataError(
            "A word is given both as an example and as none.",
            seen=", ".join(map(shown, both[:5])),
            fix="leave it out on one side",
            code="D-064",
        )
    plus, minus = (np.array([vectors.id(word) for word in words], np.int64) for words in sides)
    directions(vectors, [*sides[0], *sides[1]])
    return plus, minus


def _check_numbers(k: int, n_negatives: int, folds: int, cost: float, n_refits: int) -> None:
    check_k(k)
    for name, value, least in (("n_negatives", n_negatives, 1), ("folds", folds, 2), ("n_refits", n_refits, 2)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InvalidParameterError(
                f"`{name}` must be a whole number, {least} or more.", seen=repr(value), code="P-023"
            )
    if isinstance(cost, bool) or not math.isfinite(cost) or cost <= 0:
        raise InvalidParameterError("`cost` must be a number above 0.", seen=repr(cost), code="P-023")
