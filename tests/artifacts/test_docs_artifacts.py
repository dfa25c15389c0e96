"""Every snippet of docs/artifacts.md runs, in order, and prints what the page says; errors.md has every code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import kinfold

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_snippets_run_and_print_what_the_page_says(tmp_path):
    blocks = BLOCK.findall((DOCS / "artifacts.md").read_text("utf-8"))
    python = [source for language, source in blocks if language == "python"]
    # One process for all of them: each would compile the same kernels again.
    printed = _run([sys.executable, "-c", "print('----')\n".join(python)], tmp_path).split("----\n")
    n_shown = 0
    for number, (language, source) in enumerate(blocks):
        if language == "sh":
            assert "OK" in _run(["bash", "-eu", "-c", source], tmp_path)
        elif language == "python" and blocks[number + 1 :] and blocks[number + 1][0] == "":
            expected = blocks[number + 1][1]
            if not expected.startswith("reviews.model/"):
                assert printed[python.index(source)] == expected
                n_shown += 1
    assert (len(python), n_shown) == (6, 4)


def test_every_code_is_in_the_table():
    sources = (Path(kinfold.__file__).parent / "artifacts").glob("*.py")
    used = {code for path in sources for code in re.findall(r'code="([A-Z]-\d+)"', path.read_text("utf-8"))}
    page = (DOCS / "errors.md").read_text("utf-8")
    assert len(used) > 20
    assert sorted(code for code in used if code not in page) == []
