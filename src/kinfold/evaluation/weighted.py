"""Row weights in, metrics out: every metric as a function of (N, D) weights, one column a bootstrap draw.

A metric is written once, here. Its plain value is the case of one column of ones; a bootstrap draw is a
column that says how often each row was drawn. Sums over rows are sparse or dense products, so 2,000 draws
cost little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kinfold.evaluation.coding import Coded
from kinfold.types import Array, Floats1d, Floats2d

#: The smallest probability a logarithm sees, as in scikit-learn: a sure and wrong answer costs 36 nats.
TINY = float(np.finfo(np.float64).eps)

#: How many rows, at least, stand behind one bin of a calibration curve, and how many bins at most.
ROWS_PER_BIN, MAX_BINS = 10, 10


@dataclass(frozen=True, slots=True)
class Statistic:
    """Some metrics that share their sums: `of` maps (N, D) weights to (K, D) values, K names."""

    names: tuple[str, ...]
    of: Callable[[Floats2d], Floats2d]
    #: Rows behind each metric, for the exact bound where no draw varies; None where no such bound holds.
    rows: tuple[int | None, ...]
    #: True where the plain estimate is biased upwards, so that the interval must be reflected.
    reflected: bool = False

    def value(self, n: int) -> Floats1d:
        """Return the (K,) values on the N rows as they are."""
        return self.of(np.ones((n, 1)))[:, 0]


def ratio(above: Floats2d, below: Floats2d) -> Floats2d:
    """Return above / below, NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def mean_present(values: Floats2d) -> Floats2d:
    """Return the mean over axis 0 of what is not NaN; NaN where nothing is."""
    held = ~np.isnan(values)
    return ratio(np.where(held, values, 0.0).sum(0), held.sum(0).astype(np.float64))


def means(names: tuple[str, ...], values: Floats2d, *, proportion: bool = False) -> Statistic:
    """Return the plain means of K per-row values, given as (K, N)."""
    # sparse though dense: a threaded product of so flat a matrix is slower, by far on a busy machine
    stacked = sparse.csr_matrix(np.vstack([values, np.ones(values.shape[1])]))  # (K + 1, N)

    def of(weights: Floats2d) -> Floats2d:
        sums = stacked @ weights  # (K + 1, D)
        return ratio(sums[:-1], sums[-1:])

    return Statistic(names, of, (values.shape[1] if proportion else None,) * len(names))


def right_rows(coded: Coded) -> NDArray[np.bool_]:
    """Return which rows were answered exactly right, as (N,); an abstention is not right."""
    assert coded.answers is not None
    same = coded.labels == coded.answers
    if coded.multilabel:
        same = same.all(axis=1)
    return np.asarray(same & ~coded.abstained)


def hits(coded: Coded) -> Statistic:
    """Accuracy; where the classifier abstained, also coverage and the accuracy on the rows it answered."""
    right = right_rows(coded).astype(np.float64)
    if not coded.abstained.any():
        return means(("accuracy",), right[None], proportion=True)
    answered = (~coded.abstained).astype(np.float64)
    stacked = sparse.csr_matrix(np.vstack([right, answered, np.ones(len(coded))]))  # (3, N)

    def of(weights: Floats2d) -> Floats2d:
        sums = stacked @ weights  # (3, D)
        return np.vstack([ratio(sums[0], sums[2]), ratio(sums[1], sums[2]), ratio(sums[0], sums[1])])  # (3, D)

    rows = (len(coded), len(coded), int(answered.sum()))
    return Statistic(("accuracy", "coverage", "accuracy_answered"), of, rows)


