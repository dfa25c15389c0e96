"""A Stack Exchange dump in, the rows of one of its files out: folders, plain or packed XML, zip and 7z archives.

A dump is a folder or archive with ``Posts.xml``, ``PostLinks.xml`` and others. Large sites are published as one
archive a file (``SITE-Posts.7z``), the others as one archive a site (``SITE.7z``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack

from kinfold.data import archive
from kinfold.data.columns import Plan
from kinfold.data.encoding import as_utf8
from kinfold.data.faults import count, fault, shown
from kinfold.data.jsonlines import Item
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.sevenzip import MAGIC, SevenZip
from kinfold.data.source import Peekable, Readable, Source
from kinfold.data.xml import xml_items
from kinfold.errors import DataError

POSTS, LINKS = "Posts", "PostLinks"
_POSTS_FILE = re.compile(r"(|.*[^A-Za-z])Posts(?:\.xml(?:\.(?:gz|bz2|xz|zip))?|\.7z)", re.IGNORECASE)
_ENDINGS = (".xml", ".xml.gz", ".xml.bz2", ".xml.xz", ".xml.zip", ".7z")
_CONTAINERS = (".7z", ".zip")
# Old dumps name a document type that is nowhere to be found and defines nothing in the file itself.
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+[A-Za-z]+(?:\s+SYSTEM\s+(?:'[^'<>]*'|\"[^\"<>]*\"))?\s*>")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*)")
_HEAD = 1 << 12
_FIX = "name the folder of a dump, its Posts.xml (packed or not), or its .7z"


class AbsentError(DataError):
    """An archive does not hold the file that is looked for."""


class DumpFile:
    """One file of a dump, to be read row by row.

    Parameters
    ----------
    path
        The file, or the archive it is in; ``"-"`` for standard input.
    name
        `POSTS` or `LINKS`.
    limits
        Caps on sizes.
    allow_truncated
        Keep the rows before the damage of a cut or malformed file.

    Attributes
    ----------
    share
        How much of it has been read, between 0 and 1; None where that can't be known.
    """

    def __init__(self, path: str, name: str, limits: Limits, *, allow_truncated: bool = False) -> None:
        self.path, self.name = path, name
        self._limits, self._allow_truncated = limits, allow_truncated
        self._counted: _Counted | Source | None = None
        self._total = 0

    @property
    def share(self) -> float | None:
        """How much of it has been read, between 0 and 1; None where that can't be known."""
        if self._counted is None or not self._total:
            return None
        return min(1.0, self._counted.n_bytes / self._total)

    def rows(self, ledger: Ledger) -> Iterator[Item]:
        """Yield the rows as `kinfold.data.xml.xml_items` does; damage to the file goes into `ledger`, or is raised.

        Raises
        ------
        AbsentError
            D-124: an archive holds no such file.
        DataError
            D-003: it is empty. D-124: it is another file. D-015, D-016, D-018 to D-021: archives that can't be read.
            D-025 to D-027: XML that can't be.
        """
        with ExitStack() as stack:
            source = Source(self.path)
            stack.callback(source.close)
            raw = Peekable(source)
            if not raw.peek(1):
                raise fault("D-003", f"{source.name} is empty", seen="0 bytes", fix="check how it was written")
            if raw.peek(len(MAGIC)) == MAGIC:
                stream = self._member(source, ledger, stack)
            else:
                self._counted = source
                self._total = os.path.getsize(self.path) if source.seekable else 0
                stream = self._unpacked(source, raw, ledger)
            text, _ = as_utf8(stream, "utf-8", source.name, ledger)
            plan = Plan(source.name, {}, self._limits, allow_truncated=self._allow_truncated)
            encoding = None if text is stream else "utf-8"
            yield from xml_items(self._checked(text, source.name, ledger), plan, ledger, encoding)
            source.finish(ledger)

    def _member(self, source: Source, ledger: Ledger, stack: ExitStack) -> Peekable:
        """Return the file within a 7z archive."""
        held = SevenZip(source)
        wanted = re.compile(rf"(?:.*[^A-Za-z])?{self.name}\.xml", re.IGNORECASE)
        found = [name for name in held.files if wanted.fullmatch(name)]
        if len(found) != 1:
            raise self._absent(source.name, list(held.files), len(found))
        unpacking = stack.enter_context(held.open(found[0]))
        self._counted, self._total = _Counted(unpacking), held.files[found[0]]
        place = f"{source.name}:{shown(found[0])}"
        return Peekable(
            archive.BoundedReader(self._counted, "", place, self._limits, ledger, n_packed=max(1, source.n_bytes))
        )

    def _unpacked(self, source: Source, raw: Peekable, ledger: Ledger) -> Peekable:
        """Return the file as it is, or as gz, bz2, xz or zip hold it."""
        member = f"{self.name}.xml" if archive.packing(raw.peek(512)) == "zip" else None
        try:
            return archive.unpacked(source, raw, member, self._limits, ledger)[0]
        except DataError as error:
            if error.code != "D-020" or member is None:
                raise
            raise self._absent(source.name, [error.seen], 0) from error

    def _absent(self, archive_name: str, names: list[str], n_found: int) -> AbsentError:
        listed = ", ".join(shown(name) for name in names[:10]) + (", …" if len(names) > 10 else "")
        what = f"holds {n_found} files called {self.name}.xml" if n_found else f"holds no {self.name}.xml"
        return AbsentError(f"{archive_name} {what}", seen=listed or "no files", fix=_FIX, code="D-124")

    def _checked(self, text: Peekable, name: str, ledger: Ledger) -> Peekable:
        """Return the text without a bare document type; raise if its root is that of another file."""
        head = text.peek(_HEAD)
        if not head:
            raise fault("D-003", f"{name} is empty", seen="0 bytes inside", fix="check how it was written")
        bare = _COMMENT.sub(lambda comment: b" " * len(comment[0]), head)
        root = _ROOT.search(bare)
        if root is None and b"<" not in bare:
            raise fault("D-124", f"{name} is no XML", seen=shown(repr(head[:48])), fix=_FIX)
        if root is not None and root[1].lower() != self.name.lower().encode():
            raise fault(
                "D-124",
                f"{name} is no {self.name}.xml of a Stack Exchange dump",
                seen=f"<{shown(root[1].decode('ascii', 'replace'))}> as its root",
                fix=_FIX,
            )
        doctype = _DOCTYPE.search(bare)
        if doctype is None or root is None or doctype.start() > root.start():
            return text
        ledger.noted["D-125"] += 1
        # Blanks in its place, so that lines and bytes stay where they are. What it names is never looked for; with it
        # in place, entities that nothing defines would vanish without an error.
        blank = re.sub(rb"\S", b" ", doctype[0])
        text.read(len(head))
        return Peekable(_Chained(head[: doctype.start()] + blank + head[doctype.end() :], text))


