"""Vectors with ids -> the nearest of them to a query: all are looked at, so that the answer is exact.

What a float32 product can't tell apart is scored again in float64 (`kinfold.kernels.flat`), so that neither blocks nor
threads change an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinfold.checks import check_k
from kinfold.errors import InvalidParameterError
from kinfold.index.rows import checked_ids, checked_rows, longest_of
from kinfold.index.scan import best_rows
from kinfold.index.strings import Strings
from kinfold.kernels.blocks import read_only, unit_rows
from kinfold.kernels.flat import COSINE, DOT, EUCLIDEAN, halves_of
from kinfold.kernels.threads import thread_count
from kinfold.types import Array, Floats2d, Ids2d, Json, Layout, Singles1d, Singles2d, State

#: Ids (N, K), each a string.
Names2d: TypeAlias = NDArray[np.object_]
METRICS = {"cosine": COSINE, "dot": DOT, "euclidean": EUCLIDEAN}


class ExactIndex:
    """Vectors, each with an id, and the nearest of them to any other vector.

    Parameters
    ----------
    metric
        ``"cosine"``: vectors are kept at length 1; one of zeros has the cosine 0 with every other. ``"dot"``: inner
        products. ``"euclidean"``: distances.

    Attributes
    ----------
    ids : sequence of str
        In order of insertion.
    vectors : (N, D) float32, read-only
        As they are compared: for cosines at length 1.

    Examples
    --------
    >>> index = ExactIndex().add(["warm", "cold"], [[1.0, 0.2], [-1.0, 0.1]])
    >>> ids, cosines = index.search([[2.0, 0.0]], k=1)
    >>> ids.tolist()
    [['warm']]
    """

    def __init__(self, metric: str = "cosine") -> None:
        if metric not in METRICS:
            raise InvalidParameterError(
                "There is no metric of that name.", seen=repr(metric), fix=f"One of {', '.join(METRICS)}.", code="U-032"
            )
        self.metric = metric
        self.ids: Sequence[str] = []
        self._known: set[str] | None = set()
        self._parts: list[Singles2d] = []
        self._halves: list[Singles1d] = []
        self._longest = 0.0

    @property
    def dim(self) -> int | None:
        """The width of a vector; None before there is one."""
        return int(self._parts[0].shape[1]) if self._parts else None

    @property
    def vectors(self) -> Singles2d:
        """The vectors as they are compared, (N, D) float32."""
        if len(self._parts) > 1:
            self._parts = [read_only(np.concatenate(self._parts))]
        return self._parts[0] if self._parts else np.empty((0, 0), np.float32)

    def __len__(self) -> int:
        """Return N."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Return how many vectors of which width."""
        return f"ExactIndex(metric={self.metric!r}), {len(self):,} vectors of width {self.dim}"

    def add(self, ids: Sequence[str], vectors: ArrayLike) -> Self:
        """Add vectors after those that are there; nothing is added if anything is wrong.

        Parameters
        ----------
        ids
            One string a vector, none of them in the index already.
        vectors
            (n, D), finite. What is float32 and can't be written to is kept as it is, anything else is copied.

        Raises
        ------
        DataError
            D-130: ids that are no strings, not distinct or not as many as the vectors. D-131: vectors of another
            width, not finite, or too long to be multiplied.
        """
        if self._known is None:
            self._known = set(self.ids)
        rows = checked_rows(vectors, self.dim, "The vectors", "D-131")
        names = checked_ids(ids, len(rows), self._known)
        if not len(rows):
            return self
        if self.metric == "cosine":
            rows = unit_rows(rows)
        elif rows.flags.writeable:
            rows = rows.copy() if rows is vectors or rows.base is not None else rows
        self.ids = [*self.ids, *names]
        self._known.update(names)
        self._parts.append(read_only(rows))
        self._longest = max(self._longest, longest_of(rows))
        if self.metric == "euclidean":
            self._halves.append(halves_of(read_only(rows)))
        return self

    def search(self, vectors: ArrayLike, k: int = 10, *, n_threads: int | None = None) -> tuple[Names2d, Singles2d]:
        """Return the nearest vectors to each query.

        Parameters
        ----------
        vectors
            (N, D) queries, finite.
        k
            How many.
        n_threads
            Threads that look at the rows; None for all processors. The answer does not depend on it. Matrix products
            use the threads numpy was started with.

        Returns
        -------
        ids : (N, K) of str
            The nearest first, equal ones in order of insertion. K is `k`, or the size of the index if that is less.
        scores : (N, K) float32
            Cosines or products, the highest first; for ``"euclidean"`` distances, the smallest first.

        Raises
        ------
        DataError
            D-132: queries of another width, or not finite.
        """
        rows, scores = self.search_rows(vectors, k, n_threads=n_threads)
        ids = np.empty(rows.shape, object)
        ids.ravel()[:] = [self.ids[row] for row in rows.ravel().tolist()]
        return ids, scores

    def search_rows(self, vectors: ArrayLike, k: int = 10, *, n_threads: int | None = None) -> tuple[Ids2d, Singles2d]:
        """Return what `search` does, with places in `ids` (N, K) int32 in place of the ids."""
        check_k(k)
        queries = checked_rows(vectors, self.dim, "Queries", "D-132")
        if self.metric == "cosine":
            queries = unit_rows(queries)
        metric = METRICS[self.metric]
        rows, scores = best_rows(
            self.vectors, self._all_halves(), queries, metric, self._longest, k, thread_count(n_threads)
        )
        return rows, np.abs(scores) if metric == EUCLIDEAN else scores

    def _all_halves(self) -> Singles1d:
        if len(self._halves) > 1:
            self._halves = [np.concatenate(self._halves)]
        return self._halves[0] if self._halves else np.empty(0, np.float32)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name; `deep` changes nothing."""
        return {"metric": self.metric}

    def get_state(self) -> State:
        """Return the vectors and ids."""
        names = Strings.pack(self.ids)
        arrays: dict[str, Array] = {"vectors": self.vectors, "ids": names.data, "id_ends": names.ends}
        if self.metric == "euclidean":
            arrays["halves"] = self._all_halves()
        n, dim = self.vectors.shape
        return State(arrays, {}, {"n": n, "dim": dim, "id_bytes": len(names.data), "longest": self._longest})

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return the index that has these vectors and ids."""
        index, arrays = cls(**params), state.arrays
        index.ids, index._known = Strings(arrays["ids"], arrays["id_ends"]), None
        if len(index.ids):
            index._parts = [read_only(arrays["vectors"])]
            index._halves = [arrays["halves"]] if "halves" in arrays else []
        index._longest = float(state.values["longest"])
        return index

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return name -> (dtype, shape) of the arrays that go with these values."""
        n = values["n"]
        layout: Layout = {
            "vectors": ("float32", (n, values["dim"])),
            "ids": ("uint8", (values["id_bytes"],)),
            "id_ends": ("int64", (n,)),
        }
        return layout | ({"halves": ("float32", (n,))} if params["metric"] == "euclidean" else {})

    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return the products (N, 9) of the first vectors with one made of each text's length; 0 for none."""
        out = np.zeros((len(texts), 9))
        first = self.vectors[:8].astype(np.float64)
        out[:, : len(first)] = [first @ np.cos((1.0 + len(text)) * np.arange(first.shape[1])) for text in texts]
        return out