def class_counts(coded: Coded) -> tuple[Callable[[Floats2d], tuple[Floats2d, Floats2d, Floats2d]], Array]:
    """Return a function from weights to (right, labelled, answered) counts, (C, D) each; and plain ones."""
    assert coded.answers is not None
    labelled, n_classes = coded.present, len(coded.classes)
    given = coded.answers if coded.multilabel else coded.answers[:, None] == np.arange(n_classes)
    blocks = [labelled & given, labelled, given]
    cells = sparse.csr_matrix(np.hstack(blocks).T.astype(np.float64))  # (3 C, N)

    def of(weights: Floats2d) -> tuple[Floats2d, Floats2d, Floats2d]:
        sums = cells @ weights  # (3 C, D)
        return sums[:n_classes], sums[n_classes : 2 * n_classes], sums[2 * n_classes :]

    return of, np.stack([block.sum(0) for block in blocks])


def f_scores(coded: Coded, positive: int | None) -> Statistic:
    """Precision, recall, F1 and macro-F1.

    Two classes: of the positive class. More: macro averages over the classes that occur in labels or answers.
    Multi-label: micro averages over all cells, and macro-F1 over labels.
    """
    counts, plain = class_counts(coded)

    def of(weights: Floats2d) -> Floats2d:
        right, labelled, answered = counts(weights)  # (C, D) each
        f1 = ratio(2 * right, labelled + answered)  # (C, D), NaN where a class is nowhere
        macro = mean_present(f1)
        if coded.multilabel:
            right, labelled, answered = (part.sum(0) for part in (right, labelled, answered))  # (D,)
            rows = [ratio(right, answered), ratio(right, labelled), ratio(2 * right, labelled + answered)]
        elif positive is None:
            nowhere = np.isnan(f1)
            rows = [
                mean_present(np.where(nowhere, np.nan, np.nan_to_num(ratio(right, below))))
                for below in (answered, labelled)
            ]
        else:
            rows = [ratio(right, answered)[positive], ratio(right, labelled)[positive], f1[positive]]
        return np.vstack([*rows, macro])

    smallest = int(plain[1][plain[1] > 0].min(initial=len(coded)))
    of_class = int(plain[1][positive]) if positive is not None else smallest
    told = int(plain[2][positive]) if positive is not None else smallest
    if positive is None and not coded.multilabel:
        return Statistic(("precision", "recall", "macro_f1"), lambda w: of(w)[[0, 1, -1]], (smallest,) * 3)
    return Statistic(("precision", "recall", "f1", "macro_f1"), of, (told, of_class, of_class, smallest))


def ranking(coded: Coded, positive: int | None) -> Statistic:
    """ROC AUC and average precision: of the positive class, else macro over classes that can be ranked."""
    assert coded.probabilities is not None
    present = coded.present
    ranked = range(len(coded.classes)) if positive is None else [positive]
    one_class = [_rank_one(coded.probabilities[:, j], present[:, j]) for j in ranked if present[:, j].any()]

    def of(weights: Floats2d) -> Floats2d:
        if not one_class:
            return np.full((2, weights.shape[1]), np.nan)
        both = np.stack([one(weights) for one in one_class])  # (C, 2, D)
        return np.vstack([mean_present(both[:, 0]), mean_present(both[:, 1])])

    sizes = [int(min(present[:, j].sum(), (~present[:, j]).sum())) for j in ranked]
    smallest = min([size for size in sizes if size], default=0)
    return Statistic(("auc", "average_precision"), of, (smallest, smallest))


