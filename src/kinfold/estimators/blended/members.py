"""What a blend is made of: models as they were given, as JSON holds them, and new copies that learned nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.estimators.base import TextEstimator
from kinfold.estimators.blended.weights import BLEND
from kinfold.estimators.registry import REGISTRY, estimator_class
from kinfold.types import Classifier, SavesParams


@dataclass(frozen=True)
class Family:
    """Models that can be blended with one another.

    Parameters
    ----------
    task
        What all of them do.
    noun
        What one of them is called.
    usual
        What is blended where nothing is named.
    example
        What a caller may write.
    """

    task: str
    noun: str
    usual: Mapping[str, Mapping[str, Any]]
    example: str


#: Two linear models that see a text in different ways.
CLASSIFIERS = Family(
    "classify",
    "classifier",
    {
        "words": {"class": "LinearTextClassifier", "params": {"characters": None}},
        "characters": {"class": "LinearTextClassifier", "params": {"words": None, "characters": (2, 6)}},
    },
    'models={"words": LinearTextClassifier(characters=None), "net": TextClassifier()}',
)
#: What is said about pairs as wholes, and what each word finds on the other side.
MATCHERS = Family(
    "match",
    "matcher",
    {
        "trees": {"class": "BoostedPairMatcher", "params": {}},
        "attention": {"class": "PairMatcher", "params": {"similarity": "attention", "hidden": (128,)}},
    },
    'models={"trees": BoostedPairMatcher(), "attention": PairMatcher(similarity="attention")}',
)
#: So many models can be blended, at most.
MOST = 64
_METHODS = ("fit", "predict_proba")


def members_of(family: Family, models: Any, n_threads: int | None = None) -> dict[str, Classifier]:
    """Return name -> a new model that has learned nothing, from what a caller or a manifest gave.

    Parameters
    ----------
    models
        A mapping of names, or a sequence, of models or of ``{"class": NAME, "params": {...}}``; None for the usual.
    n_threads
        For those that leave their number of threads open.

    Raises
    ------
    InvalidParameterError
        U-020: it is none of these.
    """
    made = {name: _new(family, name, model) for name, model in _named(family, models).items()}
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


def class_of(family: Family, spec: Mapping[str, Any]) -> type[TextEstimator]:
    """Return the class that a member's parts name: one of the registry's models of that family.

    Raises
    ------
    ArtifactError
        There is no such class.
    """
    found: Any = estimator_class(str(spec["class"]))
    if not (isinstance(found, type) and issubclass(found, TextEstimator) and found.task == family.task):
        raise ArtifactError(f"This blend is made of {family.noun}s.", seen=repr(spec["class"])[:80])
    return found


def specs_of(family: Family, models: Any) -> dict[str, Mapping[str, Any]]:
    """Return name -> ``{"class": ..., "params": ...}`` of all members.

    Raises
    ------
    InvalidParameterError
        U-022: one of them is not registered, and can't be saved.
    """
    named = {name: _plain(model) for name, model in _named(family, models).items()}
    for name, spec in named.items():
        if not _is_spec(spec):
            raise InvalidParameterError(
                f"A blend with the member {name!r} can't be saved: it is no {family.noun} of kinfold.",
                seen=type(spec).__name__,
                fix=f"Blend {family.noun}s of kinfold.",
                code="U-022",
            )
    return named


def _named(family: Family, given: Any) -> dict[str, Any]:
    models = family.usual if given is None else given
    if isinstance(models, Mapping) and not _is_spec(models):
        named = dict(models)
    elif isinstance(models, list | tuple):
        named = {f"{_class_name(model)} {place}": model for place, model in enumerate(models, start=1)}
    else:
        raise _refused(family, f"must be a mapping of names to {family.noun}s, or a list of {family.noun}s", models)
    if not 1 <= len(named) <= MOST:
        raise _refused(family, f"must hold 1 to {MOST} {family.noun}s", models)
    for name in named:
        if not isinstance(name, str) or not name.strip() or name == BLEND:
            raise _refused(family, f"must have names that are text, and not {BLEND!r}", name)
    return named


def _new(family: Family, name: str, model: Any) -> Classifier:
    if isinstance(model, Mapping) and _is_spec(model):
        try:
            made: Any = class_of(family, model)(**copy.deepcopy(dict(model["params"])))
        except (ArtifactError, TypeError) as error:
            raise _refused(family, f"member {name!r} names no {family.noun}: {error}", model) from error
        return made  # type: ignore[no-any-return]
    if isinstance(model, type) or not all(callable(getattr(model, method, None)) for method in _METHODS):
        raise _refused(family, f"member {name!r} must be a {family.noun} with fit and predict_proba", model)
    if isinstance(model, TextEstimator):
        if model.task != family.task:
            raise _refused(family, f"member {name!r} must be a {family.noun}", type(model).__name__)
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


def _refused(family: Family, must: str, seen: Any) -> InvalidParameterError:
    return InvalidParameterError(
        f"`models` {must}.",
        seen=f"{seen!r}"[:120],
        fix=family.example,
        code="U-020",
    )
