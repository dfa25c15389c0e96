"""A Stack Exchange dump in, its questions, answers and duplicates out, and pairs of them to learn from.

Source of the format: the data dump's own ``readme.txt`` (https://archive.org/details/stackexchange). Contributions
are licensed CC BY-SA: who passes them on names site and authors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from kinfold.data.dumpfiles import AbsentError
from kinfold.data.dumpreader import DumpReader, check_choice, open_stackexchange, orphans
from kinfold.data.faults import count, fault
from kinfold.data.html import Code
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.posts import Answer, DuplicateLink, Question
from kinfold.data.records import Pairs

__all__ = [
    "Answer",
    "Dump",
    "DumpReader",
    "DuplicateLink",
    "Question",
    "open_stackexchange",
    "question_text",
    "read_stackexchange",
]

#: What stands for a question.
Part = Literal["title", "body", "both"]
#: Which answer a question is paired with.
Chosen = Literal["accepted", "best"]
PARTS: tuple[str, ...] = ("title", "body", "both")
CHOSEN: tuple[str, ...] = ("accepted", "best")
_OFTEN = 500  # posts from one call of progress to the next


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump that was read whole.

    Parameters
    ----------
    questions, answers
        In the order of the file. Every answer's question is there.
    duplicates
        In the order of the file; a question that they name may be missing.
    ledger
        The account of the posts: rows in = questions and answers + rejected.
    link_ledger
        The account of the links; None where the dump has none, or they were not asked for.
    """

    questions: Sequence[Question]
    answers: Sequence[Answer]
    duplicates: Sequence[DuplicateLink]
    ledger: Ledger
    link_ledger: Ledger | None = None

    def __repr__(self) -> str:
        return (
            f"Dump({count(len(self.questions), 'question')}, {count(len(self.answers), 'answer')}, "
            f"{count(len(self.duplicates), 'duplicate')})"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.ledger._repr_html_()}"

    def answer_pairs(self, *, answer: Chosen = "best", part: Part = "both", ledger: Ledger | None = None) -> Pairs:
        """Return each question beside one answer to it: lefts are questions, rights answers, without labels.

        Parameters
        ----------
        answer
            ``"best"``: the one of highest score; of equal ones the accepted one, then the earliest.
            ``"accepted"``: the one that the asker accepted.
        part
            Of the question: ``"title"``, ``"body"``, or ``"both"``, the title on the first line.
        ledger
            Where to count: read = questions, used = pairs, rejected: D-126 no such answer, D-053 an empty side.

        Returns
        -------
        Pairs
            ids ``"QUESTION-ANSWER"``, groups the question's id, times when the question was asked; in the order of
            the questions.

        Raises
        ------
        InvalidParameterError
            U-030: `answer` or `part` has no such value.
        """
        check_choice("answer", answer, CHOSEN)
        check_choice("part", part, PARTS)
        ledger = Ledger(self.ledger.source) if ledger is None else ledger
        chosen = self._accepted() if answer == "accepted" else self._best()
        rows = []
        for question in self.questions:
            found = chosen.get(question.id)
            text = question_text(question, part)
            code = "D-126" if found is None else "" if text and found.body else "D-053"
            _count(ledger, code)
            if found is not None and not code:
                rows.append((text, found.body, f"{question.id}-{found.id}", question.id, question.time))
        lefts, rights, ids, groups, times = zip(*rows, strict=True) if rows else ((),) * 5
        return Pairs(lefts, rights, ids=ids, groups=groups, times=times)

    def duplicate_pairs(self, *, part: Part = "both", ledger: Ledger | None = None) -> Pairs:
        """Return the pairs of questions that users called the same, all with the label ``"duplicate"``.

        Parameters
        ----------
        part
            As in `answer_pairs`.
        ledger
            Where to count: read = duplicate links, used = pairs, merged: the same two questions again, in either
            order; rejected: D-127 a question that is not in the dump or its own duplicate, D-053 an empty side.

        Returns
        -------
        Pairs
            Left the question that came later to be closed, right the one it asks again; ids ``"SOURCE-TARGET"``,
            times when they were linked; in the order of the links.

        Raises
        ------
        InvalidParameterError
            U-030: `part` has no such value.
        """
        check_choice("part", part, PARTS)
        ledger = Ledger(self.ledger.source) if ledger is None else ledger
        by_id = {question.id: question for question in self.questions}
        seen: set[frozenset[str]] = set()
        rows = []
        for link in self.duplicates:
            left, right = by_id.get(link.source), by_id.get(link.target)
            if left is None or right is None or left is right:
                _count(ledger, "D-127")
                continue
            texts = question_text(left, part), question_text(right, part)
            sides = frozenset((left.id, right.id))
            if sides in seen:
                ledger.read += 1
                ledger.merged += 1
                continue
            seen.add(sides)
            _count(ledger, "" if all(texts) else "D-053")
            if all(texts):
                rows.append((*texts, f"{left.id}-{right.id}", link.time))
        lefts, rights, ids, times = zip(*rows, strict=True) if rows else ((),) * 4
        return Pairs(lefts, rights, ["duplicate"] * len(rows), ids=ids, times=times)

    def _accepted(self) -> dict[str, Answer]:
        wanted = {question.id: question.accepted for question in self.questions}
        return {answer.question: answer for answer in self.answers if wanted.get(answer.question) == answer.id}

    def _best(self) -> dict[str, Answer]:
        accepted = {(question.id, question.accepted) for question in self.questions}
        best: dict[str, Answer] = {}
        for answer in sorted(self.answers, key=lambda answer: answer.time):
            held = best.get(answer.question)
            if held is None or _worth(answer, accepted) > _worth(held, accepted):
                best[answer.question] = answer
        return best


