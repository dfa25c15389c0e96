"""A file system that fails at a chosen operation, and a model of what a power cut leaves on the disk.

`Faults` stands in for every function of `kinfold.artifacts.files`. It counts operations; at number `at` it crashes,
or returns an error. Beside the real files it keeps, for each file and folder, what is only in memory and what was
synced: `after_power_cut` writes the latter to a new place.

Kinds of fault
--------------
crash          the process ends before the operation; nothing it would still do happens
torn           the same, but half of a write is done
power          a crash, and everything that was not synced is gone
reordered      a crash, and all names reached the disk but no data that was not synced
scattered      a crash, and for each name and each file chance decides
ENOSPC, EIO, EACCES         the one operation fails with this error
ENOSPC-on, EIO-on           this operation and all later ones of its kind fail
"""

from __future__ import annotations

import errno
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from kinfold.artifacts import files

CRASHES = ("crash", "torn", "power", "reordered", "scattered")
ERRORS = {
    "ENOSPC": errno.ENOSPC,
    "EIO": errno.EIO,
    "EACCES": errno.EACCES,
    "ENOSPC-on": errno.ENOSPC,
    "EIO-on": errno.EIO,
}
POWER_CUTS = ("power", "reordered", "scattered")
#: What a full disk refuses.
_GROWING = {"make_folder", "create", "write", "sync", "open_lock", "replace", "rename"}
_NAMES = [name for name, value in vars(files).items() if callable(value) and not name.startswith("_")]


class Killed(BaseException):
    """The process has ended; no handler for errors may see this."""


@dataclass
class Node:
    """A file (bytes) or folder (names) in memory and as synced."""

    live: dict[str, Node] | bytes
    durable: dict[str, Node] | bytes

    def sync(self) -> None:
        self.durable = dict(self.live) if isinstance(self.live, dict) else self.live


def _snapshot(path: Path) -> Node:
    if path.is_dir():
        names = {child.name: _snapshot(child) for child in path.iterdir()}
        return Node(names, dict(names))
    data = path.read_bytes()
    return Node(data, data)


@dataclass
class Faults:
    """Patch `files` with this inside a ``with`` block."""

    root: Path
    kind: str = ""
    at: int = -1
    count: int = 0
    log: list[str] = field(default_factory=list)
    dead: bool = False
    failed: str = ""

    def __enter__(self) -> Faults:
        self.real = {name: getattr(files, name) for name in _NAMES}
        self.tree = _snapshot(self.root)
        self.open: dict[int, Node | None] = {}
        for name in _NAMES:
            setattr(files, name, self._stand_in(name))
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        for name, function in self.real.items():
            setattr(files, name, function)
        for fd in self.open:
            os.close(fd)
        return kind is Killed

    def _stand_in(self, name: str):
        def operation(*args):
            if self.dead:
                raise Killed
            number, self.count = self.count, self.count + 1
            self.log.append(name)
            if number == self.at or (self.failed and self.kind.endswith("-on") and self._strikes(name)):
                self._fail(name, args)
            return self._do(name, args)

        return operation

    def _strikes(self, name: str) -> bool:
        return name in _GROWING if self.kind == "ENOSPC-on" else name != "close"

    def _fail(self, name: str, args: tuple) -> None:
        self.failed = self.failed or name
        if self.kind in CRASHES:
            if self.kind != "crash" and name == "write":
                self._do(name, (args[0], args[1][: len(args[1]) // 2]))
            self.dead = True
            raise Killed
        if self.kind.startswith("ENOSPC") and name == "write":
            self._do(name, (args[0], args[1][: len(args[1]) // 2]))
        if name == "close":
            # Linux closes the file even when close reports an error.
            self._do(name, args)
        code = ERRORS[self.kind]
        raise OSError(code, os.strerror(code), *args[:1])

    def _do(self, name: str, args: tuple):
        if name == "sync":
            node = self.open[args[0]]
            if node is not None:
                node.sync()
            # The model decides what survives, so the real and slow sync is left out.
            return None
        if name in ("rename", "replace"):
            result = self.real[name](*args)
            self._parent(args[1]).live[Path(args[1]).name] = self._parent(args[0]).live.pop(Path(args[0]).name)
            return result
        result = self.real[name](*args)
        if name == "make_folder":
            self._parent(args[0]).live[Path(args[0]).name] = Node({}, {})
        elif name in ("unlink", "remove_folder"):
            del self._parent(args[0]).live[Path(args[0]).name]
        elif name == "write":
            self.open[args[0]].live += bytes(args[1][:result])
        elif name == "truncate":
            self.open[args[0]].live = b""
        elif name == "close":
            del self.open[args[0]]
        elif name in ("create", "open_lock"):
            self.open[result] = self._parent(args[0]).live.setdefault(Path(args[0]).name, Node(b"", b""))
        elif name == "open_root":
            self.open[result] = self._node(args[0])
        elif name in ("open_folder", "open_file"):
            self.open[result] = None
        return result

    def _node(self, path: str) -> Node:
        node = self.tree
        for part in Path(path).relative_to(self.root).parts:
            node = node.live[part]
        return node

    def _parent(self, path: str) -> Node:
        return self._node(str(Path(path).parent))

    def after_power_cut(self, place: Path, kind: str = "", seed: int = 0) -> Path:
        """Write to `place` what the disk holds after a power cut now; return it."""
        _materialise(self.tree, place, kind or self.kind, random.Random(seed))
        return place


def _materialise(node: Node, place: Path, kind: str, chance: random.Random) -> None:
    if isinstance(node.live, bytes):
        kept = node.durable
        if kind == "scattered":
            kept = node.live[: chance.choice((len(node.durable), len(node.live)))]
        place.write_bytes(kept)
        return
    place.mkdir()
    for name in sorted({*node.live, *node.durable}):
        old, new = node.durable.get(name), node.live.get(name)
        child = {"power": old, "reordered": new, "scattered": chance.choice((old, new))}[kind]
        if child is not None:
            _materialise(child, place / name, kind, chance)
