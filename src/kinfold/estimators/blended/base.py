"""What every blend does with the models it is made of: they are copied, saved, and brought back."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from kinfold.estimators.blended import saving
from kinfold.estimators.blended.fitting import Fitted
from kinfold.estimators.blended.members import Family, to_plain
from kinfold.estimators.classifier import Classifying
from kinfold.types import Json, Layout, State


class Blended(Classifying):
    """Base of the blends, each of models of one family; a blend has a parameter `models`."""

    family: ClassVar[Family]
    fitted_: Fitted

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name; models of kinfold as their class's name and parameters."""
        params = super().get_params(deep)
        return {**params, "models": to_plain(params["models"])}

    def __sklearn_clone__(self) -> Self:
        """Return a blend of the same models that has learned nothing; as JSON they would lose vectors in memory."""
        return type(self)(**super().get_params(deep=False))

    def get_state(self) -> State:
        """Return what was learned; see `State`.

        Raises
        ------
        InvalidParameterError
            U-022: a member is no model of kinfold.
        """
        self._check_fitted("fitted_")
        return saving.to_state(self.family, self.fitted_, self._models(self.get_params()))

    def set_state(self, state: State) -> Self:
        """Take over what another blend with the same parameters has learned."""
        return self._take(saving.from_state(self.family, self._models(self.get_params()), state))

    @classmethod
    def layout(cls, params: dict[str, Any], values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
        """Return the arrays that a state with these parameters, values and vocabularies must have."""
        return saving.layout(cls.family, cls._models(params), values, vocabulary_sizes)

    @classmethod
    def _models(cls, params: dict[str, Any]) -> Any:
        """Return the models of a blend with these parameters, each as it learned."""
        return params["models"]

    def _take(self, fitted: Fitted) -> Self:
        self.fitted_ = fitted
        self.classes_, self.multilabel_ = list(fitted.classes), fitted.multilabel
        self.members_, self.offsets_ = fitted.members, fitted.offsets
        self.weights_ = dict(zip(fitted.members, fitted.weights.tolist(), strict=True))
        self.fold_scores_, self.verdict_, self.decision_ = fitted.fold_scores, fitted.verdict, fitted.decision
        return self
