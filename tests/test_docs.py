"""Every command and snippet of README.md and docs/ runs, and shows what the page says."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import kinfold
from kinfold.cli.main import VERBS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def beside(name: str):
    """Import a module that lies beside this one."""
    found = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


runner = beside("docs_runner")


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_a_page_runs(path, tmp_path, monkeypatch):
    page = runner.Page.read(path)
    assert page.steps, f"{path.name} has nothing that runs"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KINFOLD_DATA", raising=False)
    page.run(tmp_path)


def test_every_verb_and_every_public_name_is_in_a_page():
    text = "\n".join(path.read_text("utf-8") for path in PAGES if path.name != "cli.md")
    assert [verb for verb in VERBS if not re.search(rf"^\$ .*kinfold {verb}\b", text, re.MULTILINE)] == []
    names = [name for name in kinfold.__all__ if name != "__version__"]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_the_page_of_helps_is_up_to_date():
    written = beside("docs_cli")
    assert written.PAGE.read_text("utf-8") == written.page(), "run: python tests/docs_cli.py"


def test_links_between_pages_lead_somewhere():
    broken = []
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


def page_of(tmp_path: Path, text: str):
    (tmp_path / "page.md").write_text(text, "utf-8")
    return runner.Page.read(tmp_path / "page.md")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```console\n$ false\n```", "exit 1"),
        ("```console\n$ echo a\nb\n```", "but the page says"),
        ("```console\nloose\n```", "begins with a command"),
        ("```python\nprint(1)\n```\n```text\n2\n```", "but the page says"),
        ("```python\n1 / 0\n```", "ZeroDivisionError"),
        ("```python\nimport warnings\nwarnings.warn('x')\n```", "UserWarning"),
    ],
)
def test_a_wrong_page_is_found(tmp_path, text, fault):
    with pytest.raises(AssertionError, match=fault):
        page_of(tmp_path, text).run(tmp_path)


def test_a_right_page_passes(tmp_path):
    text = (
        "```console\n$ cat > x <<'E'\n> one\n> two\n> E\n$ cat x\none\n...\n$ echo a b c\na ... c\n```\n"
        "```python\nx = 3\n```\nwords\n```python\nprint(x, 'and', 4)\n```\n```text\n3 and ...\n```\n```sh\nfalse\n```\n"
    )
    page = page_of(tmp_path, text)
    assert [step.line for step in page.steps] == [2, 6, 9, 13, 17]
    page.run(tmp_path)
    assert not page_of(tmp_path, "```sh\nfalse\n```\n").steps
    assert runner.matches("a\n...\nb\n", "a\nb\n") and not runner.matches("a\nb\n", "a\nx\nb\n")
