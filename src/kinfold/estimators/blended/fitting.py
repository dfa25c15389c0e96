"""How a blend learns: every member on all rows but a fold's, weights on what they say of it, then all on all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.base import TextEstimator
from kinfold.estimators.blended.weights import (
    BLEND,
    Verdict,
    blend,
    find_weights,
    judge,
    row_scores,
    to_probabilities,
    to_scores,
)
from kinfold.estimators.decision import Costs, Decision, check_metric, tune
from kinfold.estimators.labels import assign_folds, check_labels, find_classes, memberships
from kinfold.estimators.linear.fitting import FEW_ROWS, Progress
from kinfold.estimators.linear.options import kind_of
from kinfold.types import Array, Classifier, Floats1d, Floats2d, Ints1d, Label


@dataclass(frozen=True)
class Fitted:
    """Everything a blend has learned.

    Parameters
    ----------
    classes, multilabel
        The labels, and whether a text may have any number of them.
    members
        Name -> classifier, fitted on all rows.
    weights, offsets
        (M,) and (K,): K is 1 for two classes, else C.
    decision
        From probabilities to answers.
    fold_scores
        Name of a member, or of the blend -> log loss and accuracy on rows held out.
    verdict
        Whether the blend is better than the best of them.
    """

    classes: tuple[str, ...]
    multilabel: bool
    members: dict[str, Classifier]
    weights: Floats1d
    offsets: Floats1d
    decision: Decision
    fold_scores: dict[str, dict[str, float]]
    verdict: Verdict

    @property
    def kind(self) -> str:
        """``"binary"``, ``"single"`` or ``"multilabel"``."""
        return kind_of(len(self.classes), self.multilabel)

    def scores(self, texts: list[Any]) -> Floats2d:
        """Return the blend's scores (N, K): log-odds, or with many classes what a softmax takes."""
        of_each = [scores_of(member, texts, self.classes, self.kind) for member in self.members.values()]
        return blend(of_each, self.weights, self.offsets)


@dataclass(frozen=True)
class Asked:
    """What a caller asked of the blend's answers and folds; see `BlendedClassifier`."""

    n_folds: int
    metric: str
    costs: Costs | None
    abstain_cost: float | None
    random_state: int


@dataclass(frozen=True)
class HeldOut:
    """What members say of rows they were not trained on: scores (M, N, K), and rows and folds (N,)."""

    scores: Array
    rows: Ints1d
    fold: Ints1d


def fit(
    asked: Asked,
    members: Mapping[str, Classifier],
    fresh: Any,
    texts: list[str],
    labels: Sequence[Any],
    report: Progress,
) -> Fitted:
    """Learn from texts and labels; see `BlendedClassifier.fit`.

    Parameters
    ----------
    members
        Name -> a classifier that has learned nothing, which learns from all rows.
    fresh
        Called without arguments: returns such members anew, for a fold.
    """
    checked, multilabel = check_labels(labels, len(texts))
    classes = find_classes(checked, multilabel)
    check_metric(asked.metric, len(classes), multilabel)
    of_rows = memberships(checked, classes, multilabel)
    kind = kind_of(len(classes), multilabel)
    any_decision(asked, classes, multilabel)  # costs that can't be used are refused before anything is learned
    report("cutting folds", 0.0)
    held = _held_out(asked, fresh, texts, checked, of_rows, (classes, kind), report)
    share = asked.n_folds / (asked.n_folds + 1)
    learn(members, texts, checked, lambda stage, done: report(stage, share + done * (0.99 - share)))
    report("done", 1.0)
    return weighed(asked, members, held, of_rows, (classes, multilabel))


def any_decision(asked: Asked, classes: Sequence[str], multilabel: bool) -> Decision:
    """Return a decision where no row was held out; raises what costs that can't be used raise."""
    # Tuning for accuracy looks at no row, so that any will do.
    any_rows = np.eye(len(classes)), np.eye(len(classes), dtype=np.uint8)
    return tune(*any_rows, classes, **_wanted(asked, multilabel, tuned=False))


