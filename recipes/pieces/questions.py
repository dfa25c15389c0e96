"""Questions of a site that are asked, and those that are learned from: the splits, and what may be learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kinfold.data.splits import text_key
from pieces.dumps import Site


@dataclass(frozen=True)
class Part:
    """The questions of a site that are learned from, and those that are asked.

    Parameters
    ----------
    learned, asked
        Numbers of questions.
    before
        Nothing written from then on is learned from; "" for no such moment.
    """

    site: Site
    learned: np.ndarray
    asked: np.ndarray
    before: str = ""

    @property
    def queries(self) -> list[str]:
        """The questions that are asked."""
        return [self.site.questions[i] for i in self.asked]

    def threads(self) -> Iterator[tuple[str, list[int]]]:
        """Yield each question that is learned from, and its answers; no text that the questions asked have too."""
        site = self.site
        unseen = {text_key(text) for i in self.asked for text in (site.questions[i], *_texts(site, site.own[i]))}
        for i in self.learned:
            in_time = [j for j in site.own[i] if not self.before or site.written[j] < self.before]
            answers = [j for j in in_time if site.answers[j] and text_key(site.answers[j]) not in unseen]
            if text_key(site.questions[i]) not in unseen:
                yield site.questions[i], answers

    def folds(self, n: int, seed: int) -> list[Part]:
        """Return the part `n` times, each time with other questions of those that are learned from to ask."""
        order = np.random.default_rng(seed).permutation(self.learned)
        return [Part(self.site, np.setdiff1d(order, order[k::n]), np.sort(order[k::n]), self.before) for k in range(n)]


def by_question(site: Site, share: float, rng: np.random.Generator) -> Part:
    """Ask a share of the questions, drawn at random."""
    order = rng.permutation(len(site.questions))
    n = round(share * len(order))
    return Part(site, np.sort(order[n:]), np.sort(order[:n]))


def by_time(site: Site, share: float) -> Part:
    """Ask the latest questions, and learn from nothing that was written after the first of them."""
    order = np.argsort(site.asked, kind="stable")
    n = round((1 - share) * len(order))
    return Part(site, order[:n], order[n:], str(site.asked[order[n]]))


def pairs_of(parts: Sequence[Part]) -> list[tuple[str, str]]:
    """Return each question that is learned from beside each of its answers."""
    return [(question, part.site.answers[j]) for part in parts for question, own in part.threads() for j in own]


def posts_of(parts: Sequence[Part]) -> list[str]:
    """Return all texts that may be learned from, each once."""
    threads = [(part.site, question, own) for part in parts for question, own in part.threads()]
    return [text for site, question, own in threads for text in (question, *_texts(site, own))]


def _texts(site: Site, places: Sequence[int]) -> list[str]:
    return [site.answers[j] for j in places]
