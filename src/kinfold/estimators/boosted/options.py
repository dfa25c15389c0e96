"""The parameters of `BoostedPairMatcher`, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kinfold.checks import (
    FLAG,
    LABEL,
    NUMBER,
    POSITIVE,
    SEED,
    SHARE,
    Rules,
    check,
    is_positive,
    is_whole,
    one_of,
    optional,
    whole,
)
from kinfold.estimators.decision import DECIDING, Costs
from kinfold.estimators.neural.embedding import Embedding

#: The longest run of characters.
_LONGEST = 10


@dataclass(frozen=True)
class BoostedOptions:
    """The parameters of the matcher, which describes them."""

    directed: bool
    match: str | None
    lowercase: bool
    strip_html: bool
    min_df: int
    characters: tuple[int, int]
    negations: Sequence[str] | None
    embedding: Embedding | None
    embedding_words: int
    crosses: bool
    cross_bits: int
    cross_words: int
    C: float
    n_folds: int
    folds: str
    max_trees: int
    learning_rate: float
    max_leaves: int
    min_leaf: int
    l2: float
    feature_share: float
    patience: int | None
    valid: float
    calibrate: bool
    metric: str
    costs: Costs | None
    abstain_cost: float | None
    random_state: int

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        check(self, _RULES)


def _is_run(value: Any) -> bool:
    if not isinstance(value, Sequence) or len(value) != 2 or not all(is_whole(one) for one in value):
        return False
    return bool(value[0] <= value[1] <= _LONGEST)


def _are_words(value: Any) -> bool:
    return value is None or (isinstance(value, Sequence) and all(isinstance(word, str) for word in value))


_RULES: Rules = {
    "match": optional(LABEL),
    **dict.fromkeys(("directed", "lowercase", "strip_html", "crosses", "calibrate"), FLAG),
    **dict.fromkeys(("min_df", "cross_words", "max_trees", "min_leaf"), whole()),
    "characters": (_is_run, f"a pair (shortest, longest) with 1 <= shortest <= longest <= {_LONGEST}"),
    "negations": (lambda value: not isinstance(value, str) and _are_words(value), "None or a sequence of words"),
    "embedding_words": whole(0),
    "cross_bits": whole(8, 26),
    **dict.fromkeys(("C", "learning_rate"), POSITIVE),
    "n_folds": whole(2),
    "folds": one_of("components", "pairs"),
    "max_leaves": whole(2),
    "l2": NUMBER,
    "feature_share": (lambda value: is_positive(value) and value <= 1, "a number above 0, to 1"),
    "patience": optional(whole()),
    "valid": SHARE,
    **DECIDING,
    "random_state": SEED,
}
