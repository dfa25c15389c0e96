"""Many dimensions in, a plane out: principal components or t-SNE, and how far the plane can be trusted."""

from __future__ import annotations

import numpy as np

from kinfold.errors import MissingExtraError
from kinfold.kernels.threads import thread_count
from kinfold.types import Floats1d, Floats2d, Ids1d, Ids2d, Singles2d
from kinfold.vectors.neighbours import nearest_rows

#: What to install for maps and pictures.
EXTRA = "pip install 'kinfold[plots]'"
#: Distances are made for so many rows at a time: with 20,000 points a block takes 20 MB.
BLOCK_ROWS = 128
#: From so many points on, a grid that is interpolated gives t-SNE's forces faster than a tree.
_MANY = 10_000
#: t-SNE starts from a picture so small that the first steps, not the start, decide the order of size.
_START = 1e-4


def principal_plane(rows: Singles2d) -> Floats2d:
    """Return the coordinates of rows on their first two principal components.

    Parameters
    ----------
    rows
        (N, D); at least one row.

    Returns
    -------
    points : (N, 2) float64
        Centred; the second column is zero where D is 1. Each component points to where its largest weight is positive,
        so that the same rows give the same picture.
    """
    centred = rows.astype(np.float64)
    centred -= centred.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # (D, D), the largest component last
    plane = axes[:, ::-1][:, :2]  # (D, 2)
    plane = plane * np.sign(plane[np.abs(plane).argmax(axis=0), np.arange(plane.shape[1])])
    points = np.zeros((len(rows), 2))
    points[:, : plane.shape[1]] = centred @ plane
    return points


def tsne_plane(unit: Singles2d, perplexity: float, random_state: int | None, n_threads: int | None) -> Floats2d:
    """Return a t-SNE of rows, of which near ones by cosine are to be near ones.

    The neighbours are exact. The start is the plane of principal components, so that a seed changes little but what is
    left open; the same seed, rows and threads give the same picture.

    Parameters
    ----------
    unit
        (N, D) float32 rows of length 1, C-contiguous; N at least 4.
    perplexity
        About how many neighbours a row is to keep; below (N - 1) / 3.
    random_state
        Of the jitter that parts rows that are equal; None for another one each time.
    n_threads
        None for one a processor.

    Returns
    -------
    points : (N, 2) float64

    Raises
    ------
    MissingExtraError
        openTSNE is not installed.

    Notes
    -----
    Van der Maaten and Hinton, Visualizing Data using t-SNE, JMLR 2008; Kobak and Berens, The art of using t-SNE for
    single-cell transcriptomics, Nature Communications 2019, for the start; openTSNE does the work.
    """
    try:
        from openTSNE import TSNE
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except ImportError as error:
        raise MissingExtraError(
            "t-SNE needs the package openTSNE", fix=f"{EXTRA}, or use method='pca'", code="U-011"
        ) from error
    random = np.random.default_rng(random_state)
    # A small map's steps are too short for threads, which would wait for one another; their number changes no point.
    n_jobs = thread_count(n_threads) if len(unit) >= _MANY else 1
    k = min(len(unit) - 1, int(3 * perplexity))
    ids, cosines = neighbours_of(unit, k, n_threads)
    distances = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * cosines.astype(np.float64)))  # (N, K)
    near = PrecomputedNeighbors(ids, distances)
    affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=near, n_jobs=n_jobs)
    start = principal_plane(unit)
    start *= _START / max(float(start[:, 0].std()), 1e-12)
    start += random.normal(0.0, _START / 100, start.shape)
    gradient = "bh" if len(unit) < _MANY else "fft"
    model = TSNE(n_jobs=n_jobs, random_state=0, negative_gradient_method=gradient)
    return np.array(model.fit(affinities=affinities, initialization=start), np.float64)


def neighbours_of(unit: Singles2d, k: int, n_threads: int | None = None) -> tuple[Ids2d, Singles2d]:
    """Return the nearest other rows of each row by cosine, (N, K) ids and cosines; none of the rows may be zero."""
    own = np.arange(len(unit), dtype=np.int32)[:, None]  # (N,) -> (N, 1)
    return nearest_rows(unit, unit, own, k, n_threads)


def trustworthiness(rows: Singles2d, points: Floats2d, k: int, chosen: Ids1d | None = None) -> float:
    """Return how many of the neighbours in a picture are neighbours in truth, from 0 to 1.

    Each of a point's `k` nearest in the picture that is not among its `k` nearest rows costs as much as its rank among
    all rows lies beyond `k`; 1 is a picture without false neighbours, and about 0.5 is chance.

    Parameters
    ----------
    rows
        (N, D) what was projected, compared by Euclidean distance: for rows of length 1 the order is that of cosines.
    points
        (N, 2) the picture.
    k
        How many neighbours, below N / 2.
    chosen
        The points to measure at; default all.

    Notes
    -----
    Venna and Kaski, Neighborhood preservation in nonlinear projection methods, ICANN 2001.
    """
    n = len(rows)
    at = np.arange(n, dtype=np.int32) if chosen is None else chosen
    wide, flat = rows.astype(np.float64), points.astype(np.float64)
    cost = 0.0
    for first in range(0, len(at), BLOCK_ROWS):
        block = at[first : first + BLOCK_ROWS]
        own = np.arange(len(block)), block
        seen = _squared_distances(flat, block)  # (B, N)
        seen[own] = np.inf
        nearest = np.argpartition(seen, k - 1, axis=1)[:, :k]  # (B, K)
        true = _squared_distances(wide, block)  # (B, N)
        true[own] = -np.inf  # so that a rank counts from 1
        for column in range(k):
            there = np.take_along_axis(true, nearest[:, column : column + 1], axis=1)  # (B, 1)
            ranks = (true < there).sum(axis=1)  # (B,)
            cost += float(np.maximum(0, ranks - k).sum())
    return 1.0 - cost * 2.0 / (len(at) * k * (2.0 * n - 3.0 * k - 1.0))


def _squared_distances(rows: Floats2d, block: Ids1d) -> Floats2d:
    """Return the squared distance of some rows (B,) to all rows, (B, N)."""
    squares: Floats1d = np.einsum("ij,ij->i", rows, rows)
    return np.asarray(squares[block][:, None] - 2.0 * (rows[block] @ rows.T) + squares)
