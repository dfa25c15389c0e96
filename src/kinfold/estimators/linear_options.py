"""The parameters of the linear classifier, checked, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinfold.errors import InvalidParameterError
from kinfold.estimators.decision import Costs
from kinfold.estimators.dual import Weighting
from kinfold.estimators.features import NGramFeatures
from kinfold.estimators.rules import Rules, check, is_flag, is_number, is_positive, is_whole
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


def _is_class_weight(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(is_positive(weight) for weight in value.values())
    return value is None or (isinstance(value, str) and value == "balanced") or (is_number(value) and value <= 1)


def _is_costs(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(row, Mapping) for row in value.values())


_PAIR = f"a pair (shortest, longest) with 1 <= shortest <= longest <= {LONGEST}"
_LOSSES = ("squared_hinge", "logistic")
_WEIGHTINGS = ("auto", "nb", "idf", "none")
_RULES: Rules = {
    "words": (lambda x: x is None or _is_pair(x), f"None or {_PAIR}"),
    "characters": (lambda x: x is None or x == "auto" or _is_pair(x), f'None, "auto" or {_PAIR}'),
    "min_df": (lambda x: is_whole(x, 1), "a whole number from 1"),
    "max_features": (lambda x: x is None or is_whole(x, 1), "None or a whole number from 1"),
    "n_bits": (
        lambda x: x is None or (is_whole(x, 1) and x <= MAX_BITS),
        f"None or a whole number from 1 to {MAX_BITS}",
    ),
    "weighting": (lambda x: isinstance(x, str) and x in _WEIGHTINGS, " or ".join(map(repr, _WEIGHTINGS))),
    "loss": (lambda x: isinstance(x, str) and x in _LOSSES, " or ".join(map(repr, _LOSSES))),
    "smoothing": (is_positive, "a positive number"),
    "character_weight": (is_positive, "a positive number"),
    "C": (lambda x: x is None or is_positive(x), "None or a positive number"),
    "n_folds": (lambda x: is_whole(x, 2), "a whole number from 2"),
    "class_weight": (_is_class_weight, 'None, "balanced", a number from 0 to 1, or a positive number for each label'),
    "costs": (lambda x: x is None or _is_costs(x), "None or a mapping: costs[true][answer]"),
    "abstain_cost": (lambda x: x is None or is_number(x), "None or a number from 0"),
    **dict.fromkeys(("across_words", "calibrate", "lowercase", "strip_html", "symbols"), (is_flag, "True or False")),
    "replay": (lambda x: is_whole(x, 0), "a whole number from 0"),
    "n_threads": (lambda x: x is None or is_whole(x, 1), "None or a whole number from 1"),
    "random_state": (lambda x: is_whole(x, 0) and x < 1 << 62, "a whole number from 0"),
}
