"""Texts -> vectors, by anything that encodes; checked, in batches, on the side on which they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from numpy.typing import ArrayLike

from kinfold.index.documents import unfit
from kinfold.index.exact import ExactIndex
from kinfold.index.rows import checked_rows
from kinfold.types import Singles2d

#: What a matcher with two towers is told: the side of queries, and of documents.
SIDES: dict[str, tuple[str, str] | None] = {
    "same": None,
    "left-right": ("left", "right"),
    "right-left": ("right", "left"),
}
#: Called as progress(what is being done, the share of it that is done or None where that can't be known).
Progress = Callable[[str, float | None], None]
#: Texts encoded together.
_BATCH = 1024


class Encoder(Protocol):
    """What turns texts into vectors: an estimator of ours, or anything else that can."""

    def encode(self, texts: list[str]) -> ArrayLike:
        """Return one vector a text, (n, D)."""


def silent(stage: str, share: float | None) -> None:
    """Report progress to nobody."""


def encoded(encoder: Any, texts: list[str], dim: int | None, side: str | None) -> Singles2d:
    """Return one vector a text (n, D); raise DataError, D-133, for anything else that the encoder gives."""
    given = encoder.encode(texts) if side is None else encoder.encode(texts, side=side)
    rows = checked_rows(given, dim, "What the encoder gave", "D-133")
    if len(rows) != len(texts):
        raise unfit("The encoder must give one vector a text.", f"{len(rows):,} for {len(texts):,} texts")
    return rows


def encode_all(
    encoder: Any, ids: Sequence[str], texts: Sequence[str], metric: str, side: str | None, progress: Progress
) -> ExactIndex:
    """Return the vectors of all documents."""
    made = ExactIndex(metric)
    for first in range(0, len(texts), _BATCH):
        progress("encoding", first / len(texts))
        part = list(texts[first : first + _BATCH])
        made.add(ids[first : first + _BATCH], encoded(encoder, part, made.dim, side))
    return made
