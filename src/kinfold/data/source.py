"""From a path or ``-`` to raw bytes: what may be opened, hashed as it is read, checked for change at the end."""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

from kinfold.data.faults import fault, shown
from kinfold.data.ledger import Ledger
from kinfold.errors import KinfoldError, MachineError

READABLE = (".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".pq", ".xml", ".ft")
PACKED = (".gz", ".bz2", ".xz", ".zip")


class Readable(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


class Peekable:
    """A stream whose next bytes can be looked at before they are read."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer only at the end, without reading past them."""
        while len(self._ahead) < size:
            more = self._inner.read(size - len(self._ahead))
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._inner.read(size)


class Source:
    """An open file or standard input: raw bytes, counted and hashed on their way.

    Parameters
    ----------
    path
        The file, or ``"-"`` for standard input.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self.is_stdin = self.path == "-"
        self.name = "<stdin>" if self.is_stdin else shown(os.path.basename(self.path) or self.path, 120)
        self.n_bytes = 0
        self._hash = hashlib.sha256()
        self._hashed = False
        self._file = sys.stdin.buffer if self.is_stdin else _opened(self.path, self.name)
        self._before = None if self.is_stdin else os.fstat(self._file.fileno())
        self.seekable = self._before is not None and stat.S_ISREG(self._before.st_mode)

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        try:
            data = self._file.read(size)
        except OSError as error:
            raise machine_fault(self.name, error) from error
        self._hash.update(data)
        self.n_bytes += len(data)
        return data

    def file(self) -> BinaryIO:
        """Return the file itself, at its start, its hash already taken: for formats that must seek."""
        self._drain()
        self._file.seek(0)
        return self._file

    def _drain(self) -> None:
        """Read, count and hash what is left, once."""
        while not self._hashed:
            self._hashed = not self.read(1 << 20)

    def finish(self, ledger: Ledger) -> None:
        """Read what is left, write hash, size and time into `ledger`; raise if the file changed meanwhile."""
        self._drain()
        ledger.sha256 = self._hash.hexdigest()
        ledger.size = self.n_bytes
        if self._before is None or not self.seekable:
            return
        after = os.fstat(self._file.fileno())
        ledger.modified = after.st_mtime_ns
        seen = (self._before.st_size, self._before.st_mtime_ns)
        if seen != (after.st_size, after.st_mtime_ns) or self.n_bytes != after.st_size:
            raise fault(
                "D-030",
                f"{self.name} changed while it was being read",
                seen=f"{self._before.st_size:,} bytes at first, {after.st_size:,} at the end",
                why="another program is still writing it",
                fix="wait until it is finished, or read a copy",
            )

    def close(self) -> None:
        """Close the file; standard input is left open."""
        if not self.is_stdin:
            self._file.close()


def machine_fault(name: str, error: OSError, verb: str = "read") -> MachineError:
    """Return the error for a file the machine would not let us read, or write."""
    reason = error.strerror or type(error).__name__
    fix = "check its permissions (ls -l) and who you are" if isinstance(error, PermissionError) else ""
    return MachineError(f"{name} can't be {verb}: {reason}", fix=fix or "check the disk and the path", code="D-005")


def _opened(path: str, name: str) -> BinaryIO:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise _directory(path)
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise fault(
                "D-031",
                f"{name} is a device or a socket, not a file",
                why="it may have no end",
                fix="name a file, or pipe the data in and read '-'",
            )
        return open(path, "rb", buffering=0 if stat.S_ISFIFO(mode) else -1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except KinfoldError:
        raise
    except OSError as error:
        raise machine_fault(name, error) from error
    except ValueError as error:  # a NUL in the path
        raise fault("D-001", f"{shown(path)} is not a path", fix="check the file's name") from error


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


def _missing(path: str) -> KinfoldError:
    asked = Path(path)
    folder = asked.parent
    if not folder.is_dir():
        return fault(
            "D-001",
            f"{shown(path, 200)} does not exist, and neither does its folder",
            seen=shown(str(folder), 200),
            fix="check the path",
        )
    near = difflib.get_close_matches(asked.name, _entries(folder), n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(shown(name) for name in near)}?" if near else "check the path"
    return fault("D-001", f"{shown(path, 200)} does not exist", fix=hint)


def _directory(path: str) -> KinfoldError:
    usable = [name for name in _entries(Path(path)) if name.lower().endswith(READABLE + PACKED)]
    listed = ", ".join(shown(name) for name in usable[:10]) + (", …" if len(usable) > 10 else "")
    return fault(
        "D-002",
        f"{shown(path, 200)} is a folder, not a file",
        seen=f"{len(usable)} readable files in it" + (f": {listed}" if usable else ""),
        fix="name one of the files" if usable else "name a file",
    )
