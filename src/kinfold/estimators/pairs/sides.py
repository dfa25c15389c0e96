"""Pairs however they were given -> each text once, the places of both sides, and labels."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.neural.targets import Labels
from kinfold.types import Ints1d


class Sides:
    """Takes pairs one after the other; each text has one place however often it stands there.

    Attributes
    ----------
    places
        A digest of each text -> its place.
    """

    def __init__(self) -> None:
        self.places: dict[bytes, int] = {}
        self.pairs = array("q")
        self.labels = Labels()
        self.n_unlabelled = 0

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
                self.pairs.append(self.places.setdefault(key, n_before))
                if len(self.places) > n_before:
                    yield side
            if label is None:
                self.n_unlabelled += 1
            else:
                self.labels.add(label)

    def placed(self) -> Ints1d:
        """Return the places (n, 2) of the pairs taken so far."""
        return np.frombuffer(self.pairs, np.int64).reshape(-1, 2) if self.pairs else np.zeros((0, 2), np.int64)


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
        raise DataError(
            "There must be one label a pair.",
            seen=f"{n:,} pairs, {len(given):,} labels",
            fix="Read both from the same rows.",
            code="D-151",
        )


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
