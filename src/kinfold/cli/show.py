"""`kinfold show`: what a model folder says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinfold.artifacts.manifest import Manifest
from kinfold.artifacts.versions import describe
from kinfold.cli.arguments.show import Show
from kinfold.cli.console import Console, marked
from kinfold.cli.kept import Kept
from kinfold.cli.main import find
from kinfold.types import Json

_SHOWN_LABELS = 20


def show(options: Show, console: Console) -> dict[str, Json]:
    """Do what `kinfold show` does; return its JSON. The weights are read only where n-grams are asked for."""
    manifest = describe(options.model)
    kept = Kept.of(manifest)
    found = summary(options.model, manifest, kept)
    listed = rows(found, kept)
    width = max(len(name) for name, _ in listed)
    for name, text in listed:
        console.out(f"{name:<{width}}  {text}")
    if options.top:
        # Through the door of the command line: to describe a model takes no library that runs it.
        model = find("kinfold.cli.model:load_model")(options.model, console)
        found["ngrams"] = {label: model.top_ngrams(label, options.top) for label in model.classes_}
        for label, ngrams in found["ngrams"].items():
            console.out(f"{label}:")
            for ngram, weight in ngrams:
                console.out(f"  {weight:+.3f}  {marked(ngram)}")
    return found


def summary(path: str, manifest: Manifest, kept: Kept) -> dict[str, Json]:
    """Return the JSON of `kinfold show`."""
    labels = manifest.values.get("labels")
    return {
        "model": path,
        "version": manifest.version,
        "class": manifest.estimator,
        "task": kept.task,
        "labels": labels if isinstance(labels, list) else [],
        "parameters": manifest.params,
        "metrics": manifest.metrics,
        "baselines": kept.baselines,
        "measured_on": kept.measured_on,
        "history": kept.history,
        "ledger": manifest.ledger,
        "data_sha256": manifest.data_sha256,
        "created": manifest.created,
        "threads": manifest.threads,
        "libraries": manifest.libraries,
        "vocabularies": manifest.vocabularies,
        "bytes": manifest.nbytes,
    }


def rows(found: Mapping[str, Any], kept: Kept) -> list[tuple[str, str]]:
    """Return (name, text) for a person."""
    labels = [str(label) for label in found["labels"]]
    more = f" and {len(labels) - _SHOWN_LABELS:,} more" if len(labels) > _SHOWN_LABELS else ""
    made = [
        ("model", f"{found['model']} {found['version']}"),
        ("class", f"{found['class']}, {found['task']}"),
        ("labels", f"{len(labels):,}: {', '.join(labels[:_SHOWN_LABELS])}{more}"),
        ("created", str(found["created"])),
    ]
    made += [("trained on", f"{step['source']}, {step['rows']:,} rows") for step in kept.history]
    made += [(name, _interval(value)) for name, value in found["metrics"].items()]
    if found["metrics"]:
        made += [
            (base, f"{name} {_interval(value)}")
            for base, values in found["baselines"].items()
            for name, value in _items(values)[:1]
        ]
        made.append(("measured", f"on {kept.measured_on.get('source', 'rows that are not recorded')}"))
    else:
        made.append(("measured", "never: kinfold evaluate MODEL FILE"))
    vocabularies = ", ".join(f"{n:,} {name}" for name, n in found["vocabularies"].items())
    size = f"{found['bytes'] / 1e6:,.1f} MB" + (f"; vocabularies: {vocabularies}" if vocabularies else "")
    changed = ", ".join(f"{name}={value}" for name, value in found["parameters"].items())
    libraries = ", ".join(f"{name} {version}" for name, version in found["libraries"].items())
    return [*made, ("size", size), ("parameters", changed), ("made with", libraries)]


def _items(values: Any) -> list[tuple[str, Any]]:
    return list(values.items()) if isinstance(values, dict) else []


def _interval(value: Any) -> str:
    """Return ``0.804 (0.780 to 0.828)`` of an interval that anyone may have written."""
    if not isinstance(value, dict) or not isinstance(value.get("value"), int | float):
        return "undefined"
    text = f"{value['value']:.3f}"
    if all(isinstance(value.get(end), int | float) for end in ("low", "high")):
        text += f" ({value['low']:.3f} to {value['high']:.3f})"
    return text
