"""Unpacking: gz, bz2, xz and one member of a zip, as a stream that stops at a bomb, a cut or a flipped bit."""

from __future__ import annotations

import bz2
import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from kinfold.data.faults import count, fault, shown
from kinfold.data.ledger import Ledger
from kinfold.data.limits import Limits
from kinfold.data.source import Peekable, Readable, Source
from kinfold.errors import KinfoldError

MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}
#: Magic bytes of containers that must be unpacked by the user first.
FOREIGN = {b"7z\xbc\xaf\x27\x1c": "7z", b"\x28\xb5\x2f\xfd": "zstandard", b"Rar!": "rar"}
_XZ_MEMORY = 256 << 20
_TESTERS = {"gz": "gzip -t", "bz2": "bzip2 -t", "xz": "xz -t"}


def packing(head: bytes) -> str:
    """Return ``"gz"``, ``"bz2"``, ``"xz"``, ``"zip"`` or ``""`` by the first bytes of a file."""
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "")


def refuse_foreign(name: str, head: bytes) -> None:
    """Raise for archives that are not read here: 7z, tar, zstandard, rar."""
    kind = next((kind for magic, kind in FOREIGN.items() if head.startswith(magic)), "")
    if head[257:262] == b"ustar":
        kind = "tar"
    if kind:
        raise fault(
            "D-019",
            f"{name} is a {kind} archive, which is not read here",
            fix="unpack it first and name the file inside; gz, bz2, xz and zip are read as they are",
        )


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def take(self, data: bytes, room: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, room)

    def waiting(self) -> bool:
        return bool(self._inner.unconsumed_tail)


class _Other:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def take(self, data: bytes, room: int) -> bytes:
        return bytes(self._inner.decompress(data, room))

    def waiting(self) -> bool:
        return not self._inner.eof and not self._inner.needs_input


_MAKERS: dict[str, Callable[[], _Gzip | _Other]] = {
    "gz": _Gzip,
    "bz2": lambda: _Other(bz2.BZ2Decompressor()),
    "xz": lambda: _Other(lzma.LZMADecompressor(memlimit=_XZ_MEMORY)),
}


class BoundedReader:
    """Unpacked bytes of a stream, with the caps of `Limits`.

    Parameters
    ----------
    raw
        The packed stream.
    kind
        ``"gz"``, ``"bz2"``, ``"xz"``, or ``""`` for one that is not packed (or is bounded by its size).
    n_packed
        Where the packed size cannot be counted on the way (a zip member): that size.
    """

    def __init__(
        self, raw: Readable, kind: str, name: str, limits: Limits, ledger: Ledger, *, n_packed: int = 0
    ) -> None:
        self._raw, self._kind, self._name, self._limits, self._ledger = raw, kind, name, limits, ledger
        self._inner = _MAKERS[kind]() if kind else None
        self._n_in, self._n_out = n_packed, 0
        self._packed = bool(kind) or n_packed > 0
        self._done = False

    def read(self, size: int, /) -> bytes:
        """Return up to `size` unpacked bytes; none at the end."""
        data = self._raw.read(size) if self._inner is None else self._unpacked(size)
        self._n_out += len(data)
        limits = self._limits
        grown = self._packed and self._n_out > limits.ratio_after
        if self._n_out > limits.max_out or (grown and self._n_out > limits.max_ratio * max(self._n_in, 1)):
            raise fault(
                "D-018",
                f"{self._name} unpacks to far more than it should: stopped at {self._n_out:,} bytes",
                seen=f"{self._n_in:,} packed bytes so far" if self._packed else "",
                why="an archive bomb, or a file of almost nothing but repeats",
                fix="unpack it yourself and look at it; the caps are in kinfold.data.limits.Limits",
            )
        return data

    def _unpacked(self, size: int) -> bytes:
        try:
            while not self._done:
                data = self._step(size)
                if data:
                    return data
        except (zlib.error, OSError, lzma.LZMAError) as error:
            if isinstance(error, KinfoldError):
                raise
            raise self._damaged(error) from error
        return b""

    def _step(self, size: int) -> bytes:
        assert self._inner is not None
        if self._inner.eof:
            self._next_stream()
            return b""
        fed = b""
        if not self._inner.waiting():
            fed = self._raw.read(1 << 16)
            self._n_in += len(fed)
        data = self._inner.take(fed, size)
        if not data and not fed and not self._inner.eof and not self._inner.waiting():
            raise fault(
                "D-015",
                f"{self._name} ends too early: {count(self._n_out, 'byte')} could be unpacked",
                why="an interrupted download or copy",
                fix=f"fetch it again, or check it with {_TESTERS[self._kind]}",
            )
        return data

    def _next_stream(self) -> None:
        """Go on with a second packed stream in the same file, or end: with a warning if junk follows."""
        assert self._inner is not None
        left = self._inner.unused_data.lstrip(b"\0")
        while not left:
            more = self._raw.read(1 << 16)
            self._n_in += len(more)
            if not more:
                self._done = True
                return
            left = more.lstrip(b"\0")
        left += self._raw.read(16)
        if packing(left) != self._kind:
            self._ledger.noted["D-017"] += 1
            self._ledger.warn(f"D-017: {self._name} has bytes after the end of its {self._kind} data; ignored")
            self._done = True
            return
        self._inner = _MAKERS[self._kind]()
        self._raw = _Chained(left, self._raw)

    def _damaged(self, error: Exception) -> KinfoldError:
        if isinstance(error, lzma.LZMAError) and "limit" in str(error).lower():
            return fault(
                "D-018",
                f"{self._name} needs more than {_XZ_MEMORY >> 20} MiB of memory to unpack",
                fix="unpack it first with xz -d",
            )
        return fault(
            "D-016",
            f"{self._name} is damaged after {count(self._n_out, 'unpacked byte')}",
            seen=shown(str(error)),
            why="a flipped bit, or a file that was changed by a text-mode transfer",
            fix="fetch or copy it again",
        )


