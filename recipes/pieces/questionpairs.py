"""Pairs of questions, and each question as the weighted mean of its words' vectors."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

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


def counted(texts: list[str]) -> tuple[csr_array, list[str]]:
    """Return how often each word stands in each text, (n, V), and the words."""
    counter = CountVectorizer(analyzer=kf.WordTokenizer(), dtype=np.float32)
    return csr_array(counter.fit_transform(texts)), counter.get_feature_names_out().tolist()


def means(counts: csr_array, words: list[str], vectors: kf.WordVectors, known: np.ndarray | None) -> np.ndarray:
    """Return the mean of the vectors of each text's words, (n, 1, D) float32; zeros where no word has one.

    Parameters
    ----------
    counts, words
        As `counted` returns them.
    known
        Texts, as often as they are asked about, that say how rare a word is: words weigh by their inverse document
        frequency, as often as they stand in the text. None: all weigh the same.
    """
    places = np.asarray(vectors.ids(words))
    space = np.where((places >= 0)[:, None], vectors.vectors[places], 0)
    weight = (places >= 0).astype(np.float32)
    if known is not None:
        n_with = (counts[known] > 0).sum(axis=0)
        weight *= np.log((1 + len(known)) / (1 + n_with))
    sums, total = (np.asarray(counts @ (weight[:, None] * one)) for one in (space, np.ones((len(words), 1))))
    return (sums / np.maximum(total, 1e-9))[:, None].astype(np.float32)


def source_net(
    net: dict, settings: dict, items: np.ndarray, learned: np.ndarray, labels: list[str], shown: np.ndarray
) -> np.ndarray:
    """Learn a net over means of vectors from pairs (n, 2) of items; return the distances (m,) of others."""
    encoder = kf.ResidualBag(units=128, **{"dropout": 0.0, "layers": 3} | net)
    model = kf.PairMatcher(encoder=encoder, n_threads=1, **settings).fit(learned, labels, items=items)
    asked, places = np.unique(shown, return_inverse=True)
    ends = model.encode(items[asked])[places.reshape(shown.shape)]
    return np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)


def by_distance(distances: np.ndarray, matches: np.ndarray) -> tuple[float, float, float]:
    """Return precision and recall of the pairs nearer than 0.5, and the share of all that are then right.

    The first is what the source calls accuracy: the mean label of the pairs it takes for duplicates.
    """
    near = distances < 0.5
    right = float((matches & near).sum())
    return right / max(int(near.sum()), 1), right / max(int(matches.sum()), 1), float((near == matches).mean())


def precision_at(scores: np.ndarray, matches: np.ndarray, recall: float, groups: list[str]) -> Interval:
    """Return the precision of the highest scores that find so large a share of the matches."""

    def of(rows: np.ndarray) -> float:
        found = matches[rows][np.argsort(-scores[rows], kind="stable")]
        n = int(np.searchsorted(np.cumsum(found), recall * found.sum())) + 1
        return float(found[:n].mean())

    return resampled_interval(of, len(scores), n_draws=100, groups=groups)
