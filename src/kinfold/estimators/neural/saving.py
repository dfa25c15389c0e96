"""What a net has learned <-> arrays, a vocabulary and small values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from kinfold.errors import ArtifactError
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision
from kinfold.estimators.linear.options import kind_of
from kinfold.estimators.neural.net import build
from kinfold.estimators.neural.options import Options
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.inputs import Inputs
from kinfold.nn.model import TextNet
from kinfold.text.vocabulary import Vocabulary
from kinfold.training.history import History
from kinfold.types import Json, Layout, State

#: Before the names of the net's own arrays; the vocabulary's name.
_NET, _TOKENS = "net.", "tokens"


@dataclass(frozen=True)
class Shape:
    """What the rows that a net was trained on looked like.

    Attributes
    ----------
    n_tokens
        How many ids there are, or None for rows of vectors.
    width
        How wide an embedding or a row's vector is; None where the encoder says so itself.
    n_steps
        How many vectors a row has, where rows are vectors.
    n_rows
        How many rows there were.
    """

    n_tokens: int | None
    width: int | None
    n_steps: int | None
    n_rows: int


@dataclass(frozen=True)
class Fitted:
    """Everything a net has learned.

    Attributes
    ----------
    classes, multilabel
        The labels, none for numbers; whether a text may have any number of them.
    net, shape, vocabulary
        From rows to scores.
    calibration, decision
        From scores to probabilities and answers; None for numbers.
    mean, scale
        From scores to numbers.
    history
        What the training was like.
    n_cut, n_found
        Training texts that were cut, and tokens that started from a given vector.
    """

    classes: tuple[str, ...]
    multilabel: bool
    net: TextNet
    shape: Shape
    vocabulary: Vocabulary | None
    calibration: Calibration | None
    decision: Decision | None
    mean: float
    scale: float
    history: History
    n_cut: int
    n_found: int

    @property
    def kind(self) -> str:
        """What a calibration is of: "binary", "single" or "multilabel"."""
        return kind_of(len(self.classes), self.multilabel)


def to_state(fitted: Fitted) -> State:
    """Return the parts of what was learned. Of the history, what hangs on the clock is left out."""
    arrays = {_NET + name: tensor.cpu().numpy() for name, tensor in fitted.net.state_dict().items()}
    if fitted.calibration is not None:
        arrays |= {"slopes": fitted.calibration.slopes, "offsets": fitted.calibration.offsets}
    epochs = [
        replace(epoch, seconds=0.0, rows_per_second=0.0, tokens_per_second=0.0) for epoch in fitted.history.epochs
    ]
    history = replace(fitted.history, epochs=epochs)
    values = {
        "labels": list(fitted.classes),
        "multilabel": fitted.multilabel,
        "n_tokens": fitted.shape.n_tokens,
        "width": fitted.shape.width,
        "n_steps": fitted.shape.n_steps,
        "n_rows": fitted.shape.n_rows,
        "decision": None if fitted.decision is None else fitted.decision.to_dict(),
        "mean": fitted.mean,
        "scale": fitted.scale,
        "history": history.to_dict(),
        "n_cut": fitted.n_cut,
        "n_found": fitted.n_found,
    }
    vocabularies = {} if fitted.vocabulary is None else {_TOKENS: fitted.vocabulary.to_text()}
    return State(arrays, vocabularies, values)


def from_state(options: Options, state: State) -> Fitted:
    """Return what was learned, from its parts, on the processor."""
    values = state.values
    text = state.vocabularies.get(_TOKENS)
    vocabulary = None if text is None else Vocabulary.from_text(text)
    classes, multilabel = tuple(values["labels"]), bool(values["multilabel"])
    shape = _shape(values)
    if (shape.n_tokens is None) != (vocabulary is None) or (vocabulary and len(vocabulary) != shape.n_tokens):
        raise ArtifactError("The vocabulary does not fit the number of ids.", seen=str(shape.n_tokens))
    with torch.random.fork_rng(devices=[]):
        net = _built(options, shape, max(1, len(classes)))
    own = {name: torch.from_numpy(np.array(state.arrays[_NET + name])) for name in net.state_dict()}
    net.load_state_dict(own)
    calibration = decision = None
    if classes:
        kind = kind_of(len(classes), multilabel)
        calibration = Calibration(state.arrays["slopes"], state.arrays["offsets"], kind)
        decision = Decision.from_dict(values["decision"])
    return Fitted(
        classes=classes,
        multilabel=multilabel,
        net=net.eval(),
        shape=shape,
        vocabulary=vocabulary,
        calibration=calibration,
        decision=decision,
        mean=float(values["mean"]),
        scale=float(values["scale"]),
        history=History.from_dict(values["history"]),
        n_cut=int(values["n_cut"]),
        n_found=int(values["n_found"]),
    )


def layout(options: Options, values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values; no array is made."""
    shape, n_classes = _shape(values), len(values["labels"])
    if shape.n_tokens is not None and vocabulary_sizes[_TOKENS] + 3 != shape.n_tokens:
        raise ArtifactError("The vocabulary does not fit the number of ids.", seen=str(shape.n_tokens))
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        net = _built(options, shape, max(1, n_classes))
    wanted: Layout = {
        _NET + name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))
        for name, tensor in net.state_dict().items()
    }
    if n_classes:
        n_margins = 1 if kind_of(n_classes, bool(values["multilabel"])) == "binary" else n_classes
        wanted |= dict.fromkeys(("slopes", "offsets"), ("float64", (n_margins,)))
    return wanted


def shape_of(options: Options, net: TextNet, n_tokens: int | None, dim: int | None, n_steps: int, n_rows: int) -> Shape:
    """Return the shape of the rows of a net that was built for so many ids, or for vectors so wide."""
    if n_tokens is None:
        return Shape(None, dim, n_steps, n_rows)
    table = dict(net.named_parameters()).get("encoder.embedding.weight")
    wide = None if table is None or options.embedding is None else int(table.shape[1])
    return Shape(n_tokens, wide, None, n_rows)


def _built(options: Options, shape: Shape, n_outputs: int) -> TextNet:
    """Return a net of this shape, whose weights say nothing yet."""
    spec = options.spec
    if shape.n_tokens is None:
        return build(spec, Inputs(dim=shape.width), n_outputs, options)
    if shape.width is not None:
        spec = _widened(spec, shape.width)
    inputs = Inputs(n_tokens=shape.n_tokens, rows_with=torch.ones(shape.n_tokens), n_rows=shape.n_rows)
    return build(spec, inputs, n_outputs, options)


def _widened(spec: Encoder, width: int) -> Encoder:
    """Return the encoder with embeddings as wide as the vectors that they started from were."""
    return type(spec)(**{**spec.get_params(), "dim": width})


def _shape(values: dict[str, Json]) -> Shape:
    return Shape(values["n_tokens"], values["width"], values["n_steps"], values["n_rows"])
