"""The two pages on reading: snippets print what they say, and the table of codes is complete."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_snippets_print_what_they_say(tmp_path):
    page = (ROOT / "docs" / "reading.md").read_text("utf-8")
    program = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    expected = [line.rsplit("# ", 1)[1].strip() for line in program.splitlines() if line.strip().startswith("print(")]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected


def codes_in(path):
    """Yield the codes a module raises, counts or warns with; prose in docstrings and comments left out."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield from re.findall(r"^[A-Z]-\d{2,3}\b", node.value)


def test_every_code_is_explained():
    raised = {code for path in (ROOT / "src").rglob("*.py") for code in codes_in(path)}
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    listed = re.findall(r"^\| ([A-Z]-\d{2,3}) \|", page, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert raised - set(listed) == set()
    in_prose_only = {"D-063"}  # a function that raises nothing
    assert {code for code in listed if code.startswith("D-")} - raised == in_prose_only
