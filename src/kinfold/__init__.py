"""kinfold learns a space in which kin are near, from raw text, pairs and links, on the machine you have.

The names below are all there is at the top; each one is imported when it is first used, so that importing kinfold
costs nothing.
"""

from importlib import import_module
from typing import Any

from kinfold.errors import MissingExtraError

__version__ = "0.1.0"

#: Public name -> where it lives.
_HOME = {
    "ArtifactError": "errors",
    "BagOfEmbeddings": "nn.encoders.bag",
    "BlendedClassifier": "estimators.blended.classifier",
    "BlendedPairMatcher": "estimators.blended.matcher",
    "BoostedPairMatcher": "estimators.boosted.matcher",
    "CharCNN": "nn.encoders.char_cnn",
    "DataError": "errors",
    "Example": "data.records",
    "Examples": "data.records",
    "ExactIndex": "index.exact",
    "GRU": "nn.encoders.gru",
    "HardNegatives": "data.negatives",
    "ImageCNN": "nn.encoders.image_cnn",
    "InvalidParameterError": "errors",
    "KinfoldError": "errors",
    "LSTM": "nn.encoders.lstm",
    "LinearTextClassifier": "estimators.linear.classifier",
    "MinGRU": "nn.encoders.min_gru",
    "NGramVectorizer": "text.ngrams",
    "NGrams": "nn.encoders.ngrams",
    "Negatives": "data.negatives",
    "Pair": "data.records",
    "PairMatcher": "estimators.pairs.matcher",
    "Pairs": "data.records",
    "Positives": "data.positives",
    "RNN": "nn.encoders.rnn",
    "ResidualBag": "nn.encoders.residual",
    "SearchIndex": "index.search",
    "SkipGram": "estimators.skipgram.estimator",
    "TextClassifier": "estimators.neural.classifier",
    "TextRegressor": "estimators.neural.regressor",
    "WordCNN": "nn.encoders.word_cnn",
    "WordTokenizer": "text.tokenizers",
    "WordVectors": "vectors.words",
    "audit": "evaluation.audit",
    "compare": "evaluation.comparison",
    "evaluate": "evaluation.evaluate",
    "fetch": "data.catalog",
    "folds": "data.splits",
    "label_errors": "evaluation.label_errors",
    "learning_curve": "evaluation.learning_curve",
    "load": "artifacts.store",
    "open_table": "data.table",
    "read_stackexchange": "data.stackexchange",
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
    try:
        found = getattr(import_module(f"kinfold.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        what = f"{name} computes with the package torch."
        raise MissingExtraError(what, fix="pip install 'kinfold[deep]'", code="U-011") from error
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
