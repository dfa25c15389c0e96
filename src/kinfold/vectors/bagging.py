"""A class learned from examples and from words that nobody has labelled: many linear models, each on another draw.

Words sampled as negatives hold members that are merely not known yet. Three things limit their harm: every model draws
its negatives anew, so that a hidden member is held against the class by some models only (Mordelet and Vert, A bagging
SVM to learn from positive and unlabeled examples, 2014); a first round of models drops words that score like the
examples when neither are learned from; and half of the negatives come from the words near the class, the others from
all words, so that no model sees hidden members only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinfold.kernels.dense import fit_dense
from kinfold.kernels.threads import in_threads
from kinfold.types import Array, Floats1d, Ints1d, Singles1d, Singles2d

#: Models of the round that only decides which words are too like the examples to be negatives.
_FIRST_ROUND = 6
#: The share of negatives drawn near the class, and one in how many words is near it.
_NEAR_SHARE, _NEAR_PART = 0.5, 10
_MAX_EPOCHS, _TOLERANCE = 300, 0.01
#: A matrix product of so many multiplications is too small for threads of its own, which would wait for one another.
_SMALL = 1 << 18


@dataclass(frozen=True)
class Space:
    """The words' directions as seen from their mean, row by row, without a copy of the table.

    Parameters
    ----------
    unit
        (V, D) float32 rows of length 1, or zero.
    mean
        (D,) the mean of the rows that are not zero.
    alive
        (V,) whether a row is not zero.
    """

    unit: Singles2d
    mean: Singles1d
    alive: NDArray[np.bool_]

    @classmethod
    def of(cls, unit: Singles2d) -> Space:
        """Return the space of rows of length 1."""
        alive: NDArray[np.bool_] = np.asarray(unit.any(axis=1))
        mean = unit.sum(axis=0, dtype=np.float64) / max(1, int(alive.sum()))
        return cls(unit, mean.astype(np.float32), alive)

    def rows(self, ids: Ints1d | slice) -> Singles2d:
        """Return the directions of some words, (N, D) float32; one that is the mean itself is zero."""
        out = self.unit[ids] - self.mean
        lengths = np.sqrt(np.einsum("ij,ij->i", out, out))
        out /= np.maximum(lengths, 1e-12)[:, None]
        return out

    def scores(self, models: Models) -> Singles2d:
        """Return the margin of every word in each of R models, (V, R) float32; -inf for a word without direction."""
        out = np.empty((len(self.unit), len(models.biases)), np.float32)
        step = max(64, _SMALL // models.weights.size)
        for first in range(0, len(out), step):
            block = slice(first, first + step)
            np.matmul(self.rows(block), models.weights.T, out=out[block])
        out += models.biases
        out[~self.alive] = -np.inf
        return out


@dataclass(frozen=True)
class Models:
    """R linear models.

    Parameters
    ----------
    weights, biases
        (R, D) and (R,) float32.
    drawn
        R arrays of the words that each one learned from.
    """

    weights: Singles2d
    biases: Singles1d
    drawn: list[Ints1d]

    def mean(self) -> Models:
        """Return the one model whose margins are the mean of all models' margins."""
        weights, biases = (part.mean(axis=0, keepdims=True, dtype=np.float64) for part in (self.weights, self.biases))
        return Models(weights.astype(np.float32), biases.astype(np.float32), [np.concatenate(self.drawn)])


@dataclass(frozen=True)
class Recipe:
    """How a class is learned.

    Parameters
    ----------
    cost
        What the loss of one example counts; the negatives together count as much as the examples together, and a word
        that is known to be no member as much as an example, as long as there are more of these.
    n_negatives
        How many words each model draws, at most half of those there are.
    n_refits
        How many models.
    n_threads
        How many of them are learned at a time; the result is the same for any number.
    """

    cost: float
    n_negatives: int
    n_refits: int
    n_threads: int


