"""Loads every hostile folder under an audit hook and reports, as JSON, what each tried to do.

Run as ``python -P hostile_child.py ROOT MARKER CASES_JSON``: ROOT/<case>/... are the folders, CASES_JSON maps a case
to the path to load. It is a process of its own because an audit hook can't be taken off again.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from toy_estimator import digest, fitted, load_toy

from kinfold.artifacts.versions import describe, verify
from kinfold.errors import KinfoldError

#: What no reading of a model folder needs.
FORBIDDEN = (
    "exec",
    "compile",
    "import",
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "ctypes.",
    "pickle.find_class",
    "marshal.",
    "code.__new__",
    "shutil.",
    "mmap.__new__",
)


#: How a file is mapped for reading only: what `load(..., mmap=True)` may do.
MAP_TO_READ = "mmap.__new__"


def load_mapped(path: str) -> object:
    return load_toy(path, mmap=True)


def main(root: str, good: str, cases: dict[str, str]) -> dict[str, object]:
    # Everything that is imported lazily or cached on a first load is in place before the hook looks.
    expected = digest(fitted(1))
    assert digest(load_toy(good)) == expected
    verify(good)
    with suppress(KinfoldError):
        load_toy(cases["nothing_there"])
    load_mapped(good)
    events: list[str] = []
    mapping: list[bool] = []
    allowed = (root, sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))

    def hook(event: str, args: tuple) -> None:
        if event == MAP_TO_READ and mapping and args[2] == mmap.ACCESS_READ:
            return
        if event.startswith(FORBIDDEN):
            events.append(f"{event} {args!r:.200}")
        elif event == "open":
            path, _, flags = args
            outside = isinstance(path, str) and "/" in path and not path.startswith(allowed)
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if outside or writes or path == "..":
                events.append(f"open {args!r:.200}")

    sys.addaudithook(hook)
    report: dict[str, object] = {"rss_before_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    results: dict[str, object] = {}
    for name, path in cases.items():
        results[name] = _one(path, events, mapping)
    report["rss_after_kb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report["path"] = [entry for entry in sys.path if entry.startswith(root)]
    mapping.append(True)
    report["good_again"] = digest(load_toy(good)) == digest(load_mapped(good)) == expected
    return report | {"cases": results}


def _one(path: str, events: list[str], mapping: list[bool]) -> dict[str, object]:
    outcome: dict[str, object] = {}
    for action in (load_toy, load_mapped, verify, describe):
        events.clear()
        mapping[:] = [True] if action is load_mapped else []
        modules = set(sys.modules)
        start = time.perf_counter()
        try:
            action(path)
            error: dict[str, object] = {"code": None}
        except KinfoldError as caught:
            error = {"code": caught.code, "exit": caught.exit_code, "text": str(caught)}
        except BaseException as caught:
            error = {"code": f"raised {caught!r:.300}"}
        seconds = time.perf_counter() - start
        error |= {"seconds": seconds, "events": list(events), "modules": sorted(set(sys.modules) - modules)}
        outcome[action.__name__] = error
    return outcome


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))
