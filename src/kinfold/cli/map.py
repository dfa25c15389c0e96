"""`kinfold map`: words on a plane where near ones are alike, or the countries of the world by a word."""

from __future__ import annotations

import os
from typing import Any, get_args

from kinfold.cli.arguments.map import Map
from kinfold.cli.console import Console
from kinfold.cli.outfile import check_place
from kinfold.cli.vectors import asked, named, open_vectors, read_lines, read_words
from kinfold.data.faults import fault, shown
from kinfold.errors import InvalidParameterError
from kinfold.types import Json
from kinfold.vectors.countries import Gazetteer
from kinfold.vectors.maps import Plane, map_words
from kinfold.vectors.pictures import ENDINGS, kind_of
from kinfold.vectors.ranking import Likeness, rank
from kinfold.vectors.shapes import world_shapes
from kinfold.vectors.words import WordVectors
from kinfold.vectors.world import Scale, world_map

#: Options of a map of words that a map of the world does not have, and the other way round.
_OF_WORDS, _OF_WORLD = ("classes", "count", "seed", "threads"), ("query", "scale")

#: Names of countries that are as short as codes.
_SHORT = ("usa", "u.s.", "uk", "u.k.", "uae", "drc")


def draw_map(options: Map, console: Console) -> dict[str, Json]:
    """Do what `kinfold map` does; return its JSON."""
    odd = [name for name in (_OF_WORDS if options.world else _OF_WORLD) if getattr(options, name) is not None]
    if odd or (options.world and options.query is None):
        raise InvalidParameterError(
            "--world needs --query WORD" if not odd else f"--{odd[0]} says nothing to this map",
            fix="kinfold map MODEL --world --query WORD -o FILE, or without --world a map of words",
            code="U-013",
        )
    # Both kinds of map are written as the same kinds of file.
    kind_of(options.output, ENDINGS)
    check_place(options.output)
    return _world(options, console) if options.world else _words(options, console)


def _words(options: Map, console: Console) -> dict[str, Json]:
    given: dict[str, Any] = {
        "words": None if options.words is None else read_words(options.words),
        "classes": None if options.classes is None else read_classes(options.classes),
        "n_words": options.count,
        "method": None if options.method is None else named("--method", options.method, get_args(Plane)),
    }
    vectors = open_vectors(options.model, console)
    with console.progress() as report:
        report("drawing", None)
        chosen = {name: value for name, value in given.items() if value is not None}
        made = map_words(vectors, random_state=options.seed or 0, n_threads=options.threads, **chosen)
        made.save(options.output, title=os.path.basename(os.path.normpath(options.model)))
    console.say(str(made))
    console.out(options.output)
    return {"model": options.model, "output": options.output, **made.to_dict()}


def _world(options: Map, console: Console) -> dict[str, Json]:
    method: Likeness = named("--method", options.method or "cosine", get_args(Likeness))
    scale: Scale = named("--scale", options.scale or "linear", get_args(Scale))
    listed = None if options.words is None else read_words(options.words)
    vectors = open_vectors(options.model, console)
    query = asked(options.query or "", vectors)
    ranking = rank(vectors, query, country_words(vectors) if listed is None else listed, method=method)
    scores = dict(ranking)
    # In the order of the list, else of frequency: of several words for one country the first is drawn.
    made = world_map(
        {word: scores[word] for word in (listed or vectors.words) if word in scores},
        measure=f"likeness to {', '.join(query)} ({method})",
        scale=scale,
    )
    made.save(options.output, title=", ".join(query))
    for note in made.notes():
        console.say(note)
    if ranking.missing:
        console.say(f"no vector: {', '.join(ranking.missing)}")
    console.out(options.output)
    return {"model": options.model, "output": options.output, **made.to_dict(), "no_vector": list(ranking.missing)}


def country_words(vectors: WordVectors) -> list[str]:
    """Return the words that name a country, in their order; its code of two or three letters is mostly another word.

    Raises
    ------
    DataError
        D-088: there are none.
    """
    find = Gazetteer((shape.code, shape.two, shape.name) for shape in world_shapes())
    found = [word for word in vectors.words if _may_be_name(word) and find.code(word) is not None]
    if not found:
        raise fault(
            "D-088",
            "none of the words names a country",
            seen=", ".join(map(shown, vectors.words[:5])),
            fix="name the countries as the vectors have them: --words FILE",
        )
    return found


def _may_be_name(word: str) -> bool:
    """Return whether it has no digits and enough letters, lest ``in`` be India and ``pg-13`` Papua New Guinea."""
    letters = sum(c.isalpha() for c in word)
    return (letters > 3 and not any(c.isdigit() for c in word)) or word.casefold() in _SHORT


def read_classes(path: str) -> dict[str, str]:
    """Return word -> class of a file with a word and its class a line, parted by a tab or by the last comma.

    Raises
    ------
    DataError
        D-038: a line has no class.
    """
    classes = {}
    for line in read_lines(path):
        word, _, name = (part.strip() for part in line.rpartition("\t" if "\t" in line else ","))
        if not word or not name:
            raise fault(
                "D-038",
                f"{shown(os.path.basename(path))}: a line has no class",
                seen=shown(line),
                fix="each line is a word and its class, parted by a tab or a comma",
            )
        classes[word] = name
    return classes
