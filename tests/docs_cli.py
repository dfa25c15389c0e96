"""Writes docs/cli.md, the help of every verb: ``python tests/docs_cli.py``."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from unittest import mock

from kinfold.cli.main import GROUPS, VERBS, run

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

HEAD = """\
# The command line

What `--help` says of every command. This page is written by `python tests/docs_cli.py`, and a test compares it.

```console
$ kinfold --version
kinfold ...
```

Progress, tables and warnings go to standard error, results to standard output. `-` is standard input. With `--json`
standard output holds one JSON object and nothing else, also for an error: `{"error": {"code", "what", "seen", "why",
"try", "exit"}}`. Without a terminal, or with `NO_COLOR`, everything is plain text.

| exit status | meaning |
|---|---|
| 0 | done |
| 2 | the command can't be meant: an unknown option, a value out of range |
| 3 | the data: see [errors](errors.md) |
| 4 | the model folder: see [artifacts](artifacts.md) |
| 5 | the machine: disk, permission, memory, network |
| 6 | somebody else is writing there |
| 7 | a bug in kinfold; `crash-....txt` has the traceback |
| 130, 143 | stopped by Ctrl-C, by SIGTERM; nothing is left half-written |

`python -m kinfold` is the same command; `python -P -m kinfold` never imports from the working folder, as `kinfold`
itself never does.
"""


def help_of(words: list[str]) -> str:
    """Return what a command's --help prints, 80 columns wide."""
    held = io.StringIO()
    with contextlib.redirect_stdout(held), mock.patch.dict(os.environ, {"COLUMNS": "80"}):
        assert run([*words, "--help"]) == 0
    return re.sub(r" +$", "", held.getvalue(), flags=re.MULTILINE)


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for name in ["", *GROUPS, *VERBS]:
        title = f"kinfold {name}".strip()
        parts.append(f"## {title}\n\n```text\n{help_of(name.split())}```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
