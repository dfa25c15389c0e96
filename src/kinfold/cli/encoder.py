"""--model of `kinfold index` -> what gives texts their vectors, and how these are to be compared."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from kinfold.artifacts.store import load
from kinfold.cli.console import Console
from kinfold.cli.vectors import open_vectors
from kinfold.errors import InvalidParameterError
from kinfold.index.exact import METRICS
from kinfold.types import Json
from kinfold.vectors.words import WordVectors


@dataclass(frozen=True, slots=True)
class Chosen:
    """What encodes texts.

    Parameters
    ----------
    model
        It has ``encode``, and can be saved.
    said
        Where it is from, as JSON holds it.
    searching
        Arguments of `SearchIndex` that go with it.
    notes
        What a user should know.
    """

    model: Any
    said: dict[str, Json]
    searching: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def open_encoder(path: str, console: Console) -> Chosen:
    """Return what encodes texts; it has been tried on one.

    Raises
    ------
    InvalidParameterError
        U-061: the model gives texts no vectors.
    ArtifactError, DataError
        There is no model, or no file of vectors, or it is damaged.
    """
    if os.path.exists(path) and not os.path.isdir(path):
        made = Chosen(open_vectors(path, console), {"class": "WordVectors", "from": path})
    else:
        made = _of_folder(path, console)
    for note in made.notes:
        console.warn(note)
    return made


def _of_folder(path: str, console: Console) -> Chosen:
    with console.progress() as report:
        report(f"loading {path}", None)
        model = load(path, mmap=True)
    report_of = model.load_report_
    for note in report_of.warnings:
        console.warn(note)
    said = {"class": type(model).__name__, "from": path, "version": report_of.version}
    vectors = model if isinstance(model, WordVectors) else vars(model).get("vectors_")
    if isinstance(vectors, WordVectors):
        # Without replicas and output tables: what encodes a text is one table of words.
        plain = WordVectors(vectors.words, vectors.vectors, vectors.counts, subwords=vectors.subwords)
        return Chosen(plain, said)
    if not hasattr(model, "encode"):
        raise InvalidParameterError(
            f"{path} gives texts no vectors",
            seen=said["class"],
            fix="take a net (kinfold train classify --model bag), a matcher, or word vectors (kinfold train embed)",
            code="U-061",
        )
    searching, notes = compared_by(model.get_params(deep=False))
    model.encode(["a text"], **({"side": "left"} if "sides" in searching else {}))
    return Chosen(model, said, searching, notes)


def compared_by(params: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what `SearchIndex` takes for a matcher with these parameters, and notes; nothing for another model.

    There is no ``metric`` among them where an index can't compare as the matcher does.
    """
    similarity = params.get("similarity")
    if similarity is None:
        return {}, ()
    sides = {"sides": "left-right"} if params.get("directed") else {}
    if similarity in METRICS:
        return {"metric": similarity, **sides}, ()
    note = (
        f"this matcher compares by similarity={similarity}, which an index can't: its vectors are compared by cosine, "
        "for which it was not trained"
    )
    return sides, (note,)
