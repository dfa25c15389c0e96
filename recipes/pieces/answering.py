"""Parts of sites in, the ranks of answers out: by words, by vectors, or by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

import kinfold as kf
from kinfold.evaluation.retrieval import Filter, Ranks, rank_all
from kinfold.text.bm25 import BM25
from pieces.questions import Part


def ranked(parts: Sequence[Part], scores: Sequence[np.ndarray], *, every: bool = False, new: bool = False) -> Ranks:
    """Rank all answers of a site for each question that is asked there; the questions of all sites, one after another.

    Parameters
    ----------
    scores
        (questions asked, answers) of each part.
    every
        Whether any answer of the question will do, in place of the chosen one.
    new
        Whether only answers of questions that are not learned from are ranked.
    """
    found = []
    for part, block in zip(parts, scores, strict=True):
        site = part.site
        wanted = [site.own[i] if every else [site.chosen[i]] for i in part.asked]
        allowed = _only_new(part) if new else None
        found.append(rank_all(lambda first, end, of=block: of[first:end], wanted, allowed=allowed, ties="mean"))
    ranks = tuple(one for of_site in found for one in of_site.ranks)
    return Ranks(ranks, np.concatenate([of_site.n_candidates for of_site in found]), found[0].ties)


def _only_new(part: Part) -> Filter:
    may = np.ones(len(part.site.answers), bool)
    may[[j for i in part.learned for j in part.site.own[i]]] = False
    return lambda query: may


def indexed(parts: Sequence[Part], encoder: Any, words: Mapping[str, float]) -> list[kf.SearchIndex]:
    """Take in all answers of each site; `words` are the settings of BM25."""
    of_sites = [part.site.answers for part in parts]
    made = [kf.SearchIndex(encoder, fusion="score", depth=len(answers), **words) for answers in of_sites]
    return [one.fit([str(j) for j in range(len(of))], of) for one, of in zip(made, of_sites, strict=True)]


def searched(parts: Sequence[Part], indexes: list[kf.SearchIndex], how: str, weight: float, **asked: bool) -> Ranks:
    """Rank the answers by words, by vectors, or by both."""
    for one in indexes:
        one.weight = weight
    return ranked(parts, [one.scores(part.queries, how) for one, part in zip(indexes, parts, strict=True)], **asked)


def cosines(part: Part) -> np.ndarray:
    """Return the cosines of tf-idf vectors (questions asked, answers)."""
    model = TfidfVectorizer(sublinear_tf=True)
    answers = model.fit_transform(part.site.answers)
    return (model.transform(part.queries) @ answers.T).toarray()


def as_it_comes(part: Part) -> np.ndarray:
    """Return the scores of BM25 with its usual settings, of the texts as they were written."""
    questions, answers = part.site.as_written
    return BM25().fit(answers).scores([questions[i] for i in part.asked]).toarray()
