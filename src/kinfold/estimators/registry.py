"""Everything that can be saved and loaded, by name; the only way from a name in a file to a class."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from kinfold.errors import ArtifactError, MissingExtraError
from kinfold.estimators.device import EXTRA
from kinfold.nn.encoders.registry import ENCODERS
from kinfold.types import Savable

#: Class name -> module. A class is imported when it is asked for, since some need optional dependencies.
REGISTRY: dict[str, str] = {
    "BlendedClassifier": "kinfold.estimators.blended.classifier",
    "BlendedPairMatcher": "kinfold.estimators.blended.matcher",
    "BoostedPairMatcher": "kinfold.estimators.boosted.matcher",
    "ExactIndex": "kinfold.index.exact",
    "LinearTextClassifier": "kinfold.estimators.linear.classifier",
    "PairMatcher": "kinfold.estimators.pairs.matcher",
    "SearchIndex": "kinfold.index.search",
    "SkipGram": "kinfold.estimators.skipgram.estimator",
    "TextClassifier": "kinfold.estimators.neural.classifier",
    "TextRegressor": "kinfold.estimators.neural.regressor",
    "WordVectors": "kinfold.vectors.words",
}


def estimator_class(name: str) -> type[Savable]:
    """Return the class of that name: an estimator, or what outlives one.

    Raises
    ------
    ArtifactError
        If there is none.
    MissingExtraError
        U-011: it needs torch, which is not installed.
    """
    if name not in REGISTRY:
        raise ArtifactError(
            "This version of kinfold has no such estimator.",
            seen=repr(name)[:80],
            fix=f"One of {', '.join(sorted(REGISTRY))}; a newer kinfold may know more.",
        )
    try:
        found: type[Savable] = getattr(import_module(REGISTRY[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingExtraError(f"{name} computes with the package torch.", fix=EXTRA, code="U-011") from error
    return found


def encoder_class(name: str) -> Any:
    """Return the class of an encoder that is in `kinfold.nn.encoders.registry.ENCODERS`."""
    module, _, attribute = ENCODERS[name].partition(":")
    return getattr(import_module(module), attribute)
