"""Probabilities -> answers: the metric or the costs that decide, and when to give no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinfold.checks import NUMBER, Rules, one_of, optional
from kinfold.errors import InvalidParameterError
from kinfold.types import Array, Floats1d, Floats2d, Ints1d, Json

#: What a decision can be tuned for.
METRICS = ("accuracy", "macro_f1", "f1")
#: costs[true label][answer]
Costs = Mapping[str, Mapping[str, float]]


def _is_costs(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(row, Mapping) for row in value.values())


#: What the parameters of an estimator must be that a decision is made of.
DECIDING: Rules = {
    "metric": one_of(*METRICS),
    "costs": optional((_is_costs, "a mapping: costs[true][answer]")),
    "abstain_cost": optional(NUMBER),
}


@dataclass(frozen=True)
class Decision:
    """How a row's probabilities become its answer.

    Parameters
    ----------
    offsets
        (C,) added to log-probabilities before the largest is taken; with many labels a row, minus the log-odds from
        which on a label is given.
    costs
        (C, C) what it costs to answer column `j` where row `i` is true, or None: every error costs 1.
    abstain_cost
        What no answer costs; None: every row gets one. No answer is given where each answer is expected to cost more.
    multilabel
        Whether a row may have any number of labels.
    """

    offsets: Floats1d
    costs: Floats2d | None = None
    abstain_cost: float | None = None
    multilabel: bool = False
    tuned_for: str = field(default="accuracy", compare=False)

    def choose(self, probabilities: Floats2d) -> Ints1d:
        """Return each row's class, -1 where it is better to give none; shape (N,)."""
        if self.costs is not None:
            expected = probabilities @ self.costs  # (N, C): what each answer is expected to cost
            best = expected.argmin(axis=1)
            cost = expected[np.arange(len(best)), best]
        else:
            best = (np.log(np.clip(probabilities, 1e-15, None)) + self.offsets).argmax(axis=1)
            cost = 1.0 - probabilities[np.arange(len(best)), best]
        return best if self.abstain_cost is None else np.where(cost > self.abstain_cost, -1, best)

    def choose_many(self, probabilities: Floats2d) -> Array:
        """Return which labels each row gets, (N, C) bool."""
        p = np.clip(probabilities, 1e-15, 1 - 1e-15)
        return np.log(p / (1 - p)) + self.offsets >= 0.0

    def threshold(self) -> float | None:
        """Return the probability of the second of two classes from which on it is the answer; None for more."""
        if self.multilabel or len(self.offsets) != 2:
            return None
        if self.costs is not None:
            wrong_second = self.costs[0, 1] - self.costs[0, 0]
            wrong_first = self.costs[1, 0] - self.costs[1, 1]
            return float(wrong_second / (wrong_second + wrong_first))
        return float(1.0 / (1.0 + np.exp(self.offsets[1] - self.offsets[0])))

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON holds them."""
        return {
            "offsets": self.offsets.tolist(),
            "costs": None if self.costs is None else self.costs.tolist(),
            "abstain_cost": self.abstain_cost,
            "multilabel": self.multilabel,
            "tuned_for": self.tuned_for,
        }

    @classmethod
    def from_dict(cls, parts: Mapping[str, Json]) -> Decision:
        """Read what `to_dict` wrote."""
        costs = None if parts["costs"] is None else np.asarray(parts["costs"], np.float64)
        offsets = np.asarray(parts["offsets"], np.float64)
        return cls(offsets, costs, parts["abstain_cost"], parts["multilabel"], parts["tuned_for"])


def tune(
    probabilities: Floats2d,
    members: Array,
    classes: Sequence[str],
    *,
    metric: str = "accuracy",
    costs: Costs | None = None,
    abstain_cost: float | None = None,
    multilabel: bool = False,
) -> Decision:
    """Choose the decision that does best on rows with known labels.

    Parameters
    ----------
    probabilities
        (N, C) calibrated, of rows the model was not trained on.
    members
        (N, C) uint8.
    metric
        ``"accuracy"``, ``"macro_f1"``, or ``"f1"`` of the second of two classes. Not used where costs are given:
        then the cheapest answer by the probabilities is best, and nothing needs tuning.
    costs
        ``costs[true][answer]``; what is not named costs 0 when right and 1 when wrong.
    """
    check_metric(metric, len(classes), multilabel)
    n_classes = len(classes)
    if multilabel:
        if costs is not None or abstain_cost is not None:
            raise InvalidParameterError(
                "`costs` and `abstain_cost` need one label a row.", fix="Leave them out for multi-label data."
            )
        scores = np.log(np.clip(probabilities, 1e-15, None)) - np.log(np.clip(1 - probabilities, 1e-15, None))
        tuned = metric == "macro_f1"
        offsets = np.array([_best_f1_offset(scores[:, c], members[:, c]) if tuned else 0.0 for c in range(n_classes)])
        return Decision(offsets, multilabel=True, tuned_for=metric)
    if costs is not None:
        return Decision(np.zeros(n_classes), cost_matrix(costs, classes), abstain_cost, tuned_for="costs")
    offsets = np.zeros(n_classes)
    truth = members.argmax(axis=1)
    if metric == "macro_f1":
        offsets = _best_macro_f1_offsets(np.log(np.clip(probabilities, 1e-15, None)), truth)
    elif metric == "f1":
        log_p = np.log(np.clip(probabilities, 1e-15, None))
        offsets[1] = _best_f1_offset(log_p[:, 1] - log_p[:, 0], truth == 1)
    return Decision(offsets, None, abstain_cost, tuned_for=metric)


def check_metric(metric: str, n_classes: int, multilabel: bool) -> None:
    """Raise InvalidParameterError if decisions can't be tuned for `metric`."""
    if metric not in METRICS:
        raise InvalidParameterError(f"`metric` must be one of {', '.join(METRICS)}.", seen=f"metric={metric!r}")
    if metric == "f1" and (multilabel or n_classes != 2):
        raise InvalidParameterError(
            "`metric='f1'` needs exactly two classes.",
            seen=f"{n_classes} classes",
            fix="Use metric='macro_f1'.",
        )


