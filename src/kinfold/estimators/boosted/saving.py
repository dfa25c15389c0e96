"""What boosted trees have learned <-> arrays, vocabularies and small values; nothing of it can run code."""

from __future__ import annotations

from typing import Any

import numpy as np

from kinfold.errors import ArtifactError
from kinfold.estimators.boosted.crossed import N_EDGES, SCORES, CrossModel, n_columns_of
from kinfold.estimators.boosted.fitting import FittedBoosted
from kinfold.estimators.boosted.options import BoostedOptions
from kinfold.estimators.boosted.trees import ARRAYS, Trees
from kinfold.estimators.calibration import Calibration
from kinfold.estimators.decision import Decision
from kinfold.text.crosses import BLOCKS
from kinfold.text.lexicon import Lexicon
from kinfold.text.pairfeatures import PairFeatures, WordSpace
from kinfold.text.pairtexts import CHARACTER_BITS, WORD_BITS
from kinfold.types import Array, Json, Layout, State

#: The vocabularies: words with an idf, and words with a vector.
WORDS, VECTORS = "words", "vectors"


def to_state(fitted: FittedBoosted) -> State:
    """Return the parts of what was learned."""
    features, trees = fitted.features, fitted.trees
    arrays: dict[str, Array] = {
        "frequency": features.frequency,
        "run_frequency": features.run_frequency,
        "character_frequency": features.character_frequency,
        "starts": trees.starts,
        "slopes": fitted.calibration.slopes,
        "offsets": fitted.calibration.offsets,
        "features": trees.features,
        "thresholds": trees.thresholds,
        "lefts": trees.lefts,
        "rights": trees.rights,
        "missing_left": trees.missing_left,
        "values": trees.values,
    }
    vocabularies = {WORDS: features.lexicon.to_text()}
    if fitted.crossed is not None:
        arrays |= {"edges": _finite(fitted.crossed.edges), "effects": fitted.crossed.effects}
    if features.space is not None:
        arrays["vectors"] = features.space.unit
        vocabularies[VECTORS] = features.space.lexicon.to_text()
    values: dict[str, Json] = {
        "labels": list(fitted.classes),
        "texts": features.n_texts,
        "trees": len(trees),
        "nodes": len(trees.features),
        "base": trees.base,
        "bias": None if fitted.crossed is None else fitted.crossed.bias,
        "dim": None if features.space is None else int(features.space.unit.shape[1]),
        "decision": fitted.decision.to_dict(),
        "losses": fitted.losses,
        "counts": fitted.counts,
    }
    return State(arrays, vocabularies, values)


def from_state(options: BoostedOptions, state: State) -> FittedBoosted:
    """Return what was learned, from its parts."""
    arrays, values = state.arrays, state.values
    space = None
    if values["dim"] is not None:
        space = WordSpace(Lexicon.from_text(state.vocabularies[VECTORS], "character"), arrays["vectors"])
    features = PairFeatures(
        lexicon=Lexicon.from_text(state.vocabularies[WORDS], "character"),
        frequency=arrays["frequency"],
        run_frequency=arrays["run_frequency"],
        character_frequency=arrays["character_frequency"],
        n_texts=int(values["texts"]),
        directed=bool(options.directed),
        space=space,
    )
    crossed = None
    if options.crosses:
        edges = np.where(arrays["edges"] >= _MOST, np.float32(np.inf), arrays["edges"])
        crossed = CrossModel(edges, arrays["effects"], float(values["bias"]))
    trees = Trees(starts=arrays["starts"], base=float(values["base"]), **{name: arrays[name] for name in ARRAYS})
    different, same = values["labels"]
    return FittedBoosted(
        classes=(str(different), str(same)),
        features=features,
        crossed=crossed,
        trees=trees.checked(n_features(features.names, crossed is not None)),
        calibration=Calibration(arrays["slopes"], arrays["offsets"], "binary"),
        decision=Decision.from_dict(values["decision"]),
        losses=[float(loss) for loss in values["losses"]],
        counts={str(name): int(n) for name, n in values["counts"].items()},
    )


def layout(options: BoostedOptions, values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
    if len(values["labels"]) != 2:
        raise ArtifactError("A matcher has two labels.", seen=str(len(values["labels"])))
    wanted: Layout = {
        "frequency": ("int32", (vocabulary_sizes[WORDS],)),
        "run_frequency": ("int32", (1 << WORD_BITS,)),
        "character_frequency": ("int32", (1 << CHARACTER_BITS,)),
        "starts": ("int64", (values["trees"] + 1,)),
        **dict.fromkeys(("slopes", "offsets"), ("float64", (1,))),
        **{name: (dtype, (values["nodes"],)) for name, dtype in ARRAYS.items()},
    }
    if (values["bias"] is None) == bool(options.crosses):
        raise ArtifactError("The model does not say whether words are crossed.", seen=str(values["bias"])[:40])
    if options.crosses:
        width = len(_names(options, values["dim"] is not None))
        n_columns = n_columns_of(len(BLOCKS) << int(options.cross_bits), width)
        wanted |= {"edges": ("float32", (width, N_EDGES)), "effects": ("float32", (n_columns,))}
    if values["dim"] is not None:
        wanted["vectors"] = ("float32", (vocabulary_sizes[VECTORS], values["dim"]))
    return wanted


def n_features(names: list[str], crossed: bool) -> int:
    """Return how many features the trees look at."""
    return len(names) + (len(SCORES) if crossed else 0)


def _names(options: BoostedOptions, space: bool) -> list[str]:
    none: Any = np.zeros(0, np.int32)
    empty = Lexicon.from_text(b"", "character")
    held = WordSpace(empty, np.zeros((0, 0), np.float32)) if space else None
    return PairFeatures(empty, none, none, none, 0, bool(options.directed), held).names


#: A model folder holds finite numbers: what stands there for infinity.
_MOST = np.finfo(np.float32).max


def _finite(edges: Array) -> Array:
    return np.minimum(edges, _MOST)
