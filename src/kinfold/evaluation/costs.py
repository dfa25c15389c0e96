"""What answers cost: a price for each kind of mistake and for each abstention in, the mean cost a row out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval, mean_interval
from kinfold.types import Floats1d

#: (label, answer) -> cost; an answer of None is an abstention.
Costs = Mapping[tuple[str, str | None], float]


def row_costs(labels: Sequence[str], answers: Sequence[str | None], costs: Costs) -> Floats1d:
    """Return the (N,) cost of each row.

    Raises
    ------
    DataError
        The lengths differ, or there are no rows.
    InvalidParameterError
        A mistake or an abstention that occurs has no price. A right answer without a price is free.
    """
    if len(labels) != len(answers) or not len(labels):
        raise DataError(
            f"there are {len(answers):,} answers for {len(labels):,} labels",
            fix="pass one answer for each label, and at least one",
            code="E-002",
        )
    prices: dict[tuple[str, str | None], float] = dict(costs)
    for label, answer in set(zip(labels, answers, strict=True)):
        if label == answer:
            prices.setdefault((label, answer), 0.0)
        elif (label, answer) not in prices:
            what = f"answering {answer!r}" if answer is not None else "abstaining"
            raise InvalidParameterError(
                f"the costs lack a price for {what} where the label is {label!r}",
                seen=f"prices for {len(costs)} pairs of label and answer",
                fix=f"add ({label!r}, {answer!r}): a number to the costs",
                code="E-011",
            )
    return np.array([prices[pair] for pair in zip(labels, answers, strict=True)], np.float64)


def expected_cost(labels: Sequence[str], answers: Sequence[str | None], costs: Costs) -> float:
    """Return the mean cost a row.

    Parameters
    ----------
    labels
        N true labels.
    answers
        N answers; None is an abstention.
    costs
        (label, answer) -> cost, such as ``{("same", "different"): 5, ("different", "same"): 20, ("same",
        None): 1, ("different", None): 1}``. Right answers cost 0 unless a price is given.

    Examples
    --------
    >>> expected_cost(["a", "b"], ["a", "a"], {("b", "a"): 3})
    1.5
    """
    return float(row_costs(labels, answers, costs).mean())


def expected_cost_interval(
    labels: Sequence[str],
    answers: Sequence[str | None],
    costs: Costs,
    *,
    groups: Sequence[str] | None = None,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Interval:
    """Return `expected_cost` with its bootstrap interval."""
    each = row_costs(labels, answers, costs)
    return mean_interval(each, n_draws=n_draws, seed=seed, level=level, groups=groups)
