"""Models that must fail: each sees a part of the rows that should say nothing, and what it scores is a shortcut.

A probe learns from the training rows and is scored on the test rows. It reads one side of a pair only, how often the
sides stand elsewhere, numbers that ids are, lengths, or what the sides share; of single texts their length, group, id,
or whether they were seen. (Gururangan et al. 2018 did this with one side of inference pairs.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # stats, a second of importing, comes with its first use
from scipy import sparse

from kinfold.evaluation.coding import Coded, encode
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval, interval
from kinfold.evaluation.joined import Joined
from kinfold.evaluation.leaks import Leaks
from kinfold.evaluation.scoring import Score, score
from kinfold.evaluation.shallow import bins, learned, lengths, overlaps, word_features
from kinfold.types import Array, Floats1d, Floats2d, Ints1d, Json

#: A probe beats chance if its p-value, corrected for the number of probes, is below this. Audits are run often, and an
#: alarm on a clean split costs a day, so that one in a thousand clean splits may raise one.
ALPHA = 0.001
#: The inverse of the penalty: of words, and of numbers in bins.
_WORDS, _NUMBERS = 4.0, 1.0

#: Name -> what the probe sees.
PROBES = {
    "left only": "the words of the left side",
    "right only": "the words of the right side",
    "ids and degrees": "how often the sides stand in other pairs, with whom, and the numbers of ids",
    "lengths": "the lengths of both sides",
    "overlap": "how many words the sides share",
    "length": "the length of the text",
    "group": "the group",
    "id order": "the numbers of ids",
    "seen texts": "the labels of equal texts in training",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What a model scores that sees only a part of the rows.

    `p` is the probability of an AUC so far from 0.5 by chance, corrected for the number of probes (Holm). `explained`
    is (AUC - 0.5) / (AUC of the headline - 0.5), or None where the headline is not surely better than chance.
    """

    name: str
    auc: Interval
    accuracy: Interval
    p: float
    explained: Interval | None

    @property
    def beats_chance(self) -> bool:
        """Whether the probe is better than chance, at the level `ALPHA`."""
        return self.p < ALPHA and (self.auc.value or 0.0) > 0.5

    @property
    def turned(self) -> bool:
        """Whether the probe is worse than chance: what it learned, turned round, would be a shortcut."""
        return self.p < ALPHA and not self.beats_chance

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {
            "name": self.name,
            "sees": PROBES[self.name],
            "auc": self.auc.to_dict(),
            "accuracy": self.accuracy.to_dict(),
            "p": self.p,
            "beats_chance": self.beats_chance,
            "turned": self.turned,
            "explained": None if self.explained is None else self.explained.to_dict(),
        }


def run_probes(rows: Joined, leaks: Leaks, progress: Callable[[str, float], None]) -> dict[str, Coded]:
    """Fit every probe that the rows allow on the training rows; return what each says of the test rows."""
    plans = list(_plans(rows, leaks))
    said = {}
    for k, (name, run) in enumerate(plans):
        progress(f"probing {name}", k / len(plans))
        said[name] = coded_of(rows, run())
    return said


def coded_of(rows: Joined, stated: Floats2d) -> Coded:
    """Return labels, answers and probabilities (n_test, C) of the test rows."""
    answers = [rows.classes[k] for k in stated.argmax(axis=1).tolist()]
    return encode(rows.labels[rows.n_train :], answers, stated, rows.classes)


