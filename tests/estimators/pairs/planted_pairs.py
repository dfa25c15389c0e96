"""Pairs whose right answer is known: two texts match if they speak of the same two things, in whatever words."""

from __future__ import annotations

from functools import cache

import numpy as np

from kinfold import BagOfEmbeddings, PairMatcher

THINGS = (
    ("red", "crimson", "scarlet"),
    ("fast", "quick", "swift"),
    ("big", "large", "huge"),
    ("house", "home", "dwelling"),
    ("cat", "feline", "kitty"),
    ("song", "tune", "melody"),
)
FILLING = ("the", "a", "of", "is", "my", "one")


@cache
def planted(n: int = 700, seed: int = 0) -> tuple[list[tuple[str, str]], list[str]]:
    """Return pairs and their labels, "0" or "1"."""
    random = np.random.default_rng(seed)

    def text(things) -> str:
        words = [random.choice(THINGS[i]) for i in things] + list(random.choice(FILLING, 2))
        return " ".join(random.permutation(words))

    pairs, labels = [], []
    for _ in range(n):
        chosen = random.permutation(len(THINGS))
        match = random.random() < 0.5
        pairs.append((text(chosen[:2]), text(chosen[:2] if match else chosen[2:4])))
        labels.append("1" if match else "0")
    return pairs, labels


def quick(**params) -> PairMatcher:
    """Return a small matcher that learns the planted pairs in a second."""
    usual = {"encoder": BagOfEmbeddings(dim=24), "learning_rate": 1e-2, "max_epochs": 6, "n_threads": 1}
    return PairMatcher(**usual | params)
