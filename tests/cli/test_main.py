from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kinfold.cli import main
from kinfold.cli.settings import MODELS
from kinfold.errors import ArtifactError, DataError, InvalidParameterError, LockedError, MachineError
from kinfold.estimators.registry import REGISTRY

VERBS = sorted(main.VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_work(kinfold, verb):
    told = kinfold(*verb.split(), "--help")
    assert told.out.startswith(f"Usage: kinfold {verb}") and not told.err
    assert callable(main.find(main.VERBS[verb].work))
    assert main.find(main.VERBS[verb].arguments).verb == verb
    assert all(len(line) <= 80 for line in told.out.splitlines())


def test_help_lists_every_verb_in_the_order_of_the_table(kinfold):
    told = kinfold("--help").out
    firsts = list(dict.fromkeys(name.split(" ")[0] for name in main.VERBS))
    assert re.findall(r"^  ([a-z]+)  ", told, re.MULTILINE)[-len(firsts) :] == firsts
    assert kinfold("train", "--help").out.count("classify") == 1


def test_the_version_is_printed(kinfold):
    assert re.fullmatch(r"kinfold \d+\.\d+\.\d+\n", kinfold("--version").out)


def test_no_verb_shows_the_help_and_is_a_usage_error(kinfold):
    assert "Commands:" in kinfold(code=2).err
    assert "classify" in kinfold("train", code=2).err


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["pridect"], "did you mean 'predict'?"),
        (["zzz"], "one of train"),
        (["train", "clasify"], "did you mean 'classify'?"),
        (["predict"], "Missing argument 'MODEL'"),
        (["show", "m", "--tip", "3"], "--t"),
        (["show", "m", "--top", "three"], "--top"),
        (["show", "m", "--top", "-1"], "--top"),
        (["--nothing"], "--nothing"),
    ],
)
def test_a_usage_error_says_what_is_meant(kinfold, argv, hint):
    told = kinfold(*argv, code=2)
    assert told.err.startswith("error U-001:") and hint in told.err and "--help" in told.err and not told.out
    assert kinfold(*argv, "--json", code=2).json["error"]["exit"] == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidParameterError("w", seen="s", why="y", fix="f", code="X-1"), 2),
        (DataError("w", seen="s", why="y", fix="f", code="X-1"), 3),
        (ArtifactError("w", seen="s", why="y", fix="f", code="X-1"), 4),
        (MachineError("w", seen="s", why="y", fix="f", code="X-1"), 5),
        (LockedError("w", seen="s", why="y", fix="f", code="X-1"), 6),
    ],
)
def test_an_error_has_its_parts_and_its_exit_status(kinfold, monkeypatch, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr("kinfold.cli.show.show", fail)
    assert kinfold("show", "m", code=code).err == "error X-1: w\n  seen:  s\n  why:   y\n  try:   f\n"
    parts = {"code": "X-1", "what": "w", "seen": "s", "why": "y", "try": "f", "exit": code}
    assert kinfold("show", "m", "--json", code=code).json == {"error": parts}


def test_debug_adds_the_traceback(monkeypatch, capsys):
    def fail(*_):
        raise DataError("w")

    monkeypatch.setattr("kinfold.cli.show.show", fail)
    assert main.run(["show", "m", "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), RecursionError(), AssertionError("x")])
def test_a_bug_leaves_a_crash_file_and_asks_to_report_it(kinfold, monkeypatch, tmp_path, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("kinfold.cli.show.show", fail)
    told = kinfold("show", "m\x1b[2J", code=7)
    (crash,) = tmp_path.glob("crash-*.txt")
    assert crash.name in told.err and "report it" in told.err and "bug in kinfold" in told.err
    held = crash.read_text("utf-8")
    assert "Traceback" in held and type(error).__name__ in held and "\x1b" not in held


def test_a_crash_without_a_place_for_its_file_is_still_told(kinfold, monkeypatch, tmp_path):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("kinfold.cli.show.show", fail)
    monkeypatch.setattr("os.path.expanduser", lambda _: "/proc/nowhere")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "--debug" in kinfold("show", "m", code=7).err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (MemoryError(), 5),
        (OSError(28, "No space left on device"), 5),
        (PermissionError(13, "Permission denied", "there"), 5),
        (BrokenPipeError(), 0),
        (SystemExit(3), 3),
    ],
)
def test_what_the_system_does_has_an_exit_status_too(kinfold, monkeypatch, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr("kinfold.cli.show.show", fail)
    told = kinfold("show", "m", code=code)
    assert len(told.err.strip().splitlines()) <= 2


def test_messages_can_not_move_the_cursor(kinfold):
    told = kinfold("show", "m\x1b[2Jx\u202ey", code=4)
    assert "\x1b" not in told.err and "\u202e" not in told.err and "\\x1b" in told.err


def test_only_the_verb_that_is_used_is_imported():
    """Every heavy import is behind a verb's work: neither the door nor any verb's arguments have one."""
    folder = Path(main.__file__).parent
    light = [folder / f"{name}.py" for name in ("main", "faults", "process", "settings", "signatures")]
    heavy = {"numpy", "numba", "scipy", "sklearn", "pyarrow", "rich"}
    for path in [*light, *(folder / "arguments").glob("*.py"), folder.parent / "data" / "faults.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not heavy & {name.split(".")[0] for name in names}, path


def test_models_are_those_of_the_registry():
    named = {(f"kinfold.{one.module}", one.name) for names in MODELS.values() for one in names.values()}
    assert named <= {(v, k) for k, v in REGISTRY.items()}