def judged(
    said: Mapping[str, Coded],
    headline: Coded | None,
    classes: Sequence[str],
    *,
    groups: Sequence[str] | None = None,
    n_draws: int = N_DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> tuple[Probe, ...]:
    """Score what the probes said, hold it against chance, and share the headline out; the strongest probe first."""
    systems = dict(said)
    ranks = headline is not None and headline.probabilities is not None
    if headline is not None and ranks:
        systems[""] = headline
    positive = classes[1] if len(classes) == 2 else None
    aucs, hits = (
        score(systems, positive=positive, only=metric, n_draws=n_draws, seed=seed, groups=groups)
        for metric in ("auc", "accuracy")
    )
    if not ranks and headline is not None:  # only answers are known: shares are of the accuracy above chance
        hits |= score({"": headline}, positive=positive, only="accuracy", n_draws=n_draws, seed=seed, groups=groups)
    p = dict(zip(said, holm([_p_value(said[name], aucs[name]["auc"]) for name in said]), strict=True))
    chance = float(next(iter(said.values())).present.mean(axis=0).max()) if said else 0.0
    made = []
    for name in said:
        auc, hit = aucs[name]["auc"], hits[name]["accuracy"]
        explained = None
        if ranks:
            explained = _explained(auc, aucs[""]["auc"], 0.5, level)
        elif headline is not None:
            explained = _explained(hit, hits[""]["accuracy"], chance, level)
        made.append(Probe(name, auc.interval(level), hit.interval(level), p[name], explained))
    return tuple(sorted(made, key=lambda probe: -(probe.auc.value or 0.0)))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979), in the order given."""
    order = np.argsort(p, kind="stable")
    steps = np.asarray(p, np.float64)[order] * (len(p) - np.arange(len(p)))
    out = np.empty(len(p))
    out[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return [float(value) for value in out]


def _p_value(coded: Coded, found: Score) -> float:
    """Return the probability of an AUC so far from 0.5 by chance, by the wider of two standard errors.

    One is that of ranks without any signal (Mann and Whitney, with ties); the other is that of the draws, which are of
    whole groups where rows hang together.
    """
    drawn = found.draws[~np.isnan(found.draws)]
    if np.isnan(found.value) or not len(drawn):
        return 1.0
    assert coded.probabilities is not None
    errors = [_rank_error(column, held) for column, held in zip(coded.probabilities.T, coded.present.T, strict=True)]
    plain = float(np.mean([error for error in errors if error > 0] or [0.0]))
    wide = max(plain, float(drawn.std()))
    return min(1.0, 2 * float(scipy.stats.norm.sf(abs(found.value - 0.5) / wide))) if wide > 0 else 1.0


def _rank_error(scores: Floats1d, positive: Array) -> float:
    n, n_positive = len(scores), int(positive.sum())
    if not 0 < n_positive < n:
        return 0.0
    ties = np.unique(scores, return_counts=True)[1].astype(np.float64)
    spread = (n + 1 - float((ties**3 - ties).sum()) / (n * (n - 1))) / 12
    return float(np.sqrt(max(spread, 0.0) / (n_positive * (n - n_positive))))


def _explained(probe: Score, headline: Score, chance: float, level: float) -> Interval | None:
    above = headline.draws - chance
    if np.isnan(probe.value) or np.isnan(headline.value) or not np.quantile(above, (1 - level) / 2) > 0:
        return None
    drawn = (probe.draws - chance) / np.where(above > 0, above, np.nan)
    return interval((probe.value - chance) / (headline.value - chance), drawn, level=level)


def _plans(rows: Joined, leaks: Leaks) -> Iterator[tuple[str, Callable[[], Floats2d]]]:
    """Yield the probes that the rows allow, each with what fits it."""

    def fitted(features: Callable[[], sparse.csr_matrix], strength: float) -> Callable[[], Floats2d]:
        assert rows.codes is not None
        codes = rows.codes
        return lambda: learned(features(), codes, rows.n_train, len(rows.classes), strength)

    numbers = _numbers(rows)
    if rows.pairs:
        left, right = rows.columns
        yield "left only", fitted(lambda: word_features(left), _WORDS)
        yield "right only", fitted(lambda: word_features(right), _WORDS)
        yield "ids and degrees", fitted(lambda: bins(np.hstack([degrees(rows), *numbers])), _NUMBERS)
        yield "lengths", fitted(lambda: bins(lengths(rows.columns)), _NUMBERS)
        yield "overlap", fitted(lambda: bins(overlaps(left, right)), _NUMBERS)
        return
    yield "length", fitted(lambda: bins(lengths(rows.columns)), _NUMBERS)
    if rows.groups is not None:
        yield "group", fitted(lambda: _one_hot(rows.groups or []), _WORDS)
    if numbers:
        yield "id order", fitted(lambda: bins(np.hstack(numbers)), _NUMBERS)
    yield "seen texts", lambda: _looked_up(rows, leaks)


def degrees(rows: Joined) -> Floats2d:
    """Return (N, F): how often each side stands in other training pairs and in all others, and common partners."""
    left, right = rows.entity_keys
    size = 2 * rows.n
    made = []
    for part in (~rows.in_test, np.ones(rows.n, np.bool_)):
        own = part.astype(np.int64)  # the pair itself doesn't count
        stands = np.bincount(left[part], minlength=size) + np.bincount(right[part], minlength=size)
        a, b = stands[left] - own - own * (left == right), stands[right] - own - own * (left == right)
        made += [a, b, np.minimum(a, b), np.maximum(a, b), a + b, _common(left, right, part, size)]
    return np.stack(made, axis=1).astype(np.float64)


def _common(left: Ints1d, right: Ints1d, part: Array, size: int) -> Ints1d:
    """Return (N,) how many entities stand in some pair with the left and in some with the right side."""
    chosen = np.flatnonzero(part)
    ends = np.concatenate([left[chosen], right[chosen]]), np.concatenate([right[chosen], left[chosen]])
    graph = sparse.csr_matrix((np.ones(len(ends[0])), ends), shape=(size, size))
    graph.data[:] = 1.0
    graph.sum_duplicates()
    graph.data[:] = 1.0
    out = np.empty(len(left), np.int64)
    for start in range(0, len(left), 1 << 14):
        block = slice(start, start + (1 << 14))
        out[block] = np.asarray(graph[left[block]].multiply(graph[right[block]]).sum(axis=1)).ravel()
    return out


def _numbers(rows: Joined) -> list[Floats2d]:
    """Return (N, 1) ranks of each column of ids whose values are all whole numbers."""
    given = [rows.ids] if rows.ids is not None else []
    given += list(rows.entities) if rows.pairs else []
    return [scipy.stats.rankdata([float(v) for v in column])[:, None] for column in given if _whole(column)]


def _whole(column: Sequence[str]) -> bool:
    return len(set(column)) > 1 and all(v.isascii() and v.isdigit() and len(v) <= 300 for v in column)


def _one_hot(values: Sequence[str]) -> sparse.csr_matrix:
    names = {name: k for k, name in enumerate(dict.fromkeys(values))}
    cells = (np.ones(len(values)), (np.arange(len(values)), [names[value] for value in values]))
    return sparse.csr_matrix(cells, shape=(len(values), len(names)))


def _looked_up(rows: Joined, leaks: Leaks) -> Floats2d:
    """Return the label of the training row that a test row copies, and else the shares of the labels in training."""
    assert rows.codes is not None
    known = rows.codes[: rows.n_train]
    shares = np.bincount(known, minlength=len(rows.classes)) / len(known)
    out = np.tile(shares, (rows.n_test, 1))
    held = np.flatnonzero(leaks.leaked)
    out[held] = 0.05 * shares
    out[held, known[leaks.twins[held]]] += 0.95
    return out
