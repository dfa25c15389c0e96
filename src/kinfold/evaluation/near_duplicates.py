"""Rows of text and a corpus of them in; for each row its near-duplicate in the corpus, if there is one, out.

Shingles are runs of `SHINGLE` characters. MinHash signatures in bands (Broder 1997; Leskovec, Rajaraman and Ullman,
*Mining of Massive Datasets*, chapter 3) propose candidates, and the exact Jaccard of their shingles decides. Memory is
linear in the rows: of a signature only its bands are kept, of candidates only one band's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kinfold.data.splits import text_key
from kinfold.errors import InvalidParameterError
from kinfold.types import Floats1d, Ints1d, Keys1d

#: One list of texts a side: one side for texts, two for pairs.
Columns: TypeAlias = Sequence[Sequence[str]]

#: Characters of a shingle; hash functions of a signature, at most; how many of the pairs at the threshold are found.
SHINGLE, N_HASHES, RECALL = 5, 128, 0.985
#: Rows of one bucket that a row is compared with: rows that are all alike must not take quadratic time.
_MOST_IN_BUCKET = 64
#: Characters, and candidates, worked on at once.
_BLOCK_CHARS, _BLOCK_PAIRS = 1 << 18, 4096
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def near_duplicates(
    rows: Columns,
    corpus: Columns,
    *,
    threshold: float,
    directed: bool = False,
    progress: Callable[[float], None] | None = None,
) -> tuple[Ints1d, Floats1d]:
    """Return (N,) the first near-duplicate found in the corpus for each row, -1 for none, and (N,) its likeness.

    Parameters
    ----------
    rows, corpus
        One list of N (M) texts, or two of them for pairs. Case, spacing and Unicode form are put aside first.
    threshold
        The Jaccard likeness of shingles from which on texts are near-duplicates, above 0 and at most 1. Of pairs each
        side must reach it; the likeness is that of the less alike side.
    directed
        A pair is compared only with pairs in the same order.
    progress
        Called with the share that is done.

    Raises
    ------
    InvalidParameterError
        U-036: the threshold is out of range.
    """
    if not 0 < threshold <= 1:
        raise InvalidParameterError(
            "the threshold must be above 0 and at most 1",
            seen=f"{threshold}",
            fix="for example 0.75",
            code="U-036",
        )
    found, likeness = np.full(len(rows[0]), -1, np.int64), np.zeros(len(rows[0]))
    if not len(rows[0]) or not len(corpus[0]):
        return found, likeness
    n_bands, width = band_shape(threshold)
    keys, known = (_band_keys(columns, n_bands, width) for columns in (rows, corpus))  # (bands, N), (bands, M)
    for band in range(n_bands):
        open_rows = np.flatnonzero(found < 0)
        at, other = _same_bucket(keys[band, open_rows], known[band])
        at = open_rows[at]
        for start in range(0, len(at), _BLOCK_PAIRS):
            part = slice(start, start + _BLOCK_PAIRS)
            alike = _likeness(rows, corpus, at[part], other[part], directed)
            good = np.flatnonzero(alike >= threshold)[::-1]  # of several the first is written last
            found[at[part][good]], likeness[at[part][good]] = other[part][good], alike[good]
        if progress is not None:
            progress((band + 1) / n_bands)
    return found, likeness


def band_shape(threshold: float) -> tuple[int, int]:
    """Return (bands, hashes a band) that miss at most 1 - `RECALL` of the pairs at the threshold.

    The widest bands that do: they propose fewest pairs that are far apart.
    """
    widths = np.arange(1, 17)
    missed = (1 - threshold**widths) ** (N_HASHES // widths)
    width = int(widths[missed <= 1 - RECALL].max(initial=1))
    return N_HASHES // width, width


def _band_keys(columns: Columns, n_bands: int, width: int) -> NDArray[np.uint32]:
    random = np.random.default_rng(20)  # of the hash functions: the same for rows and corpus
    factors = random.integers(1 << 62, size=(n_bands, width), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    masks = random.integers(1 << 62, size=(n_bands, width), dtype=np.uint64)
    out = np.empty((n_bands, len(columns[0])), np.uint32)
    for start, stop in _blocks(columns):
        shingles, ends = _shingles([column[start:stop] for column in columns])
        begins = np.concatenate(([0], ends[:-1]))
        for band in range(n_bands):
            key = np.zeros(stop - start, np.uint64)
            for factor, mask in zip(factors[band], masks[band], strict=True):
                least = np.minimum.reduceat((shingles ^ mask) * factor, begins)
                key = (key ^ least) * _PRIME
                key ^= key >> np.uint64(29)
            out[band, start:stop] = (key >> np.uint64(32)).astype(np.uint32)
    return out


def _blocks(columns: Columns) -> list[tuple[int, int]]:
    """Return (start, stop) of stretches of rows with about equally many characters."""
    sizes = np.sum([[len(text) for text in column] for column in columns], axis=0, dtype=np.int64) + SHINGLE
    which = np.cumsum(sizes) // _BLOCK_CHARS
    edges = [0, *(np.flatnonzero(np.diff(which)) + 1).tolist(), len(which)]
    return list(pairwise(edges))


def _shingles(columns: Columns) -> tuple[Keys1d, Ints1d]:
    """Return the hashes of all shingles row by row, (S,), and (N,) where each row's end; none runs over two texts."""
    rows = list(zip(*columns, strict=True))
    parts = [f" {text_key(text)} ".ljust(SHINGLE, "\0") for row in rows for text in row]
    chars = np.frombuffer("".join(parts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    sizes = np.fromiter(map(len, parts), np.int64, len(parts))
    n = len(chars) - SHINGLE + 1
    hashes = np.zeros(n, np.uint64)
    for k in range(SHINGLE):
        hashes = (hashes + chars[k : k + n]) * _PRIME
        hashes ^= hashes >> np.uint64(31)
    whole = np.ones(len(chars), np.bool_)
    ends = np.cumsum(sizes)
    for back in range(1, SHINGLE):
        whole[ends - back] = False
    per_row = (sizes - SHINGLE + 1).reshape(len(rows), -1).sum(axis=1)
    return hashes[whole[:n]], np.cumsum(per_row)


def _same_bucket(keys: NDArray[np.uint32], known: NDArray[np.uint32]) -> tuple[Ints1d, Ints1d]:
    """Return (row, other row) for every two with the same key."""
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    first = np.searchsorted(ordered, keys, "left")
    counts = np.minimum(np.searchsorted(ordered, keys, "right") - first, _MOST_IN_BUCKET)
    row = np.repeat(np.arange(len(keys)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return row, order[first[row] + within]


def _likeness(rows: Columns, corpus: Columns, at: Ints1d, other: Ints1d, directed: bool) -> Floats1d:
    mine = [[column[i] for i in at.tolist()] for column in rows]
    theirs = [[column[i] for i in other.tolist()] for column in corpus]
    alike = np.min([jaccard(a, b) for a, b in zip(mine, theirs, strict=True)], axis=0)
    if len(mine) == 2 and not directed:
        crossed = np.minimum(jaccard(mine[0], theirs[1]), jaccard(mine[1], theirs[0]))
        alike = np.maximum(alike, crossed)
    return np.asarray(alike)


def jaccard(a: Sequence[str], b: Sequence[str]) -> Floats1d:
    """Return (N,) the share of shingles that text a[i] and text b[i] have in common, of all that either has."""
    sets = [_sets(texts) for texts in (a, b)]
    common = np.intersect1d(sets[0][0], sets[1][0], assume_unique=True, return_indices=True)[1]
    sizes = [np.bincount(owner, minlength=len(a)) for _, owner in sets]
    shared = np.bincount(sets[0][1][common], minlength=len(a))
    return np.asarray(shared / (sizes[0] + sizes[1] - shared))


def _sets(texts: Sequence[str]) -> tuple[Keys1d, Ints1d]:
    """Return the distinct shingles of each text, (S,), each made its own by the text's number, and that number."""
    shingles, ends = _shingles([texts])
    owner = np.repeat(np.arange(len(texts)), np.diff(ends, prepend=0))
    mixed = (shingles ^ (owner.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03))) * _PRIME
    distinct, first = np.unique(mixed, return_index=True)
    return distinct, np.asarray(owner[first], np.int64)
