"""How a linear classifier learns more: from new rows, new n-grams and new labels, without the old rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.labels import check_labels, memberships
from kinfold.estimators.linear.dual import Problem, Solution, count_rows, scale_rows, solve
from kinfold.estimators.linear.features import Design, NGramFeatures, inserted
from kinfold.estimators.linear.fitting import Fitted, Progress, importance_of, model_of, signs_of, tuned
from kinfold.estimators.linear.memory import Memory
from kinfold.estimators.linear.model import NGramModel
from kinfold.estimators.linear.options import Options, kind_of
from kinfold.types import Floats1d, Ints1d


def fit_more(options: Options, old: Fitted, texts: list[str], labels: Sequence[Any], report: Progress) -> Fitted:
    """Learn from more rows; see `LinearTextClassifier.partial_fit`."""
    options.check()
    checked, multilabel = check_labels(labels, len(texts))
    if multilabel != old.multilabel:
        raise DataError(
            "The new labels are of another kind.",
            seen="several a row" if multilabel else "one a row",
            fix="Give labels as the model was fitted with.",
        )
    report("counting n-grams", 0.0)
    classes = sorted({*old.classes, *({x for row in checked for x in row} if multilabel else map(str, checked))})
    members = memberships(checked, classes, multilabel)
    model, moved = _widened(old, classes, texts)
    design = model.features.design(texts)
    more = count_rows(design, members[:, classes.index(old.ratio_label)])
    positive = model.positive + (more if model.weighting.kind == "nb" else 0)
    n_texts = old.model.n_texts + len(texts)
    frequency = model.features.document_frequency
    weights = model.weighting.weights(frequency, positive, n_texts)

    memory = _moved_memory(old, classes, moved, design.n_columns).with_rows(design, members)
    kind = kind_of(len(classes), multilabel)
    weighting = model.weighting
    scales = scale_rows(memory.design, weights, weighting)
    importance = importance_of(options.class_weight, memory.members, classes, kind) * memory.stands_for
    rows = np.arange(len(memory))
    signs = signs_of(memory.members, kind)
    problem = Problem(
        memory.design, rows, weights, scales, weighting.lengths, signs, importance, options.hinge, options.random_state
    )
    report("fitting", 0.3)
    begun = Solution(np.ascontiguousarray(model.effects.T), model.biases, np.zeros(signs.shape))
    solution = solve([problem], old.strength, [begun], options.threads)[0]
    model = model_of(model.features, weighting, frequency, positive, n_texts, weights, solution)
    learned = replace(
        old, classes=tuple(classes), model=model, memory=memory.thinned(options.replay, options.random_state)
    )
    if len(classes) > len(old.classes):
        margins = model.margins_of(memory.design, options.threads)
        slope = float(old.calibration.slopes.mean())
        calibration = Calibration.fit_offsets(slope, margins, memory.members, kind)
        decision = tuned(options, calibration(margins), memory.members, classes, multilabel)
        learned = replace(learned, calibration=calibration, decision=decision)
    report("done", 1.0)
    return learned


def _widened(old: Fitted, classes: list[str], texts: list[str]) -> tuple[NGramModel, Ints1d]:
    """Return the model with columns for new n-grams and classes, their effects zero; and where old columns went."""
    before = old.model
    sizes = before.features.sizes
    features = NGramFeatures({name: part.copy() for name, part in before.features.vectorizers.items()})
    moved = inserted(sizes, features.extend(texts))
    n_columns = sum(features.sizes.values())
    effects, biases = before.effects, before.biases
    if old.calibration.kind == "binary" and len(classes) > 2:
        effects, biases = np.concatenate([-effects, effects], axis=1), np.concatenate([-biases, biases])
    n_problems = 1 if kind_of(len(classes), old.multilabel) == "binary" else len(classes)
    places = [0] if n_problems == 1 else [classes.index(label) for label in old.classes]
    wide = np.zeros((n_columns, n_problems), np.float32)
    wide[np.ix_(moved, np.array(places))] = effects
    wide_biases: Floats1d = np.zeros(n_problems)
    wide_biases[places] = biases
    positive = np.zeros(n_columns, np.int32)
    positive[moved] = before.positive
    weighting = replace(before.weighting, sizes=tuple(features.sizes.values()))
    return replace(
        before, features=features, weighting=weighting, positive=positive, effects=wide, biases=wide_biases
    ), moved


def _moved_memory(old: Fitted, classes: list[str], moved: Ints1d, n_columns: int) -> Memory:
    design = old.memory.design
    indices = moved[design.indices].astype(np.int32)
    members = np.zeros((len(old.memory), len(classes)), np.uint8)
    members[:, [classes.index(label) for label in old.classes]] = old.memory.members
    return Memory(Design(design.bounds, indices, n_columns), members, old.memory.stands_for)
