"""How far an answer hangs on chance: the same question put to models trained alike from other random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from kinfold.errors import DataError
from kinfold.types import Floats1d

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors


def overlap(answer: ArrayLike, tops: Sequence[ArrayLike]) -> Floats1d:
    """Return, for each id of an answer, the share of the replicas' answers that hold it too.

    Parameters
    ----------
    answer
        (K,) ids.
    tops
        What each replica answers: (K,) ids, in any order; at least one replica.

    Returns
    -------
    shares : (K,) float64
        0 to 1.
    """
    ids = np.asarray(answer, np.int64)
    if not tops:
        raise DataError("There are no replicas to compare with.", fix="train with `replicas=4`", code="D-064")
    return np.mean([np.isin(ids, np.asarray(top, np.int64)) for top in tops], axis=0)  # (R, K) -> (K,)


def neighbour_overlap(vectors: WordVectors, words: Sequence[str] | None = None, k: int = 10) -> Floats1d:
    """Return for each word the share of its `k` nearest words that a replica finds too, the mean over the replicas.

    Parameters
    ----------
    vectors
        Word vectors with replicas.
    words
        N words; default all of them.
    k
        How many neighbours.

    Returns
    -------
    shares : (N,) float64
        0 to 1: a word near 0 has neighbours by chance only.

    Notes
    -----
    Wendlandt, Kummerfeld and Mihalcea, Factors Influencing the Surprising Instability of Word Embeddings, NAACL 2018.
    """
    asked = list(vectors.words if words is None else words)
    if not vectors.replicas:
        raise DataError("There are no replicas to compare with.", fix="train with `replicas=4`", code="D-064")
    found = vectors.nearest(asked, k)[0]  # (N, K)
    shares = np.zeros(len(asked))
    for replica in vectors.replicas:
        other = replica.nearest(asked, k)[0]  # (N, K)
        shares += (found[:, :, None] == other[:, None, :]).any(axis=2).mean(axis=1)  # (N, K, K) -> (N,)
    return shares / len(vectors.replicas)


def check_replicas(words: Sequence[str], replicas: Sequence[WordVectors]) -> tuple[WordVectors, ...]:
    """Return the replicas, if they have the same words in the same order."""
    for replica in replicas:
        if list(replica.words) != list(words):
            raise DataError(
                "Replicas must have the same words in the same order.",
                seen=f"{len(replica):,} words beside {len(words):,}",
                fix="train them on the same texts with the same parameters but the random state",
                code="D-064",
            )
    return tuple(replicas)
