"""A model folder in, the model out, ready to be used by a command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinfold.artifacts.store import load
from kinfold.cli.console import Console


def load_model(path: str, console: Console) -> Any:
    """Load a model with progress shown, and show what its loading warns of."""
    with console.progress() as report:
        report(f"loading {path}", None)
        model = load(path)
    for note in model.load_report_.warnings:
        console.warn(note)
    return model


def several_if_model(given: dict[str, Any], models: Sequence[Any]) -> dict[str, Any]:
    """Return reading options under which rows may have several labels if the models give several."""
    return {"multi_label": True, **given} if any(model.multilabel_ for model in models) else given
