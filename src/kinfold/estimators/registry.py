"""Everything that can be saved and loaded, by name; the only way from a name in a file to a class."""

from __future__ import annotations

from importlib import import_module

from kinfold.errors import ArtifactError
from kinfold.types import Savable

#: Class name -> module. A class is imported when it is asked for, since some need optional dependencies.
REGISTRY: dict[str, str] = {
    "LinearTextClassifier": "kinfold.estimators.linear",
    "SkipGram": "kinfold.estimators.skipgram",
    "WordVectors": "kinfold.vectors.words",
}


def estimator_class(name: str) -> type[Savable]:
    """Return the class of that name: an estimator, or what outlives one.

    Raises
    ------
    ArtifactError
        If there is none.
    """
    if name not in REGISTRY:
        raise ArtifactError(
            "This version of kinfold has no such estimator.",
            seen=repr(name)[:80],
            fix=f"One of {', '.join(sorted(REGISTRY))}; a newer kinfold may know more.",
        )
    found: type[Savable] = getattr(import_module(REGISTRY[name]), name)
    return found
