"""Pairs however they were given -> each text once, the places of both sides, and labels."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.neural.targets import Labels
from kinfold.types import Array, Ints1d

#: First words of labels of pairs that do not match.
_NO = {"0", "no", "non", "not", "none", "never", "false", "negative", "different", "other", "unrelated", "mismatch"}


class Sides:
    """Takes pairs one after the other; each text has one place however often it stands there.

    Attributes
    ----------
    places
        A digest of each text -> its place.
    given
        The label of each pair as it was given; None where there is none.
    """

    def __init__(self) -> None:
        self.places: dict[bytes, int] = {}
        self.given: list[Any] = []
        self._pairs = array("q")

    def texts(self, pairs: Iterable[tuple[Any, Any, Any]]) -> Iterator[str]:
        """Yield each new text of (left, right, label), in the order of their places."""
        for row, (left, right, label) in enumerate(pairs):
            for side in (left, right):
                if not isinstance(side, str):
                    raise DataError(
                        f"A side of pair {row} is no text.",
                        seen=f"{type(side).__name__}: {str(side)[:40]!r}",
                        fix="Give texts on both sides; an empty one as ''.",
                        code="D-150",
                    )
                key = hashlib.blake2b(side.encode("utf-8", "surrogatepass"), digest_size=16).digest()
                n_before = len(self.places)
                self._pairs.append(self.places.setdefault(key, n_before))
                if len(self.places) > n_before:
                    yield side
            self.given.append(label)

    def placed(self) -> Ints1d:
        """Return the places (n, 2) of the pairs taken so far."""
        return np.frombuffer(self._pairs, np.int64).reshape(-1, 2) if self._pairs else np.zeros((0, 2), np.int64)


class PairLabels:
    """What pairs are labelled.

    Parameters
    ----------
    given
        One label a pair, or None.

    Attributes
    ----------
    n, n_missing
        How many pairs there are, and how many have none.
    """

    def __init__(self, given: Iterable[Any]) -> None:
        listed = list(given)
        self.n = len(listed)
        self.n_missing = sum(label is None for label in listed)
        self._taken = Labels()
        for label in listed:
            if label is not None:
                self._taken.add(label)

    def only(self) -> str | None:
        """Return the label, if all that there are are the same."""
        return self._taken.only()

    def two(self, match: str | None = None) -> tuple[tuple[str, str], Array]:
        """Return what pairs are called that do not match and that do, and which match, (n,) uint8.

        Parameters
        ----------
        match
            The label of pairs that match. None: if just one label says no ("no match", "different", "0") the other;
            else the second in the order of the alphabet.

        Raises
        ------
        DataError
            D-154: there are not two labels. D-163: none is `match`.
        """
        targets = self._taken.targets()
        if targets.multilabel or len(targets.classes) != 2:
            raise DataError(
                "A matcher needs two labels: of pairs that match, and of pairs that do not.",
                seen=f"{len(targets.classes)} labels such as {', '.join(map(repr, targets.classes[:3]))}",
                fix="Name another label column.",
                code="D-154",
            )
        first, second = targets.classes
        matches = targets.values.astype(np.uint8)
        if match is not None and match not in targets.classes:
            raise DataError(
                "No pair has the label of those that match.",
                seen=f"match={match!r}, labels {first!r} and {second!r}",
                fix=f"match={second!r}, or another label column.",
                code="D-163",
            )
        if match == first or (match is None and _says_no(second) and not _says_no(first)):
            return (second, first), 1 - matches
        return (first, second), matches

    def all_or_none(self) -> None:
        """Raise D-151 if some pairs have a label and others none."""
        if 0 < self.n_missing < self.n:
            raise DataError(
                "Some pairs have a label and others none.",
                seen=f"{self.n_missing:,} of {self.n:,} without",
                fix="Give all pairs one, or none.",
                code="D-151",
            )

    def among(self, classes: tuple[str, str]) -> Array:
        """Return which pairs match, (n,) uint8, by labels that must be known; raises D-090, D-094 and D-151."""
        self.all_or_none()
        return self._taken.targets_among(classes, False).values.astype(np.uint8)


def _says_no(label: str) -> bool:
    words = re.findall(r"[^\W_]+", label.lower())
    return bool(words) and words[0] in _NO


def nothing() -> DataError:
    """Return the error of no pairs to learn from."""
    return DataError("There are no pairs to learn from.", seen="0 pairs", fix="Give some.", code="D-152")


def unequal(n_pairs: int, n_labels: int) -> DataError:
    """Return the error of more or fewer labels than pairs."""
    return DataError(
        "There must be one label a pair.",
        seen=f"{n_pairs:,} pairs, {n_labels:,} labels",
        fix="Read both from the same rows.",
        code="D-151",
    )


def sides_of(pairs: Any, labels: Iterable[Any] | None) -> Iterator[tuple[Any, Any, Any]]:
    """Yield (left, right, label or None) of pairs however they were given.

    Raises
    ------
    DataError
        D-150: something is no pair. D-151: not one label a pair.
    """
    if labels is None:
        labels = getattr(pairs, "labels", None)
    if hasattr(pairs, "lefts") and hasattr(pairs, "rights"):
        pairs = zip(pairs.lefts, pairs.rights, strict=True)
    given = None if labels is None else list(labels)
    n = 0
    for n, pair in enumerate(pairs, 1):
        left, right, label = _sides(pair, n - 1)
        if given is not None:
            label = given[n - 1] if n <= len(given) else None
        yield left, right, label
    if given is not None and len(given) != n:
        raise unequal(n, len(given))


def _sides(pair: Any, row: int) -> tuple[Any, Any, Any]:
    if hasattr(pair, "left") and hasattr(pair, "right"):
        return pair.left, pair.right, getattr(pair, "label", None)
    if isinstance(pair, tuple | list) and len(pair) == 2:
        return pair[0], pair[1], None
    raise DataError(
        f"Row {row} is no pair.",
        seen=f"{type(pair).__name__}: {str(pair)[:40]!r}",
        fix="Give (left, right), or records as kinfold.open_table yields them.",
        code="D-150",
    )
