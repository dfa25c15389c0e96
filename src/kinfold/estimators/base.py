"""What every estimator over text is: parameters, learned state, and how it is written down."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator

from kinfold.errors import NotFittedError
from kinfold.types import Array, Floats2d, Json

#: Name -> (numpy dtype, shape) of every array that a state must have.
Layout = dict[str, tuple[str, tuple[int, ...]]]


@dataclass(frozen=True)
class State:
    """What an estimator has learned, in forms that any program can read.

    Parameters
    ----------
    arrays
        Numbers, by name.
    vocabularies
        UTF-8 text with one entry a line, by name.
    values
        Labels, thresholds, counts and other small things, as JSON holds them.
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    vocabularies: dict[str, bytes] = field(default_factory=dict)
    values: dict[str, Json] = field(default_factory=dict)


class TextEstimator(BaseEstimator):
    """Base of all estimators. The constructor stores its arguments; `fit` validates, learns and returns self."""

    #: What the estimator does, as the command line names it.
    task: ClassVar[str] = ""

    @abstractmethod
    def get_state(self) -> State:
        """Return what was learned."""

    @abstractmethod
    def set_state(self, state: State) -> Self:
        """Take over what another instance with the same parameters has learned."""

    @classmethod
    @abstractmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""

    @abstractmethod
    def probe_outputs(self, texts: list[str]) -> Floats2d:
        """Return numbers (n, k) that tell whether a loaded copy answers as this one does."""

    def _check_fitted(self, attribute: str) -> None:
        if not hasattr(self, attribute):
            raise NotFittedError(
                f"This {type(self).__name__} has learned nothing yet.",
                fix="Call fit first, or load a saved model.",
            )
