"""Models and rows in; by cross-validation the log-odds of every row, by a model that has not seen it, out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import kinfold as kf
from common import Recipe
from kinfold.evaluation.intervals import Interval, mean_interval

Texts = list[str]


@dataclass(frozen=True)
class Model:
    """What learns in each fold: `n` models that differ in their seed, whose log-odds are averaged.

    Parameters
    ----------
    part
        What it belongs to.
    made, parameters
        The class and its arguments.
    shuffles
        In how many shuffles of the folds.
    folds
        In how many folds of each.
    prepare
        What is done to texts first.
    """

    part: str
    made: type
    parameters: Mapping[str, Any]
    n: int = 1
    shuffles: int = 1
    folds: int = 10
    prepare: Callable[[Texts], Texts] = field(default=list)

    def log_odds(self, learned: kf.Examples, unseen: kf.Examples, seed: int) -> np.ndarray:
        """Return the log-odds of the second label for rows that were not learned from, (N,)."""
        seen, new = self.prepare(learned.texts), self.prepare(unseen.texts)
        odds = np.zeros(len(new))
        for k in range(self.n):
            model = self.made(random_state=seed + k, **self.parameters)
            odds += model.fit(seen, learned.labels).decision_function(new) / self.n
        return odds


def in_folds(recipe: Recipe, models: Mapping[str, Model], rows: kf.Examples, n: int) -> dict[str, np.ndarray]:
    """Return for each model the log-odds of each row in each shuffle of `n` folds, (S, N); NaN where it was not asked.

    Equal texts are in one fold.
    """
    most = max(model.shuffles for model in models.values())
    odds = {name: np.full((most, len(rows)), np.nan) for name in models}
    for shuffle in range(most):
        for fold, (train, test) in enumerate(kf.folds(rows, n, seed=recipe.seed + shuffle)):
            begun, of_fold = time.monotonic(), f"shuffle {shuffle + 1}, fold {fold + 1} of {n}"
            asked = {name: one for name, one in models.items() if shuffle < one.shuffles and fold < one.folds}
            for name, model in asked.items():
                recipe.progress(f"{of_fold}, {name}", fold / n)
                odds[name][shuffle, test] = model.log_odds(rows.take(train), rows.take(test), recipe.seed + shuffle)
            if asked:
                recipe.took(of_fold, begun)
    return odds


def mean_of_means(odds: Mapping[str, np.ndarray], groups: Sequence[Sequence[str]]) -> np.ndarray:
    """Return the mean of the groups' means, (S, N); NaN where one of them was not asked."""
    mean: np.ndarray = np.mean([np.mean([odds[name] for name in group], axis=0) for group in groups], axis=0)
    return mean


def accuracy(name: str, odds: np.ndarray, second: np.ndarray) -> Interval:
    """Say how often log-odds (S, N) are right in each shuffle; return that for a row with the mean of its shuffles."""
    right = np.where(np.isnan(odds), np.nan, (odds > 0) == second)
    right = right[:, ~np.isnan(right).all(axis=0)]
    shares = [float(np.nanmean(one)) for one in right if not np.isnan(one).all()]
    print(f"{name}, {right.shape[1]:,} rows, by shuffle:", ", ".join(f"{share:.4f}" for share in shares), flush=True)
    return mean_interval(np.nanmean(right, axis=0))
