"""How near two vectors are: lefts (B, D) and rights (B, D) enter, one number a pair leaves, more for nearer ones."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from kinfold.nn.heads import Head

#: Added under a root, whose slope at 0 has no end.
_LEAST = 1e-12


class Similarity(nn.Module):
    """Base of the similarities."""

    #: Whether it is a plain function of two vectors, so that all lefts can be compared with all rights at once.
    plain: ClassVar[bool] = True

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return how near each left (B, D) is to its right (B, D), (B,)."""
        raise NotImplementedError

    def matrix(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return how near each left (B, D) is to each right (K, D), (B, K)."""
        raise NotImplementedError

    def distance(self, nearness: Tensor) -> Tensor:
        """Return nearness as a distance from 0."""
        raise NotImplementedError


class Cosine(Similarity):
    """The cosine of the angle between two vectors; the distance is 1 less that."""

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the cosines (B,)."""
        return functional.cosine_similarity(lefts, rights, 1)

    def matrix(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the cosines (B, K)."""
        return functional.normalize(lefts, dim=1) @ functional.normalize(rights, dim=1).T

    def distance(self, nearness: Tensor) -> Tensor:
        """Return 1 less the cosine."""
        return 1.0 - nearness


class Euclidean(Similarity):
    """The distance between two vectors, below zero."""

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the distances below zero, (B,)."""
        return -((lefts - rights).square().sum(1) + _LEAST).sqrt()

    def matrix(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the distances below zero, (B, K)."""
        squares = lefts.square().sum(1, keepdim=True) + rights.square().sum(1) - 2.0 * (lefts @ rights.T)
        return -(squares.clamp(min=0.0) + _LEAST).sqrt()

    def distance(self, nearness: Tensor) -> Tensor:
        """Return the distance."""
        return -nearness


class Dot(Similarity):
    """The inner product; no distance, for it has no largest value."""

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the products (B,)."""
        return (lefts * rights).sum(1)

    def matrix(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the products (B, K)."""
        return lefts @ rights.T


class Scaled(Similarity):
    """Another similarity as log-odds: times a factor that is learned, and moved by a number that is.

    Parameters
    ----------
    of
        The other one.
    """

    def __init__(self, of: Similarity) -> None:
        super().__init__()
        self.of = of
        self.log_scale, self.offset = nn.Parameter(torch.tensor(1.5)), nn.Parameter(torch.tensor(0.0))

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the log-odds (B,)."""
        return self.log_scale.exp() * self.of(lefts, rights) + self.offset

    def matrix(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the log-odds (B, K)."""
        return self.log_scale.exp() * self.of.matrix(lefts, rights) + self.offset


class Concat(Similarity):
    """Layers over both vectors side by side; of undirected pairs over both orders, added up.

    Parameters
    ----------
    dim
        D.
    hidden, dropout
        As `Head` has them.
    directed
        Whether a pair and the same turned round may differ.
    """

    plain: ClassVar[bool] = False

    def __init__(self, dim: int, hidden: tuple[int, ...], dropout: float, *, directed: bool) -> None:
        super().__init__()
        self.head, self.directed = Head(2 * dim, 1, hidden, dropout), directed

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the scores (B,)."""
        there: Tensor = self.head(torch.cat([lefts, rights], 1)).squeeze(1)
        if self.directed:
            return there
        back: Tensor = self.head(torch.cat([rights, lefts], 1)).squeeze(1)
        return there + back


class Interaction(Similarity):
    """Layers over the vectors' product and the size of their difference, and of directed pairs over both as well.

    Mou et al. (2016), "Natural language inference by tree-based convolution and heuristic matching".

    Parameters
    ----------
    dim, hidden, dropout, directed
        As `Concat` has them.
    """

    plain: ClassVar[bool] = False

    def __init__(self, dim: int, hidden: tuple[int, ...], dropout: float, *, directed: bool) -> None:
        super().__init__()
        self.head, self.directed = Head((4 if directed else 2) * dim, 1, hidden, dropout), directed

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the scores (B,)."""
        met = [lefts * rights, (lefts - rights).abs()]
        scores: Tensor = self.head(torch.cat([*met, lefts, rights] if self.directed else met, 1)).squeeze(1)
        return scores


PLAIN: dict[str, type[Similarity]] = {"cosine": Cosine, "euclidean": Euclidean, "dot": Dot}
LAYERED: dict[str, type[Concat] | type[Interaction]] = {"concat": Concat, "interaction": Interaction}
#: Similarities that are distances as well, which some losses need.
DISTANCES = ("cosine", "euclidean")


def similarity(name: str, dim: int, hidden: tuple[int, ...], dropout: float, *, directed: bool) -> Similarity:
    """Return a new similarity of vectors `dim` wide, by its name."""
    return PLAIN[name]() if name in PLAIN else LAYERED[name](dim, hidden, dropout, directed=directed)
