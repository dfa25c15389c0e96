"""Choosing the strength of a linear model by cross-validation, and scores of every row by models that never saw it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kinfold.estimators.calibration import Calibration, log_loss_of
from kinfold.estimators.linear.dual import Problem, Solution, margins_of, solve, start
from kinfold.types import Array, Floats2d, Ints1d


@dataclass(frozen=True)
class Search:
    """What cross-validation found.

    Parameters
    ----------
    strength
        The one with the lowest held-out log loss.
    losses
        Strength -> held-out log loss after calibration, in nats a row.
    margins
        (N, K) held-out margins at the chosen strength.
    """

    strength: float
    losses: dict[float, float]
    margins: Floats2d


def search(
    problems: list[Problem],
    held_out: Sequence[Ints1d],
    strengths: Sequence[float],
    members: Array,
    kind: str,
    n_threads: int,
    report: Callable[[float], None],
) -> Search:
    """Find the strength with the lowest held-out log loss: upwards from 1 while it falls, or else downwards.

    Parameters
    ----------
    problems, held_out
        One of each a fold: what is learned, and the rows that are then scored; together these are all rows.
    strengths
        In rising order. Going up, each solve goes on from the one before.
    members
        (N, C) uint8.
    kind
        As `Calibration.kind`.
    report
        Called with the share of the work that is done, as far as can be told.
    """
    n_problems, n_rows = problems[0].signs.shape
    nothing = [start(n_problems, problem.design.n_columns, n_rows) for problem in problems]
    losses: dict[float, float] = {}
    best = Search(strengths[0], losses, np.zeros((n_rows, n_problems)))

    def better(strength: float, solutions: list[Solution]) -> bool:
        nonlocal best
        margins = _held_out_margins(problems, held_out, solutions, n_threads)
        loss = log_loss_of(Calibration.fit(margins, members, kind)(margins), members, kind)
        improved = loss < min(losses.values(), default=np.inf)
        losses[strength] = loss
        report(len(losses) / len(strengths))
        if improved:
            best = Search(strength, losses, margins)
            return True
        return False

    rising = [strength for strength in strengths if strength >= 1.0] or list(strengths)
    solutions = nothing
    for strength in rising:
        solutions = solve(problems, strength, solutions, n_threads)
        if not better(strength, solutions):
            break
    if best.strength == rising[0]:
        for strength in reversed([strength for strength in strengths if strength < rising[0]]):
            if not better(strength, solve(problems, strength, nothing, n_threads)):
                break
    return best


def _held_out_margins(
    problems: list[Problem], held_out: Sequence[Ints1d], solutions: list[Solution], n_threads: int
) -> Floats2d:
    out = np.empty(problems[0].signs.shape[::-1])
    for problem, rows, solution in zip(problems, held_out, solutions, strict=True):
        effects = np.ascontiguousarray(solution.effects.T)  # (F, K)
        out[rows] = margins_of(problem.design.take(rows), problem.scales[rows], effects, solution.biases, n_threads)
    return out
