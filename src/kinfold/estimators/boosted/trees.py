"""Boosted trees: learned by scikit-learn, kept as plain arrays, answered from these.

Friedman (2001), "Greedy function approximation: a gradient boosting machine"; histograms as LightGBM has them (Ke et
al. 2017). What each feature added on a row's way down is Saabas' (2014) decomposition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.errors import ArtifactError, MachineError
from kinfold.estimators.boosted.options import BoostedOptions
from kinfold.kernels.trees import add_trees, add_ways
from kinfold.types import Array, Floats1d, Ids1d, Ints1d

#: The arrays of trees: name -> dtype.
ARRAYS = {
    "features": "int32",
    "thresholds": "float64",
    "lefts": "int32",
    "rights": "int32",
    "missing_left": "uint8",
    "values": "float64",
}


@dataclass(frozen=True)
class Trees:
    """Trees whose leaves are summed.

    Attributes
    ----------
    starts
        (K + 1,) int64: tree `k` has the nodes ``starts[k]`` to ``starts[k + 1] - 1``, its root first.
    features, thresholds, lefts, rights, missing_left
        (M,) what a node looks at, -1 for a leaf, and where rows go; see `kinfold.kernels.trees`.
    values
        (M,) what a leaf adds; of other nodes the mean of the leaves below, by the rows learned from.
    base
        What every row begins with.
    """

    starts: Ints1d
    features: Ids1d
    thresholds: Floats1d
    lefts: Ids1d
    rights: Ids1d
    missing_left: Array
    values: Floats1d
    base: float

    def __len__(self) -> int:
        """Return how many trees there are."""
        return len(self.starts) - 1

    def margins(self, rows: Array) -> Floats1d:
        """Return the log-odds (N,) of rows (N, F)."""
        out = np.full(len(rows), self.base)
        add = (self.missing_left, self.values, out)
        add_trees(rows, self.starts, self.features, self.thresholds, self.lefts, self.rights, *add)
        return out

    def ways(self, row: Array) -> tuple[float, Floats1d]:
        """Return the mean log-odds, and what each feature (F,) changed for a row: their sum is its log-odds."""
        out = np.zeros(len(row))
        add = (self.missing_left, self.values, out)
        total = add_ways(row, self.starts, self.features, self.thresholds, self.lefts, self.rights, *add)
        return self.base + total, out

    def checked(self, n_features: int) -> Trees:
        """Return self; raise ArtifactError where following the arrays would lead out of them, or never end."""
        starts, n = self.starts, len(self.features)
        node, inner = np.arange(n), self.features >= 0
        ordered = len(starts) and starts[0] == 0 and starts[-1] == n and bool((np.diff(starts) > 0).all())
        right = ordered and bool((self.features >= -1).all()) and bool((self.features < n_features).all())
        if right:
            end = np.repeat(starts[1:], np.diff(starts))
            for children in (self.lefts, self.rights):
                right = right and bool(((children > node) & (children < end))[inner].all())
        if not right or not np.isfinite([self.base, *self.values]).all():
            raise ArtifactError("The trees of the model do not hang together.", seen=f"{n:,} nodes", code="D-164")
        return self


def grown(options: BoostedOptions, rows: Array, matches: Array, held: Array) -> tuple[Trees, list[float]]:
    """Learn trees.

    Parameters
    ----------
    rows
        (N, F) features, NaN where missing.
    matches
        (N,) 0 or 1.
    held
        (N,) bool: rows that say how many trees are best; without any, as many as there may be are kept.

    Returns
    -------
    trees : Trees
    losses : list of float
        The log loss of the rows held out before the first tree and after each.
    """
    # Two seconds of importing, which answering does without.
    from sklearn.ensemble import HistGradientBoostingClassifier

    several = bool(held.any())
    # A column without a number can't be cut into bins; of zeros it is never looked at.
    void = np.isnan(rows[~held]).all(axis=0)
    rows = np.where(void, np.zeros((), rows.dtype), rows) if void.any() else rows
    model = HistGradientBoostingClassifier(
        learning_rate=float(options.learning_rate),
        max_iter=int(options.max_trees),
        max_leaf_nodes=int(options.max_leaves),
        min_samples_leaf=int(options.min_leaf),
        l2_regularization=float(options.l2),
        max_features=float(options.feature_share),
        early_stopping=several,
        n_iter_no_change=int(options.patience or options.max_trees),
        random_state=int(options.random_state) % (1 << 32),
    )
    if not several:
        return taken(model.fit(rows, matches), None), []
    model.fit(rows[~held], matches[~held], X_val=rows[held], y_val=matches[held])
    losses = [-float(score) for score in model.validation_score_]
    return taken(model, int(np.argmin(losses))), losses


def taken(model: Any, n_trees: int | None) -> Trees:
    """Return the first `n_trees` trees of a fitted `HistGradientBoostingClassifier` of two classes; None: all."""
    try:
        found = [of_round[0].nodes for of_round in model._predictors][:n_trees]
        base = float(model._baseline_prediction[0, 0])
        parts = [_plain(nodes) for nodes in found]
    except (AttributeError, IndexError, ValueError, TypeError) as error:
        raise MachineError(
            "This version of scikit-learn keeps its trees in another way than is known here.",
            seen=str(error)[:80],
            fix="Install a version that kinfold was tested with; see constraints.txt.",
            code="D-165",
        ) from error
    sizes = [len(part["features"]) for part in parts]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    joined = {
        name: np.concatenate([np.empty(0, dtype), *(part[name] for part in parts)]).astype(dtype)
        for name, dtype in ARRAYS.items()
    }
    for name in ("lefts", "rights"):
        joined[name] += np.repeat(starts[:-1], sizes).astype(np.int32)
    return Trees(starts=starts, base=base, **joined)


def _plain(nodes: Array) -> dict[str, Array]:
    """Return the arrays of one tree, its root first and children after their parents."""
    leaf = nodes["is_leaf"].astype(bool)
    if nodes["is_categorical"].any():
        raise ValueError("a split by categories")
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    if ((np.minimum(left, right) <= np.arange(len(nodes))) & ~leaf).any():
        raise ValueError("a child that stands before its parent")
    values, counts = nodes["value"].astype(np.float64), nodes["count"].astype(np.float64)
    for node in reversed(np.flatnonzero(~leaf).tolist()):
        a, b = left[node], right[node]
        values[node] = (counts[a] * values[a] + counts[b] * values[b]) / (counts[a] + counts[b])
    return {
        "features": np.where(leaf, -1, nodes["feature_idx"]),
        "thresholds": np.where(leaf, 0.0, nodes["num_threshold"]),
        "lefts": np.where(leaf, 0, left),
        "rights": np.where(leaf, 0, right),
        "missing_left": nodes["missing_go_to_left"],
        "values": values,
    }
