"""What a matcher has learned <-> arrays, a vocabulary and small values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from kinfold.errors import ArtifactError
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision
from kinfold.estimators.neural.saving import NET, TOKENS, Shape, inputs_for, shape_in, spec_for, without_clock
from kinfold.estimators.pairs.net import build
from kinfold.estimators.pairs.options import PairOptions
from kinfold.nn.pair_net import PairNet
from kinfold.text.vocabulary import Vocabulary
from kinfold.training.history import History
from kinfold.types import Json, Layout, State


@dataclass(frozen=True)
class FittedPairs:
    """Everything a matcher has learned.

    Attributes
    ----------
    classes
        What pairs that do not match are called, and those that do.
    net, shape, vocabulary
        From pairs to nearness.
    calibration, decision
        From nearness to probabilities and answers.
    history
        What the training was like.
    n_cut, n_found
        Texts that were cut, and tokens that started from a given vector.
    counts
        What was odd among the pairs.
    """

    classes: tuple[str, str]
    net: PairNet
    shape: Shape
    vocabulary: Vocabulary | None
    calibration: Calibration
    decision: Decision
    history: History
    n_cut: int
    n_found: int
    counts: dict[str, int]


def to_state(fitted: FittedPairs) -> State:
    """Return the parts of what was learned. Of the history, what hangs on the clock is left out."""
    arrays = {NET + name: tensor.cpu().numpy() for name, tensor in fitted.net.state_dict().items()}
    arrays |= {"slopes": fitted.calibration.slopes, "offsets": fitted.calibration.offsets}
    values = {
        "labels": list(fitted.classes),
        **fitted.shape.to_dict(),
        "decision": fitted.decision.to_dict(),
        "history": without_clock(fitted.history).to_dict(),
        "n_cut": fitted.n_cut,
        "n_found": fitted.n_found,
        "counts": fitted.counts,
    }
    vocabularies = {} if fitted.vocabulary is None else {TOKENS: fitted.vocabulary.to_text()}
    return State(arrays, vocabularies, values)


def from_state(options: PairOptions, state: State) -> FittedPairs:
    """Return what was learned, from its parts, on the processor."""
    values, text = state.values, state.vocabularies.get(TOKENS)
    vocabulary, shape = None if text is None else Vocabulary.from_text(text), shape_in(values)
    if (shape.n_tokens is None) != (vocabulary is None) or (vocabulary and len(vocabulary) != shape.n_tokens):
        raise ArtifactError("The vocabulary does not fit the number of ids.", seen=str(shape.n_tokens))
    with torch.random.fork_rng(devices=[]):
        net = _built(options, shape)
    own = {name: torch.from_numpy(np.array(state.arrays[NET + name])) for name in net.state_dict()}
    net.load_state_dict(own)
    different, same = values["labels"]
    return FittedPairs(
        classes=(str(different), str(same)),
        net=net.eval(),
        shape=shape,
        vocabulary=vocabulary,
        calibration=Calibration(state.arrays["slopes"], state.arrays["offsets"], "binary"),
        decision=Decision.from_dict(values["decision"]),
        history=History.from_dict(values["history"]),
        n_cut=int(values["n_cut"]),
        n_found=int(values["n_found"]),
        counts={str(name): int(n) for name, n in values["counts"].items()},
    )


def layout(options: PairOptions, values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values; no array is made."""
    shape = shape_in(values)
    if len(values["labels"]) != 2:
        raise ArtifactError("A matcher has two labels.", seen=str(len(values["labels"])))
    if shape.n_tokens is not None and vocabulary_sizes[TOKENS] + 3 != shape.n_tokens:
        raise ArtifactError("The vocabulary does not fit the number of ids.", seen=str(shape.n_tokens))
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        net = _built(options, shape)
    wanted: Layout = {
        NET + name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))
        for name, tensor in net.state_dict().items()
    }
    return wanted | dict.fromkeys(("slopes", "offsets"), ("float64", (1,)))


def _built(options: PairOptions, shape: Shape) -> PairNet:
    """Return a net of this shape, whose weights say nothing yet."""
    return build(options, inputs_for(shape), spec_for(options, shape))
