"""The small data sets that come with kinfold, for tests, docs and the first run.

``reviews``: 400 sentences about films, food, places and things, half of them positive, half negative.
``questions``: 150 pairs of questions, half of them the same question in other words. Both were written for this
project, with negation, irony and mixed opinions in them, and questions that differ while sharing most words.
``household``: 40 questions with answers and duplicate links, in the form of a Stack Exchange dump of an invented site.
"""

from __future__ import annotations

import csv
import difflib
from importlib.resources import files
from pathlib import Path
from typing import Literal, overload

from kinfold.data.records import Examples, Pairs
from kinfold.errors import InvalidParameterError

#: Name -> columns of the CSV file.
SAMPLES = {"reviews": ("text", "label"), "questions": ("left", "right", "label")}
#: Name of the packaged dump.
DUMP = "household"


@overload
def sample(name: Literal["reviews"]) -> Examples: ...
@overload
def sample(name: Literal["questions"]) -> Pairs: ...
@overload
def sample(name: str) -> Examples | Pairs: ...
def sample(name: str) -> Examples | Pairs:
    """Return one of the packaged data sets.

    Parameters
    ----------
    name
        ``"reviews"``: `Examples` with the labels ``positive`` and ``negative``.
        ``"questions"``: `Pairs` with the labels ``duplicate`` and ``different``.

    Raises
    ------
    InvalidParameterError
        There is no sample of this name.
    """
    with sample_path(name).open(encoding="utf-8", newline="") as file:
        columns = list(zip(*list(csv.reader(file))[1:], strict=True))
    return Examples(*columns) if len(columns) == 2 else Pairs(*columns)


def sample_path(name: str) -> Path:
    """Return the CSV file of a packaged data set, with a header line of `SAMPLES[name]`."""
    if name not in SAMPLES:
        near = difflib.get_close_matches(name, SAMPLES, n=1)
        raise InvalidParameterError(
            "there is no packaged sample of this name",
            seen=repr(name),
            fix=f"choose one of {', '.join(SAMPLES)}" + (f"; did you mean {near[0]!r}?" if near else ""),
            code="F-08",
        )
    return Path(str(files("kinfold.data") / "samples" / f"{name}.csv"))


def sample_dump() -> Path:
    """Return the ``Posts.xml`` of the packaged Stack Exchange dump; its ``PostLinks.xml`` lies beside it.

    Examples
    --------
    >>> from kinfold.data.stackexchange import read_stackexchange
    >>> read_stackexchange(sample_dump())
    Dump(40 questions, 50 answers, 6 duplicates)
    """
    return Path(str(files("kinfold.data") / "samples" / f"{DUMP}.Posts.xml"))
