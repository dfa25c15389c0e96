"""How a blend of matchers learns: each once, weights on pairs that none of them learned from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.blended.fitting import Asked, Fitted, HeldOut, any_decision, learn, scores_of, weighed
from kinfold.estimators.linear.fitting import Progress
from kinfold.estimators.pairs.graph import components, dealt, held_out, oddities
from kinfold.estimators.pairs.sides import PairLabels, Sides, nothing, sides_of
from kinfold.text.normalize import Normalizer
from kinfold.types import Array, Classifier, Ints1d, Keys1d

#: Fewer pairs held out of one label say nothing of what a member is worth.
_FEWEST = 10


class Read:
    """Pairs and labels however they were given, as every member takes them.

    Attributes
    ----------
    pairs, labels
        (left, right), and the label of each.
    places
        (n, 2) the places of both sides among the distinct texts.
    keys
        A number for each distinct text, the same for texts that differ in case or spaces; 0 for an empty one.
    """

    def __init__(self, pairs: Any, labels: Iterable[Any] | None) -> None:
        taken, normal = Sides(), Normalizer()
        texts = list(taken.texts(sides_of(pairs, labels)))
        if not taken.given:
            raise nothing()
        self.told = PairLabels(taken.given)
        if self.told.n_missing:
            raise DataError(
                "A blend learns from pairs that all have a label.",
                seen=f"{self.told.n_missing:,} of {self.told.n:,} without",
                fix="Give every pair one; kinfold.Negatives makes pairs that do not match.",
                code="D-161",
            )
        self.places = taken.placed()
        self.pairs = [(texts[a], texts[b]) for a, b in self.places.tolist()]
        self.labels = [str(label) for label in taken.given]
        self.keys: Keys1d = np.array([_digest(normal(text)) for text in texts], np.uint64)

    def take(self, rows: Ints1d) -> tuple[list[tuple[str, str]], list[str]]:
        """Return some of the pairs, and their labels."""
        return [self.pairs[i] for i in rows.tolist()], [self.labels[i] for i in rows.tolist()]


def fit(
    asked: Asked,
    members: dict[str, Classifier],
    match: str | None,
    share: float,
    given: tuple[Any, Iterable[Any] | None],
    valid: Any,
    report: Progress,
) -> tuple[Fitted, dict[str, int]]:
    """Learn from pairs; return the blend, and what was odd among the pairs: see `BlendedPairMatcher.fit`.

    Parameters
    ----------
    members
        Name -> a matcher that has learned nothing.
    share
        Of the pairs that are held out where there is no `valid`.
    given
        The pairs, and their labels.
    """
    report("reading", 0.0)
    read = Read(*given)
    classes, matches = read.told.two(match)
    any_decision(asked, classes, False)
    component = components(read.places, read.keys)
    if valid is None:
        apart = held_out(component, matches, share, asked.random_state)
        learned, held = np.flatnonzero(~apart), np.flatnonzero(apart)
        own, truth = read.take(held), matches[held]
        fold = dealt(component[held], asked.n_folds, asked.random_state) if len(held) else held
    else:
        learned = np.arange(len(matches))
        other = Read(*valid) if isinstance(valid, tuple) else Read(valid, None)
        own, truth = (other.pairs, other.labels), other.told.among(classes)
        fold = dealt(components(other.places, other.keys), asked.n_folds, asked.random_state)
    pairs, labels = read.take(learned)
    more = {"valid": own} if len(truth) else {}
    learn(members, pairs, labels, lambda stage, done: report(stage, 0.05 + 0.85 * done), **more)
    report("weights", 0.95)
    known = _told_apart(truth, fold)
    said = None
    if known:
        scores = np.stack([scores_of(member, own[0], classes, "binary") for member in members.values()])
        said = HeldOut(scores, np.arange(len(truth)), fold)
    fitted = weighed(asked, members, said, np.stack([truth == 0, truth > 0], 1).astype(np.uint8), (classes, False))
    report("done", 1.0)
    return fitted, oddities(read.keys[read.places], matches)


def _told_apart(truth: Array, fold: Ints1d) -> bool:
    """Return whether there are enough pairs of both labels, in several folds, to learn weights from."""
    return min(int((truth == 0).sum()), int((truth > 0).sum())) >= _FEWEST and len(np.unique(fold)) > 1


def _digest(text: str) -> int:
    key = " ".join(text.split())
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little") if key else 0
