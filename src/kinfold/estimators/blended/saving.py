"""What a blend has learned <-> arrays, vocabularies and small values: its members' under their own prefixes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinfold.errors import ArtifactError
from kinfold.estimators.base import TextEstimator
from kinfold.estimators.blended.fitting import Fitted
from kinfold.estimators.blended.members import Family, class_of, specs_of
from kinfold.estimators.blended.weights import Verdict
from kinfold.estimators.decision import Decision
from kinfold.estimators.linear.options import kind_of
from kinfold.types import Json, Layout, State


def to_state(family: Family, fitted: Fitted, models: Any) -> State:
    """Return the parts of a fitted blend of these models."""
    arrays = {"weights": fitted.weights, "offsets": fitted.offsets}
    vocabularies: dict[str, bytes] = {}
    values: list[Json] = []
    specs_of(family, models)
    for place, member in enumerate(fitted.members.values()):
        assert isinstance(member, TextEstimator)  # since it has a spec
        state = member.get_state()
        arrays |= {_prefix(place) + name: array for name, array in state.arrays.items()}
        vocabularies |= {_prefix(place) + name: text for name, text in state.vocabularies.items()}
        values.append(state.values)
    return State(
        arrays,
        vocabularies,
        {
            "labels": list(fitted.classes),
            "multilabel": fitted.multilabel,
            "decision": fitted.decision.to_dict(),
            "fold_scores": fitted.fold_scores,
            "verdict": fitted.verdict.to_dict(),
            "members": values,
        },
    )


def from_state(family: Family, models: Any, state: State) -> Fitted:
    """Return the fitted blend whose parts these are."""
    values = state.values
    members: dict[str, Any] = {}
    for place, ((name, spec), of_member) in enumerate(_paired(family, models, values)):
        part = State(_part(state.arrays, place), _part(state.vocabularies, place), of_member)
        members[name] = class_of(family, spec).from_state(dict(spec["params"]), part)
    return Fitted(
        classes=tuple(values["labels"]),
        multilabel=values["multilabel"],
        members=members,
        weights=state.arrays["weights"],
        offsets=state.arrays["offsets"],
        decision=Decision.from_dict(values["decision"]),
        fold_scores={name: dict(scores) for name, scores in values["fold_scores"].items()},
        verdict=Verdict.from_dict(values["verdict"]),
    )


def layout(family: Family, models: Any, values: dict[str, Json], vocabulary_sizes: dict[str, int]) -> Layout:
    """Return name -> (dtype, shape) of the arrays that go with these values and vocabularies."""
    n_classes = len(values["labels"])
    paired = _paired(family, models, values)
    out: Layout = {
        "weights": ("float64", (len(paired),)),
        "offsets": ("float64", (1 if kind_of(n_classes, values["multilabel"]) == "binary" else n_classes,)),
    }
    for place, ((_, spec), of_member) in enumerate(paired):
        kind = class_of(family, spec)
        full = {**kind().get_params(deep=False), **spec["params"]}
        of_arrays = kind.layout(full, of_member, _part(vocabulary_sizes, place))
        out |= {_prefix(place) + name: shape for name, shape in of_arrays.items()}
    return out


def _paired(
    family: Family, models: Any, values: dict[str, Json]
) -> list[tuple[tuple[str, Mapping[str, Any]], dict[str, Json]]]:
    """Return each member's name and parts, and the values it learned."""
    specs, learned = specs_of(family, models), values["members"]
    if len(specs) != len(learned):
        raise ArtifactError("A blend needs one state a member.", seen=f"{len(learned)} of {len(specs)}")
    return list(zip(specs.items(), learned, strict=True))


def _prefix(place: int) -> str:
    return f"member{place}_"


def _part(named: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Return what has a member's prefix, by its name without it."""
    prefix = _prefix(place)
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
