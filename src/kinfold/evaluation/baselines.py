"""What answering without reading would score: one answer, with the share of each class as its probability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinfold.errors import DataError
from kinfold.evaluation.coding import Answer
from kinfold.types import Floats2d, Label

#: The name of this baseline in every table.
MAJORITY = "majority"


@dataclass(slots=True)
class MajorityBaseline:
    """A classifier that reads nothing: one answer and one set of probabilities for every text.

    Its accuracy is that of the commonest label; its log loss is that of the classes' shares (the prior), the
    least that can be had without reading.
    """

    classes_: Sequence[str]
    shares: tuple[float, ...]  # (C,): sums to 1, or for multi-label data the share of rows that have each label
    multilabel: bool
    source: str  # "training labels" or "test rows"

    @property
    def answer(self) -> Label:
        """The one answer: the commonest label, the first of equals; multi-label: what most rows have."""
        if self.multilabel:
            return tuple(name for name, share in zip(self.classes_, self.shares, strict=True) if share >= 0.5)
        return self.classes_[int(np.argmax(self.shares))]

    def fit(self, texts: Sequence[str], labels: Sequence[Label]) -> MajorityBaseline:
        """Return the baseline of these labels."""
        return majority(labels)

    def predict(self, texts: Sequence[str]) -> list[Answer]:
        """Return the one answer for each text."""
        return [self.answer] * len(texts)

    def predict_proba(self, texts: Sequence[str]) -> Floats2d:
        """Return (N, C) probabilities, the shares on every row."""
        return np.tile(np.array(self.shares), (len(texts), 1))


def majority(
    labels: Sequence[Label] | Mapping[str, int],
    *,
    n_rows: int | None = None,
    multilabel: bool | None = None,
    source: str = "training labels",
) -> MajorityBaseline:
    """Return the majority baseline of labels, or of counts of them.

    Parameters
    ----------
    labels
        The labels of the training rows, or how many rows have each.
    n_rows
        With counts of multi-label data, the number of rows.
    multilabel
        Whether rows have several labels; by default, whether any label is a tuple.
    source
        Where the labels come from, said beside the result.
    """
    if isinstance(labels, Mapping):
        counts, total = Counter({str(name): int(n) for name, n in labels.items()}), n_rows
        several = bool(multilabel)
    else:
        several = multilabel if multilabel is not None else any(isinstance(label, tuple) for label in labels)
        counts = Counter(name for label in labels for name in (label if isinstance(label, tuple) else (label,)))
        total = len(labels)
    if not counts:
        raise DataError("a baseline needs at least one label", fix="give the training labels", code="E-001")
    whole = (total if several else None) or counts.total()
    names = tuple(sorted(counts))
    return MajorityBaseline(names, tuple(counts[name] / whole for name in names), several, source)