def _worth(answer: Answer, accepted: set[tuple[str, str | None]]) -> tuple[int, bool]:
    return answer.score, (answer.question, answer.id) in accepted


def _count(ledger: Ledger, code: str) -> None:
    ledger.read += 1
    if code:
        ledger.rejected[code] += 1
    else:
        ledger.used += 1


def question_text(question: Question, part: Part = "both") -> str:
    """Return the title of a question, its body, or both below each other."""
    held = {"title": (question.title,), "body": (question.body,), "both": (question.title, question.body)}[part]
    return "\n".join(text for text in held if text)


def read_stackexchange(
    path: str | os.PathLike[str],
    *,
    links: bool = True,
    code: Code = "keep",
    allow_truncated: bool = False,
    limits: Limits | None = None,
) -> Dump:
    """Read a whole dump into memory.

    The parameters are those of `open_stackexchange`, and one more. Answers whose question is not there are left out,
    and counted (D-121).

    Parameters
    ----------
    links
        Read the duplicate links too, where the dump has them.

    Returns
    -------
    Dump

    Raises
    ------
    DataError
        With the codes of docs/errors.md; D-120 to D-123 only if no post can be used.

    Examples
    --------
    >>> dump = read_stackexchange("ai.stackexchange.com.7z")  # doctest: +SKIP
    >>> dump  # doctest: +SKIP
    Dump(10,000 questions, 12,000 answers, 400 duplicates)
    """
    with open_stackexchange(path, code=code, allow_truncated=allow_truncated, limits=limits) as reader:
        return gather(reader, links=links)


def gather(reader: DumpReader, *, links: bool = True, progress: Callable[[], None] | None = None) -> Dump:
    """Return all that an open dump holds, calling `progress` now and then; see `read_stackexchange`."""
    questions: list[Question] = []
    answers: list[Answer] = []
    for number, post in enumerate(reader.posts()):
        if progress is not None and number % _OFTEN == 0:
            progress()
        if isinstance(post, Question):
            questions.append(post)
        else:
            answers.append(post)
    ledger = reader.ledger
    known = {question.id for question in questions}
    kept = [answer for answer in answers if answer.question in known]
    n_orphans = len(answers) - len(kept)
    if n_orphans:
        del ledger.noted["D-121"]
        ledger.rejected["D-121"] += n_orphans
        ledger.used -= n_orphans
        ledger.warn(orphans(n_orphans))
    if not ledger.used:
        codes = ", ".join(f"{code}: {n:,}" for code, n in sorted(ledger.rejected.items()))
        raise fault(
            ledger.rejected.most_common(1)[0][0],
            f"{ledger.source}: none of {count(ledger.read, 'row')} can be used",
            seen=codes,
            fix="check that it is the Posts.xml of a dump",
        )
    duplicates: list[DuplicateLink] = []
    link_ledger = None
    if links and reader.has_links:
        try:
            duplicates = list(reader.links())
            link_ledger = reader.link_ledger
        except AbsentError:  # an archive of posts alone
            link_ledger = None
    return Dump(questions, kept, duplicates, ledger, link_ledger)
