"""How many texts of a file a model was trained on: from a sample of hashes kept with the model.

The smallest hashes of a set of texts are a fair sample of it. As many as fit beside a model without weighing are
kept: for small training files that is all of them, and the count is exact; for larger ones it is an estimate.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kinfold.data.records import Pairs
from kinfold.types import Json

#: Hashes kept; 16 hexadecimal digits each.
SIZE = 4096


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of `n_rows` texts or pairs were among those a model was trained on, and whether that is exact."""

    n_known: int
    n_rows: int
    exact: bool
    noun: str = "texts"

    def __str__(self) -> str:
        """Return ``12 of 300 texts were in the training data``."""
        about = "" if self.exact else "about "
        return f"{about}{self.n_known:,} of {self.n_rows:,} {self.noun} were in the training data"


def sketch(texts: Sequence[str], before: Mapping[str, Any] | None = None) -> dict[str, Json]:
    """Return the smallest hashes of the texts, those of an earlier sketch among them, and whether these are all."""
    hashes = {_hash(text) for text in texts} | set(before["hashes"] if before else ())
    whole = len(hashes) <= SIZE and (before is None or bool(before["all"]))
    return {"hashes": heapq.nsmallest(SIZE, hashes), "all": whole}


def lines_of(pairs: Pairs) -> list[str]:
    """Return each pair as one text, to be sketched."""
    return [f"{left}\t{right}" for left, right in zip(pairs.lefts, pairs.rights, strict=True)]


def overlap(kept: Mapping[str, Any] | None, rows: Sequence[str] | Pairs) -> Overlap | None:
    """Return how many texts or pairs are known to the model that kept this sketch; None where nothing was kept."""
    texts, noun = (lines_of(rows), "pairs") if isinstance(rows, Pairs) else (rows, "texts")
    if not kept or not kept.get("hashes") or not texts:
        return None
    known = set(kept["hashes"])
    if kept["all"]:
        return Overlap(sum(_hash(text) in known for text in texts), len(texts), True, noun)
    highest = max(known)
    drawn = [value for value in map(_hash, texts) if value <= highest]
    if not drawn:
        return None
    hits = sum(value in known for value in drawn)
    return Overlap(round(len(texts) * hits / len(drawn)), len(texts), False, noun)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
