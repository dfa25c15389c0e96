"""Training and test rows in; what stands on both sides of the split, and rows that contradict one another, out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from kinfold.evaluation.joined import Bools1d, Joined
from kinfold.evaluation.near_duplicates import near_duplicates
from kinfold.types import Ints1d


@dataclass(frozen=True, slots=True)
class Leaks:
    """What test rows have in common with training rows.

    `counts` holds numbers of test rows, unless its name says otherwise; see `COUNTS`.
    """

    copies: Bools1d = field(repr=False)  # (n_test,): the row stands in training
    near: Bools1d = field(repr=False)  # (n_test,): only nearly
    twins: Ints1d = field(repr=False)  # (n_test,): that training row, or -1
    seen: Ints1d | None = field(repr=False)  # (n_test,): pairs: sides that occur in training, 0 to 2
    linked: Bools1d | None = field(repr=False)  # (n_test,): pairs: the component has training rows
    counts: dict[str, int]

    @property
    def leaked(self) -> Bools1d:
        """Which test rows stand in training, exactly or nearly."""
        return self.copies | self.near


#: What the counts are, in words, in the order of the table.
COUNTS = {
    "copies": "test rows that stand in training",
    "copies_other_label": "of them, with another label there",
    "reversed": "of them, with the sides exchanged",
    "near": "test rows nearly equal to a training row",
    "near_other_label": "of them, with another label there",
    "both_seen": "test pairs with both sides in training pairs",
    "one_seen": "test pairs with one side in training pairs",
    "both_new": "test pairs with both sides new",
    "near_texts": "texts of test pairs, new but nearly equal to one in training",
    "linked": "test pairs linked to training by a chain of pairs",
    "largest_component": "rows in the largest component",
    "hub": "rows with the commonest side",
    "groups": "test rows whose group stands in training",
    "ids": "test rows whose id stands in training",
    "contradictions": "texts or pairs with several labels",
    "reversed_other_label": "pairs that stand both ways round with different labels",
    "equal_sides": "rows with both sides equal",
    "blank_sides": "rows with an empty side",
    "leading_zeros": "ids that differ from another by leading zeros only",
}


def find_leaks(
    rows: Joined,
    *,
    threshold: float,
    directed: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Leaks:
    """Find copies, near-duplicates, and for pairs whatever entities are on both sides.

    Parameters
    ----------
    rows
        Training and test rows.
    threshold
        Of near-duplicates: see `near_duplicates`.
    directed
        (b, a) is another pair than (a, b).
    progress
        Called with the share that is done.
    """
    n, said = rows.n_train, progress or _silent
    twins = _copies(_row_keys(rows, directed), n)
    copies = twins >= 0
    fresh = np.flatnonzero(~copies)
    test = [[column[n + i] for i in fresh.tolist()] for column in rows.columns]
    train = [column[:n] for column in rows.columns]
    share = 0.6 if rows.pairs else 1.0
    found, _ = near_duplicates(
        test, train, threshold=threshold, directed=directed, progress=lambda done: said(share * done)
    )
    twins[fresh] = found
    near = ~copies & (twins >= 0)
    counts = {"copies": int(copies.sum()), "near": int(near.sum()), **_common(rows)}
    if rows.codes is not None:
        other = rows.codes[:n][twins] != rows.test_codes
        counts["copies_other_label"] = int((copies & other).sum())
        counts["near_other_label"] = int((near & other).sum())
    if rows.codes is not None:
        counts["contradictions"] = _contradicted(_row_keys(rows, directed), rows.codes)
    seen, linked = None, None
    if rows.pairs:
        seen, linked = _sides_seen(rows), _linked(rows)
        counts |= _pair_counts(rows, seen, linked)
        counts["near_texts"] = _near_texts(rows, threshold, lambda done: said(share + (1 - share) * done))
    ordered = {name: counts[name] for name in COUNTS if name in counts}
    return Leaks(copies=copies, near=near, twins=twins, seen=seen, linked=linked, counts=ordered)


def _silent(done: float) -> None:
    """Report progress to nobody."""


def _row_keys(rows: Joined, directed: bool) -> Ints1d:
    """Return (N,) numbers that are equal where rows are: their texts, of pairs in either order unless directed."""
    if not rows.pairs:
        return rows.text_keys[0]
    left, right = rows.text_keys
    if not directed:
        left, right = np.minimum(left, right), np.maximum(left, right)
    return np.asarray(left * (2 * rows.n) + right)


def _copies(keys: Ints1d, n_train: int) -> Ints1d:
    """Return (n_test,) the first training row with the key of each test row, or -1."""
    known, first = np.unique(keys[:n_train], return_index=True)
    at = np.minimum(np.searchsorted(known, keys[n_train:]), len(known) - 1)
    return np.where(known[at] == keys[n_train:], first[at], -1)


def _contradicted(keys: Ints1d, codes: Ints1d) -> int:
    """Return how many distinct keys have more than one label."""
    distinct = np.unique(np.stack([keys, codes]), axis=1)[0]
    return int((np.unique(distinct, return_counts=True)[1] > 1).sum())


def _common(rows: Joined) -> dict[str, int]:
    """Count what texts and pairs may both have: groups and ids on both sides, and zeros before ids."""
    counts, n = {}, rows.n_train
    for name, column in (("groups", rows.groups), ("ids", rows.ids)):
        if column is not None:
            known = set(column[:n]) - {""}
            counts[name] = sum(value in known for value in column[n:])
    written = [*(rows.ids or ()), *((value for side in rows.entities for value in side) if rows.pairs else ())]
    counts["leading_zeros"] = _zeros(written)
    return counts


def _zeros(values: list[str]) -> int:
    """Return how many distinct runs of digits are equal to another but for zeros before them."""
    forms: dict[str, set[str]] = {}
    for value in set(values):
        if value.isascii() and value.isdigit():
            forms.setdefault(value.lstrip("0"), set()).add(value)
    return sum(len(same) for same in forms.values() if len(same) > 1)


def _blank(rows: Joined) -> tuple[Bools1d, Bools1d]:
    left, right = (np.array([not value.strip() for value in side], np.bool_) for side in rows.entities)
    return left, right


def _sides_seen(rows: Joined) -> Ints1d:
    """Return (n_test,) how many sides of each test pair occur in training, on either side; empty ones never do."""
    n = rows.n_train
    known = np.zeros(2 * rows.n, np.bool_)
    blank = _blank(rows)
    for keys, empty in zip(rows.entity_keys, blank, strict=True):
        known[keys[:n][~empty[:n]]] = True
    left, right = (known[keys[n:]] & ~empty[n:] for keys, empty in zip(rows.entity_keys, blank, strict=True))
    return left.astype(np.int64) + right


def _linked(rows: Joined) -> Bools1d:
    component = rows.components
    held = np.zeros(int(component.max()) + 1, np.bool_)
    held[component[: rows.n_train]] = True
    return held[component[rows.n_train :]]


def _pair_counts(rows: Joined, seen: Ints1d, linked: Bools1d) -> dict[str, int]:
    n, (left, right) = rows.n_train, rows.text_keys
    wide = 2 * rows.n
    forth, back = left * wide + right, right * wide + left
    unequal = left != right
    turned = np.isin(forth[n:], back[:n][unequal[:n]]) & ~np.isin(forth[n:], forth[:n])
    counts = {
        "reversed": int(turned.sum()),
        "both_seen": int((seen == 2).sum()),
        "one_seen": int((seen == 1).sum()),
        "both_new": int((seen == 0).sum()),
        "linked": int(linked.sum()),
        "largest_component": int(np.bincount(rows.components).max()),
        "equal_sides": int((~unequal).sum()),
        "blank_sides": int(np.logical_or(*_blank(rows)).sum()),
        "hub": _hub(rows),
    }
    if rows.codes is not None:
        counts["reversed_other_label"] = _turned_contradictions(forth, back, rows.codes, unequal)
    return counts


def _hub(rows: Joined) -> int:
    """Return in how many rows the commonest entity stands."""
    left, right = rows.entity_keys
    stands = np.bincount(left, minlength=2 * rows.n) + np.bincount(right[left != right], minlength=2 * rows.n)
    for keys, empty in zip(rows.entity_keys, _blank(rows), strict=True):
        stands[keys[empty]] = 0
    return int(stands.max())


def _turned_contradictions(forth: Ints1d, back: Ints1d, codes: Ints1d, unequal: Bools1d) -> int:
    """Return how many unordered pairs stand in both orders with a label in one that differs from one in the other."""
    n_codes = int(codes.max()) + 1
    forth, back, codes = forth[unequal], back[unequal], codes[unequal]
    labelled = np.unique(np.stack([forth, codes]), axis=1)  # (2, distinct): every order with every label it has
    known, first = np.unique(back, return_index=True)
    turned = dict(zip(known.tolist(), forth[first].tolist(), strict=True))
    held: dict[int, set[int]] = {}
    for pair, code in labelled.T.tolist():
        held.setdefault(pair, set()).add(code)
    both = [(pair, turned[pair]) for pair in held if pair in turned and pair < turned[pair]]
    return sum(len(held[a] | held[b]) > 1 for a, b in both) if n_codes > 1 else 0


def _near_texts(rows: Joined, threshold: float, progress: Callable[[float], None]) -> int:
    """Return how many distinct texts of test pairs are new but nearly equal to one of training."""
    n = rows.n_train
    first: dict[int, str] = {}
    known: dict[int, str] = {}
    for column, keys in zip(rows.columns, rows.text_keys, strict=True):
        known |= dict(zip(keys[:n].tolist(), column[:n], strict=True))
        first |= dict(zip(keys[n:].tolist(), column[n:], strict=True))
    fresh = [text for key, text in first.items() if key not in known and text.strip()]
    found, _ = near_duplicates([fresh], [list(known.values())], threshold=threshold, progress=progress)
    return int((found >= 0).sum())
