"""Runs a page of the documentation: its console commands through the shell, its Python in one namespace.

Conventions of a page:

- A block ``console``: lines that begin with ``$ `` are commands, lines that begin with ``> `` go on with the one
  before, all other lines are what the command shows on both streams together. Every command must succeed; one that
  is meant to fail says so, as ``... || echo "exit $?"``.
- A block ``python`` runs in the namespace of the blocks before it. A block ``text`` right after it is what it prints.
- In what is shown, ``...`` stands for anything: within a line, or as a line of its own for any number of lines. Where
  nothing is shown nothing is compared.
- Other blocks are not run. A page runs in an empty folder, in the order it is written.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)


@dataclass
class Step:
    """One thing to run: ``kind`` is "console" or "python"; ``shown`` is what it must show, None for anything."""

    kind: str
    code: str
    line: int
    shown: str | None = None


@dataclass
class Page:
    """A page and what has been run of it."""

    path: Path
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Page:
        text = path.read_text("utf-8")
        page = cls(path)
        end = 0
        for block in _FENCE.finditer(text):
            kind, body = block[1], block[2]
            line = text.count("\n", 0, block.start()) + 2
            if kind == "console":
                page.steps += commands(body, line)
            elif kind == "python":
                page.steps.append(Step("python", body, line))
            elif kind == "text" and page.steps and not text[end : block.start()].strip():
                last = page.steps[-1]
                if last.kind == "python" and last.shown is None:
                    last.shown = body
            end = block.end()
        return page

    def run(self, folder: Path) -> None:
        """Run every step in `folder`; raise AssertionError for the first that fails."""
        names: dict[str, object] = {"__name__": "__main__"}
        for step in self.steps:
            where = f"{self.path.name}:{step.line}"
            shown = run_console(step, folder, where) if step.kind == "console" else run_python(step, names, where)
            if step.shown is not None and not matches(step.shown, shown):
                raise AssertionError(f"{where}: {step.code}\nshows\n{shown}\nbut the page says\n{step.shown}")


def commands(body: str, line: int) -> list[Step]:
    """Return the commands of a console block with what they show."""
    steps: list[Step] = []
    for number, text in enumerate(body.splitlines(), line):
        if text.startswith("$ "):
            steps.append(Step("console", text[2:], number))
        elif text.startswith("> ") and steps and steps[-1].shown is None:
            steps[-1].code += "\n" + text[2:]
        elif steps:
            steps[-1].shown = (steps[-1].shown or "") + text + "\n"
        elif text.strip():
            raise AssertionError(f"line {number}: a console block begins with a command: {text}")
    return steps


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a reader who has just installed the package."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KINFOLD_", "PYTHON", "FORCE_", "TTY_"))
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "HOME": str(folder), "KINFOLD_CACHE": str(folder / "cache"), "COLUMNS": "80"}


def run_console(step: Step, folder: Path, where: str) -> str:
    done = subprocess.run(
        ["bash", "-c", step.code],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )
    shown = done.stdout.decode("utf-8")
    assert done.returncode == 0, f"{where}: {step.code}\nexit {done.returncode}\n{shown}"
    assert "Traceback" not in shown, f"{where}: {step.code}\n{shown}"
    return shown


def run_python(step: Step, names: dict[str, object], where: str) -> str:
    held = io.StringIO()
    with contextlib.redirect_stdout(held), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            exec(compile("\n" * (step.line - 1) + step.code, where, "exec"), names)
        except Exception as error:
            raise AssertionError(f"{where}: {type(error).__name__}: {error}") from error
    return held.getvalue()


def matches(expected: str, shown: str) -> bool:
    """Return whether `shown` is what was expected, ``...`` standing for anything."""
    pattern = ""
    for line in expected.rstrip().splitlines():
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ ]*\n"
    return re.fullmatch(pattern, shown.rstrip() + "\n") is not None
