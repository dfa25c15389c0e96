"""Convolutions over the characters of a text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import floordiv
from typing import Any, ClassVar, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from kinfold.checks import SHARE, Rules, is_several, is_whole, is_wholes, one_of
from kinfold.errors import InvalidParameterError
from kinfold.nn.dense import Dense
from kinfold.nn.dropout import dropout
from kinfold.nn.embedding import embedding
from kinfold.nn.encoders.base import Encoder, EncoderModule, each, same_length
from kinfold.nn.gathered_convolution import Convolution, Convolutions, convolve
from kinfold.nn.inputs import Inputs
from kinfold.nn.pooling import Pooling

#: Name -> parameters.
PRESETS: dict[str, dict[str, Any]] = {
    "source": {
        "dim": None,
        "filters": 500,
        "widths": (8, 8, 8),
        "pools": (2, 2, 1),
        "pooling": "flatten",
        "hidden": (1024,),
        "length": 250,
    },
}
PRESETS["source-embedding"] = {**PRESETS["source"], "dim": 16}


class CharCNN(Encoder):
    """Layers of convolutions over characters, each followed by a ReLU and a pooling of neighbours.

    Parameters
    ----------
    dim
        The width of a character's embedding; None: characters are one-hot, and the first layer's filters sum the rows
        that belong to the characters of a window.
    filters
        How many filters each width of a layer has: one number, or one for each layer.
    widths
        For each layer how many positions a window spans, or several such widths to stand side by side.
    pools
        How many neighbouring positions become one after each layer, the largest of them: one number, or one for each
        layer; 1 pools nothing.
    pooling
        What is made of the last layer: ``"max"`` or ``"mean"`` over the text, or ``"flatten"``: all positions side by
        side, for which `length` must be given.
    hidden
        The widths of dense layers that follow, each with a ReLU.
    length
        How many characters of a text are read; None for all.
    dropout
        Share of the embeddings' numbers, of those between layers and of the pooled ones that is dropped in training.
    token_dropout
        Share of the characters that is dropped whole in training; not of one-hot ones.

    Notes
    -----
    Zhang et al. (2015), "Character-level convolutional networks for text classification"; several widths side by side
    as Kim et al. (2016), "Character-aware neural language models", have them. Padding is "same" as Keras has it. What
    stands behind a text's end is zero after each layer: a batch is cut to its longest text, and `length` changes
    nothing for shorter ones. ``preset("source")`` is the net of the Priorlabs notebooks; ``"source-embedding"`` reads
    16 numbers a character.

    Examples
    --------
    >>> CharCNN.preset("source").build(Inputs(n_tokens=72)).output_dim
    1024
    """

    unit: ClassVar[str] = "character"
    takes_vectors: ClassVar[bool] = False
    rules: ClassVar[Rules] = {
        "dim": (lambda x: x is None or is_whole(x), "None or a whole number from 1"),
        "filters": (lambda x: is_whole(x) or is_wholes(x), "a whole number from 1, or one for each layer"),
        "widths": (
            lambda x: is_several(x) and all(is_whole(one) or is_wholes(one) for one in x),
            "for each layer a whole number from 1, or several: (8, 8) or ((3, 5, 7), 3)",
        ),
        "pools": (lambda x: is_whole(x) or is_wholes(x), "a whole number from 1, or one for each layer"),
        "pooling": one_of("flatten", "max", "mean"),
        "hidden": (lambda x: (is_several(x) and is_wholes(x)) or x in ((), []), "some whole numbers from 1, or ()"),
        "length": (lambda x: x is None or is_whole(x), "None or a whole number from 1"),
        "dropout": SHARE,
        "token_dropout": SHARE,
    }

    def __init__(
        self,
        *,
        dim: int | None = 32,
        filters: int | Sequence[int] = 128,
        widths: Sequence[int | Sequence[int]] = ((3, 4, 5, 6, 7, 8),),
        pools: int | Sequence[int] = 1,
        pooling: str = "max",
        hidden: Sequence[int] = (),
        length: int | None = None,
        dropout: float = 0.0,
        token_dropout: float = 0.0,
    ) -> None:
        self.dim = dim
        self.filters = filters
        self.widths = widths
        self.pools = pools
        self.pooling = pooling
        self.hidden = hidden
        self.length = length
        self.dropout = dropout
        self.token_dropout = token_dropout

    @classmethod
    def preset(cls, name: str, **params: Any) -> Self:
        """Return the encoder with a published net's parameters, some of them changed.

        Raises
        ------
        InvalidParameterError
            If there is no preset, or no parameter, of a name.
        """
        if name not in PRESETS:
            raise InvalidParameterError(
                "There is no CharCNN preset of this name.", seen=repr(name)[:80], fix=f"One of {', '.join(PRESETS)}."
            )
        return cls(**PRESETS[name]).set_params(**params)

    @property
    def longest(self) -> int | None:
        """How many characters of a text are read; None for all."""
        return self.length

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        super().check()
        for name, value in (("filters", self.filters), ("pools", self.pools)):
            same_length(self, name, value, len(self.widths))
        if self.pooling == "flatten" and self.length is None:
            raise InvalidParameterError(
                "pooling='flatten' needs a fixed length.", seen="length=None", fix="Give one: length=250."
            )

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        return _CharCNN(self, inputs)


class _CharCNN(EncoderModule):
    def __init__(self, spec: CharCNN, inputs: Inputs) -> None:
        # How many positions a text that fills `length` has after each layer.
        pools = each(spec.pools, len(spec.widths))
        ends = list(accumulate(pools, floordiv, initial=int(spec.length or 0)))
        widths = [tuple(one) if isinstance(one, Sequence) else (int(one),) for one in spec.widths]
        filters = each(spec.filters, len(widths))
        features = filters[-1] * len(widths[-1])
        flat = features * ends[-1] if spec.pooling == "flatten" else features
        super().__init__(spec.hidden[-1] if spec.hidden else flat, spec.length)
        self.dropout, self.ends, self.pools = spec.dropout, ends, pools
        self.pooling = None if spec.pooling == "flatten" else Pooling(spec.pooling, features)
        drops = {"dropout": spec.dropout, "token_dropout": spec.token_dropout}
        self.embedding = None if spec.dim is None else embedding(inputs, spec.dim, **drops)
        width = int(inputs.n_tokens or 0) if self.embedding is None else self.embedding.dim
        self.layers = nn.ModuleList()
        for n, several in zip(filters, widths, strict=True):
            self.layers.append(Convolutions([Convolution(width, n, one) for one in several]))
            width = n * len(several)
        dense = zip((flat, *spec.hidden), spec.hidden, strict=False)
        self.hidden = nn.ModuleList(Dense(a, b) for a, b in dense)

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        first, *others = cast(list[Convolutions], list(self.layers))
        if self.embedding is None:
            branches = [one.one_hot(inputs, lengths) for one in first.each()]
        else:
            branches = convolve(self.embedding, first, inputs, lengths)
        for i, layer in enumerate((*others, None)):
            states = torch.cat(branches, 2) if len(branches) > 1 else branches[0]  # (B, T, F)
            states, lengths = self._pooled(states.relu(), lengths, i)
            if layer is not None:
                states = dropout(states, self.dropout, self.training)
                branches = [one(states, lengths) for one in layer.each()]
        vectors = states.flatten(1) if self.pooling is None else self.pooling(states, lengths)  # (B, T F) or (B, F)
        vectors = dropout(vectors, self.dropout, self.training)
        for dense in self.hidden:
            vectors = dense(vectors).relu()
        if not len(self.hidden):
            vectors = functional.pad(vectors, (0, self.output_dim - vectors.shape[1]))
        return vectors

    def _pooled(self, states: Tensor, lengths: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Return the largest of neighbours after a layer, and what is then the length of each text."""
        pool = self.pools[layer]
        if pool == 1:
            return states, lengths
        # Behind a text's end there are zeros, which are never larger than what a ReLU leaves.
        beyond = -states.shape[1] % pool
        states = functional.pad(states, (0, 0, 0, beyond))
        states = states.reshape(len(states), -1, pool, states.shape[2]).amax(2)  # (B, T / pool, F)
        lengths = (lengths + pool - 1) // pool
        if self.longest is None:
            return states, lengths
        # A text that fills the length loses what does not fill a pool, as it would in Keras.
        most = max(1, self.ends[layer + 1])
        return states[:, :most], lengths.clamp(max=most)
