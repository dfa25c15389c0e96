"""One member of a 7z archive in, its bytes as a stream out: nothing is unpacked to disk, or whole into memory.

The package py7zr hands unpacked bytes on as it makes them; it does so in a thread here, at most one piece ahead of
what is read.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from kinfold.data.faults import fault, shown
from kinfold.data.source import Source
from kinfold.errors import KinfoldError, MissingExtraError

MAGIC = b"7z\xbc\xaf\x27\x1c"
_WAIT = 0.1  # seconds after which a waiting thread looks whether it is still wanted


class SevenZip:
    """An open 7z archive: the names of its files, and one of them as a stream.

    Parameters
    ----------
    source
        The archive; it must be a file, not a pipe.

    Raises
    ------
    MissingExtraError
        U-011: py7zr is not installed.
    DataError
        D-011: it is a pipe. D-016: it is cut or damaged. D-021: it is encrypted.
    """

    def __init__(self, source: Source) -> None:
        try:
            import py7zr
        except ImportError as error:
            raise MissingExtraError(
                f"{source.name} is a 7z archive: reading it needs the package py7zr",
                fix="pip install 'kinfold[dumps]', or unpack it and name the folder",
                code="U-011",
            ) from error
        if not source.seekable:
            raise fault("D-011", f"{source.name} is a 7z archive in a pipe", fix="name the file instead of piping it")
        self._name = source.name
        try:
            self._archive = py7zr.SevenZipFile(source.file())
            infos = self._archive.list()
        except KinfoldError:
            raise
        except Exception as error:  # a damaged head makes py7zr raise nearly anything
            raise _refused(source.name, error) from error
        #: Name -> unpacked size.
        self.files = {info.filename: int(info.uncompressed) for info in infos if not info.is_directory}

    def open(self, name: str) -> Unpacking:
        """Return one file as a stream, which must be closed."""
        return Unpacking(self._archive, name, f"{self._name}:{shown(name)}")


class Unpacking:
    """A file of an archive while it is unpacked; read until it yields nothing, or close it before."""

    def __init__(self, archive: Any, name: str, place: str) -> None:
        self._name = place
        self._pieces: queue.Queue[bytes | Exception] = queue.Queue(maxsize=1)
        self._unwanted = threading.Event()
        self._piece, self._at, self._done = b"", 0, False
        self._thread = threading.Thread(target=self._unpack, args=(archive, name), daemon=True)
        self._thread.start()

    def _unpack(self, archive: Any, name: str) -> None:
        last: bytes | Exception = b""
        try:
            archive.extract(targets=[name], factory=_Factory(self._hand_on))
        except Exception as error:  # py7zr raises nearly anything on damage; it is judged where it is read
            last = error
        with suppress(_UnwantedError):
            self._put(last)

    def _hand_on(self, data: bytes | bytearray) -> int:
        if data:
            self._put(bytes(data))
        return len(data)

    def _put(self, piece: bytes | Exception) -> None:
        while True:
            if self._unwanted.is_set():
                raise _UnwantedError
            with suppress(queue.Full):
                self._pieces.put(piece, timeout=_WAIT)
                return

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        while self._at >= len(self._piece) and not self._done:
            piece = self._pieces.get()
            if isinstance(piece, Exception):
                self._done = True
                raise _refused(self._name, piece) from piece
            self._piece, self._at, self._done = piece, 0, not piece
        data = self._piece[self._at : self._at + size]
        self._at += len(data)
        return data

    def close(self) -> None:
        """End the unpacking, wherever it is."""
        self._unwanted.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _UnwantedError(Exception):
    """Raised in the thread that unpacks when nobody reads on."""


class _Factory:
    """What py7zr asks for a file to write to: it gets one that hands on what is written."""

    def __init__(self, hand_on: Callable[[bytes | bytearray], int]) -> None:
        self._hand_on = hand_on

    def create(self, filename: str) -> _Writer:
        return _Writer(self._hand_on)


class _Writer:
    """The methods of a file that py7zr calls."""

    def __init__(self, write: Callable[[bytes | bytearray], int]) -> None:
        self.write = write

    def read(self, size: int | None = None) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        """Keep nothing back."""

    def size(self) -> int:
        return 0

    def close(self) -> None:
        """Leave the end to the thread, which also knows whether the checksum was right."""


def _refused(name: str, error: Exception) -> KinfoldError:
    if isinstance(error, KinfoldError):
        return error
    kind = type(error).__name__
    if kind == "PasswordRequired":
        return fault("D-021", f"{name} is encrypted", fix="unpack it with its password first")
    if kind == "UnsupportedCompressionMethodError":
        return fault("D-019", f"{name} is packed in a way that is not read here", fix="unpack it first with 7z x")
    return fault(
        "D-016",
        f"{name} is cut or damaged",
        seen=shown(f"{kind}: {error}"),
        why="an interrupted download or copy, or a flipped bit",
        fix="fetch it again, or check it with 7z t",
    )