def weighed(
    asked: Asked,
    members: Mapping[str, Classifier],
    held: HeldOut | None,
    of_rows: Array,
    told: tuple[Sequence[str], bool],
) -> Fitted:
    """Return the blend of fitted members, its weights learned from what they say of rows held out.

    Parameters
    ----------
    held
        None: there were none, and all members weigh the same.
    of_rows
        (N, C) uint8: the classes of all rows.
    told
        The classes, and whether a text may have several.
    """
    classes, multilabel = told
    kind = kind_of(len(classes), multilabel)
    if held is None:
        weights, offsets = np.full(len(members), 1.0 / len(members)), np.zeros(1 if kind == "binary" else len(classes))
        decision = any_decision(asked, classes, multilabel)
        return Fitted(tuple(classes), multilabel, dict(members), weights, offsets, decision, {}, Verdict(0, ()))
    truth = of_rows[held.rows]
    weights, offsets = find_weights(held.scores, truth, kind)
    crossed = _crossed(held, truth, kind)
    told_members = {
        name: row_scores(to_probabilities(scores, kind), truth, multilabel)
        for name, scores in zip(members, held.scores, strict=True)
    }
    told_blend = row_scores(crossed, truth, multilabel)
    return Fitted(
        classes=tuple(classes),
        multilabel=multilabel,
        members=dict(members),
        weights=weights,
        offsets=offsets,
        decision=tune(crossed, truth, classes, **_wanted(asked, multilabel, tuned=True)),
        fold_scores={
            name: {metric: float(rows.mean()) for metric, rows in of_one.items()}
            for name, of_one in (*told_members.items(), (BLEND, told_blend))
        },
        verdict=judge(told_blend, told_members, asked.random_state),
    )


def scores_of(member: Classifier, texts: list[Any], classes: Sequence[str], kind: str) -> Floats2d:
    """Return a member's scores (N, K) in the order of `classes`; a class it never saw is as unlikely as can be."""
    given = np.asarray(member.predict_proba(texts), np.float64)
    known = [str(label) for label in member.classes_]
    if given.shape != (len(texts), len(known)):
        raise DataError(
            "A member of a blend must give one probability a label.",
            seen=f"{type(member).__name__}: {given.shape} for {len(texts)} rows and {len(known)} labels",
            fix="predict_proba returns (N, C), its columns in the order of classes_.",
            code="D-103",
        )
    if not np.isfinite(given).all():
        raise DataError(
            "A member of a blend gave a probability that is no number.",
            seen=type(member).__name__,
            fix="Train it by itself and see what it says.",
            code="D-104",
        )
    probabilities = np.zeros((len(texts), len(classes)))
    for place, label in enumerate(classes):
        if label in known:
            probabilities[:, place] = given[:, known.index(label)]
    return to_scores(probabilities, kind)


def _held_out(
    asked: Asked,
    fresh: Any,
    texts: list[str],
    labels: list[Label],
    of_rows: Array,
    told: tuple[list[str], str],
    report: Progress,
) -> HeldOut | None:
    """Return what the members say of each fold; None where there are too few rows, or folds that can be learned."""
    classes, kind = told
    if len(texts) < FEW_ROWS:
        return None
    fold = assign_folds(texts, of_rows, min(asked.n_folds, len(texts)), asked.random_state)
    folds = np.unique(fold).tolist()
    scores, rows = [], []
    for place, f in enumerate(folds):
        learned, held = np.flatnonzero(fold != f).tolist(), np.flatnonzero(fold == f)
        members = fresh()

        def step(stage: str, done: float, place: int = place) -> None:
            share = len(folds) / (len(folds) + 1) * (place + done) / len(folds)
            report(f"fold {place + 1} of {len(folds)}: {stage}", share)

        try:
            learn(members, [texts[i] for i in learned], [labels[i] for i in learned], step)
        except DataError:
            # Without these rows nothing can be learned, as where one label is left: they stand in no figure.
            continue
        of_fold = [texts[i] for i in held.tolist()]
        scores.append(np.stack([scores_of(member, of_fold, classes, kind) for member in members.values()]))
        rows.append(held)
    if len(rows) < 2:
        return None
    every = np.concatenate(rows)
    return HeldOut(np.concatenate(scores, axis=1), every, fold[every])


def learn(
    members: Mapping[str, Classifier], texts: list[Any], labels: Sequence[Label], report: Progress, **more: Any
) -> None:
    """Let each member learn; those of kinfold are given `more` arguments of ``fit``."""
    for place, (name, member) in enumerate(members.items()):

        def step(stage: str, done: float, name: str = name, place: int = place) -> None:
            report(f"{name}, {stage}", (place + done) / len(members))

        step("fitting", 0.0)
        if isinstance(member, TextEstimator):
            member.fit(texts, labels, progress=step, **more)  # type: ignore[attr-defined, call-arg]
        else:
            member.fit(texts, labels)


def _crossed(held: HeldOut, truth: Array, kind: str) -> Floats2d:
    """Return the blend's probabilities of each row, by weights learned from the other folds."""
    out = np.empty_like(held.scores[0])
    for f in np.unique(held.fold).tolist():
        others, own = held.fold != f, held.fold == f
        out[own] = blend(list(held.scores[:, own]), *find_weights(held.scores[:, others], truth[others], kind))
    return to_probabilities(out, kind)


def _wanted(asked: Asked, multilabel: bool, *, tuned: bool) -> dict[str, Any]:
    """Return what `tune` is to be given; where no row was held out, no metric can be tuned for."""
    return {
        "metric": asked.metric if tuned else "accuracy",
        "costs": asked.costs,
        "abstain_cost": asked.abstain_cost,
        "multilabel": multilabel,
    }
