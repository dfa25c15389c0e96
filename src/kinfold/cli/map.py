"""`kinfold map`: words on a plane where near ones are alike, or the countries of the world by a word.

Of a text classifier it draws the words it learned, coloured by what each speaks for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from kinfold.cli.arguments.map import Map
from kinfold.cli.console import Console
from kinfold.cli.model import load_model, task_at
from kinfold.cli.outfile import check_place
from kinfold.cli.vectors import asked, named, open_vectors, read_lines, read_words
from kinfold.data.faults import fault, shown
from kinfold.errors import InvalidParameterError
from kinfold.explain.occlusion import one_against_others
from kinfold.types import Floats1d, Json
from kinfold.vectors.countries import Gazetteer
from kinfold.vectors.maps import Plane, map_words
from kinfold.vectors.pictures import ENDINGS, kind_of
from kinfold.vectors.polarity_map import map_polarity
from kinfold.vectors.ranking import Likeness, rank
from kinfold.vectors.shapes import world_shapes
from kinfold.vectors.words import WordVectors
from kinfold.vectors.world import Scale, world_map

#: Options of a map of words that a map of the world does not have, and the other way round.
_OF_WORDS, _OF_WORLD = ("classes", "count", "label", "seed", "threads"), ("query", "scale")

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
    if options.world:
        return _world(options, console)
    method: Plane = named("--method", options.method or "tsne", get_args(Plane))
    if os.path.isdir(options.model) and task_at(options.model) == "classify":
        return _learned(options, method, console)
    return _words(options, method, console)


def _learned(options: Map, method: Plane, console: Console) -> dict[str, Json]:
    """Draw the words that a text classifier learned."""
    if options.classes is not None:
        raise InvalidParameterError(
            "--classes says nothing to this map", fix="a classifier's words are coloured by --label", code="U-013"
        )
    listed = None if options.words is None else read_words(options.words)
    model = load_model(options.model, console)
    if not hasattr(model, "word_vectors_"):
        raise InvalidParameterError(
            f"{shown(options.model, 200)} has learned no vectors of words",
            seen=type(model).__name__,
            fix=f"kinfold show {shown(options.model, 200)} --top 20 lists what it goes by; a net has vectors",
            code="U-021",
        )
    vectors: WordVectors = model.word_vectors_
    with console.progress() as report:
        report(f"asking about {len(vectors.words):,} words", None)
        toward, against, values = polarity_of(model, vectors.words, options.label)
        report("drawing", None)
        made = map_polarity(
            vectors,
            values,
            toward=toward,
            against=against,
            words=listed,
            method=method,
            random_state=options.seed or 0,
            n_threads=options.threads,
            **({} if options.count is None else {"n_words": options.count}),
        )
        made.save(options.output, title=os.path.basename(os.path.normpath(options.model)))
    console.say(str(made))
    console.out(options.output)
    return {"model": options.model, "output": options.output, **made.to_dict()}


def polarity_of(model: Any, words: Sequence[str], label: str | None = None) -> tuple[str, str, Floats1d]:
    """Return a label, what stands against it, and by how much each word alone moves an empty text's log-odds (N,).

    Parameters
    ----------
    model
        A fitted text classifier.
    words
        N words, each asked as a text of its own.
    label
        By default the second of two; of more it must be named.

    Raises
    ------
    InvalidParameterError
        U-013: the model has more than two labels and none is named, or has no such label.
    """
    labels = list(model.classes_)
    two = len(labels) == 2 and not model.multilabel_
    if (label is None and not two and len(labels) > 1) or (label is not None and label not in labels):
        raise InvalidParameterError(
            "--label is one of the model's labels",
            seen="none" if label is None else shown(label),
            fix=f"one of {', '.join(map(shown, labels[:20]))}",
            code="U-013",
        )
    place = len(labels) - 1 if label is None else labels.index(label)
    scores = np.asarray(model.decision_function([*words, ""]), np.float64)
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1) if two else scores[:, None]  # (N + 1, C)
    elif not model.multilabel_:
        scores = one_against_others(scores)
    moved = scores[:-1, place] - scores[-1, place]
    return labels[place], labels[1 - place] if two else f"not {labels[place]}", moved


def _words(options: Map, method: Plane, console: Console) -> dict[str, Json]:
    if options.label is not None:
        raise InvalidParameterError(
            "--label says nothing to this map", fix="word vectors have no labels: --classes FILE", code="U-013"
        )
    given: dict[str, Any] = {
        "words": None if options.words is None else read_words(options.words),
        "classes": None if options.classes is None else read_classes(options.classes),
        "n_words": options.count,
        "method": method,
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