def learn(
    space: Space, examples: Ints1d, unlike: Ints1d, pool: Ints1d, recipe: Recipe, random: np.random.Generator
) -> Models:
    """Return models of the class.

    Parameters
    ----------
    examples, unlike
        (N,) and (M,) ids of words that are known to be members, and known not to be.
    pool
        (P,) ids of all other words that may be drawn as negatives, none of them an example.
    random
        Consumed here, before any thread starts.
    """
    near = nearness(space, examples)
    first = _round(space, examples, unlike, _Draw(pool, near, recipe.n_negatives), recipe, _FIRST_ROUND, random)
    kept = pool[~_like_examples(space, first, examples)[pool]]
    draw = _Draw(kept if len(kept) else pool, near, recipe.n_negatives)
    return _round(space, examples, unlike, draw, recipe, recipe.n_refits, random)


def nearness(space: Space, examples: Ints1d) -> Singles1d:
    """Return the product of every word's direction with the examples' mean direction, (V,) float32."""
    centre = space.rows(examples).mean(axis=0, keepdims=True)  # (1, D)
    return space.scores(Models(centre, np.zeros(1, np.float32), []))[:, 0]


class _Draw:
    """Draws negatives: some from near the class, the others from everywhere."""

    def __init__(self, pool: Ints1d, near: Singles1d, n_negatives: int) -> None:
        self._pool = pool
        self._n = min(n_negatives, max(1, len(pool) // 2))
        width = min(len(pool), max(self._n, len(pool) // _NEAR_PART))
        self._near = pool[np.argsort(-near[pool], kind="stable")[:width]]

    def __call__(self, random: np.random.Generator) -> Ints1d:
        """Return distinct ids in ascending order."""
        n_near = int(self._n * _NEAR_SHARE)
        near = random.choice(self._near, n_near, replace=False)
        return np.union1d(near, random.choice(self._pool, self._n - n_near, replace=False))


def _round(
    space: Space,
    examples: Ints1d,
    unlike: Ints1d,
    draw: _Draw,
    recipe: Recipe,
    n_models: int,
    random: np.random.Generator,
) -> Models:
    jobs = []
    for _ in range(n_models):
        again = random.choice(examples, len(examples))  # a bootstrap draw
        jobs.append((again, draw(random), int(random.integers(1 << 30))))

    def run(job: tuple[Ints1d, Ints1d, int]) -> tuple[Array, float]:
        return _fit(space, job[0], unlike, job[1], recipe.cost, job[2])

    weights, biases = zip(*in_threads(run, jobs, recipe.n_threads), strict=True)
    drawn = [np.concatenate([again, negatives]) for again, negatives, _ in jobs]
    return Models(np.stack(weights), np.array(biases, np.float32), drawn)


def _fit(
    space: Space, examples: Ints1d, unlike: Ints1d, negatives: Ints1d, cost: float, seed: int
) -> tuple[Array, float]:
    rows = space.rows(np.concatenate([examples, unlike, negatives]))  # (N + M + K, D)
    signs = np.full(len(rows), -1, np.float32)
    signs[: len(examples)] = 1
    costs: Floats1d = np.full(len(rows), cost)
    costs[len(examples) :] = cost * min(1.0, len(examples) / max(1, len(unlike)))
    costs[len(rows) - len(negatives) :] = cost * len(examples) / max(1, len(negatives))
    weights = np.zeros(rows.shape[1], np.float32)
    bias, _ = fit_dense(rows, np.arange(len(rows)), signs, costs, weights, _MAX_EPOCHS, _TOLERANCE, seed)
    return weights, bias


def _like_examples(space: Space, models: Models, examples: Ints1d) -> NDArray[np.bool_]:
    """Return which words (V,) score as half of the examples do, each by the models that did not learn from it."""
    scores = space.scores(models)  # (V, R)
    for column, drawn in enumerate(models.drawn):
        scores[drawn, column] = np.nan
    unseen = ~np.isnan(scores)
    totals = np.where(unseen, scores, 0).sum(axis=1)  # (V,)
    counts = unseen.sum(axis=1)
    means = np.divide(totals, counts, out=np.full(len(totals), -np.inf, np.float32), where=counts > 0)
    judged = means[examples][counts[examples] > 0]
    return means >= (np.median(judged) if len(judged) else np.inf)
