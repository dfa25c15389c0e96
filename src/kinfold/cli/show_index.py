"""`kinfold show` of an index: what it holds and how it is searched, from its manifest alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinfold.artifacts.manifest import Manifest
from kinfold.cli.arguments.show import Show
from kinfold.cli.console import Console
from kinfold.cli.kept import Kept
from kinfold.cli.show import interval_text, record, size_text, write_rows
from kinfold.errors import InvalidParameterError
from kinfold.types import Json

#: Part of an index -> what the names of its arrays and vocabularies begin with.
_PARTS = {"words": "words", "vectors": "dense_", "encoder": "encoder_"}


def show_index(options: Show, manifest: Manifest, console: Console) -> dict[str, Json]:
    """Show an index; return the JSON of that."""
    if options.top:
        raise InvalidParameterError(
            "--top is about n-grams and words", seen=options.model, fix="leave it out", code="U-015"
        )
    found = summary(options.model, manifest)
    write_rows(_rows(found), console)
    return found


def summary(path: str, manifest: Manifest) -> dict[str, Json]:
    """Return the JSON of `kinfold show INDEX`; nothing in the manifest is taken to be as it should."""
    values, notes = manifest.values, manifest.notes
    vectors, inside = _mapping(values.get("dense")), _mapping(values.get("encoder"))
    why, said = notes.get("why"), _mapping(notes.get("encoder"))
    origin: dict[str, Json] = {key: said[key] for key in ("from", "version") if key in said}
    encoder = origin | {"class": inside.get("class")} if inside else None
    return {
        "model": path,
        "version": manifest.version,
        "class": manifest.estimator,
        "task": "search",
        "documents": values.get("n"),
        "columns": values.get("columns"),
        "ways": ["bm25", "dense", "hybrid"] if vectors and inside else ["bm25"],
        "vectors": {"dim": vectors.get("dim"), "metric": manifest.params.get("metric")} if vectors else None,
        "encoder": encoder,
        "served": manifest.params.get("served"),
        "why": why if isinstance(why, str) else "",
        **record(manifest, Kept.of(manifest)),
        "bytes_of": _bytes_of(manifest),
    }


def _bytes_of(manifest: Manifest) -> dict[str, int]:
    """Return how many bytes each part takes; what is no other part is the texts and ids."""
    sizes = {name: spec.nbytes for name, spec in manifest.arrays.items()}
    sizes |= {file.removesuffix(".vocab.txt"): spec.bytes for file, spec in manifest.files.items() if "vocab" in file}
    made = dict.fromkeys(("texts", *_PARTS), 0)
    for name, size in sizes.items():
        made[next((part for part, prefix in _PARTS.items() if name.startswith(prefix)), "texts")] += size
    return made


def _rows(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    made = [
        ("index", f"{found['model']} {found['version']}"),
        ("holds", f"{found['documents']:,} texts" if isinstance(found["documents"], int) else "?"),
        ("searched", f"by {', '.join(found['ways'])}"),
        ("served", f"{found['served']}" + (f": {found['why']}" if found["why"] else ": nothing was measured")),
    ]
    if found["vectors"]:
        inside = found["encoder"]
        origin = f", from {inside['from']}" if inside and "from" in inside else ""
        made.append(("vectors", f"{found['vectors']['dim']} numbers each, compared by {found['vectors']['metric']}"))
        made.append(
            ("encoder", f"{inside['class']}, kept inside{origin}" if inside else "not kept: attach it in Python")
        )
    made.append(("created", str(found["created"])))
    made += [("texts from", f"{step['source']}, {step['rows']:,} rows") for step in found["history"]]
    served = str(found["served"])
    made += [(served, f"{name} {interval_text(value)}") for name, value in found["metrics"].items()]
    for way, metrics in found["baselines"].items():
        made += [(str(way), f"{name} {interval_text(value)}") for name, value in list(_mapping(metrics).items())[:1]]
    on = found["measured_on"].get("source")
    made.append(("measured", f"on {on}" if on else "never: kinfold evaluate INDEX FILE"))
    parts = ", ".join(f"{name} {size_text(size)}" for name, size in found["bytes_of"].items() if size)
    changed = ", ".join(f"{name}={value}" for name, value in found["parameters"].items())
    libraries = ", ".join(f"{name} {version}" for name, version in found["libraries"].items())
    made += [("size", f"{size_text(found['bytes'])}: {parts}"), ("parameters", changed), ("made with", libraries)]
    return made


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
