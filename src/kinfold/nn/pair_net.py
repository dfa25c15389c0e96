"""Two towers and a similarity: pairs of rows enter, how near the two sides of each are leaves."""

from __future__ import annotations

from typing import ClassVar, cast

from torch import Tensor, nn

from kinfold.nn.encoders.base import EncoderModule
from kinfold.nn.similarity import Similarity


class PairNet(nn.Module):
    """Encoders of both sides, what turns their vectors to the roles of the sides, and a similarity.

    Parameters
    ----------
    left, right
        What encodes a side; the same module for both where towers are shared.
    roles
        Two linear maps (B, D) -> (B, D'), one for each side, where a text means another thing on the left than on the
        right; None: vectors stay as they are.
    similarity
        Of vectors D, or D', wide.

    Notes
    -----
    Bromley et al. (1993), "Signature verification using a Siamese time delay neural network".
    """

    #: Whether a pair's score hangs on the two vectors alone.
    by_vectors: ClassVar[bool] = True

    def __init__(
        self,
        left: EncoderModule,
        right: EncoderModule,
        similarity: nn.Module,
        roles: tuple[nn.Linear, nn.Linear] | None = None,
    ) -> None:
        super().__init__()
        self.left = left
        # A module that is in two places would be written twice.
        self.own_right = None if right is left else right
        self.roles = None if roles is None else nn.ModuleList(roles)
        self.similarity = similarity

    @property
    def right(self) -> EncoderModule:
        """What encodes the right side."""
        return self.left if self.own_right is None else self.own_right

    @property
    def measure(self) -> Similarity:
        """The similarity, of a net whose scores hang on vectors."""
        if not isinstance(self.similarity, Similarity):
            raise RuntimeError("the score of a pair is not one of its vectors")
        return self.similarity

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return how near the sides are, (B,), of pairs of rows (B, 2, T) or (B, 2, T, D) of lengths (B, 2)."""
        lefts, rights = self.sides(inputs, lengths)
        near: Tensor = self.similarity(lefts, rights)
        return near

    def sides(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors of the lefts and of the rights, (B, D) each."""
        if self.own_right is None:
            both = self.left(inputs.flatten(0, 1), lengths.flatten())  # (2 B, D)
            lefts, rights = both[0::2], both[1::2]
        else:
            lefts, rights = self.left(inputs[:, 0], lengths[:, 0]), self.own_right(inputs[:, 1], lengths[:, 1])
        if self.roles is None:
            return lefts, rights
        return self.roles[0](lefts), self.roles[1](rights)

    @property
    def width(self) -> int:
        """How wide the vectors are that are compared."""
        return self.left.output_dim if self.roles is None else cast(nn.Linear, self.roles[0]).out_features

    def encode(self, inputs: Tensor, lengths: Tensor, side: int) -> Tensor:
        """Return the vectors (B, D) of rows that stand on one side: 0 is the left."""
        vectors = (self.left if side == 0 else self.right)(inputs, lengths)
        return vectors if self.roles is None else cast(Tensor, self.roles[side](vectors))
