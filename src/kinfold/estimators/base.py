"""What every estimator over text is: parameters, learned state, and how it is written down."""

from __future__ import annotations

import difflib
import inspect
from abc import abstractmethod
from html import escape
from typing import Any, ClassVar, Self

from kinfold.errors import InvalidParameterError, NotFittedError
from kinfold.types import Floats2d, Json, Layout, State


class TextEstimator:
    """Base of all estimators. The constructor stores its arguments; `fit` validates, learns and returns self.

    It has scikit-learn's contract, so that `clone`, pipelines and model selection work, without scikit-learn's base
    class: importing that takes longer than loading a model.
    """

    #: What the estimator does, as the command line names it.
    task: ClassVar[str] = ""

    def _store(self, given: dict[str, Any]) -> None:
        """Store a constructor's arguments, as `locals` gives them at its start."""
        vars(self).update({name: value for name, value in given.items() if name not in ("self", "__class__")})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name; `deep` changes nothing."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Set some of the constructor's arguments; return self.

        Raises
        ------
        InvalidParameterError
            If there is none of a name.
        """
        known = self._defaults()
        for name, value in params.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise InvalidParameterError(
                    f"{type(self).__name__} has no parameter of this name.",
                    seen=repr(name),
                    fix=f"Did you mean {near[0]!r}?" if near else f"One of {', '.join(known)}.",
                )
            setattr(self, name, value)
        return self

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        signature = inspect.signature(cls.__init__).parameters.values()
        return {parameter.name: parameter.default for parameter in signature if parameter.name != "self"}

    def __repr__(self) -> str:
        """Return the call that makes an estimator like this one."""
        given = self.get_params()
        changed = [f"{name}={given[name]!r}" for name, value in self._defaults().items() if given[name] != value]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        is_classifier = self.task == "classify"
        return Tags(
            estimator_type={"classify": "classifier", "regress": "regressor"}.get(self.task),
            target_tags=TargetTags(required=True, one_d_labels=True),
            classifier_tags=ClassifierTags() if is_classifier else None,
            input_tags=InputTags(two_d_array=False, string=True),
        )

    @abstractmethod
    def get_state(self) -> State:
        """Return what was learned."""

    @abstractmethod
    def set_state(self, state: State) -> Self:
        """Take over what another instance with the same parameters has learned."""

    @classmethod
    def from_state(cls, params: dict[str, Any], state: State) -> Self:
        """Return an instance with these parameters that has learned what another one had."""
        return cls(**params).set_state(state)

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


def silent(stage: str, done: float) -> None:
    """Report progress to nobody."""
