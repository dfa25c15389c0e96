"""A whole net: rows enter, an encoder makes a vector of each, a head makes the scores that leave."""

from __future__ import annotations

from torch import Tensor, nn

from kinfold.nn.encoders.base import EncoderModule
from kinfold.nn.heads import Head


class TextNet(nn.Module):
    """An encoder and a head.

    Parameters
    ----------
    encoder
        Its vectors are `encoder.output_dim` wide.
    head
        Reads such vectors.
    """

    def __init__(self, encoder: EncoderModule, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the scores (B, n_outputs) of rows (B, T) or (B, T, D) of these lengths (B,)."""
        scores: Tensor = self.head(self.encoder(inputs, lengths))
        return scores

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the vectors (B, D) of the rows."""
        vectors: Tensor = self.encoder(inputs, lengths)
        return vectors
