"""What a model answered on test rows, and which of them are leaked, in; by how much the leak lifts the score, out.

The score of all rows is held against that of the clean rows alone. Leaked rows may have other labels than clean ones,
which is no inflation: the accuracy of the clean rows is averaged over labels in the shares that all rows have. (The AUC
does not depend on the shares.) What is left over, that leaked rows may be easier or harder than clean ones even for a
model that has not seen them, can't be told from the answers of one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinfold.evaluation.coding import Coded
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval, draw, interval
from kinfold.evaluation.joined import Bools1d
from kinfold.evaluation.weighted import Statistic, ranking, ratio, right_rows
from kinfold.types import Floats2d, Json

#: Rows that must be clean, and leaked, for a score of theirs to be given.
LEAST_ROWS = 5
_NAMES = ("all", "leaked", "clean", "inflation")


@dataclass(frozen=True, slots=True)
class Inflation:
    """The score of all test rows, of the leaked and of the clean ones, and what the leak adds to the first.

    `clean` has the labels in the shares of all rows. `inflation` is `all` less `clean`.
    """

    metric: str
    n_leaked: int
    n_clean: int
    all: Interval
    leaked: Interval
    clean: Interval
    inflation: Interval

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        scores = {"all": self.all, "leaked": self.leaked, "clean": self.clean, "inflation": self.inflation}
        rows = {"metric": self.metric, "leaked_rows": self.n_leaked, "clean_rows": self.n_clean}
        return rows | {name: value.to_dict() for name, value in scores.items()}


def inflation_of(
    coded: Coded,
    leaked: Bools1d,
    metric: str = "accuracy",
    *,
    groups: Sequence[str] | None = None,
    n_draws: int = N_DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> Inflation:
    """Say by how much leaked rows lift a score.

    Parameters
    ----------
    coded
        Labels with answers (``accuracy``) or probabilities (``auc``) of N test rows.
    leaked
        (N,) which of them stand in training, exactly or nearly.
    metric
        ``accuracy`` or ``auc``.
    groups, n_draws, level, seed
        Of the bootstrap.
    """
    statistic = _accuracies(coded, leaked) if metric == "accuracy" else _areas(coded, leaked)
    values = statistic.value(len(coded))
    drawn = draw([statistic], len(coded), n_draws, seed=seed, groups=groups)[0]
    n_leaked, n_clean = int(leaked.sum()), int((~leaked).sum())
    reasons = {
        "all": "all test rows have the same label",
        "leaked": f"{n_leaked:,} leaked rows",
        "clean": f"{n_clean:,} clean rows",
        "inflation": f"{n_clean:,} clean rows",
    }
    few = {"leaked": n_leaked < LEAST_ROWS, "clean": n_clean < LEAST_ROWS, "inflation": n_clean < LEAST_ROWS}
    made = {
        name: Interval(None, None, None, reasons[name])
        if few.get(name)
        else interval(float(values[k]), drawn[k], level=level, reason=reasons[name])
        for k, name in enumerate(_NAMES)
    }
    if not n_leaked:
        made["inflation"] = Interval(0.0, 0.0, 0.0)
    return Inflation(metric=metric, n_leaked=n_leaked, n_clean=n_clean, **made)


def _accuracies(coded: Coded, leaked: Bools1d) -> Statistic:
    right, present = right_rows(coded).astype(np.float64), coded.present.T.astype(np.float64)  # (N,), (C, N)
    clean, n_classes = (~leaked).astype(np.float64), len(present)
    stacked = sparse.csr_matrix(
        np.vstack([present, present * clean, present * clean * right, [right, leaked * 1.0, leaked * right]])
    )  # (3 C + 3, N)

    def of(weights: Floats2d) -> Floats2d:
        sums = stacked @ weights  # (3 C + 3, D)
        each, held, hits = (sums[k * n_classes : (k + 1) * n_classes] for k in range(3))  # (C, D)
        there = np.where(held > 0, each, 0.0)  # a label without clean rows is left out of the mean
        clean_score = ratio((there * np.nan_to_num(ratio(hits, held))).sum(0), there.sum(0))
        total = ratio(sums[-3], each.sum(0))
        return np.vstack([total, ratio(sums[-1], sums[-2]), clean_score, total - clean_score])

    return Statistic(_NAMES, of, (None,) * 4)


def _areas(coded: Coded, leaked: Bools1d) -> Statistic:
    every = ranking(coded, 1 if len(coded.classes) == 2 else None)
    masks = [leaked.astype(np.float64)[:, None], (~leaked).astype(np.float64)[:, None]]

    def of(weights: Floats2d) -> Floats2d:
        total = every.of(weights)[0]
        of_leaked, of_clean = (every.of(weights * mask)[0] for mask in masks)
        return np.vstack([total, of_leaked, of_clean, total - of_clean])

    return Statistic(_NAMES, of, (None,) * 4)
