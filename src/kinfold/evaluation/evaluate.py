"""A fitted classifier and labelled rows in; how good it is, against what, and how sure, out."""

from __future__ import annotations

import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kinfold.evaluation import curves, scoring, wording
from kinfold.evaluation.baselines import MAJORITY, majority
from kinfold.evaluation.coding import Answer, Coded, encode, positive_code
from kinfold.evaluation.comparison import Difference, differences
from kinfold.evaluation.curves import CalibrationBin, ClassRow, Curve
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval
from kinfold.evaluation.strata import Stratum, pair_strata, sides_seen, stratum_scores
from kinfold.types import Classifier, Floats2d, Ints1d, Json, Label

#: What is measured of each stratum of pairs.
_OF_STRATA = ("accuracy", "f1", "auc")


@runtime_checkable
class Decides(Protocol):
    """A classifier whose answers follow from its probabilities alone."""

    def answers(self, probabilities: Floats2d) -> Sequence[Answer]:
        """Return the answer of each row of probabilities."""


class LedgerCounts(Protocol):
    """What evaluation needs of a ledger: `kinfold.data.ledger.Ledger` has it."""

    @property
    def read(self) -> int:
        """Rows in the file."""

    @property
    def used(self) -> int:
        """Rows handed on."""

    @property
    def rejected(self) -> Mapping[str, int]:
        """Rows rejected, by reason."""

    @property
    def merged(self) -> int:
        """Rows merged into another."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a classifier is on rows it has not seen; made by `evaluate`.

    `metrics` and `baselines` hold intervals; `differences` says what the classifier gains over each baseline
    in the main metric, on the same draws of the same rows. `strata` are the scores of pairs by how many of their
    sides the model learned from, where that is known.
    """

    name: str
    positive: str | None  # the positive one of two classes; None where metrics are averaged over classes
    rows: dict[str, int]  # in, used, rejected, merged
    metrics: dict[str, Interval]
    baselines: dict[str, dict[str, Interval]]
    differences: tuple[Difference, ...]
    majority_answer: Label
    majority_source: str
    unseen_labels: tuple[str, ...]
    n_groups: int | None
    n_draws: int
    level: float
    seconds: float
    coded: Coded = field(repr=False)
    task: str = "classify"
    strata: tuple[Stratum, ...] = ()

    @property
    def kind(self) -> str:
        """Return ``"binary"``, ``"multiclass"`` or ``"multilabel"``."""
        if self.coded.multilabel:
            return "multilabel"
        return "multiclass" if self.positive is None else "binary"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the classifier, then those that only labels hold."""
        return self.coded.classes

    @property
    def per_class(self) -> tuple[ClassRow, ...]:
        """One row a class: rows, precision, recall, F1 and AUC."""
        return curves.class_table(self.coded)

    @property
    def confusion(self) -> Ints1d | None:
        """Counts (C, C + 1), label by answer, the last column abstentions; None if multi-label."""
        return curves.confusion_matrix(self.coded)

    @property
    def calibration(self) -> tuple[CalibrationBin, ...]:
        """Stated against observed probability, in the bins of the calibration error."""
        return curves.calibration_curve(self.coded, self._code)

    @property
    def roc(self) -> tuple[Curve, ...]:
        """The ROC curve of the positive class, or of each class against the rest, thinned."""
        return curves.roc_curves(self.coded, self._code)

    @property
    def precision_recall(self) -> tuple[Curve, ...]:
        """The precision-recall curve of the positive class, or of each class, thinned."""
        return curves.precision_recall_curves(self.coded, self._code)

    @property
    def _code(self) -> int | None:
        return None if self.positive is None else positive_code(self.coded.classes, self.positive)

    @property
    def main_metric(self) -> str:
        """The metric the verdict speaks of: accuracy, or micro-F1 where rows have several labels."""
        return "f1" if self.kind == "multilabel" else "accuracy"

    def to_dict(self) -> dict[str, Json]:
        """Return what ``kinfold evaluate --json`` prints."""
        told: dict[str, Json] = {
            "model": self.name,
            "task": self.task,
            "rows": dict(self.rows),
            "metrics": {name: value.to_dict() for name, value in self.metrics.items()},
            "baselines": {
                name: {metric: value.to_dict() for metric, value in values.items()}
                for name, values in self.baselines.items()
            },
            "seconds": round(self.seconds, 3),
        }
        return told | ({"strata": [stratum.to_dict() for stratum in self.strata]} if self.strata else {})

    def verdict(self) -> list[tuple[str, bool]]:
        """Return the answer in sentences, as pieces of text with whether each is to be stressed."""
        return wording.verdict(self)

    def __str__(self) -> str:
        """Return the verdict, then a plain table of the metrics beside the baselines."""
        return wording.plain_table(self)

    def _repr_html_(self) -> str:
        return wording.fragment(self)


def evaluate(
    classifier: Classifier,
    examples: scoring.AnyRows,
    *,
    train_labels: Sequence[Label] | Mapping[str, int] | None = None,
    train_texts: Container[str] | None = None,
    baselines: Mapping[str, Classifier] | None = None,
    positive: str | None = None,
    ledger: LedgerCounts | None = None,
    name: str = "",
    by_group: bool = True,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Measure a fitted classifier or matcher on labelled rows it has not seen, with intervals and beside baselines.

    Parameters
    ----------
    classifier
        Anything with `predict`, `predict_proba` and `classes_`. An answer of None is an abstention.
    examples
        Labelled rows: `Examples`, `Pairs` for a matcher, or anything with the same columns. Pairs without groups are
        drawn by connected components of texts, where these are small.
    train_labels
        The labels of the training rows, or the number of rows of each, for the majority baseline; without
        them it is taken from the test rows, which flatters it, and `majority_source` says so.
    train_texts
        Of pairs: the texts of the training pairs, or anything that says with ``in`` whether it knows a text. Scores
        are then given by how many sides of a pair were learned from too.
    baselines
        Name -> other fitted classifiers to measure beside it.
    positive
        The positive one of two classes; default: the second.
    ledger
        What was read, used, rejected and merged when the examples were read; only its numbers of rows are used,
        and only where the examples are all the rows it handed on.
    name
        What to call the classifier.
    by_group
        Draw whole groups where the examples have them.
    level, n_draws, seed
        Of the bootstrap intervals.

    Raises
    ------
    DataError
        There are no rows, or no labels.
    """
    start = time.perf_counter()
    texts, labels = scoring.labels_of(examples)
    groups = scoring.groups_of(examples, by_group)
    coded = _answered(classifier, texts, labels)
    base = majority(
        labels if train_labels is None else train_labels,
        multilabel=coded.multilabel,
        source="test rows" if train_labels is None else "training labels",
    )
    systems = {"": coded, MAJORITY: _answered(base, texts, labels)}
    systems |= {other: _answered(one, texts, labels) for other, one in (baselines or {}).items()}
    named = scoring.positive_class(list(systems.values()), positive)
    scores = scoring.score(systems, positive=named, n_draws=n_draws, seed=seed, groups=groups)
    main = "f1" if coded.multilabel else "accuracy"
    of_main = {other: scores[other][main] for other in systems}
    pairs = [("", other) for other in systems if other]
    found = differences(systems, of_main, main, pairs, level=level, grouped=groups is not None)
    intervals = {other: {metric: one.interval(level) for metric, one in scores[other].items()} for other in systems}
    strata: tuple[Stratum, ...] = ()
    if isinstance(examples, scoring.PairRows) and train_texts is not None:
        found_sides = pair_strata(sides_seen(examples.lefts, examples.rights, train_texts))
        asked = [metric for metric in _OF_STRATA if metric in scores[""]]
        strata = stratum_scores(coded, found_sides, asked, groups=groups, n_draws=n_draws, level=level, seed=seed)
    return Evaluation(
        name=name,
        positive=named,
        rows=_rows(len(texts), ledger),
        metrics=intervals.pop(""),
        baselines=intervals,
        differences=found,
        majority_answer=base.answer,
        majority_source=base.source,
        unseen_labels=_unseen(coded, set(classifier.classes_)),
        n_groups=None if groups is None else len(set(groups)),
        n_draws=n_draws,
        level=level,
        seconds=time.perf_counter() - start,
        coded=coded,
        task="match" if isinstance(examples, scoring.PairRows) else "classify",
        strata=strata,
    )


def _answered(classifier: Classifier, texts: Sequence[Any], labels: Sequence[Label]) -> Coded:
    stated = classifier.predict_proba(texts)
    # Reading the texts is most of the work; who can answer from probabilities reads them once.
    answers = classifier.answers(stated) if isinstance(classifier, Decides) else classifier.predict(texts)
    return encode(labels, answers, stated, list(classifier.classes_))


def _unseen(coded: Coded, known: set[str]) -> tuple[str, ...]:
    """Return the labels of test rows that the classifier has never learned."""
    held = np.flatnonzero(coded.present.any(axis=0))
    return tuple(coded.classes[j] for j in held if coded.classes[j] not in known)


def _rows(used: int, ledger: LedgerCounts | None) -> dict[str, int]:
    if ledger is None or ledger.used != used:  # a part of what was read, such as the test part of a split
        return {"in": used, "used": used, "rejected": 0, "merged": 0}
    rejected = sum(ledger.rejected.values())
    return {"in": ledger.read, "used": used, "rejected": rejected, "merged": ledger.merged}
