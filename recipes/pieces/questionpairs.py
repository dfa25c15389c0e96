"""Pairs of questions, and each question as the weighted mean of its words' vectors."""

from __future__ import annotations

from collections import Counter

import numpy as np

import kinfold as kf
from common import Recipe
from kinfold.evaluation.intervals import Interval, resampled_interval


def read(recipe: Recipe) -> kf.Pairs:
    """Return the questions that may be duplicates; the packaged sample without data."""
    if recipe.quick:
        return kf.sample("questions")
    given = {"left": "question1", "right": "question2", "label": "is_duplicate", "quoting": "none"}
    return kf.read_table(recipe.data / "quora_question_pairs" / "questions.tsv.gz", **given).pairs


def sides(pairs: kf.Pairs) -> list[tuple[str, str]]:
    """Return (left, right) of each pair."""
    return list(zip(pairs.lefts, pairs.rights, strict=True))


def placed(pairs: list[tuple[str, str]]) -> tuple[list[str], np.ndarray]:
    """Return each text once, and the pairs as places (n, 2) among these."""
    place: dict[str, int] = {}
    both = [[place.setdefault(text, len(place)) for text in pair] for pair in pairs]
    return list(place), np.array(both)


def means(texts: list[str], vectors: kf.WordVectors, known: list[str], *, by_idf: bool) -> np.ndarray:
    """Return the mean of the vectors of each text's words, (n, 1, D) float32; zeros where no word has one.

    Parameters
    ----------
    known
        The texts that say how rare a word is.
    by_idf
        Words weigh by their inverse document frequency, as often as they stand in the text: tf-idf.
    """
    cut = kf.WordTokenizer()
    n_with = Counter(word for text in known for word in {*cut(text)})
    out = np.zeros((len(texts), 1, vectors.dim), np.float32)
    for i, text in enumerate(texts):
        words = cut(text)
        places = np.asarray(vectors.ids(words))
        has = places >= 0
        if has.any():
            weight = np.array([np.log((1 + len(known)) / (1 + n_with[word])) if by_idf else 1.0 for word in words])
            taken = weight[has]
            out[i, 0] = taken @ vectors.vectors[places[has]] / max(taken.sum(), 1e-9)
    return out


def by_distance(vectors: np.ndarray, pairs: np.ndarray, matches: np.ndarray) -> tuple[float, float, float]:
    """Return precision and recall of the pairs (n, 2) nearer than 0.5, and the share of all that are then right.

    The first is what the source calls accuracy: the mean label of the pairs it takes for duplicates.
    """
    near = np.linalg.norm(vectors[pairs[:, 0]] - vectors[pairs[:, 1]], axis=1) < 0.5
    right = float((matches & near).sum())
    return right / max(int(near.sum()), 1), right / max(int(matches.sum()), 1), float((near == matches).mean())


def precision_at(scores: np.ndarray, matches: np.ndarray, recall: float, groups: list[str]) -> Interval:
    """Return the precision of the highest scores that find so large a share of the matches."""

    def of(rows: np.ndarray) -> float:
        found = matches[rows][np.argsort(-scores[rows], kind="stable")]
        n = int(np.searchsorted(np.cumsum(found), recall * found.sum())) + 1
        return float(found[:n].mean())

    return resampled_interval(of, len(scores), n_draws=100, groups=groups)