def _rank_one(scores: Floats1d, positive: NDArray[np.bool_]) -> Callable[[Floats2d], Floats2d]:
    """Return a function from weights to (2, D): AUC and average precision of one class.

    Only the weight of negatives between neighbouring levels of positive scores matters, so the rows are
    summed into those gaps by one sparse product instead of being sorted and accumulated draw by draw.
    """
    levels = np.unique(scores[positive])[::-1]  # (G,) falling
    n_levels, n = len(levels), len(scores)
    gap = np.searchsorted(-levels, -scores, side="left")  # (N,): levels above the row's score
    tied = np.append(levels, np.nan)[gap] == scores
    block = np.where(positive, 0, np.where(tied, 2, 1))
    any_tied = bool((block == 2).any())
    row = np.where(gap == n_levels, 3 * n_levels, block * n_levels + gap)
    used = 3 * n_levels if any_tied else 2 * n_levels
    row = np.where(row == 3 * n_levels, used, row)
    sums_of = sparse.csr_matrix((np.ones(n), (row, np.arange(n))), shape=(used + 1, n))

    def of(weights: Floats2d) -> Floats2d:
        sums = sums_of @ weights  # (2 G + 1 or 3 G + 1, D)
        hit, above = sums[:n_levels], sums[n_levels : 2 * n_levels]  # (G, D)
        equal = sums[2 * n_levels : 3 * n_levels] if any_tied else 0.0
        false_so_far = np.cumsum(above + equal, axis=0)  # (G, D)
        hits_so_far = np.cumsum(hit, axis=0)
        n_hits, n_false = hits_so_far[-1], false_so_far[-1] + sums[used]  # (D,)
        beaten = (hit * (n_false - false_so_far + equal / 2)).sum(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.nan_to_num(hits_so_far / (hits_so_far + false_so_far))
        return np.vstack([ratio(beaten, n_hits * n_false), ratio((hit * precision).sum(0), n_hits)])

    return of


def row_log_losses(coded: Coded) -> Floats1d:
    """Return the (N,) negative log-probabilities of the labels; multi-label: the mean over the C labels."""
    assert coded.probabilities is not None
    p = coded.probabilities
    if coded.multilabel:
        right = np.where(coded.labels, p, 1 - p)  # (N, C)
        return np.asarray(-np.log(np.clip(right, TINY, 1)).mean(axis=1))
    right = p[np.arange(len(p)), coded.labels]
    return np.asarray(-np.log(np.clip(right, TINY, 1)))


def log_losses(coded: Coded) -> Statistic:
    """Log loss in nats a row."""
    return means(("log_loss",), row_log_losses(coded)[None])


def confidences(coded: Coded, positive: int | None) -> tuple[Floats1d, Floats1d, Array]:
    """Return (M,) stated probabilities, (M,) outcomes in {0, 1} and the (M,) rows they belong to.

    Two classes: the probability of the positive one. More: that of the likeliest class, right or wrong.
    Multi-label: every cell.
    """
    assert coded.probabilities is not None
    p, rows = coded.probabilities, np.arange(len(coded))
    if coded.multilabel:
        return p.ravel(), coded.labels.ravel().astype(np.float64), np.repeat(rows, p.shape[1])
    if positive is not None:
        return p[:, positive], (coded.labels == positive).astype(np.float64), rows
    top = p.argmax(axis=1)
    return p[rows, top], (top == coded.labels).astype(np.float64), rows


def equal_mass_bins(stated: Floats1d, bins: int = MAX_BINS) -> Array:
    """Return the (M,) bin of each stated probability: equal numbers of rows a bin, equal values together."""
    wanted = max(1, min(bins, len(stated) // ROWS_PER_BIN))
    ordered = np.sort(stated)
    first = np.searchsorted(ordered, stated, side="left")
    return np.unique(first * wanted // len(stated), return_inverse=True)[1]


def miscalibration(coded: Coded, positive: int | None, bins: int = MAX_BINS) -> Statistic:
    """Expected calibration error over equal-mass bins: the mean of |stated - observed|, weighted by rows."""
    stated, outcome, rows = confidences(coded, positive)
    which = equal_mass_bins(stated, bins)
    gaps = sparse.csr_matrix((stated - outcome, (which, rows)), shape=(int(which.max()) + 1, len(coded)))  # (bins, N)
    per_row = len(stated) / len(coded)

    def of(weights: Floats2d) -> Floats2d:
        return ratio(np.abs(gaps @ weights).sum(0), per_row * weights.sum(0))[None]

    return Statistic(("calibration_error",), of, (None,), reflected=True)
