"""An open Stack Exchange dump: from its files to posts and links one by one, in memory that does not grow with them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kinfold.data.dumpfiles import LINKS, POSTS, DumpFile, find_files
from kinfold.data.faults import RecordFault, count, fault
from kinfold.data.html import Code
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.posts import Answer, DuplicateLink, Question, link_of, post_of
from kinfold.errors import InvalidParameterError

FORMAT = "stackexchange"
_Made = TypeVar("_Made")


class DumpReader:
    """An open dump: `posts` and `links` read it, `ledger` and `link_ledger` grow meanwhile.

    Made by `open_stackexchange`.
    """

    def __init__(self, path: str, code: Code, limits: Limits, allow_truncated: bool) -> None:
        self._code = code
        posts, links = find_files(path)
        self._posts = DumpFile(posts, POSTS, limits, allow_truncated=allow_truncated)
        self._links = None if links is None else DumpFile(links, LINKS, limits, allow_truncated=allow_truncated)
        self._now = self._posts
        self._open: list[Iterator[Any]] = []
        self.ledger = Ledger(os.path.basename(posts), FORMAT)
        self.link_ledger = Ledger("" if links is None else os.path.basename(links), FORMAT)

    @property
    def share(self) -> float | None:
        """How much of the file at hand has been read, between 0 and 1; None where that can't be known."""
        return self._now.share

    def posts(self) -> Iterator[Question | Answer]:
        """Yield the questions and answers in the order of the file.

        An answer may come before its question. One whose question never comes is yielded too: only at the end it can
        be known, and is then counted as noted (D-121). Of equal ids the first is taken (D-122).

        Raises
        ------
        DataError
            With the codes of docs/errors.md: what `DumpFile.rows` raises, and D-004 for a file without rows.
        """
        self.ledger = Ledger(self.ledger.source, FORMAT)
        return self._kept(self._all_posts(self.ledger))

    def links(self) -> Iterator[DuplicateLink]:
        """Yield the duplicates in the order of the file; other links are counted as rejected (D-120).

        Raises
        ------
        DataError
            D-124: the dump has no links. Else as in `posts`, but a file without rows is no error.
        """
        if self._links is None:
            raise fault(
                "D-124",
                f"there is no {LINKS}.xml beside {self.ledger.source}",
                fix="name the folder of the dump, or put the file beside it",
            )
        self.link_ledger = Ledger(self.link_ledger.source, FORMAT)
        return self._kept(_made(self._turned_to(self._links), link_of, self.link_ledger))

    @property
    def has_links(self) -> bool:
        """Whether there is a place to look for links: of an archive it is known only when they are read."""
        return self._links is not None

    def close(self) -> None:
        """Close the files."""
        for iterator in self._open:
            iterator.close()  # type: ignore[attr-defined]
        self._open = []

    def _kept(self, made: Iterator[_Made]) -> Iterator[_Made]:
        self._open.append(made)
        return made

    def _turned_to(self, file: DumpFile) -> DumpFile:
        self._now = file
        return file

    def _all_posts(self, ledger: Ledger) -> Iterator[Question | Answer]:
        seen, questions = IdSet(), IdSet()
        early: Counter[str] = Counter()  # question -> answers that came before it
        for post in _made(self._turned_to(self._posts), lambda row: post_of(row, self._code), ledger):
            if not seen.add(post.id):
                ledger.used -= 1
                ledger.rejected["D-122"] += 1
                continue
            if isinstance(post, Question):
                questions.add(post.id)
                early.pop(post.id, None)
            elif post.question not in questions:
                early[post.question] += 1
            yield post
        if not ledger.read:
            raise fault("D-004", f"{ledger.source} has no rows", fix="check how it was written")
        if early.total():
            ledger.noted["D-121"] += early.total()
            ledger.warn(orphans(early.total()))


def orphans(n: int) -> str:
    """Return the warning about answers whose question is not in the dump."""
    return f"D-121: the {'question' if n == 1 else 'questions'} of {count(n, 'answer')} can't be found in the dump"


def _made(file: DumpFile, make: Callable[[Any], _Made], ledger: Ledger) -> Iterator[_Made]:
    """Yield what each row holds; count the rows."""
    rows = file.rows(ledger)
    try:
        for item in rows:
            ledger.read += 1
            try:
                made = make(item.value)
            except RecordFault as error:
                ledger.rejected[error.code] += 1
                continue
            ledger.used += 1
            yield made
    finally:
        rows.close()  # type: ignore[attr-defined]


@contextmanager
def open_stackexchange(
    path: str | os.PathLike[str],
    *,
    code: Code = "keep",
    allow_truncated: bool = False,
    limits: Limits | None = None,
) -> Iterator[DumpReader]:
    """Open a dump to be read post by post; memory grows by less than a byte a post.

    Parameters
    ----------
    path
        The folder of a dump; its ``Posts.xml``, plain or packed with gz, bz2, xz or zip; its 7z archive as it is
        published, ``SITE.7z`` or ``SITE-Posts.7z``; or ``"-"`` for posts from standard input. ``PostLinks.xml`` is
        looked for in the same archive, or beside it. 7z needs the extra ``dumps``, and unpacks nothing to disk.
    code
        ``"keep"`` or ``"drop"`` blocks of code; see `kinfold.data.html.html_text`.
    allow_truncated
        Keep the posts before the damage of a cut or malformed file.
    limits
        Caps on sizes; None: the defaults of `Limits`.

    Yields
    ------
    DumpReader

    Raises
    ------
    InvalidParameterError
        U-030: `code` is neither.
    DataError
        D-124: a folder without posts, or with those of several sites.

    Examples
    --------
    >>> with open_stackexchange("ai.stackexchange.com.7z") as dump:  # doctest: +SKIP
    ...     for post in dump.posts():
    ...         print(post.id)
    """
    check_choice("code", code, ("keep", "drop"))
    reader = DumpReader(os.fspath(path), code, limits or Limits(), allow_truncated)
    try:
        yield reader
    finally:
        reader.close()


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise InvalidParameterError (U-030) if `value` is not among those that are known."""
    if value not in known:
        raise InvalidParameterError(
            f"{name} has no such value", seen=repr(value), fix=f"one of {', '.join(known)}", code="U-030"
        )


class IdSet:
    """A set of ids that holds the usual ones, numbers not far apart, in a bit each."""

    _PAGE = 4096  # ids

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}
        self._others: set[str] = set()

    def add(self, id: str) -> bool:
        """Add an id; return whether it is new."""
        if not _is_plain(id):
            new = id not in self._others
            self._others.add(id)
            return new
        page, place = divmod(int(id), self._PAGE)
        bits = self._pages.setdefault(page, bytearray())
        if not bits:
            bits.extend(bytes(self._PAGE // 8))
        new = not bits[place >> 3] >> (place & 7) & 1
        bits[place >> 3] |= 1 << (place & 7)
        return new

    def __contains__(self, id: str) -> bool:
        if not _is_plain(id):
            return id in self._others
        page, place = divmod(int(id), self._PAGE)
        bits = self._pages.get(page)
        return bits is not None and bool(bits[place >> 3] >> (place & 7) & 1)


def _is_plain(id: str) -> bool:
    """Return whether an id is a number, written as numbers are: 007 is another id than 7."""
    return len(id) <= 15 and id.isascii() and id.isdecimal() and (id[0] != "0" or id == "0")
