"""kinfold learns a space in which kin are near, from raw text, pairs and links, on the machine you have.

The names below are all there is at the top; each one is imported when it is first used, so that importing kinfold
costs nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: Public name -> where it lives.
_HOME = {
    "ArtifactError": "errors",
    "DataError": "errors",
    "Example": "data.records",
    "Examples": "data.records",
    "InvalidParameterError": "errors",
    "KinfoldError": "errors",
    "LinearTextClassifier": "estimators.linear",
    "NGramVectorizer": "text.ngrams",
    "Pair": "data.records",
    "Pairs": "data.records",
    "SkipGram": "estimators.skipgram",
    "WordTokenizer": "text.tokenizers",
    "WordVectors": "vectors.words",
    "compare": "evaluation.comparison",
    "evaluate": "evaluation.evaluate",
    "fetch": "data.catalog",
    "folds": "data.splits",
    "label_errors": "evaluation.label_errors",
    "load": "artifacts.store",
    "open_table": "data.table",
    "read_table": "data.table",
    "report": "evaluation.report",
    "sample": "data.samples",
    "save": "artifacts.store",
    "split": "data.splits",
}
__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    """Import a public name where it lives."""
    if name not in _HOME:
        raise AttributeError(f"kinfold has no {name!r}; it has {', '.join(sorted(_HOME))}")
    found = getattr(import_module(f"kinfold.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