def cost_matrix(costs: Costs, classes: Sequence[str]) -> Floats2d:
    """Return (C, C) costs in the order of `classes`; unnamed entries are 0 on the diagonal and 1 off it."""
    place = {label: c for c, label in enumerate(classes)}
    matrix = 1.0 - np.eye(len(classes))
    for true, answers in costs.items():
        for answer, cost in answers.items():
            for label in (true, answer):
                if label not in place:
                    known = ", ".join(map(repr, classes[:10]))
                    raise InvalidParameterError("`costs` names a label that is no class.", seen=repr(label), fix=known)
            if not np.isfinite(cost) or cost < 0:
                raise InvalidParameterError(
                    "A cost must be a finite number that is not negative.",
                    seen=f"costs[{true!r}][{answer!r}]={cost!r}",
                )
            matrix[place[true], place[answer]] = cost
    return matrix


def _best_f1_offset(scores: Floats1d, positive: Array) -> float:
    """Return the offset to `scores` that gives the best F1 when rows of score + offset >= 0 are positive."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(np.asarray(positive, np.float64)[order])
    given = np.arange(1, len(scores) + 1)
    f1 = 2 * hits / (given + max(hits[-1], 1.0))
    # A cut between equal scores can't be made.
    f1[:-1][np.diff(scores[order]) == 0] = -1.0
    cut = int(f1.argmax())
    below = scores[order[min(cut + 1, len(scores) - 1)]]
    return float(-0.5 * (scores[order[cut]] + below))


def _best_macro_f1_offsets(log_p: Floats2d, truth: Ints1d, n_rounds: int = 4) -> Floats1d:
    """Return offsets (C,) found by coordinate ascent on the macro F1 of the arg-max answers."""
    n_rows, n_classes = log_p.shape
    offsets = np.zeros(n_classes)
    sizes = np.bincount(truth, minlength=n_classes)
    for _ in range(n_rounds):
        before = offsets.copy()
        for c in range(n_classes):
            others = log_p + offsets
            others[:, c] = -np.inf
            rival = others.argmax(axis=1)
            need = others[np.arange(n_rows), rival] - log_p[:, c]  # (N,): class c is the answer from this offset on
            offsets[c] = _best_offset_of(c, need, rival, truth, sizes, offsets[c])
        if np.allclose(before, offsets):
            break
    # Smoothing may choose a cut that few rows do worse with than with none.
    tuned = offsets - offsets.mean()
    return tuned if _macro_f1(log_p + tuned, truth) >= _macro_f1(log_p, truth) else np.zeros(n_classes)


def _macro_f1(scores: Floats2d, truth: Ints1d) -> float:
    answers, n_classes = scores.argmax(axis=1), scores.shape[1]
    hits = np.bincount(truth[answers == truth], minlength=n_classes)
    named = np.bincount(answers, minlength=n_classes) + np.bincount(truth, minlength=n_classes)
    return float((2 * hits / np.maximum(named, 1)).mean())


def _best_offset_of(c: int, need: Floats1d, rival: Ints1d, truth: Ints1d, sizes: Ints1d, now: float) -> float:
    """Return the offset of class `c` with the best macro F1, the others fixed; ties stay near `now`."""
    n_classes = len(sizes)
    order = np.argsort(need, kind="stable")
    one = np.eye(n_classes)
    right = one[rival[order]] * (rival == truth)[order, None]
    # After the first n rows in `order` went over to class c: hits and answers of every class.
    hits = np.bincount(rival[rival == truth], minlength=n_classes) - np.cumsum(right, axis=0)
    answers = np.bincount(rival, minlength=n_classes) - np.cumsum(one[rival[order]], axis=0)
    hits[:, c] = np.cumsum(truth[order] == c)
    answers[:, c] = np.arange(1, len(order) + 1)
    f1 = (2 * hits / np.maximum(answers + sizes, 1)).mean(axis=1)
    # Average over a window of neighbours: a lone peak is luck.
    window = max(1, len(order) // 200)
    smooth = np.convolve(f1, np.ones(window) / window, mode="same")
    cut = int(smooth.argmax())
    at = int(np.searchsorted(need[order], now))
    if at < len(order) and smooth[cut] <= smooth[min(at, len(order) - 1)] + 1e-9:
        return now
    return float(0.5 * (need[order[cut]] + need[order[min(cut + 1, len(order) - 1)]]))
