"""A file of word vectors, opened: its bytes, unpacked if they are packed, as a stream that can be looked ahead in."""

from __future__ import annotations

import difflib
import gzip
import os
import stat
import zlib
from io import BufferedReader

from kinfold.errors import DataError, MachineError
from kinfold.vectors.tables import shown

GZIP = b"\x1f\x8b"
#: A packed byte becomes no more than so many (deflate's own bound is 1032).
MOST_GROWTH = 1040


class VectorSource:
    """An open vector file; it closes itself at the end of a ``with`` block.

    Parameters
    ----------
    path
        The file, packed with gzip or not.

    Attributes
    ----------
    name : str
        For messages: the file's name, safe to print.
    packed : bool
    most_bytes : int or None
        The unpacked file has no more bytes than these; None for a pipe, where nothing tells.

    Raises
    ------
    DataError
        D-001: it does not exist. D-002: it is a folder. D-015, D-016: its packing is cut or damaged. D-031: it is a
        device.
    MachineError
        D-005: it can't be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self.name = shown(os.path.basename(self.path) or self.path, 120)
        self._raw = _opened(self.path, self.name)
        self._ahead = b""
        self._done = False
        status = os.fstat(self._raw.fileno())
        self._size = status.st_size if stat.S_ISREG(status.st_mode) else None
        self.packed = self._raw.peek(2)[:2] == GZIP
        self._inner = gzip.GzipFile(fileobj=self._raw, mode="rb") if self.packed else self._raw
        self.most_bytes = None if self._size is None else self._size * (MOST_GROWTH if self.packed else 1)

    def __enter__(self) -> VectorSource:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._raw.close()

    def share(self) -> float | None:
        """Return how much of the file has been read, from 0 to 1; None for a pipe."""
        return None if not self._size else min(1.0, self._raw.tell() / self._size)

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer only at the end, without reading past them."""
        while len(self._ahead) < size and not self._done:
            more = self._more(size - len(self._ahead))
            self._done = not more
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return b"" if self._done else self._more(size)

    def skip(self, size: int) -> None:
        """Read over the next `size` bytes."""
        while size > 0:
            size -= len(self.read(size))

    def _more(self, size: int) -> bytes:
        try:
            return self._inner.read(size)
        except EOFError as error:
            raise DataError(
                f"{self.name} ends too early: its packed data is cut.",
                why="an interrupted download or copy",
                fix="fetch it again, or check it with gzip -t",
                code="D-015",
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{self.name} is damaged: its packed data can't be unpacked.",
                seen=shown(str(error)),
                why="a flipped bit, or bytes after the end of the packed data",
                fix="fetch or copy it again; gzip -t checks it",
                code="D-016",
            ) from error
        except OSError as error:
            raise machine_fault(self.name, "read", error) from error


def machine_fault(name: str, verb: str, error: OSError) -> MachineError:
    """Return the error for a file that the machine would not let us read, or write."""
    return MachineError(
        f"{name} can't be {verb}: {error.strerror or type(error).__name__}.",
        fix="check its permissions, the disk and the path",
        code="D-005",
    )


def _opened(path: str, name: str) -> BufferedReader:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise DataError(
                f"{name} is a folder, not a file of vectors.",
                fix="name a file in it; a model folder is read with kinfold.load",
                code="D-002",
            )
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise DataError(
                f"{name} is a device, not a file.", why="it may have no end", fix="name a file or a pipe", code="D-031"
            )
        return open(path, "rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except DataError:
        raise
    except OSError as error:
        raise machine_fault(name, "read", error) from error
    except ValueError as error:  # a NUL in the path
        raise DataError(f"{shown(path, 200)} is not a path.", fix="check the file's name", code="D-001") from error


def _missing(path: str) -> DataError:
    folder, name = os.path.split(os.path.abspath(path))
    try:
        near = difflib.get_close_matches(name, sorted(os.listdir(folder)), n=3, cutoff=0.5)
    except OSError:
        near = []
    hint = f"did you mean {', '.join(shown(other) for other in near)}?" if near else "check the path"
    return DataError(f"{shown(path, 200)} does not exist.", fix=hint, code="D-001")
