"""What a net has learned <-> arrays, a vocabulary and small values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import nn

from kinfold.errors import ArtifactError
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision
from kinfold.estimators.linear.options import kind_of
from kinfold.estimators.neural.net import build
from kinfold.estimators.neural.options import Options
from kinfold.estimators.neural.rows import Source, VectorRows
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.inputs import Inputs
from kinfold.nn.model import TextNet
from kinfold.text.vocabulary import Vocabulary
from kinfold.training.history import History
from kinfold.types import Json, Layout, State

#: Before the names of the net's own arrays; the vocabulary's name.
NET, TOKENS = "net.", "tokens"


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

    def to_dict(self) -> dict[str, Json]:
        """Return the numbers by name."""
        return asdict(self)


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
    arrays = {NET + name: tensor.cpu().numpy() for name, tensor in fitted.net.state_dict().items()}
    if fitted.calibration is not None:
        arrays |= {"slopes": fitted.calibration.slopes, "offsets": fitted.calibration.offsets}
    values = {
        "labels": list(fitted.classes),
        "multilabel": fitted.multilabel,
        **fitted.shape.to_dict(),
        "decision": None if fitted.decision is None else fitted.decision.to_dict(),
        "mean": fitted.mean,
        "scale": fitted.scale,
        "history": without_clock(fitted.history).to_dict(),
        "n_cut": fitted.n_cut,
        "n_found": fitted.n_found,
    }
    vocabularies = {} if fitted.vocabulary is None else {TOKENS: fitted.vocabulary.to_text()}
    return State(arrays, vocabularies, values)


def without_clock(history: History) -> History:
    """Return a history without what hangs on the clock, so that the same training leaves the same bytes."""
    epochs = [replace(epoch, seconds=0.0, rows_per_second=0.0, tokens_per_second=0.0) for epoch in history.epochs]
    return replace(history, epochs=epochs)


def from_state(options: Options, state: State) -> Fitted:
    """Return what was learned, from its parts, on the processor."""
    values = state.values
    text = state.vocabularies.get(TOKENS)
    vocabulary = None if text is None else Vocabulary.from_text(text)
    classes, multilabel = tuple(values["labels"]), bool(values["multilabel"])
    shape = shape_in(values)
    if (shape.n_tokens is None) != (vocabulary is None) or (vocabulary and len(vocabulary) != shape.n_tokens):
        raise ArtifactError("The vocabulary does not fit the number of ids.", seen=str(shape.n_tokens))
    with torch.random.fork_rng(devices=[]):
        net = _built(options, shape, max(1, len(classes)))
    own = {name: torch.from_numpy(np.array(state.arrays[NET + name])) for name in net.state_dict()}
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
    shape, n_classes = shape_in(values), len(values["labels"])
    if shape.n_tokens is not None and vocabulary_sizes[TOKENS] + 3 != shape.n_tokens:
        raise ArtifactError("The vocabulary does not fit the number of ids.", seen=str(shape.n_tokens))
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        net = _built(options, shape, max(1, n_classes))
    wanted: Layout = {
        NET + name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))
        for name, tensor in net.state_dict().items()
    }
    if n_classes:
        n_margins = 1 if kind_of(n_classes, bool(values["multilabel"])) == "binary" else n_classes
        wanted |= dict.fromkeys(("slopes", "offsets"), ("float64", (n_margins,)))
    return wanted


def shape_of(options: Options, encoder: nn.Module, source: Source, n_tokens: int | None) -> Shape:
    """Return the shape of the rows of a net whose encoder was built for so many ids, or for vectors."""
    if isinstance(source, VectorRows):
        return Shape(None, source.dim, source.n_steps, len(source))
    table = dict(encoder.named_parameters()).get("embedding.weight")
    wide = None if table is None or options.embedding is None else int(table.shape[1])
    return Shape(n_tokens, wide, None, len(source))


def _built(options: Options, shape: Shape, n_outputs: int) -> TextNet:
    """Return a net of this shape, whose weights say nothing yet."""
    return build(spec_for(options, shape), inputs_for(shape), n_outputs, options)


def inputs_for(shape: Shape) -> Inputs:
    """Return what rows of this shape are to an encoder whose weights come from elsewhere."""
    if shape.n_tokens is None:
        return Inputs(dim=shape.width, n_steps=shape.n_steps)
    # Never on "meta", where a sum of two tensors imports torch's compiler: two seconds.
    counts = torch.ones(shape.n_tokens, device="cpu")
    return Inputs(n_tokens=shape.n_tokens, rows_with=counts, n_rows=shape.n_rows)


def rows_like(options: Options, shape: Shape) -> VectorRows:
    """Return what rows of vectors must be like, to be read by a net of this shape."""
    rows = np.zeros((0, int(shape.n_steps or 1), int(shape.width or 1)))
    return VectorRows(rows, fixed=not options.spec.takes_ids)


def spec_for(options: Options, shape: Shape) -> Encoder:
    """Return the encoder, with embeddings as wide as the vectors that they started from were."""
    spec = options.spec
    if shape.n_tokens is None or shape.width is None:
        return spec
    return type(spec)(**{**spec.get_params(), "dim": shape.width})


def shape_in(values: dict[str, Json]) -> Shape:
    """Return the shape that the values of a state tell."""
    return Shape(values["n_tokens"], values["width"], values["n_steps"], values["n_rows"])