class _Counted:
    """A stream that counts what is read of it."""

    def __init__(self, inner: Readable) -> None:
        self._inner, self.n_bytes = inner, 0

    def read(self, size: int, /) -> bytes:
        data = self._inner.read(size)
        self.n_bytes += len(data)
        return data


class _Chained:
    """Some bytes, then the rest of a stream."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int, /) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._rest.read(size)


def find_files(path: str | os.PathLike[str]) -> tuple[str, str | None]:
    """Return where the posts of a dump are, and where its links should be: files, or archives that hold them.

    Parameters
    ----------
    path
        A folder, a file of posts, an archive, or ``"-"`` for posts from standard input.

    Raises
    ------
    DataError
        D-124: a folder without posts, or with those of several sites.
    """
    name = os.fspath(path)
    if name == "-":
        return name, None
    posts = _in_folder(name) if os.path.isdir(name) else name
    folder, file = os.path.split(posts)
    matched = _POSTS_FILE.fullmatch(file)
    if matched is None:
        return posts, posts if file.lower().endswith(_CONTAINERS) else None
    own = file[len(matched[1]) + len(POSTS) :]
    beside = (os.path.join(folder, f"{matched[1]}{LINKS}{ending}") for ending in dict.fromkeys((own, *_ENDINGS)))
    return posts, next((one for one in beside if os.path.isfile(one)), None)


def _in_folder(folder: str) -> str:
    names = sorted(os.listdir(folder))
    found = [name for name in names if _POSTS_FILE.fullmatch(name)]
    plain = [name for name in found if name.lower() == "posts.xml"]
    archives = [name for name in names if name.lower().endswith(".7z")]
    for chosen in (plain, found, [] if found else archives):
        if len(chosen) == 1:
            return os.path.join(folder, chosen[0])
    several = found or archives
    raise fault(
        "D-124",
        f"{shown(folder, 200)} holds {'the posts of several sites' if several else 'no Posts.xml'}",
        seen=", ".join(shown(name) for name in (several or names)[:10]) or count(0, "file"),
        fix="name one of them" if several else _FIX,
    )
