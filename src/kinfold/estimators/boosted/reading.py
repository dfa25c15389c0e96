"""Pairs however they were given -> distinct texts, the places of both sides, and which pairs match."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.errors import DataError
from kinfold.estimators.boosted.options import BoostedOptions
from kinfold.estimators.pairs.sides import PairLabels, Sides, nothing, sides_of
from kinfold.text.pairtexts import PairTexts, cut_pair_texts
from kinfold.types import Array, Ints1d


@dataclass(frozen=True)
class CutPairs:
    """Pairs of texts that were cut.

    Attributes
    ----------
    cut
        The distinct texts.
    pairs
        (n, 2) int64 places of both sides; of pairs without a direction in an order that hangs on the texts alone.
    """

    cut: PairTexts
    pairs: Ints1d

    def __len__(self) -> int:
        """Return n."""
        return len(self.pairs)


def read(options: BoostedOptions, pairs: Any, labels: Iterable[Any] | None) -> tuple[CutPairs, tuple[str, str], Array]:
    """Return pairs to learn from, what those are called that do not match and that do, and which match, (n,) uint8.

    Raises
    ------
    DataError
        D-150, D-151: what is no pair, or not one label a pair. D-152: no pairs. D-154, D-163: not two labels, or none
        that is `match`. D-161: a pair without a label, or all with the same.
    """
    taken = Sides()
    texts = list(taken.texts(sides_of(pairs, labels)))
    if not taken.given:
        raise nothing()
    found, n = PairLabels(taken.given), len(taken.given)
    if found.n_missing or found.only() is not None:
        seen = f"{found.n_missing:,} of {n:,} pairs have none"
        raise DataError(
            "Trees learn from pairs of two labels: those that match, and those that do not.",
            seen=seen if found.n_missing else f"{n:,} pairs, all labelled {found.only()!r}",
            fix="Give every pair a label, and pairs of both; kinfold.Negatives makes pairs that do not match.",
            code="D-161",
        )
    return _cut(options, taken, texts), *found.two(options.match)


def read_known(
    options: BoostedOptions, pairs: Any, labels: Iterable[Any] | None = None, classes: tuple[str, str] | None = None
) -> tuple[CutPairs, Array | None]:
    """Return pairs to answer, or to hold out: with `classes`, also which match, (n,) uint8."""
    taken = Sides()
    texts = list(taken.texts(sides_of(pairs, labels)))
    matches = None if classes is None else PairLabels(taken.given).among(classes)
    return _cut(options, taken, texts), matches


def _cut(options: BoostedOptions, taken: Sides, texts: list[str]) -> CutPairs:
    cut = cut_pair_texts(
        texts,
        lowercase=bool(options.lowercase),
        strip_html=bool(options.strip_html),
        characters=(int(options.characters[0]), int(options.characters[1])),
        negations=() if options.negations is None else tuple(options.negations),
    )
    places = taken.placed()
    if options.directed or not len(places):
        return CutPairs(cut, places.copy())
    # Sums of numbers differ in their last bits by the order of the sides: the digests of the texts say which is first.
    _, rank = np.unique(np.frombuffer(b"".join(taken.places), "S16"), return_inverse=True)
    turned = rank[places[:, 0]] > rank[places[:, 1]]
    return CutPairs(cut, np.where(turned[:, None], places[:, ::-1], places))
