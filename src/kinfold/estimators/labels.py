"""Labels as strings <-> membership of classes as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kinfold.checks import Rule, is_number, is_positive
from kinfold.errors import DataError
from kinfold.types import Array, Ints1d, Label


def _is_class_weight(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(is_positive(weight) for weight in value.values())
    return value is None or (isinstance(value, str) and value == "balanced") or (is_number(value) and value <= 1)


#: What `class_weight` must be: how much each label's rows count.
CLASS_WEIGHT: Rule = (
    _is_class_weight,
    'None, "balanced", a number from 0 to 1, or a positive number for each label',
)


def check_labels(labels: Sequence[Any], n_texts: int) -> tuple[list[Label], bool]:
    """Return the labels as strings or tuples of strings, and whether they are multi-label.

    Raises
    ------
    DataError
        If there are more or fewer labels than texts, or one is neither a string nor a collection of strings.
    """
    listed = list(labels)
    if len(listed) != n_texts:
        raise DataError(
            "There must be one label a text.",
            seen=f"{n_texts} texts, {len(listed)} labels",
            fix="Read both from the same rows.",
        )
    multilabel = any(isinstance(label, list | tuple | set | frozenset) for label in listed)
    out: list[Label] = []
    for row, label in enumerate(listed):
        if multilabel and isinstance(label, list | tuple | set | frozenset) and all(isinstance(x, str) for x in label):
            out.append(tuple(sorted({str(x) for x in label})))
        elif not multilabel and isinstance(label, str):
            out.append(str(label))
        else:
            wanted = "a list of strings, as other labels are" if multilabel else "a string"
            raise DataError(
                f"The label of row {row} must be {wanted}.",
                seen=f"{type(label).__name__}: {str(label)[:40]!r}",
                fix="Write labels as text, for example [str(label) for label in labels].",
            )
    return out, multilabel


def memberships(labels: Sequence[Label], classes: Sequence[str], multilabel: bool) -> Array:
    """Return (N, C) uint8: which rows have which label. A label that is no class is left out."""
    place = {label: c for c, label in enumerate(classes)}
    out = np.zeros((len(labels), len(classes)), np.uint8)
    if not multilabel:
        codes = np.array([place.get(str(label), -1) for label in labels], np.int64)
        known = np.flatnonzero(codes >= 0)
        out[known, codes[known]] = 1
        return out
    for row, of_row in enumerate(labels):
        for label in of_row:
            if label in place:
                out[row, place[label]] = 1
    return out


def known_memberships(labels: Sequence[Any], classes: Sequence[str], multilabel: bool, n_texts: int) -> Array:
    """Return (N, C) uint8 as `memberships` does, of labels as a caller gave them for a fitted model.

    Raises
    ------
    DataError
        If there are no rows, or labels that the model does not know.
    """
    checked, several = check_labels(labels, n_texts)
    if not checked or several != multilabel:
        seen = "no rows" if not checked else "several labels a row" if several else "one label a row"
        raise DataError("The labels are not of the kind the model was fitted with.", seen=seen)
    given = {x for label in checked for x in label} if several else set(checked)
    unknown = sorted(map(str, given.difference(classes)))
    if unknown:
        raise DataError("That is no label of this model.", seen=repr(unknown[0]), fix="Leave such rows out.")
    return memberships(checked, classes, multilabel)


def find_classes(labels: Sequence[Label], multilabel: bool) -> list[str]:
    """Return the distinct labels, sorted.

    Raises
    ------
    DataError
        If there are fewer than two to tell apart (one is enough where a row may have none).
    """
    found = sorted({x for label in labels for x in label} if multilabel else {str(label) for label in labels})
    if len(found) < (1 if multilabel else 2):
        seen = f"{len(labels)} rows, all labelled {found[0]!r}" if found else f"{len(labels)} rows, no label"
        raise DataError(
            "A classifier needs at least two labels.",
            seen=seen,
            fix="Check the label column, or add rows of another class.",
            code="D-071",
        )
    return found


def assign_folds(texts: Sequence[str], members: Array, n_folds: int, seed: int) -> Ints1d:
    """Return a fold for every row, (N,) int64: classes spread evenly, equal texts in one fold."""
    rng = np.random.default_rng(seed)
    seen: dict[str, int] = {}
    group = np.array([seen.setdefault(text, len(seen)) for text in texts], np.int64)
    _, first = np.unique(group, return_index=True)
    # Rows of the rarest class first, so that it is spread as evenly as the others.
    rarest = np.where(members > 0, members.sum(axis=0, dtype=np.int64), len(members) + 1).argmin(axis=1)
    order = rng.permutation(len(first))
    order = order[np.argsort(rarest[first][order], kind="stable")]
    fold_of_group = np.empty(len(first), np.int64)
    fold_of_group[order] = (np.arange(len(first)) + rng.integers(n_folds)) % n_folds
    return fold_of_group[group]
