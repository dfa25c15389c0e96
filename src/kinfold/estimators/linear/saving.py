"""What a linear classifier has learned <-> arrays, vocabularies and small values."""

from __future__ import annotations

from typing import Any

from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision
from kinfold.estimators.linear.features import Design, NGramFeatures
from kinfold.estimators.linear.fitting import Fitted
from kinfold.estimators.linear.memory import Memory
from kinfold.estimators.linear.model import NGramModel
from kinfold.estimators.linear.options import Options, make_weighting
from kinfold.text.lexicon import Lexicon
from kinfold.types import Json, Layout, State


def to_state(fitted: Fitted) -> State:
    """Return the parts of a fitted classifier."""
    model, memory, calibration = fitted.model, fitted.memory, fitted.calibration
    arrays = {
        "frequency": model.frequency,
        "positive": model.positive,
        "weights": model.weights,
        "effects": model.effects,
        "biases": model.biases,
        "slopes": calibration.slopes,
        "offsets": calibration.offsets,
        "memory_bounds": memory.design.bounds,
        "memory_indices": memory.design.indices,
        "memory_members": memory.members,
        "memory_stands_for": memory.stands_for,
    }
    vectorizers = model.features.vectorizers.items()
    vocabularies = {name: part.vocabulary_.to_text() for name, part in vectorizers if part.vocabulary_ is not None}
    values = {
        "labels": list(fitted.classes),
        "multilabel": fitted.multilabel,
        "blocks": {name: list(orders) for name, orders in fitted.blocks.items()},
        "weighting": model.weighting.kind,
        "ratio_label": fitted.ratio_label,
        "n_texts": model.n_texts,
        "decision": fitted.decision.to_dict(),
        "strength": fitted.strength,
        "losses": [[strength, loss] for strength, loss in fitted.losses.items()],
        "typical_scales": list(fitted.typical_scales),
        "n_memory": len(memory),
        "n_memory_indices": len(memory.design.indices),
    }
    return State(arrays, vocabularies, values)


def from_state(options: Options, state: State) -> Fitted:
    """Return the fitted classifier whose parts these are."""
    arrays, values = state.arrays, state.values
    blocks = {name: (int(low), int(high)) for name, (low, high) in values["blocks"].items()}
    features = NGramFeatures(options.vectorizers(blocks))
    frequency = arrays["frequency"]
    first = 0
    for name, part in features.vectorizers.items():
        text = state.vocabularies.get(name)
        lexicon = None if text is None else Lexicon.from_text(text, part.unit)
        n_columns = len(lexicon) if lexicon is not None else 1 << (part.n_bits or 0)
        part.restore(lexicon, frequency[first : first + n_columns], values["n_texts"])
        first += n_columns
    weighting = make_weighting(options, features, values["weighting"])
    kept = (arrays["positive"], values["n_texts"], arrays["weights"], arrays["effects"], arrays["biases"])
    kind = _kind(values)
    design = Design(arrays["memory_bounds"], arrays["memory_indices"], len(frequency))
    return Fitted(
        classes=tuple(values["labels"]),
        multilabel=values["multilabel"],
        blocks=blocks,
        ratio_label=values["ratio_label"],
        model=NGramModel(features, weighting, frequency, *kept),
        calibration=Calibration(arrays["slopes"], arrays["offsets"], kind),
        decision=Decision.from_dict(values["decision"]),
        strength=values["strength"],
        losses={strength: loss for strength, loss in values["losses"]},
        typical_scales=tuple(values["typical_scales"]),
        memory=Memory(design, arrays["memory_members"], arrays["memory_stands_for"]),
    )


def layout(params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
    blocks = list(values["blocks"])
    n_bits = params["n_bits"]
    n_columns = sum(vocabulary_sizes[name] if n_bits is None else 1 << n_bits for name in blocks)
    n_classes = len(values["labels"])
    n_problems = 1 if _kind(values) == "binary" else n_classes
    n_memory = values["n_memory"]
    return {
        "frequency": ("int32", (n_columns,)),
        "positive": ("int32", (n_columns,)),
        "weights": ("float32", (n_columns,)),
        "effects": ("float32", (n_columns, n_problems)),
        "biases": ("float64", (n_problems,)),
        "slopes": ("float64", (n_problems,)),
        "offsets": ("float64", (n_problems,)),
        "memory_bounds": ("int64", (n_memory, len(blocks), 2)),
        "memory_indices": ("int32", (values["n_memory_indices"],)),
        "memory_members": ("uint8", (n_memory, n_classes)),
        "memory_stands_for": ("float64", (n_memory,)),
    }


def _kind(values: dict[str, Json]) -> str:
    if values["multilabel"]:
        return "multilabel"
    return "binary" if len(values["labels"]) == 2 else "single"
