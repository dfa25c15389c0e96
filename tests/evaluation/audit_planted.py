"""Splits with leaks planted in them, and what finding them gave: small in the tests, at full size from anywhere.

Texts are words drawn by label; pairs are two texts about one thing (``same``) or two (``other``), where the right side
says everything in other words, so that no overlap tells. The inflation that is true is known: the score with the leaked
rows less the score with as many fresh rows in their places, over many fresh draws.

    python tests/evaluation/audit_planted.py

prints the table of planted shares: found, false, and the error of the inflation estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kinfold.data.records import Examples, Pairs
from kinfold.evaluation.audit import audit
from kinfold.evaluation.joined import join
from kinfold.evaluation.reference import reference

LETTERS = np.array(list("bcdfghklmnprstvz"))
VOWELS = np.array(list("aeiou"))


@lru_cache
def words(n: int, seed: int) -> tuple[str, ...]:
    """Return n made-up words of two to four syllables; the first 200, which may tell a label, have three."""
    random, made = np.random.default_rng(seed), dict[str, None]()
    while len(made) < n:
        k = 3 if len(made) < 200 else random.integers(2, 5)
        made["".join(random.choice(LETTERS) + random.choice(VOWELS) for _ in range(k))] = None
    return tuple(made)


def texts(n: int, seed: int, *, labels=("no", "yes"), share: float = 0.5, length: int = 14) -> Examples:
    """Return n texts of words, a fifth of which speak for the label, some of them for the wrong one."""
    random = np.random.default_rng([seed, 1])
    own = words(1000, 7)
    y = (random.random(n) < share).astype(int)
    made = []
    for label in y:
        side = label if random.random() < 0.9 else 1 - label
        telling = random.integers(0, 60, 3) + 60 * side
        plain = random.integers(120, 1000, length)
        picked = random.permutation(np.concatenate([telling, plain]))
        made.append(" ".join(own[k] for k in picked))
    return Examples(made, [labels[k] for k in y])


def pairs(n: int, seed: int, *, n_topics: int = 12, share: float = 0.4, length: int = 7) -> Pairs:
    """Return n pairs of fresh texts; topics are told by words, on the right side by other words than on the left."""
    random = np.random.default_rng([seed, 2])
    own = np.array(words(1400, 8)).reshape(2, 700)
    sides: list[list[str]] = [[], []]
    y = (random.random(n) < share).astype(int)
    for same in y:
        a = random.integers(n_topics)
        b = a if same else (a + random.integers(1, n_topics)) % n_topics
        for side, topic in enumerate((a, b)):
            telling = 6 * topic + random.integers(0, 6, 2)
            plain = random.integers(6 * n_topics, 700, length)
            sides[side].append(" ".join(own[side][random.permutation(np.concatenate([telling, plain]))]))
    return Pairs(*sides, [("other", "same")[k] for k in y])


def edited(text: str, random) -> str:
    """Return a text with one slip in it: a letter changed, two words exchanged, a word doubled or in capitals."""
    parts = text.split()
    k = int(random.integers(len(parts) - 1))
    kind = int(random.integers(4))
    if kind == 0:
        parts[k] = parts[k][:-1] + str(random.choice(LETTERS))
    elif kind == 1:
        parts[k] = f"{parts[k]} {parts[k]}"
    elif kind == 2:
        parts[k] = parts[k].upper() + "!"
    else:
        parts[k] += "s"
    return " ".join(parts)


def planted(make, n_train: int, n_test: int, share: float, seed: int, *, near: bool = False):
    """Return training rows, test rows of which a share is copied from them (near: with a slip), and which."""
    random = np.random.default_rng([seed, 3])
    rows = make(n_train + n_test, seed)
    train, test = rows.take(range(n_train)), rows.take(range(n_train, n_train + n_test))
    leaked = random.permutation(n_test)[: round(share * n_test)]
    source = random.permutation(n_train)[: len(leaked)]
    for i, j in zip(leaked, source, strict=True):
        for name in ("lefts", "rights") if isinstance(rows, Pairs) else ("texts",):
            text = getattr(train, name)[j]
            getattr(test, name)[i] = edited(text, random) if near else text
        test.labels[i] = train.labels[j]
    return train, test, leaked


@dataclass
class Found:
    """What an audit of a planted split gave, and what is true."""

    planted: int
    hits: int
    false: int
    estimated: float
    true: float


def tried(
    make, share: float, seed: int, *, n_train=1500, n_test=1000, near=False, metric="accuracy", n_draws=50, n_fresh=20
) -> Found:
    """Audit a planted split, and hold it against what was planted."""
    train, test, leaked = planted(make, n_train, n_test, share, seed, near=near)
    result = audit(train, test, metric=metric, n_draws=n_draws, seed=seed)
    mask = np.zeros(n_test, bool)
    mask[leaked] = True
    held = result.leaks.near if near else result.leaks.copies
    lift = result.inflation["copies"].inflation.value
    true = truth(make, train, test, leaked, seed, metric, n_fresh)
    return Found(len(leaked), int((held & mask).sum()), int((result.leaks.leaked & ~mask).sum()), lift, true)


def truth(make, train, test, leaked, seed: int, metric: str, n_fresh: int) -> float:
    """Return the score with the leak less that with fresh rows in the places of the leaked, a mean of many."""
    n = len(test)
    fresh = make(n_fresh * max(len(leaked), 1), seed + 10_000)
    every = type(test).concat([test, fresh])
    stated = reference(join(train, every))
    labels = np.array([name == sorted(set(train.labels))[1] for name in every.labels])
    kept = np.setdiff1d(np.arange(n), leaked)
    scores = []
    for k in range(n_fresh):
        new = n + np.arange(k * len(leaked), (k + 1) * len(leaked))
        scores.append(measured(stated, labels, np.concatenate([kept, new]), metric))
    return measured(stated, labels, np.arange(n), metric) - float(np.mean(scores))


def measured(stated, labels, rows, metric: str) -> float:
    """Return the accuracy or AUC of some rows."""
    if metric == "accuracy":
        return float(np.mean((stated[rows, 1] > 0.5) == labels[rows]))
    p, y = stated[rows, 1], labels[rows]
    order = np.argsort(np.argsort(p, kind="stable"), kind="stable") + 1.0
    return float((order[y].sum() - y.sum() * (y.sum() + 1) / 2) / (y.sum() * (~y).sum()))


def main(n_seeds: int = 20, shares=(0.01, 0.03, 0.1, 0.3), **sizes) -> list[str]:
    """Return a line for each kind of rows, kind of leak and share: recall, false ones, errors of the inflation."""
    lines = ["rows   leak   share  found/planted   false  inflation: true  mean error  worst error (points)"]
    for name, make in (("texts", texts), ("pairs", pairs)):
        for near in (False, True):
            for share in shares:
                runs = [tried(make, share, seed, near=near, **sizes) for seed in range(n_seeds)]
                errors = 100 * np.array([run.estimated - run.true for run in runs])
                true, worst = 100 * np.mean([run.true for run in runs]), np.abs(errors).max()
                lines.append(
                    f"{name}  {'near' if near else 'exact'}  {share:5.0%}  {sum(run.hits for run in runs):6d}/"
                    f"{sum(run.planted for run in runs):<6d}  {sum(run.false for run in runs):5d}  "
                    f"{true:8.2f}  {errors.mean():+8.2f}  {worst:8.2f}"
                )
    return lines


if __name__ == "__main__":
    print("\n".join(main()))
