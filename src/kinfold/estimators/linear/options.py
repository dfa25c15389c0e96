"""The parameters of the linear classifier, checked, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.checks import FLAG, POSITIVE, SEED, Rules, check, is_whole, one_of, optional, whole
from kinfold.errors import InvalidParameterError
from kinfold.estimators.decision import DECIDING, Costs
from kinfold.estimators.labels import CLASS_WEIGHT
from kinfold.estimators.linear.dual import Weighting
from kinfold.estimators.linear.features import NGramFeatures
from kinfold.kernels.threads import thread_count
from kinfold.text.ngrams import NGramVectorizer
from kinfold.text.normalize import Normalizer

#: Texts shorter than this many characters on average get n-grams of characters too.
SHORT = 400
CHARACTERS = (3, 6)
#: The longest n-gram there can be, and the most hashed columns as a power of two.
LONGEST, MAX_BITS = 20, 30


@dataclass(frozen=True)
class Options:
    """The parameters of `LinearTextClassifier`, which describes them."""

    words: tuple[int, int] | None
    characters: tuple[int, int] | str | None
    min_df: int
    max_features: int | None
    n_bits: int | None
    weighting: str
    smoothing: float
    across_words: bool
    character_weight: float
    loss: str
    C: float | None
    n_folds: int
    class_weight: str | float | Mapping[str, float] | None
    calibrate: bool
    metric: str
    costs: Costs | None
    abstain_cost: float | None
    lowercase: bool
    strip_html: bool
    symbols: bool
    replay: int
    n_threads: int | None
    random_state: int

    @property
    def hinge(self) -> bool:
        """Whether the loss is the squared hinge."""
        return self.loss == "squared_hinge"

    @property
    def threads(self) -> int:
        """The number of threads to use."""
        return thread_count(self.n_threads)

    def vectorizers(self, blocks: Mapping[str, Sequence[int]]) -> dict[str, NGramVectorizer]:
        """Return a vectorizer for each block: name -> shortest and longest n-gram."""
        spaced = "characters" in blocks and self.across_words
        normalizer = Normalizer(lowercase=self.lowercase, strip_html=self.strip_html, collapse_spaces=spaced)
        unit_of = {"words": "word", "characters": "character_across" if self.across_words else "character"}
        return {
            name: NGramVectorizer(
                unit=unit_of[name],
                orders=(int(orders[0]), int(orders[1])),
                min_df=self.min_df,
                max_features=self.max_features,
                n_bits=self.n_bits,
                binary=True,
                symbols=self.symbols,
                normalizer=normalizer,
                n_threads=self.n_threads,
            )
            for name, orders in blocks.items()
        }

    def blocks(self, texts: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return the blocks of n-grams that these texts get."""
        characters = self.characters
        if characters == "auto":
            short = sum(map(len, texts)) < SHORT * len(texts)
            characters = CHARACTERS if short else None
        named = {"words": self.words, "characters": characters}
        return {name: (int(pair[0]), int(pair[1])) for name, pair in named.items() if pair is not None}

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        if self.words is None and self.characters is None:
            raise InvalidParameterError("`words` and `characters` can't both be None.", fix="Give one of them a pair.")
        if self.n_bits is not None and self.max_features is not None:
            raise InvalidParameterError(
                "`max_features` can't be kept with `n_bits`: hashed n-grams are not counted first.",
                seen=f"n_bits={self.n_bits!r}, max_features={self.max_features!r}",
                fix="Give one of them; fewer bits make fewer columns.",
            )
        check(self, _RULES)


def make_weighting(options: Options, features: NGramFeatures, kind: str) -> Weighting:
    """Return the weighting of these blocks."""
    sizes = features.sizes
    lengths = np.array([options.character_weight if name == "characters" else 1.0 for name in sizes])
    return Weighting(kind, options.smoothing, tuple(sizes.values()), lengths)


def kind_of(n_classes: int, multilabel: bool) -> str:
    """Return ``"multilabel"``, ``"binary"`` or ``"single"``; see `Calibration`."""
    return "multilabel" if multilabel else "binary" if n_classes == 2 else "single"


def weighting_kind(options: Options, kind: str) -> str:
    """Return ``"nb"``, ``"idf"`` or ``"none"``."""
    if options.weighting == "nb" and kind != "binary":
        raise InvalidParameterError('`weighting="nb"` needs exactly two labels.', fix='Use weighting="idf" or "auto".')
    if options.weighting == "auto":
        return "nb" if kind == "binary" else "idf"
    return options.weighting


def _is_pair(value: Any) -> bool:
    if not isinstance(value, Sequence) or len(value) != 2 or not all(is_whole(order, 1) for order in value):
        return False
    return bool(value[0] <= value[1] <= LONGEST)


_PAIR = f"a pair (shortest, longest) with 1 <= shortest <= longest <= {LONGEST}"
_LOSSES = ("squared_hinge", "logistic")
_WEIGHTINGS = ("auto", "nb", "idf", "none")
_RULES: Rules = {
    "words": optional((_is_pair, _PAIR)),
    "characters": (lambda x: x is None or x == "auto" or _is_pair(x), f'None, "auto" or {_PAIR}'),
    "min_df": whole(),
    "max_features": optional(whole()),
    "n_bits": optional(whole(1, MAX_BITS)),
    "weighting": one_of(*_WEIGHTINGS),
    "loss": one_of(*_LOSSES),
    **dict.fromkeys(("smoothing", "character_weight"), POSITIVE),
    "C": optional(POSITIVE),
    "n_folds": whole(2),
    "class_weight": CLASS_WEIGHT,
    **DECIDING,
    **dict.fromkeys(("across_words", "calibrate", "lowercase", "strip_html", "symbols"), FLAG),
    "replay": whole(0),
    "n_threads": optional(whole()),
    "random_state": SEED,
}
