"""One row of a Stack Exchange dump in, one question, answer or duplicate link out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinfold.data.faults import RecordFault, shown
from kinfold.data.html import Code, html_text

#: PostTypeId of the rows that are used, and LinkTypeId of the links.
QUESTION, ANSWER, DUPLICATE = "1", "2", "3"
#: What others are called, for messages.
_OTHER_TYPES = {"3": "wiki", "4": "tag wiki excerpt", "5": "tag wiki", "6": "moderator nomination"}
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_TAG = re.compile(r"[^<>|\s]+")


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Parameters
    ----------
    id
        As the dump has it.
    title, body
        Plain text; the body was HTML.
    tags
        In the order they were given.
    score
        Votes for it less those against.
    time
        When it was asked: ISO 8601, UTC without a zone, as the dump has it.
    accepted
        Id of the answer that the asker accepted; None if there is none.
    """

    id: str
    title: str
    body: str
    tags: tuple[str, ...]
    score: int
    time: str
    accepted: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `question` is the id of its question, the rest as in `Question`."""

    id: str
    question: str
    body: str
    score: int
    time: str


@dataclass(frozen=True, slots=True)
class DuplicateLink:
    """Users decided at `time` that question `source` asks what question `target` had asked: two ids."""

    source: str
    target: str
    time: str


def post_of(row: Mapping[str, Any], code: Code) -> Question | Answer:
    """Return the post that a row of ``Posts.xml`` holds.

    Parameters
    ----------
    row
        Attribute -> value.
    code
        Whether blocks of code stay in the body; see `html_text`.

    Raises
    ------
    RecordFault
        D-120: another kind of post. D-123: something that every post has is missing.
    """
    id, kind = _needed(row, "Id"), _needed(row, "PostTypeId")
    if kind not in (QUESTION, ANSWER):
        raise RecordFault("D-120", f"a {_OTHER_TYPES.get(kind, 'post of type ' + shown(kind, 20))}")
    question = _needed(row, "ParentId") if kind == ANSWER else ""
    score, time = _whole(row, "Score"), _needed(row, "CreationDate")
    body = html_text(_given(row, "Body"), code=code)
    if kind == ANSWER:
        return Answer(id, question, body, score, time)
    title = " ".join(_given(row, "Title").split())
    tags = tuple(_TAG.findall(_given(row, "Tags")))
    return Question(id, title, body, tags, score, time, _given(row, "AcceptedAnswerId") or None)


def link_of(row: Mapping[str, Any]) -> DuplicateLink:
    """Return the duplicate that a row of ``PostLinks.xml`` holds; raises as `post_of`."""
    source, target, kind = (_needed(row, name) for name in ("PostId", "RelatedPostId", "LinkTypeId"))
    if kind != DUPLICATE:
        raise RecordFault("D-120", "a mention" if kind == "1" else f"a link of type {shown(kind, 20)}")
    return DuplicateLink(source, target, _needed(row, "CreationDate"))


def _given(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else ""


def _needed(row: Mapping[str, Any], name: str) -> str:
    value = _given(row, name).strip()
    if not value:
        raise RecordFault("D-123", f"{name} is missing")
    return value


def _whole(row: Mapping[str, Any], name: str) -> int:
    value = _needed(row, name)
    if not _WHOLE.fullmatch(value):
        raise RecordFault("D-123", f"{name} is no whole number: {shown(value, 20)}")
    return int(value)
