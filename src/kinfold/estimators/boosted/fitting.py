"""Pairs and labels in; everything that boosted trees learn from them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.boosted.crossed import SCORES, CrossModel, crossfitted, design_of, edges_of
from kinfold.estimators.boosted.options import BoostedOptions
from kinfold.estimators.boosted.reading import CutPairs, read, read_known
from kinfold.estimators.boosted.trees import Trees, grown
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision, tune
from kinfold.estimators.linear.features import Design
from kinfold.estimators.neural.embedding import Given
from kinfold.estimators.pairs.graph import components, dealt, held_out, oddities
from kinfold.text.crosses import Crossing, crosses_of
from kinfold.text.pairfeatures import PairFeatures, WordSpace, lexicon_of
from kinfold.types import Array, Floats1d, Floats2d, Ints1d

#: Called as progress(what is being done, share of the whole that is done).
Progress = Callable[[str, float], None]
#: Pairs whose rows are made at a time when answers are wanted.
_BATCH = 1 << 16


@dataclass(frozen=True)
class FittedBoosted:
    """Everything boosted trees have learned.

    Attributes
    ----------
    classes
        What pairs that do not match are called, and those that do.
    features, crossed, trees
        From pairs to log-odds; `crossed` is None where words are not crossed.
    calibration, decision
        From log-odds to probabilities and answers.
    losses
        The log loss of the pairs held out before the first tree and after each, those after the last one kept too.
    counts
        What was odd among the pairs.
    """

    classes: tuple[str, str]
    features: PairFeatures
    crossed: CrossModel | None
    trees: Trees
    calibration: Calibration
    decision: Decision
    losses: list[float] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def rows(self, options: BoostedOptions, read: CutPairs) -> Array:
        """Return what the trees look at, (n, F) float32."""
        rows = self.features.matrix(read.cut, read.pairs)
        if self.crossed is None:
            return rows
        weights, parts = self.features.weights(read.cut), []
        for first in range(0, len(read), _BATCH):
            some = slice(first, first + _BATCH)
            parts.append(
                self.crossed.scores(_design(options, read, read.pairs[some], weights, rows[some], self.crossed.edges))
            )
        scores = np.concatenate(parts) if parts else np.zeros((0, len(SCORES)))
        return np.concatenate([rows, scores.astype(np.float32)], axis=1)

    def margins(self, options: BoostedOptions, read: CutPairs) -> Floats2d:
        """Return uncalibrated log-odds, (n, 1)."""
        return self.trees.margins(self.rows(options, read))[:, None]


def fitted(
    options: BoostedOptions, pairs: Any, labels: Iterable[Any] | None, valid: Any, report: Progress
) -> FittedBoosted:
    """Return what is learned; see `BoostedPairMatcher.fit`."""
    options.check()
    report("reading and cutting", 0.0)
    taken, classes, matches = read(options, pairs, labels)
    space = _space(options, taken)
    report("features", 0.15)
    features = PairFeatures.fit(taken.cut, min_df=int(options.min_df), directed=bool(options.directed), space=space)
    rows = features.matrix(taken.cut, taken.pairs)
    digests = taken.cut.digests()
    graph = components(taken.pairs, digests)
    apart = np.zeros(len(taken), bool)
    if valid is None:
        apart = held_out(graph, matches, float(options.valid), int(options.random_state))
    crossed: CrossModel | None = None
    if options.crosses:
        report("crossing words", 0.3)
        crossed, scores = _crossed(options, taken, features, rows, matches, graph, report)
        rows = np.concatenate([rows, scores.astype(np.float32)], axis=1)
    n = len(rows)
    if valid is not None:
        rows, matches, apart = _with_valid(options, valid, classes, features, crossed, rows, matches)
    report("growing trees", 0.75)
    trees, losses = grown(options, rows, matches, apart)
    margins = trees.margins(rows[apart])[:, None]
    members = np.stack([matches[apart] == 0, matches[apart] > 0], 1).astype(np.uint8)
    wanted = options.calibrate and len(margins) > 0
    calibration = Calibration.fit(margins, members, "binary") if wanted else Calibration.identity(1, "binary")
    decision = _decision(options, calibration(margins), members, classes)
    report("done", 1.0)
    counts = oddities(digests[taken.pairs], matches[:n])
    return FittedBoosted(classes, features, crossed, trees, calibration, decision, losses, counts)


def _space(options: BoostedOptions, taken: CutPairs) -> WordSpace | None:
    """Return the vectors of the words of the texts, and of as many others as are wanted; None: there are none.

    Raises
    ------
    DataError
        D-162: not one word has a vector.
    """
    if options.embedding is None:
        return None
    given = Given(options.embedding, int(options.embedding_words))
    words = taken.cut.words
    ids = np.asarray(given.vectors.ids(words))
    if not (ids >= 0).any():
        raise DataError(
            "Not one word of the texts has a vector.",
            seen=f"{len(words):,} words such as {words[:3]}, vectors of {given.vectors.words[:3]}",
            fix="Vectors of the same language and case, or lowercase=False.",
            code="D-162",
        )
    known = [word for word, place in zip(words, ids.tolist(), strict=True) if place >= 0]
    known += [word for word in given.more(known) if "\n" not in word]
    vectors = given.vectors.unit[np.asarray(given.vectors.ids(known))]
    return WordSpace(lexicon_of(known), np.ascontiguousarray(vectors, np.float32))


def _design(
    options: BoostedOptions, read: CutPairs, pairs: Ints1d, weights: Floats1d, rows: Array, edges: Array
) -> Design:
    how = Crossing(bool(options.directed), int(options.cross_bits), int(options.cross_words))
    crosses = crosses_of(read.cut, pairs, weights, how)
    return design_of(crosses, rows, edges)


def _crossed(
    options: BoostedOptions,
    taken: CutPairs,
    features: PairFeatures,
    rows: Array,
    matches: Array,
    graph: Ints1d,
    report: Progress,
) -> tuple[CrossModel, Floats2d]:
    """Return the linear model, and scores of each pair by one that has not seen it."""
    edges = edges_of(rows)
    design = _design(options, taken, taken.pairs, features.weights(taken.cut), rows, edges)
    units = graph if options.folds == "components" else _same_pairs(taken)
    fold = dealt(units, int(options.n_folds), int(options.random_state) + 1)
    return crossfitted(
        options, design, edges, matches, fold, lambda share: report("crossing words", 0.3 + 0.45 * share)
    )


def _same_pairs(taken: CutPairs) -> Ints1d:
    """Return a number (n,) for each pair of texts: a pair that stands there twice is in one fold."""
    low, high = taken.pairs.min(axis=1), taken.pairs.max(axis=1)
    return np.unique(low * (len(taken.cut) + 1) + high, return_inverse=True)[1].astype(np.int64)


def _with_valid(
    options: BoostedOptions,
    valid: Any,
    classes: tuple[str, str],
    features: PairFeatures,
    crossed: CrossModel | None,
    rows: Array,
    matches: Array,
) -> tuple[Array, Array, Array]:
    """Return rows, which match, and which are held out, with the pairs that a caller holds out after the others."""
    given, labels = valid if isinstance(valid, tuple) and len(valid) == 2 else (valid, None)
    held, found = read_known(options, given, labels, classes)
    assert found is not None  # since the classes were given
    bare = FittedBoosted(
        classes, features, crossed, _NO_TREES, Calibration.identity(1, "binary"), Decision(np.zeros(2))
    )
    rows = np.concatenate([rows, bare.rows(options, held)])
    apart = np.arange(len(rows)) >= len(matches)
    return rows, np.concatenate([matches, found]), apart


def _decision(options: BoostedOptions, probabilities: Floats2d, members: Array, classes: tuple[str, str]) -> Decision:
    """Return how probabilities become answers; with no rows to tune on, the likeliest is the answer."""
    metric = options.metric
    if not len(probabilities):
        # Tuning for accuracy looks at no row, so that any will do.
        metric, probabilities, members = "accuracy", np.eye(2), np.eye(2, dtype=np.uint8)
    return tune(probabilities, members, classes, metric=metric, costs=options.costs, abstain_cost=options.abstain_cost)


_INTS, _IDS, _FLOATS = np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0)
_NO_TREES = Trees(_INTS, _IDS, _FLOATS, _IDS, _IDS, np.zeros(0, np.uint8), _FLOATS, 0.0)
