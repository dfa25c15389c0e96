"""`kinfold members`: the other members of a class, from a few of them."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from typing import TextIO

from kinfold.cli.arguments.members import Members as Arguments
from kinfold.cli.console import Console
from kinfold.cli.outfile import whole_file
from kinfold.cli.vectors import open_vectors, read_words
from kinfold.errors import InvalidParameterError
from kinfold.types import Json
from kinfold.vectors.classes import Members, members


def find_members(options: Arguments, console: Console) -> dict[str, Json]:
    """Do what `kinfold members` does; return its JSON."""
    like = [*(options.seeds or ()), *(read_words(options.like_file) if options.like_file is not None else ())]
    unlike = [*(options.unlike or ()), *(read_words(options.unlike_file) if options.unlike_file is not None else ())]
    if not like:
        raise InvalidParameterError(
            "members needs a word of the class", fix="name one or a dozen, or --like-file FILE", code="U-016"
        )
    with ExitStack() as stack:
        file = stack.enter_context(whole_file(options.output)) if options.output is not None else None
        vectors = open_vectors(options.model, console)
        with console.progress() as report:
            report(f"learning a class from {len(set(like)):,} words", None)
            found = members(vectors, like, unlike, k=options.k, random_state=options.seed, n_threads=options.threads)
        if file is not None:
            _write(found, file)
    console.out(str(found))
    if options.output is not None:
        console.say(f"table: {options.output}")
    return {"model": options.model, "like": like, "unlike": unlike, **found.to_dict()}


def _write(found: Members, file: TextIO) -> None:
    """Write the answers as CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["word", "score", *(["stability"] if found.stability is not None else [])])
    columns = [found.words, found.scores, *([found.stability] if found.stability is not None else [])]
    writer.writerows(zip(*columns, strict=True))
