"""`kinfold show`: what a model says about itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kinfold.artifacts.manifest import Manifest
from kinfold.artifacts.versions import describe
from kinfold.cli.arguments.show import Show
from kinfold.cli.console import Console, marked
from kinfold.cli.kept import Kept, task_of
from kinfold.cli.main import find
from kinfold.errors import InvalidParameterError
from kinfold.types import Json

_SHOWN_LABELS, _SHOWN_EPOCHS = 20, 10


def show(options: Show, console: Console) -> dict[str, Json]:
    """Do what `kinfold show` does; return its JSON. The weights are read only where what they hold is asked for."""
    if os.path.isfile(options.model):
        # Through the door of the command line: to describe a folder takes no library that runs what is in it.
        found: dict[str, Json] = find("kinfold.cli.show_vectors:show_file")(options, console)
        return found
    manifest = describe(options.model)
    if task_of(manifest) == "search":
        of_index: dict[str, Json] = find("kinfold.cli.show_index:show_index")(options, manifest, console)
        return of_index
    kept = Kept.of(manifest)
    found = summary(options.model, manifest, kept)
    write_rows(rows(found, kept), console)
    if options.top and task_of(manifest) == "embed":
        found |= find("kinfold.cli.show_vectors:first_words")(options, console)
    elif options.top and task_of(manifest) == "match":
        raise InvalidParameterError(
            "a matcher has no n-grams of its own",
            seen=f"--top {options.top}",
            fix="kinfold explain MODEL LEFT RIGHT says what spoke for a pair",
            code="U-024",
        )
    elif options.top:
        found["ngrams"] = _ngrams(options, console)
    return found


def write_rows(listed: list[tuple[str, str]], console: Console) -> None:
    """Write (name, text) a line, names equally wide."""
    width = max(len(name) for name, _ in listed)
    for name, text in listed:
        console.out(f"{name:<{width}}  {text}")


def _ngrams(options: Show, console: Console) -> dict[str, Json]:
    model = find("kinfold.cli.model:load_model")(options.model, console)
    made = {label: model.top_ngrams(label, options.top) for label in model.classes_}
    for label, ngrams in made.items():
        console.out(f"{label}:")
        for ngram, weight in ngrams:
            console.out(f"  {weight:+.3f}  {marked(ngram)}")
    return made


def summary(path: str, manifest: Manifest, kept: Kept) -> dict[str, Json]:
    """Return the JSON of `kinfold show`."""
    labels = manifest.values.get("labels")
    return {
        "model": path,
        "version": manifest.version,
        "class": manifest.estimator,
        "task": kept.task or task_of(manifest),
        "labels": labels if isinstance(labels, list) else [],
        **_vectors(manifest, kept),
        **record(manifest, kept),
    }


def record(manifest: Manifest, kept: Kept) -> dict[str, Json]:
    """Return what any folder says of how it was made and measured, as JSON."""
    return {
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


def _vectors(manifest: Manifest, kept: Kept) -> dict[str, Json]:
    """Return how many words of which width the vectors of a folder are, and its epochs; nothing for another task."""
    array = manifest.arrays.get("vectors" if manifest.estimator == "WordVectors" else "inputs")
    if task_of(manifest) != "embed" or array is None or len(array.shape) != 2:
        return {}
    return {"words": array.shape[0], "dim": array.shape[1], "epochs": kept.epochs}


def rows(found: Mapping[str, Any], kept: Kept) -> list[tuple[str, str]]:
    """Return (name, text) for a person."""
    made = [
        ("model", f"{found['model']} {found['version']}"),
        ("class", f"{found['class']}, {found['task']}"),
        _content(found),
        ("created", str(found["created"])),
    ]
    made += [("trained on", f"{step['source']}, {step['rows']:,} rows") for step in kept.history]
    epochs = [(f"epoch {i}", epoch_text(epoch)) for i, epoch in enumerate(kept.epochs, 1)]
    made += epochs[-_SHOWN_EPOCHS:]
    made += [(name, interval_text(value)) for name, value in found["metrics"].items()]
    if found["metrics"]:
        made += [
            (base, f"{name} {interval_text(value)}")
            for base, values in found["baselines"].items()
            for name, value in _items(values)[:1]
        ]
        made.append(("measured", f"on {kept.measured_on.get('source', 'rows that are not recorded')}"))
    else:
        made.append(("measured", "never: kinfold evaluate MODEL FILE"))
    vocabularies = ", ".join(f"{n:,} {name}" for name, n in found["vocabularies"].items())
    size = size_text(found["bytes"]) + (f"; vocabularies: {vocabularies}" if vocabularies else "")
    changed = ", ".join(f"{name}={value}" for name, value in found["parameters"].items())
    libraries = ", ".join(f"{name} {version}" for name, version in found["libraries"].items())
    made += [("size", size), ("parameters", changed), ("made with", libraries)]
    return [(name, text) for name, text in made if text]


def size_text(n_bytes: int) -> str:
    """Return a size as a person reads it."""
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 100_000 else f"{n_bytes:,} bytes"


def _content(found: Mapping[str, Any]) -> tuple[str, str]:
    if "words" in found:
        return "vectors", f"{found['words']:,} words, {found['dim']:,} numbers each"
    labels = [str(label) for label in found["labels"]]
    if found["task"] == "match" and len(labels) == 2:
        turned = "may differ" if found["parameters"].get("directed") else "score the same"
        return (
            "labels",
            f"{labels[1]} where two texts match, else {labels[0]}; a pair and the same turned round {turned}",
        )
    more = f" and {len(labels) - _SHOWN_LABELS:,} more" if len(labels) > _SHOWN_LABELS else ""
    return "labels", f"{len(labels):,}: {', '.join(labels[:_SHOWN_LABELS])}{more}"


def epoch_text(epoch: Mapping[str, Any]) -> str:
    """Return what one epoch of training was like, as far as it is known."""
    named = (("words", "{:,.0f} words"), ("words_per_second", "{:,.0f} words/s"))
    losses = (("train_loss", "loss {:.4f}"), ("valid_loss", "held-out loss {:.4f}"))
    held = [(epoch.get(name), text) for name, text in named + losses]
    return ", ".join(text.format(value) for value, text in held if isinstance(value, int | float))


def _items(values: Any) -> list[tuple[str, Any]]:
    return list(values.items()) if isinstance(values, dict) else []


def interval_text(value: Any) -> str:
    """Return ``0.804 (0.780 to 0.828)`` of an interval that anyone may have written."""
    if not isinstance(value, dict) or not isinstance(value.get("value"), int | float):
        return "undefined"
    text = f"{value['value']:.3f}"
    if all(isinstance(value.get(end), int | float) for end in ("low", "high")):
        text += f" ({value['low']:.3f} to {value['high']:.3f})"
    return text
