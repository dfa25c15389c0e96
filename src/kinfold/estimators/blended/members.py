"""What a blend is made of: classifiers as they were given, as JSON holds them, and new copies that learned nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.estimators.base import TextEstimator
from kinfold.estimators.blended.weights import BLEND
from kinfold.estimators.registry import REGISTRY, estimator_class
from kinfold.types import Classifier, SavesParams

#: What is blended where nothing is named: two linear models that see a text in different ways.
USUAL = {
    "words": {"class": "LinearTextClassifier", "params": {"characters": None}},
    "characters": {"class": "LinearTextClassifier", "params": {"words": None, "characters": (2, 6)}},
}
#: So many classifiers can be blended, at most.
MOST = 64
_METHODS = ("fit", "predict_proba")


def members_of(models: Any, n_threads: int | None = None) -> dict[str, Classifier]:
    """Return name -> a new classifier that has learned nothing, from what a caller or a manifest gave.

    Parameters
    ----------
    models
        A mapping of names, or a sequence, of classifiers or of ``{"class": NAME, "params": {...}}``; None for `USUAL`.
    n_threads
        For those that leave their number of threads open.

    Raises
    ------
    InvalidParameterError
        U-020: it is none of these.
    """
    made = {name: _new(name, model) for name, model in _named(USUAL if models is None else models).items()}
    for member in made.values():
        if isinstance(member, TextEstimator) and member.get_params(deep=False).get("n_threads", 1) is None:
            member.set_params(n_threads=n_threads)
    return made


def to_plain(models: Any) -> Any:
    """Return what was given, its registered classifiers as ``{"class": NAME, "params": {...}}``."""
    if isinstance(models, Mapping) and not _is_spec(models):
        return {name: _plain(model) for name, model in models.items()} if _has_objects(models.values()) else models
    if isinstance(models, list | tuple):
        return type(models)([_plain(model) for model in models]) if _has_objects(models) else models
    return models


def class_of(spec: Mapping[str, Any]) -> type[TextEstimator]:
    """Return the class that a member's parts name: one of the registry's classifiers.

    Raises
    ------
    ArtifactError
        There is no such classifier.
    """
    found: Any = estimator_class(str(spec["class"]))
    if not (isinstance(found, type) and issubclass(found, TextEstimator) and found.task == "classify"):
        raise ArtifactError("A blend is made of classifiers.", seen=repr(spec["class"])[:80])
    return found


def specs_of(models: Any) -> dict[str, Mapping[str, Any]]:
    """Return name -> ``{"class": ..., "params": ...}`` of all members.

    Raises
    ------
    InvalidParameterError
        U-022: one of them is no registered classifier, and can't be saved.
    """
    named = {name: _plain(model) for name, model in _named(USUAL if models is None else models).items()}
    for name, spec in named.items():
        if not _is_spec(spec):
            raise InvalidParameterError(
                f"A blend with the member {name!r} can't be saved: it is no classifier of kinfold.",
                seen=type(spec).__name__,
                fix=f"Blend classifiers of kinfold: {', '.join(sorted(REGISTRY))}.",
                code="U-022",
            )
    return named


def _named(models: Any) -> dict[str, Any]:
    if isinstance(models, Mapping) and not _is_spec(models):
        named = dict(models)
    elif isinstance(models, list | tuple):
        named = {f"{_class_name(model)} {place}": model for place, model in enumerate(models, start=1)}
    else:
        raise _refused("must be a mapping of names to classifiers, or a list of classifiers", models)
    if not 1 <= len(named) <= MOST:
        raise _refused(f"must hold 1 to {MOST} classifiers", models)
    for name in named:
        if not isinstance(name, str) or not name.strip() or name == BLEND:
            raise _refused(f"must have names that are text, and not {BLEND!r}", name)
    return named


def _new(name: str, model: Any) -> Classifier:
    if isinstance(model, Mapping) and _is_spec(model):
        try:
            made: Any = class_of(model)(**copy.deepcopy(dict(model["params"])))
        except (ArtifactError, TypeError) as error:
            raise _refused(f"member {name!r} names no classifier: {error}", model) from error
        return made  # type: ignore[no-any-return]
    if isinstance(model, type) or not all(callable(getattr(model, method, None)) for method in _METHODS):
        raise _refused(f"member {name!r} must be a classifier with fit and predict_proba", model)
    if isinstance(model, TextEstimator):
        fresh: Any = type(model)(**copy.deepcopy(model.get_params(deep=False)))
        return fresh  # type: ignore[no-any-return]
    # Of a stranger's class only this is known: fit forgets what was learned before.
    return copy.deepcopy(model)  # type: ignore[no-any-return]


def _plain(model: Any) -> Any:
    if not isinstance(model, TextEstimator) or REGISTRY.get(type(model).__name__) != type(model).__module__:
        return model
    given = model.saved_params() if isinstance(model, SavesParams) else model.get_params(deep=False)
    return {"class": type(model).__name__, "params": given}


def _has_objects(models: Any) -> bool:
    return any(isinstance(model, TextEstimator) for model in models)


def _is_spec(model: Any) -> bool:
    return isinstance(model, Mapping) and set(model) == {"class", "params"} and isinstance(model["params"], Mapping)


def _class_name(model: Any) -> str:
    return str(model["class"]) if _is_spec(model) else type(model).__name__


def _refused(must: str, seen: Any) -> InvalidParameterError:
    return InvalidParameterError(
        f"`models` {must}.",
        seen=f"{seen!r}"[:120],
        fix='models={"words": LinearTextClassifier(characters=None), "net": TextClassifier()}',
        code="U-020",
    )
