"""What a search found: documents with their scores, and which list each of them is from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinfold.types import Ids2d, Json, Singles2d


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found.

    Parameters
    ----------
    id, text, payload
        Of the document.
    score
        Higher for better; only comparable within one search.
    found_by
        Way to search -> the document's place in that list, from 1. A hybrid search has two lists, of which a document
        is in one or in both.
    """

    id: str
    text: str
    score: float
    payload: dict[str, Json]
    found_by: dict[str, int]

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        return {
            "id": self.id,
            "score": self.score,
            "text": self.text,
            "payload": self.payload,
            "found_by": dict(self.found_by),
        }


def places_of(rows: Ids2d) -> list[dict[int, int]]:
    """Return for each list (N, K) of documents, -1 for none, document -> place from 1."""
    return [{row: place for place, row in enumerate(line, 1) if row >= 0} for line in rows.tolist()]


def scores_of_all(rows: Ids2d, scores: Singles2d, n: int) -> Singles2d:
    """Return lists (N, K) as one score a document, (N, n); -inf for a document that is in no list."""
    out = np.full((len(rows), n), -np.inf, np.float32)
    line, place = np.nonzero(rows >= 0)
    out[line, rows[line, place]] = scores[line, place]
    return out
