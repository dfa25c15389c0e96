"""Named sets of parameters; plain data, so that the command line can show them without loading an estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What `SkipGram.preset` takes -> the parameters that differ from the defaults.
SKIPGRAM: dict[str, Mapping[str, Any]] = {
    "skip-gram": {},
    "cbow": {"architecture": "cbow"},
    "subword": {"subwords": (3, 6)},
    # A dot product of plain embeddings, as tutorials in Keras have it: one table for both roles, whole windows of 3,
    # 10,000 words, and for each pair one random word that is drawn evenly.
    "source": {
        "dim": 300,
        "window": 3,
        "negatives": 1,
        "min_count": 1,
        "max_words": 10_000,
        "sample": 1e-5,
        "power": 0.0,
        "shrink_window": False,
        "shared_table": True,
    },
}

#: Encoder -> the parameters in which nets with it differ from the estimators' defaults.
NETS: dict[str, Mapping[str, Any]] = {}

#: What `kinfold train classify --model blend` blends: as `BlendedClassifier` takes `models`.
BLEND: Mapping[str, Any] = {
    "models": {
        "linear": {"class": "LinearTextClassifier", "params": {}},
        "net": {"class": "TextClassifier", "params": {}},
    }
}
