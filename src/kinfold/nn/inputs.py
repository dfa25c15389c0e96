"""What the rows of a data set are to an encoder."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from kinfold.errors import InvalidParameterError

#: Ids that are no tokens, as `kinfold.text.vocabulary` has them: padding, unknown, end.
PAD, UNK, END = range(3)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Rows of token ids, or rows of vectors; one of `n_tokens` and `dim` is given.

    Parameters
    ----------
    n_tokens
        Rows are ids (B, T) int64 below this; 0 is padding, 1 an unknown token, 2 an end.
    dim
        Rows are vectors (B, T, dim) float32, such as the lines of an image.
    vectors
        (n_tokens, D) float32: embeddings to start from. A row that is not finite has none; it starts random, at the
        same scale.
    rows_with
        (n_tokens,): in how many of `n_rows` rows each token stands.
    n_rows
        How many rows that was counted over.
    n_steps
        How many vectors each row has, where all have as many: the height of pictures.

    Raises
    ------
    InvalidParameterError
        If the parts do not go together.
    """

    n_tokens: int | None = None
    dim: int | None = None
    vectors: Tensor | None = None
    rows_with: Tensor | None = None
    n_rows: int | None = None
    n_steps: int | None = None

    def __post_init__(self) -> None:
        if (self.n_tokens is None) == (self.dim is None):
            raise InvalidParameterError(
                "Rows are either ids or vectors.",
                seen=f"n_tokens={self.n_tokens}, dim={self.dim}",
                fix="Give one of `n_tokens` and `dim`.",
            )
        if self.n_tokens is not None and self.n_tokens <= END:
            raise InvalidParameterError(
                "`n_tokens` counts padding, unknown and end as well.", seen=str(self.n_tokens), fix="At least 3."
            )
        if self.dim is not None and self.dim < 1:
            raise InvalidParameterError(
                "A vector has at least one number.", seen=f"dim={self.dim}", fix="dim=1 or more."
            )
        for name, values, rank in (("vectors", self.vectors, 2), ("rows_with", self.rows_with, 1)):
            if values is not None and (values.ndim != rank or values.shape[0] != self.n_tokens):
                raise InvalidParameterError(
                    f"`{name}` must have one row for each token.",
                    seen=f"shape {tuple(values.shape)} with n_tokens={self.n_tokens}",
                    fix="The rows of padding, unknown and end belong to it.",
                )
        if (self.rows_with is None) != (self.n_rows is None):
            raise InvalidParameterError("`rows_with` and `n_rows` go together.", fix="Give both, or neither.")
