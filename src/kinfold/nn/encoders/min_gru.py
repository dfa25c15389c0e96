"""A recurrent net whose gates do not look at the state, so that one product makes those of all steps."""

from __future__ import annotations

from typing import ClassVar, cast

from torch import Tensor, nn

from kinfold.checks import FLAG, SHARE, Rules, one_of, whole
from kinfold.nn.dropout import dropout
from kinfold.nn.embedding import TokenEmbedding, embedding
from kinfold.nn.encoders.base import DEPTH, Encoder, EncoderModule
from kinfold.nn.gathered_convolution import Convolution, Convolutions, convolve
from kinfold.nn.inputs import Inputs
from kinfold.nn.pooling import POOLINGS, Pooling
from kinfold.nn.scan import scan_tokens, scan_ways


class MinGRU(Encoder):
    """Gated units whose gates see a window of the inputs, not the state: several times as fast as a GRU.

    Parameters
    ----------
    units
        H, the width of a state, in each direction.
    layers
        How many layers stand on each other.
    bidirectional
        Whether a second set of layers reads each row from its end.
    window
        How many positions the gates see: this one and those read just before.
    pooling
        ``"last"``: the state where reading ends; ``"mean"``; ``"max"``: the largest of each unit; ``"mean-max"``: both,
        side by side; ``"attention"``: a mean with learned weights.
    dim
        The width of an embedding; where vectors to start from are given, theirs.
    dropout
        Share of the embeddings' numbers, of those between layers and of the pooled ones that is dropped in training.
    token_dropout
        Share of the tokens that is dropped whole in training.

    Notes
    -----
    ``h = (1 - z) h + z tanh(c)`` with z and c from a window of inputs: the cell is the minGRU of Feng et al. (2024),
    "Were RNNs all we needed?", with the window and the tanh of Bradbury et al. (2017), "Quasi-recurrent neural
    networks". On the CPU the gates of a batch's distinct tokens are computed once each, and the recurrence is a kernel;
    elsewhere it is a parallel scan.

    Examples
    --------
    >>> MinGRU(units=64, bidirectional=True).build(Inputs(n_tokens=9)).output_dim
    128
    """

    rules: ClassVar[Rules] = {
        **dict.fromkeys(("units", "dim", "window"), whole()),
        "layers": DEPTH,
        "bidirectional": FLAG,
        "pooling": one_of(*POOLINGS),
        "dropout": SHARE,
        "token_dropout": SHARE,
    }

    def __init__(
        self,
        *,
        units: int = 128,
        layers: int = 1,
        bidirectional: bool = False,
        window: int = 2,
        pooling: str = "last",
        dim: int = 128,
        dropout: float = 0.0,
        token_dropout: float = 0.0,
    ) -> None:
        self.units = units
        self.layers = layers
        self.bidirectional = bidirectional
        self.window = window
        self.pooling = pooling
        self.dim = dim
        self.dropout = dropout
        self.token_dropout = token_dropout

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        return _MinGRU(self, inputs)


class _MinGRU(EncoderModule):
    def __init__(self, spec: MinGRU, inputs: Inputs) -> None:
        ways = 2 if spec.bidirectional else 1
        pooling = Pooling(spec.pooling, ways * spec.units, two_ways=spec.bidirectional)
        super().__init__(pooling.output_dim, state_dim=ways * spec.units)
        self.embedding = embedding(inputs, spec.dim, dropout=spec.dropout, token_dropout=spec.token_dropout)
        self.pooling, self.dropout = pooling, spec.dropout
        self.layers, width = nn.ModuleList(), self.embedding.dim
        for _ in range(spec.layers):
            # Read from the front a window reaches back; read from the end it reaches ahead.
            lefts = (spec.window - 1, 0)[:ways]
            gates = [Convolution(width, 2 * spec.units, spec.window, left=left) for left in lefts]
            self.layers.append(Convolutions(gates))
            width = ways * spec.units

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        pooled: Tensor = self.pooling(self.states(inputs, lengths), lengths)
        return dropout(pooled, self.dropout, self.training)

    def states(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        first, *others = cast(list[Convolutions], list(self.layers))
        if isinstance(self.embedding, TokenEmbedding) and inputs.device.type == "cpu":
            vectors, places = self.embedding.distinct(inputs)
            states = scan_tokens([one.over(vectors) for one in first.each()], places, lengths)
        else:
            states = scan_ways(convolve(self.embedding, first, inputs, lengths), lengths)
        for layer in others:
            below = dropout(states, self.dropout, self.training)
            states = scan_ways([one(below, lengths) for one in layer.each()], lengths)
        return states