class _Chained:
    """Bytes already read, then the rest of the stream."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int, /) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._rest.read(size)


class _Member:
    """A zip member as a stream with our errors."""

    def __init__(self, inner: Any, name: str) -> None:
        self._inner, self._name = inner, name

    def read(self, size: int, /) -> bytes:
        try:
            return bytes(self._inner.read(size))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, lzma.LZMAError) as error:
            code, what = ("D-015", "ends too early") if isinstance(error, EOFError) else ("D-016", "is damaged")
            raise fault(code, f"{self._name} {what}", seen=shown(str(error)), fix="fetch it again") from error


def _zip_member(source: Source, member: str | None, limits: Limits, ledger: Ledger) -> tuple[BoundedReader, str]:
    if not source.seekable:
        raise fault("D-011", f"{source.name} is a zip archive in a pipe", fix="name the file instead of piping it")
    try:
        archive = zipfile.ZipFile(source.file())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        why = shown(str(error))
        raise fault("D-015", f"{source.name} is not a whole zip archive", seen=why, fix="fetch it again") from error
    infos = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
    if any(info.filename == "[Content_Types].xml" for info in infos):
        raise fault("D-011", f"{source.name} is an Office file", fix="save the sheet as CSV (UTF-8) and name that")
    for info in infos:
        _refuse_unsafe(source.name, info)
    chosen = _chosen(source.name, infos, member)
    place = f"{source.name}:{shown(chosen.filename)}"
    if chosen.flag_bits & 1:
        raise fault("D-021", f"{place} is encrypted", fix="unpack it with its password first")
    try:
        inner = archive.open(chosen)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        seen = shown(str(error))
        raise fault("D-016", f"{place} can't be unpacked", seen=seen, fix="unpack it first") from error
    n_packed = max(chosen.compress_size, 1)
    return BoundedReader(_Member(inner, place), "", place, limits, ledger, n_packed=n_packed), chosen.filename


def _refuse_unsafe(name: str, info: zipfile.ZipInfo) -> None:
    path = info.filename.replace("\\", "/")
    mode = info.external_attr >> 16
    odd = stat.S_IFMT(mode) not in (0, stat.S_IFREG)
    if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":" or odd:
        raise fault(
            "D-019",
            f"{name} holds an entry that no honest archive has",
            seen=shown(info.filename) + (" (a link or device)" if odd else ""),
            why="it would write outside its folder when unpacked",
            fix="do not unpack it; get the data elsewhere",
        )


def _chosen(name: str, infos: list[zipfile.ZipInfo], member: str | None) -> zipfile.ZipInfo:
    if member is not None:
        found = [info for info in infos if info.filename == member]
        if len(found) == 1:
            return found[0]
    elif len(infos) == 1:
        return infos[0]
    names = ", ".join(shown(info.filename) for info in infos[:10]) + (", …" if len(infos) > 10 else "")
    what = "holds no file" if not infos else f"holds {len(infos)} files" if member is None else "lacks that member"
    fix = f"member={infos[0].filename!r} (--member)" if infos else "check the archive"
    raise fault("D-020", f"{name} {what}", seen=names, fix=fix)


def unpacked(
    source: Source, raw: Peekable, member: str | None, limits: Limits, ledger: Ledger
) -> tuple[Peekable, str, str]:
    """Return the unpacked stream of an open source, whose bytes `raw` yields, how it was packed, and its name.

    Raises
    ------
    DataError
        D-015 to D-021: cut, damaged, a bomb, unsafe, several members, nested or encrypted.
    """
    head = raw.peek(512)
    refuse_foreign(source.name, head)
    kind, name = packing(head), source.name
    if kind == "zip":
        bounded, name = _zip_member(source, member, limits, ledger)
        stream = Peekable(bounded)
    else:
        stream = Peekable(BoundedReader(raw, kind, source.name, limits, ledger))
    if kind:
        inside = stream.peek(512)
        refuse_foreign(source.name, inside)
        if packing(inside):
            raise fault(
                "D-020",
                f"{source.name} is an archive inside an archive",
                seen=f"{packing(inside)} inside {kind}",
                fix="unpack the outer one first",
            )
    return stream, kind, name
