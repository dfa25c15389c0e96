"""The plain recurrent net."""

from __future__ import annotations

from typing import ClassVar

from kinfold.checks import FLAG, SHARE, Rules, one_of, whole
from kinfold.nn.encoders.base import DEPTH, Encoder, EncoderModule
from kinfold.nn.init import STARTS
from kinfold.nn.inputs import Inputs
from kinfold.nn.pooling import POOLINGS
from kinfold.nn.recurrent import RecurrentEncoder


class RNN(Encoder):
    """A plain recurrent net over embedded tokens or over vectors: what the gated ones are compared with.

    Parameters
    ----------
    units
        H, the width of a state, in each direction.
    layers
        How many layers stand on each other.
    bidirectional
        Whether a second set of layers reads each row from its end.
    pooling
        ``"last"``: the state where reading ends; ``"mean"``; ``"max"``: the largest of each unit; ``"mean-max"``: both,
        side by side; ``"attention"``: a mean with learned weights.
    dim
        The width of an embedding; where vectors to start from are given, theirs.
    dropout
        Share of the embeddings' numbers, of those between layers and of the pooled ones that is dropped in training.
    token_dropout
        Share of the tokens that is dropped whole in training.
    init
        How the matrices between states start: ``"orthogonal"`` (times 1.1), ``"identity"`` or ``"uniform"``.
    nonlinearity
        ``"tanh"`` or ``"relu"``.

    Notes
    -----
    Elman (1990), "Finding structure in time". With ``nonlinearity="relu", init="identity"`` it is that of Le et al.
    (2015), "A simple way to initialize recurrent networks of rectified linear units".

    Examples
    --------
    >>> RNN(units=64, bidirectional=True).build(Inputs(n_tokens=9)).output_dim
    128
    """

    rules: ClassVar[Rules] = {
        **dict.fromkeys(("units", "dim"), whole()),
        "layers": DEPTH,
        "bidirectional": FLAG,
        "pooling": one_of(*POOLINGS),
        "dropout": SHARE,
        "token_dropout": SHARE,
        "init": one_of(*STARTS),
        "nonlinearity": one_of("tanh", "relu"),
    }

    def __init__(
        self,
        *,
        units: int = 128,
        layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last",
        dim: int = 128,
        dropout: float = 0.0,
        token_dropout: float = 0.0,
        init: str = "orthogonal",
        nonlinearity: str = "tanh",
    ) -> None:
        self.units = units
        self.layers = layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.dim = dim
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.init = init
        self.nonlinearity = nonlinearity

    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows."""
        options = {**self.get_params(), "start": self.init, "nonlinearity": self.nonlinearity}
        del options["init"]
        return RecurrentEncoder("rnn", inputs, **options)
