"""Pairs of texts -> what both have, what one has, and what stands against or beside what, as rows of hashed columns.

What stands beside what is a word that both have with one that only one has: which difference matters hangs on what the
two texts are about. Runs of two words, which both have or one has, know what the order changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinfold.kernels import crossing
from kinfold.text.pairtexts import PairTexts, run_columns
from kinfold.types import Floats1d, Ids1d, Ints1d

#: The blocks of columns, each with as many.
BLOCKS = ("shared", "different", "crossed", "beside", "word pairs")


@dataclass(frozen=True)
class Crosses:
    """Rows of hashed columns in blocks.

    Attributes
    ----------
    bounds
        (n, B, 2) int64: row `i` has in block `b` the columns ``indices[bounds[i, b, 0]:bounds[i, b, 1]]``.
    indices
        (K,) int32.
    n_columns
        Those of all blocks.
    """

    bounds: Ints1d
    indices: Ids1d
    n_columns: int


@dataclass(frozen=True)
class Crossing:
    """How words are crossed.

    Attributes
    ----------
    directed
        Whether it matters on which side a word stands.
    n_bits
        Each block has ``2 ** n_bits`` columns.
    most
        Where a side has more words alone, or both have more, so many of the heaviest are crossed.
    """

    directed: bool
    n_bits: int
    most: int


def crosses_of(cut: PairTexts, pairs: Ints1d, weights: Floats1d, how: Crossing) -> Crosses:
    """Return the rows of pairs, places (n, 2) among the texts cut; `weights` (V,) are those of their words."""
    pairs = np.ascontiguousarray(pairs, np.int64)
    bounds = np.empty((len(pairs), len(BLOCKS), 2), np.int64)
    indptr, columns = cut.sets.indptr, cut.sets.indices
    indices = np.empty(crossing.count_crosses(pairs, indptr, columns, how.most, bounds), np.int32)
    rest = (how.most, how.directed, how.n_bits, bounds, indices)
    crossing.cross(pairs, indptr, columns, cut.keys, weights, *rest)
    runs = (pairs, cut.runs.indptr, cut.runs.indices)
    of_runs = np.empty(crossing.count_runs(*runs, len(indices), bounds[:, -1]), np.int32)
    crossing.cross_runs(*runs, how.directed, how.n_bits, of_runs)
    return Crosses(bounds, np.concatenate([indices, of_runs]), len(BLOCKS) << how.n_bits)


def named_crosses(cut: PairTexts, pair: tuple[int, int], weights: Floats1d, how: Crossing) -> list[tuple[str, str]]:
    """Return what each column of one pair is: (block, words), in the order of `crosses_of`."""
    size = max(len(cut.words), len(cut.runs.indices))
    shared, lefts, rights = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    rows = (cut.sets.indptr, cut.sets.indices)
    n, n_left, n_right = crossing.parted(pair[0], pair[1], *rows, shared, lefts, rights)
    named = [("shared", cut.words[word]) for word in shared[:n].tolist()]
    named += [("different", cut.words[word]) for word in [*lefts[:n_left].tolist(), *rights[:n_right].tolist()]]
    heaviest = [_heaviest(one, weights, cut, how.most) for one in (lefts[:n_left], rights[:n_right])]
    if n_left + n_right:
        named += [("crossed", f"{a} | {b}") for a in heaviest[0] or ["-"] for b in heaviest[1] or ["-"]]
    both = _heaviest(shared[:n], weights, cut, how.most)
    named += [("beside", f"{a} + {b}") for side in heaviest for a in both for b in side]
    rows = (cut.runs.indptr, cut.runs.indices)
    n, n_left, n_right = crossing.parted(pair[0], pair[1], *rows, shared, lefts, rights)
    runs = _named_runs(cut, pair)
    named += [("word pairs", runs[column]) for column in shared[:n].tolist()]
    alone = [*lefts[:n_left].tolist(), *rights[:n_right].tolist()]
    return named + [("word pairs", f"{runs[column]} | -") for column in alone]


def _named_runs(cut: PairTexts, pair: tuple[int, int]) -> dict[int, str]:
    """Return the hashed columns of the runs of two texts, and their words; of two that share a column the last one."""
    named: dict[int, str] = {}
    for place in pair:
        words = cut.ordered.indices[cut.ordered.indptr[place] : cut.ordered.indptr[place + 1]]
        columns = run_columns(cut.keys[words[:-1]], cut.keys[words[1:]]).tolist()
        named |= {
            column: f"{cut.words[a]} {cut.words[b]}"
            for column, a, b in zip(columns, words[:-1].tolist(), words[1:].tolist(), strict=True)
        }
    return named


def _heaviest(words: Ids1d, weights: Floats1d, cut: PairTexts, most: int) -> list[str]:
    """Return the words that are crossed, in the order in which they are."""
    if len(words) > most:
        words = words[np.lexsort((cut.keys[words], -weights[words]))][:most]
    return [cut.words[word] for word in words.tolist()]
