"""Several classifiers on the same rows in; how far they answer alike, and the texts on which they do not, out.

Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 1960, for kappa.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.evaluation import scoring
from kinfold.evaluation.coding import Answer, Coded, encode
from kinfold.evaluation.page import plain_table
from kinfold.types import Array, Classifier, Floats2d, Ints1d, Json, Label

#: Texts on which the answers differ that are kept, the ones with the greatest difference.
N_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """How far two classifiers answer alike.

    Parameters
    ----------
    a, b
        Their names.
    same
        The share of rows with the same answer; of rows with several labels, with the same set of them.
    kappa
        The same beyond chance: 1 if all answers are the same, 0 if as many as two would have that answer by lot, as
        often as these do. Of rows with several labels: of each label of each row. None where it is undefined.
    wrong_either, wrong_both
        How many rows at least one of them gets wrong, and how many both do.
    """

    a: str
    b: str
    same: float
    kappa: float | None
    wrong_either: int
    wrong_both: int

    @property
    def overlap(self) -> float | None:
        """The share of all their errors that both make; None where there is none."""
        return self.wrong_both / self.wrong_either if self.wrong_either else None

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {
            "a": self.a,
            "b": self.b,
            "same": self.same,
            "kappa": self.kappa,
            "wrong_either": self.wrong_either,
            "wrong_both": self.wrong_both,
            "error_overlap": self.overlap,
        }


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A text on which not all answers are the same.

    Parameters
    ----------
    row
        Its place among the rows, from 0.
    text, label
        The text and its label.
    answers
        Name -> answer.
    probabilities
        Name -> the probability that this one gives its own answer; of several labels the least sure one decides.
    distance
        How far apart the two that differ most are, from 0 to 1: half the sum of the differences of their
        probabilities; of several labels the greatest difference.
    """

    row: int
    text: str
    label: Label
    answers: dict[str, Answer]
    probabilities: dict[str, float]
    distance: float

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {
            "row": self.row,
            "text": self.text,
            "label": _listed(self.label),
            "answers": {name: _listed(answer) for name, answer in self.answers.items()},
            "probabilities": self.probabilities,
            "distance": self.distance,
        }


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far several classifiers answer alike on the same rows.

    Parameters
    ----------
    names
        The classifiers.
    n_rows
        How many rows.
    n_differ
        On how many of them not all answers are the same.
    right
        Name -> how many rows it gets right.
    right_any, right_all
        How many rows at least one gets right, and how many all do: no choice among their answers can be right more
        often than the first.
    pairs
        Every two of them.
    examples
        Texts on which they differ, the greatest difference first.
    """

    names: tuple[str, ...]
    n_rows: int
    n_differ: int
    right: dict[str, int]
    right_any: int
    right_all: int
    pairs: tuple[Pair, ...]
    examples: tuple[Disagreement, ...]

    def matrix(self) -> Floats2d:
        """Return (M, M): the share of rows with the same answer, in the order of the names."""
        out = np.eye(len(self.names))
        place = {name: i for i, name in enumerate(self.names)}
        for pair in self.pairs:
            out[place[pair.a], place[pair.b]] = out[place[pair.b], place[pair.a]] = pair.same
        return out

    def to_dict(self) -> dict[str, Json]:
        """Return everything as JSON."""
        return {
            "rows": self.n_rows,
            "differ": self.n_differ,
            "right": self.right,
            "right_any": self.right_any,
            "right_all": self.right_all,
            "pairs": [pair.to_dict() for pair in self.pairs],
            "examples": [example.to_dict() for example in self.examples],
        }

    def header(self) -> tuple[str, ...]:
        """Return what the columns of `rows` are."""
        return ("models", "same answer", "kappa", "both wrong", "errors shared")

    def rows(self) -> list[tuple[str, ...]]:
        """Return a line a pair, as text."""
        return [
            (
                f"{pair.a}, {pair.b}",
                f"{100 * pair.same:.1f} %",
                "–" if pair.kappa is None else f"{pair.kappa:.3f}",
                f"{pair.wrong_both:,}",
                "–" if pair.overlap is None else f"{100 * pair.overlap:.0f} %",
            )
            for pair in self.pairs
        ]

    def __str__(self) -> str:
        """Return what one could gain by choosing among the answers, in one sentence."""
        best = max(self.right, key=lambda name: self.right[name])
        share = [f"{100 * n / self.n_rows:.1f} %" for n in (self.right[best], self.right_any)]
        differ = f"The answers differ on {self.n_differ:,} of {self.n_rows:,} rows"
        return f"{differ}; {best} alone is right on {share[0]}, at least one model on {share[1]}."

    def _repr_html_(self) -> str:
        return plain_table(self.header(), self.rows())


def agreement(
    classifiers: Mapping[str, Classifier], examples: scoring.AnyRows, *, n_examples: int = N_EXAMPLES
) -> Agreement:
    """Return how far fitted classifiers answer alike.

    Parameters
    ----------
    classifiers
        Name -> fitted classifier, two or more.
    examples
        Labelled rows that none was trained on.
    n_examples
        How many texts on which they differ to keep.

    Raises
    ------
    InvalidParameterError
        E-010: there are fewer than two classifiers.
    DataError
        There are no rows, or they have no labels.

    Examples
    --------
    >>> print(agreement({"linear": linear, "net": net}, test))  # doctest: +SKIP
    """
    if len(classifiers) < 2:
        raise InvalidParameterError(
            "agreement needs at least two classifiers", seen=str(len(classifiers)), fix="name another", code="E-010"
        )
    texts, labels = scoring.labels_of(examples)
    names = list(classifiers)
    answers = [list(one.predict(texts)) for one in classifiers.values()]
    # One set of classes for all of them, so that codes and columns can be compared.
    classes = list(dict.fromkeys(str(label) for one in classifiers.values() for label in one.classes_))
    coded = [
        encode(labels, said, _widened(one.predict_proba(texts), one.classes_, classes), classes)
        for said, one in zip(answers, classifiers.values(), strict=True)
    ]
    right = np.stack([_right(one) for one in coded])  # (M, N)
    keys = [[_key(answer) for answer in said] for said in answers]
    differ = np.array([len({said[i] for said in keys}) > 1 for i in range(len(texts))])
    return Agreement(
        names=tuple(names),
        n_rows=len(texts),
        n_differ=int(differ.sum()),
        right={name: int(rows.sum()) for name, rows in zip(names, right, strict=True)},
        right_any=int(right.any(axis=0).sum()),
        right_all=int(right.all(axis=0).sum()),
        pairs=tuple(
            _pair((names[i], names[j]), (keys[i], keys[j]), (coded[i], coded[j]), ~right[i], ~right[j])
            for i, j in combinations(range(len(names)), 2)
        ),
        examples=_examples(names, texts, labels, answers, coded, np.flatnonzero(differ), n_examples),
    )


def cohen_kappa(first: Array, second: Array) -> float | None:
    """Return the agreement of two series of codes beyond chance; None where both are one and the same code."""
    found, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    n = len(first)
    shares = [np.bincount(part, minlength=len(found)) / n for part in (places[:n], places[n:])]
    by_chance = float(shares[0] @ shares[1])
    if by_chance >= 1.0:
        return None
    return (float((first == second).mean()) - by_chance) / (1.0 - by_chance)


def _pair(
    names: tuple[str, str],
    keys: tuple[list[Answer], list[Answer]],
    coded: tuple[Coded, Coded],
    wrong_a: Array,
    wrong_b: Array,
) -> Pair:
    same = float(np.mean([x == y for x, y in zip(*keys, strict=True)]))
    codes = [np.asarray(one.answers, np.int64).ravel() for one in coded]
    both, either = int((wrong_a & wrong_b).sum()), int((wrong_a | wrong_b).sum())
    return Pair(*names, same, cohen_kappa(codes[0], codes[1]), either, both)


def _examples(
    names: list[str],
    texts: list[Any],
    labels: list[Label],
    answers: list[list[Answer]],
    coded: list[Coded],
    differ: Ints1d,
    n_examples: int,
) -> tuple[Disagreement, ...]:
    if not len(differ):
        return ()
    given = np.stack([one.probabilities for one in coded if one.probabilities is not None])[:, differ]  # (M, D, C)
    distance = np.zeros(len(differ))
    for i, j in combinations(range(len(names)), 2):
        gap = np.abs(given[i] - given[j])  # (D, C)
        distance = np.maximum(distance, gap.max(axis=1) if coded[0].multilabel else 0.5 * gap.sum(axis=1))
    chosen = np.argsort(-distance, kind="stable")[:n_examples]
    return tuple(
        Disagreement(
            row=int(differ[k]),
            text=scoring.text_of(texts[differ[k]]),
            label=labels[differ[k]],
            answers={name: said[differ[k]] for name, said in zip(names, answers, strict=True)},
            probabilities={
                name: _sureness(said[differ[k]], p[k], one)
                for name, said, p, one in zip(names, answers, given, coded, strict=True)
            },
            distance=float(distance[k]),
        )
        for k in chosen.tolist()
    )


def _sureness(answer: Answer, p: Array, coded: Coded) -> float:
    """Return the probability of an answer by (C,) probabilities; of the likeliest one where none was given."""
    if coded.multilabel:
        has = np.isin(coded.classes, list(answer or ()))
        return float(np.where(has, p, 1.0 - p).min())
    return float(p.max() if answer is None else p[coded.classes.index(str(answer))])


def _right(coded: Coded) -> Array:
    """Return which rows are answered right, (N,) bool."""
    hit = np.asarray(coded.answers == coded.labels)
    return np.asarray(hit.all(axis=1)) if coded.multilabel else hit


def _widened(probabilities: Floats2d, known: Sequence[str], classes: Sequence[str]) -> Floats2d:
    """Return probabilities with a column for each of `classes`."""
    given = np.asarray(probabilities, np.float64)
    out = np.zeros((len(given), len(classes)))
    for column, name in enumerate(known):
        out[:, list(classes).index(str(name))] = given[:, column]
    return out


def _key(answer: Answer) -> Answer:
    """Return an answer in a form in which equal ones are equal."""
    return answer if answer is None or isinstance(answer, str) else tuple(sorted(answer))


def _listed(answer: Answer) -> Json:
    return answer if answer is None or isinstance(answer, str) else list(answer)
