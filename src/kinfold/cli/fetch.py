"""`kinfold fetch`: a public data set on this machine, and what may be done with it."""

from __future__ import annotations

from kinfold.cli.arguments.fetch import Fetch
from kinfold.cli.console import Console
from kinfold.cli.source import share
from kinfold.data.catalog import catalog, fetch_details
from kinfold.errors import InvalidParameterError
from kinfold.types import Json


def fetch_dataset(options: Fetch, console: Console) -> dict[str, Json]:
    """Do what `kinfold fetch` does; return its JSON."""
    if options.list:
        return _listed(console)
    if options.name is None:
        raise InvalidParameterError("fetch needs the name of a data set", fix="kinfold fetch --list", code="U-009")
    with console.progress() as report:
        found = fetch_details(
            options.name,
            cache=options.cache,
            offline=options.offline,
            progress=lambda done, total: report(f"fetching {options.name}", share(done, total)),
        )
    entry = found.dataset
    for note in found.notes:
        console.warn(note)
    console.table(
        ("", ""),
        [
            ("data set", entry.title),
            ("licence", entry.licence),
            ("cite", entry.citation),
            ("came from", {"local": "KINFOLD_DATA, unchecked"}.get(found.origin, found.origin)),
            ("content", found.reading.format),
        ],
    )
    for path in found.paths:
        console.out(str(path))
    return {
        "name": entry.name,
        "path": str(found.path),
        "paths": [str(path) for path in found.paths],
        "origin": found.origin,
        "title": entry.title,
        "licence": entry.licence,
        "citation": entry.citation,
        "sha256": dict(found.sha256),
        "format": found.reading.format,
        "options": dict(found.reading.options),
        "notes": list(found.notes),
    }


def _listed(console: Console) -> dict[str, Json]:
    entries = catalog()
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        console.out(f"{entry.name:<{width}}  {entry.title}; {entry.licence}")
    fields = [
        {"name": entry.name, "title": entry.title, "licence": entry.licence, "url": entry.url, "bytes": entry.bytes}
        for entry in entries
    ]
    return {"datasets": fields}
