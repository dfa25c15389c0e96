"""How a linear classifier learns: count, choose a strength, solve, calibrate, decide; and how it learns more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision, check_metric, tune
from kinfold.estimators.labels import assign_folds, check_labels, find_classes, memberships
from kinfold.estimators.linear.dual import Problem, Solution, Weighting, count_rows, scale_rows, solve, start
from kinfold.estimators.linear.features import NGramFeatures
from kinfold.estimators.linear.memory import Memory
from kinfold.estimators.linear.model import NGramModel
from kinfold.estimators.linear.options import Options, kind_of, make_weighting, weighting_kind
from kinfold.estimators.linear.search import Search, search
from kinfold.types import Array, Floats2d, Ints1d

#: Called as progress(what is being done, share of the whole that is done).
Progress = Callable[[str, float], None]
#: Strengths tried where none is given; see `kinfold.estimators.linear.search`.
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
#: With fewer rows than this nothing is held out: margins of logistic regression at this strength are the log-odds.
FEW_ROWS = 10
FEW_ROWS_STRENGTH = 10.0


@dataclass(frozen=True)
class Fitted:
    """Everything a linear classifier has learned.

    Parameters
    ----------
    classes, multilabel
        The labels, and whether a text may have any number of them.
    blocks
        The blocks of n-grams: name -> shortest and longest.
    weighting, ratio_label
        Kind of weights, and the label that log-count ratios are about.
    model, calibration, decision
        From texts to margins, to probabilities, to answers.
    strength, losses
        The inverse strength of regularisation, and the held-out log loss of each one tried.
    typical_scales
        The median factor of a training row in each block, among rows that have n-grams there.
    memory
        Rows kept for learning more.
    """

    classes: tuple[str, ...]
    multilabel: bool
    blocks: dict[str, tuple[int, int]]
    ratio_label: str
    model: NGramModel
    calibration: Calibration
    decision: Decision
    strength: float
    losses: dict[float, float]
    typical_scales: tuple[float, ...]
    memory: Memory


def silent(stage: str, done: float) -> None:
    """Report progress to nobody."""


def fit(options: Options, texts: list[str], labels: Sequence[Any], report: Progress) -> Fitted:
    """Learn from texts and labels; see `LinearTextClassifier.fit`."""
    options.check()
    checked, multilabel = check_labels(labels, len(texts))
    classes = find_classes(checked, multilabel)
    check_metric(options.metric, len(classes), multilabel)
    members = memberships(checked, classes, multilabel)
    report("counting n-grams", 0.0)
    blocks = options.blocks(texts)
    features = NGramFeatures(options.vectorizers(blocks))
    design = features.fit(texts)
    kind = kind_of(len(classes), multilabel)
    weighting = make_weighting(options, features, weighting_kind(options, kind))
    frequency = features.document_frequency
    positive = count_rows(design, members[:, -1]) if weighting.kind == "nb" else np.zeros_like(frequency)
    weights = weighting.weights(frequency, positive, len(texts))
    scales = scale_rows(design, weights, weighting)
    signs, importance = signs_of(members, kind), importance_of(options.class_weight, members, classes, kind)
    everything = np.arange(len(texts))
    problem = Problem(
        design, everything, weights, scales, weighting.lengths, signs, importance, options.hinge, options.random_state
    )

    found = _search(options, problem, weighting, texts, members, kind, report)
    report("fitting", 0.9)
    if not len(found.margins):
        problem = replace(problem, hinge=False)
    begun = start(len(signs), design.n_columns, len(texts))
    solution = solve([problem], found.strength, [begun], options.threads)[0]
    model = model_of(features, weighting, frequency, positive, len(texts), weights, solution)
    calibration, decision = _decide(options, found.margins, members, classes, kind)
    memory = Memory(design, members, np.ones(len(texts)))
    report("done", 1.0)
    return Fitted(
        classes=tuple(classes),
        multilabel=multilabel,
        blocks=blocks,
        ratio_label=classes[-1],
        model=model,
        calibration=calibration,
        decision=decision,
        strength=found.strength,
        losses=found.losses,
        typical_scales=tuple(float(np.median(block[block > 0])) if block.any() else 0.0 for block in scales.T),
        memory=memory.thinned(options.replay, options.random_state),
    )


def _search(
    options: Options,
    problem: Problem,
    weighting: Weighting,
    texts: list[str],
    members: Array,
    kind: str,
    report: Progress,
) -> Search:
    fold = assign_folds(texts, members, min(options.n_folds, len(texts)), options.random_state)
    held_out = [np.flatnonzero(fold == f) for f in np.unique(fold)]
    # Equal texts are held out together: where all are equal, nothing would be left to learn from.
    if len(texts) < FEW_ROWS or len(held_out) < 2:
        strength = FEW_ROWS_STRENGTH if options.C is None else options.C
        return Search(strength, {}, np.zeros((0, len(problem.signs))))
    problems = [_without(problem, rows, weighting, members) for rows in held_out]
    strengths = STRENGTHS if options.C is None else (options.C,)
    return search(
        problems,
        held_out,
        strengths,
        members,
        kind,
        options.threads,
        lambda share: report("choosing the strength", min(0.9, 0.1 + 0.8 * share)),
    )


def _without(problem: Problem, held_out: Ints1d, weighting: Weighting, members: Array) -> Problem:
    """Return the problem that learns from the other rows, its weights too."""
    rows = np.setdiff1d(problem.rows, held_out)
    if weighting.kind != "nb":
        return replace(problem, rows=rows)
    learned = np.zeros(len(members), np.uint8)
    learned[rows] = 1
    positive = count_rows(problem.design, learned & members[:, -1])
    weights = weighting.weights(count_rows(problem.design, learned), positive, len(rows))
    return replace(problem, rows=rows, weights=weights, scales=scale_rows(problem.design, weights, weighting))


def _decide(
    options: Options, margins: Floats2d, members: Array, classes: list[str], kind: str
) -> tuple[Calibration, Decision]:
    """Learn probabilities and decisions on held-out margins; without any, take margins as log-odds."""
    if not len(margins):
        calibration = Calibration.identity(margins.shape[1], kind)
        # Tuning for accuracy looks at no row, so that any will do.
        rows = np.eye(len(classes)), np.eye(len(classes), dtype=np.uint8)
        return calibration, tuned(replace(options, metric="accuracy"), *rows, classes, kind == "multilabel")
    fitted = Calibration.fit(margins, members, kind) if options.calibrate else None
    calibration = fitted or Calibration.identity(margins.shape[1], kind)
    return calibration, tuned(options, calibration(margins), members, classes, kind == "multilabel")


def tuned(options: Options, probabilities: Floats2d, members: Array, classes: list[str], multilabel: bool) -> Decision:
    """Return the decision that the options ask for, tuned on these probabilities (N, C)."""
    return tune(
        probabilities,
        members,
        classes,
        metric=options.metric,
        costs=options.costs,
        abstain_cost=options.abstain_cost,
        multilabel=multilabel,
    )


def model_of(
    features: NGramFeatures,
    weighting: Weighting,
    frequency: Array,
    positive: Array,
    n_texts: int,
    weights: Array,
    solution: Solution,
) -> NGramModel:
    """Return the model that a solution of all rows makes."""
    effects = np.ascontiguousarray(solution.effects.T)  # (F, K)
    return NGramModel(features, weighting, frequency, positive, n_texts, weights, effects, solution.biases)


def signs_of(members: Array, kind: str) -> Array:
    """Return (K, N) float32: +1 for rows of the class of each problem, else -1."""
    wanted = members[:, 1:] if kind == "binary" else members
    return np.ascontiguousarray(2.0 * wanted.T - 1.0, np.float32)


def importance_of(
    class_weight: str | float | Mapping[str, float] | None, members: Array, classes: Sequence[str], kind: str
) -> Floats2d:
    """Return (K, N) float64: what each row's loss counts in each problem.

    With two classes every row counts by its class; one against the rest, rows of the one do and the others count 1.
    """
    sizes = np.maximum(members.sum(axis=0, dtype=np.float64), 1.0)
    if isinstance(class_weight, Mapping):
        unknown = sorted(set(class_weight) - set(classes))
        if unknown:
            raise InvalidParameterError("`class_weight` names a label that is no class.", seen=repr(unknown[0]))
        weights = np.array([float(class_weight.get(label, 1.0)) for label in classes])
    else:
        power = 0.0 if class_weight is None else 1.0 if class_weight == "balanced" else float(class_weight)
        weights = (len(members) / (len(classes) * sizes)) ** power
    if kind == "binary":
        return (members * weights).sum(axis=1)[None, :]
    return np.where(members.T > 0, weights[:, None], 1.0)
