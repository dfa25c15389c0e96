"""Stack Exchange dumps: the questions of each site that have an answer, and all of its answers, as their words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

import kinfold as kf
from common import Recipe
from kinfold.data.samples import sample_dump
from kinfold.data.stackexchange import question_text

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Site:
    """One site: Q questions that have an answer, and all of the site's answers, as their words.

    Parameters
    ----------
    questions, asked
        (Q,) title and body, and when it was asked.
    answers, written
        (A,) the same of the answers.
    chosen
        (Q,) the accepted answer of each question, else the one of highest score.
    own
        (Q,) all answers of each.
    as_written
        Questions and answers with all that is in them.
    """

    questions: list[str]
    asked: np.ndarray
    answers: list[str]
    written: np.ndarray
    chosen: np.ndarray
    own: list[list[int]]
    as_written: tuple[list[str], list[str]]


def sites(recipe: Recipe) -> list[Site]:
    """Return the sites of the data folder, or the packaged one."""
    if recipe.quick:
        return [_site(sample_dump())]
    return [_site(path) for path in sorted((recipe.data / "stack_exchange").glob("*.Posts.xml.gz"))]


def _site(path: Path) -> Site:
    dump = kf.read_stackexchange(path)
    place = {answer.id: j for j, answer in enumerate(dump.answers)}
    of: dict[str, list[int]] = {}
    for j, answer in enumerate(dump.answers):
        of.setdefault(answer.question, []).append(j)
    pairs, by_id = dump.answer_pairs(answer="best"), {question.id: question for question in dump.questions}
    asked = [by_id[one] for one in pairs.groups]
    best = [one.split("-")[1] for one in pairs.ids]
    name = path.name.split(".Posts")[0]
    n_accepted = sum(one.accepted in place for one in asked)
    print(f"{name}: {dump}, {len(asked):,} questions with an answer, {n_accepted:,} with an accepted one")
    as_written = [question_text(one) for one in asked], [answer.body for answer in dump.answers]
    return Site(
        [_words(text) for text in as_written[0]],
        np.array([one.time for one in asked]),
        [_words(text) for text in as_written[1]],
        np.array([answer.time for answer in dump.answers]),
        np.array([place[one.accepted if one.accepted in place else b] for one, b in zip(asked, best, strict=True)]),
        [of[one.id] for one in asked],
        as_written,
    )


def _words(text: str) -> str:
    """Return the words of a text that say what it is about."""
    return " ".join(word for word in _WORD.findall(text.lower()) if word not in ENGLISH_STOP_WORDS)
