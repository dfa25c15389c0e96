"""What a model answered on test rows, and how new each row is, in; the score of each stratum out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinfold.data.splits import text_key
from kinfold.evaluation.coding import Coded
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval
from kinfold.evaluation.joined import Bools1d
from kinfold.evaluation.leaks import Leaks
from kinfold.evaluation.scoring import score
from kinfold.types import Ints1d, Json

#: Rows that a stratum needs for a score.
LEAST_ROWS = 5
PAIR_STRATA = ("both new", "one new", "both seen")
TEXT_STRATA = ("new", "near", "seen")


@dataclass(frozen=True, slots=True)
class Stratum:
    """Test rows that are equally new: how many, the share of each label among them, and their scores."""

    name: str
    rows: int
    labels: dict[str, float]
    scores: dict[str, Interval]

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        scores = {metric: value.to_dict() for metric, value in self.scores.items()}
        return {"name": self.name, "rows": self.rows, "labels": dict(self.labels), "scores": scores}


def strata_of(leaks: Leaks) -> dict[str, Bools1d]:
    """Return which (n_test,) rows are in each stratum.

    Pairs by how many of their sides occur in training; texts by whether they stand there, exactly or nearly.
    """
    if leaks.seen is not None:
        return pair_strata(leaks.seen)
    return dict(zip(TEXT_STRATA, (~leaks.leaked, leaks.near, leaks.copies), strict=True))


def pair_strata(seen: Ints1d) -> dict[str, Bools1d]:
    """Return which (N,) pairs are in each stratum, by how many of their sides (N,) occur in training."""
    return {name: seen == sides for sides, name in enumerate(PAIR_STRATA)}


def sides_seen(lefts: Sequence[str], rights: Sequence[str], known: Container[str]) -> Ints1d:
    """Return (N,) how many sides of each pair are known, 0 to 2; an empty one never is.

    Parameters
    ----------
    known
        The texts of the training pairs, or anything that says with ``in`` whether it knows a text. Texts are compared
        as in `text_groups`.
    """
    held: Container[str] = known
    if isinstance(known, Iterable):
        held = {text_key(text) for text in known}
    seen = np.zeros(len(lefts), np.int64)
    for side in (lefts, rights):
        keys = [text_key(text) for text in side]
        seen += np.fromiter((bool(key) and key in held for key in keys), np.int64, len(keys))
    return seen


def stratum_scores(
    coded: Coded | None,
    strata: dict[str, Bools1d],
    metrics: Sequence[str],
    *,
    groups: Sequence[str] | None = None,
    n_draws: int = N_DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> tuple[Stratum, ...]:
    """Return one stratum for each name, those without rows too; without answers they have rows only."""
    made = []
    for name, member in strata.items():
        rows = np.flatnonzero(member)
        labels: dict[str, float] = {}
        scores: dict[str, Interval] = {}
        if coded is not None and len(rows):
            part = only(coded, member)
            labels = dict(zip(coded.classes, part.present.mean(axis=0).tolist(), strict=True))
            scores = {metric: Interval(None, None, None, f"{len(rows):,} rows") for metric in metrics}
        if coded is not None and len(rows) >= LEAST_ROWS:
            own = None if groups is None else [groups[i] for i in rows.tolist()]
            positive = part.classes[1] if len(part.classes) == 2 else None
            for metric in metrics:
                found = score({"": part}, positive=positive, only=metric, n_draws=n_draws, seed=seed, groups=own)
                scores[metric] = found[""][metric].interval(level)
        made.append(Stratum(name, len(rows), labels, scores))
    return tuple(made)


def only(coded: Coded, rows: Bools1d) -> Coded:
    """Return labels and answers of some of the rows."""
    answers, stated = coded.answers, coded.probabilities
    return replace(
        coded,
        labels=coded.labels[rows],
        answers=None if answers is None else answers[rows],
        abstained=coded.abstained[rows],
        probabilities=None if stated is None else stated[rows],
    )
