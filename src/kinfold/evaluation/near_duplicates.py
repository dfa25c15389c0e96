"""Rows of text and a corpus of them in; for each row its near-duplicate in the corpus, if there is one, out.

Shingles are runs of `SHINGLE` characters. MinHash signatures in bands (Broder 1997; Leskovec, Rajaraman and Ullman,
*Mining of Massive Datasets*, chapter 3) propose candidates, and the exact Jaccard of their shingles decides. Memory is
linear in the rows: of a signature only its bands are kept, of candidates only one band's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

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
    texts = _Texts()
    mine, theirs = texts.numbers(rows), texts.numbers(corpus)
    keys, known = (_band_keys(texts, numbers, n_bands, width) for numbers in (mine, theirs))  # (bands, N), (bands, M)
    for band in range(n_bands):
        open_rows = np.flatnonzero(found < 0)
        at, other = _same_bucket(keys[band, open_rows], known[band])
        at = open_rows[at]
        for start in range(0, len(at), _BLOCK_PAIRS):
            part = slice(start, start + _BLOCK_PAIRS)
            alike = texts.likeness(mine[:, at[part]], theirs[:, other[part]], threshold, directed)
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


class _Texts:
    """Distinct texts, each with a number; case, spacing and Unicode form are put aside."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def numbers(self, columns: Columns) -> Ints1d:
        """Return the numbers (sides, N) of the texts of each side."""
        known = self._known
        return np.array([[known.setdefault(text_key(text), len(known)) for text in column] for column in columns])

    @cached_property
    def keys(self) -> list[str]:
        """The texts by their numbers, once all have one."""
        return list(self._known)

    def likeness(self, a: Ints1d, b: Ints1d, threshold: float, directed: bool) -> Floats1d:
        """Return the likeness of rows (sides, N) and others, exact where it reaches the threshold, else below it."""
        alike = self._by_side(a, b, threshold)
        return alike if directed or len(a) == 1 else np.maximum(alike, self._by_side(a, b[::-1], threshold))

    def _by_side(self, a: Ints1d, b: Ints1d, threshold: float) -> Floats1d:
        alike = self._alike(a[0], b[0])
        for one, other in zip(a[1:], b[1:], strict=True):
            near = np.flatnonzero(alike >= threshold)
            alike[near] = np.minimum(alike[near], self._alike(one[near], other[near]))
        return alike

    def _alike(self, a: Ints1d, b: Ints1d) -> Floats1d:
        """Return the likeness (N,) of two texts each: rows of a bucket often have the same ones."""
        if not len(a):
            return np.zeros(0)
        distinct, of = np.unique(np.minimum(a, b) * len(self.keys) + np.maximum(a, b), return_inverse=True)
        low, high = np.divmod(distinct, len(self.keys))
        known, places = np.unique(np.concatenate([low, high]), return_inverse=True)
        return jaccard([self.keys[k] for k in known.tolist()], *np.split(places, 2))[of]


def _band_keys(texts: _Texts, numbers: Ints1d, n_bands: int, width: int) -> NDArray[np.uint32]:
    random = np.random.default_rng(20)  # of the hash functions: the same for rows and corpus
    factors = random.integers(1 << 62, size=(n_bands, width), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    masks = random.integers(1 << 62, size=(n_bands, width), dtype=np.uint64)
    out = np.empty((n_bands, numbers.shape[1]), np.uint32)
    for start, stop in _blocks(texts, numbers):
        shingles, ends = _shingles([[texts.keys[k] for k in row] for row in numbers[:, start:stop].T.tolist()])
        begins = np.concatenate(([0], ends[:-1]))
        for band in range(n_bands):
            key = np.zeros(stop - start, np.uint64)
            for factor, mask in zip(factors[band], masks[band], strict=True):
                least = np.minimum.reduceat((shingles ^ mask) * factor, begins)
                key = (key ^ least) * _PRIME
                key ^= key >> np.uint64(29)
            out[band, start:stop] = (key >> np.uint64(32)).astype(np.uint32)
    return out


def _blocks(texts: _Texts, numbers: Ints1d) -> list[tuple[int, int]]:
    """Return (start, stop) of stretches of rows with about equally many characters."""
    sizes = np.array([len(key) for key in texts.keys], np.int64)[numbers].sum(axis=0) + SHINGLE
    which = np.cumsum(sizes) // _BLOCK_CHARS
    edges = [0, *(np.flatnonzero(np.diff(which)) + 1).tolist(), len(which)]
    return list(pairwise(edges))


def _shingles(rows: Sequence[Sequence[str]]) -> tuple[Keys1d, Ints1d]:
    """Return the hashes of all shingles row by row, (S,), and (N,) where each row's end; none runs over two texts."""
    parts = [f" {key} ".ljust(SHINGLE, "\0") for row in rows for key in row]
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


def jaccard(keys: Sequence[str], a: Ints1d, b: Ints1d) -> Floats1d:
    """Return (N,) the share of shingles that texts a[i] and b[i] have in common, of all that either has.

    Parameters
    ----------
    keys
        `text_key`s of texts.
    a, b
        (N,) places among them.
    """
    shingles, ends = _shingles([[key] for key in keys])
    held = sparse.csr_matrix(
        (np.ones(len(shingles), np.int8), (shingles >> np.uint64(2)).astype(np.int64), np.concatenate(([0], ends))),
        shape=(len(keys), 1 << 62),
    )
    held.sum_duplicates()
    held.data[:] = 1
    sizes, shared = np.diff(held.indptr), held[a].multiply(held[b]).getnnz(axis=1)
    return np.asarray(shared / (sizes[a] + sizes[b] - shared))
