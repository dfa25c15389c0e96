"""`kinfold convert`: the same thing in another format."""

from __future__ import annotations

import os

from kinfold.artifacts.compose import Record
from kinfold.artifacts.store import save
from kinfold.cli.arguments.convert import ConvertVectors
from kinfold.cli.console import Console
from kinfold.cli.vectors import open_vectors
from kinfold.errors import InvalidParameterError
from kinfold.types import Json
from kinfold.vectors.formats import FORMATS, SUFFIXES, write_vectors

#: Written as a model folder, beside what `FORMATS` has.
MODEL = "model"


def convert_vectors(options: ConvertVectors, console: Console) -> dict[str, Json]:
    """Do what `kinfold convert vectors` does; return its JSON."""
    format = format_of(options.output, options.format)
    vectors = open_vectors(options.model, console, limit=options.limit)
    with console.progress() as report:
        report(f"writing {options.output}", None)
        if format == MODEL:
            notes = {"task": "embed", "history": [{"source": os.path.basename(options.model), "rows": len(vectors)}]}
            save(vectors, options.output, record=Record(notes=notes))
        else:
            write_vectors(vectors, options.output, format=format)
    console.out(f"{options.output} {format}: {len(vectors):,} words, {vectors.dim:,} numbers each")
    return {
        "input": options.model,
        "output": options.output,
        "format": format,
        "words": len(vectors),
        "dim": vectors.dim,
    }


def format_of(path: str, name: str | None) -> str:
    """Return the format to write a file in: the one named, else what its ending tells.

    Raises
    ------
    InvalidParameterError
        U-014: neither says one.
    """
    stem = path.removesuffix(".gz")
    chosen = name or {**SUFFIXES, ".model": MODEL}.get(os.path.splitext(stem)[1].lower())
    if chosen == MODEL or chosen in FORMATS:
        return str(chosen)
    raise InvalidParameterError(
        "there is no format of this name" if name else f"the ending of {path} tells no format",
        seen=name or os.path.basename(path),
        fix=f"--format, one of {', '.join([*FORMATS, MODEL])}; by ending: {', '.join(SUFFIXES)}",
        code="U-014",
    )
