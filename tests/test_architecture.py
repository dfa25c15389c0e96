"""The house rules, held: who may import whom, how long things may be, and what every public name carries.

The table is the one of the design; a room that does not exist yet waits in it. Every rule is first tried on a
few lines that break it, so that a rule that can't fail is noticed.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "kinfold"


@dataclass(frozen=True)
class Room:
    """What a room may import besides itself, `errors`, `types`, `checks` and the standard library."""

    rooms: tuple[str, ...]  # rooms, or single modules such as "evaluation.metrics"
    packages: tuple[str, ...]


# In the order in which data flows: a room may import only from rooms above it.
ROOMS = {
    # llvmlite: numba has no word for prefetching and for atomic numbers.
    "kernels": Room((), ("numpy", "numba", "llvmlite")),
    # kernels: splitting delimited text into fields is an inner loop over bytes.
    # scipy: the connected components of a graph of texts, for splits of pairs.
    # py7zr: dumps are published as 7z; imported where one is opened.
    "data": Room(("kernels",), ("numpy", "pyarrow", "scipy", "py7zr")),
    # scipy: counts are sparse matrices.
    "text": Room(("kernels",), ("numpy", "scipy")),
    # kernels: the recurrences that are scans; numpy carries a tensor's memory to them.
    "nn": Room(("kernels",), ("torch", "numpy")),
    # What a page looks like and how text is made safe for it: the reports and the maps are pages.
    "pages": Room((), ()),
    "evaluation": Room(("data.splits", "pages"), ("numpy", "scipy", "sklearn")),
    # safetensors: checkpoints; matplotlib: the picture of a history, imported where it is drawn.
    "training": Room(("evaluation.metrics",), ("numpy", "torch", "safetensors", "matplotlib")),
    # matplotlib, openTSNE: maps and pictures, imported where they are drawn.
    "vectors": Room(("kernels", "pages"), ("numpy", "scipy", "matplotlib", "openTSNE")),
    # What an answer is made of: any model's, so it stands before the estimators, which give it.
    "explain": Room(("evaluation.metrics",), ("numpy",)),
    "estimators": Room(
        ("text", "nn", "training", "kernels", "vectors", "explain", "evaluation.metrics"),
        ("numpy", "scipy", "sklearn", "torch"),
    ),
    "artifacts": Room(("estimators.registry",), ("numpy", "safetensors")),
    # kernels: exact search is an inner loop over all rows; text: BM25 is searched beside the vectors.
    "index": Room(("artifacts.bundle", "kernels", "text"), ("numpy", "usearch", "psycopg", "pgvector")),
    "serve": Room(("artifacts", "index", "explain"), ("numpy", "fastapi", "uvicorn")),
    "cli": Room(
        (
            *("kernels", "data", "text", "nn", "pages", "evaluation", "training", "vectors", "estimators"),
            *("explain", "artifacts", "index", "serve"),
        ),
        ("numpy", "typer", "rich"),
    ),
}
#: Imports inside functions are for these, for the packages of an extra, and for what takes longer to import than a
#: model to load: that is imported where it is used, or as ``scipy.stats`` of a plain ``import scipy``.
DOORS = {"kinfold", "kinfold.cli.main", "kinfold.estimators.registry"}
LATE = ("sklearn", "scipy.optimize", "scipy.stats")
#: Import name -> name in pyproject.toml, where they differ.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow"}
WEB = {"fastapi", "uvicorn", "starlette"}
WEB_MODULES = {"kinfold.serve.app", "kinfold.serve.pages"}
#: Doors through which a file could run code.
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "yaml", "cloudpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "__import__", "compile"}
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_RECIPE_LINES = 400, 60, 130


@dataclass(frozen=True)
class Import:
    """One name imported: the module or name behind it, its line, and whether it stands inside a function."""

    target: str
    line: int
    lazy: bool
    typing_only: bool = False


def imports(tree: ast.Module) -> Iterator[Import]:
    """Yield every import of a module, wherever it stands."""

    def walk(node: ast.AST, lazy: bool, typing_only: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, child.lineno, lazy, typing_only)
            elif isinstance(child, ast.ImportFrom):
                for alias in child.names:
                    base = "." * child.level + (child.module or "")
                    yield Import(f"{base}.{alias.name}", child.lineno, lazy, typing_only)
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from walk(child, lazy or function, typing_only or checking)

    return walk(tree, False, False)


def room_of(module: str) -> str:
    """Return the room of ``kinfold.ROOM...``; "" for what lies beside the rooms."""
    if module == "kinfold.__main__":
        return "cli"
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "kinfold" and parts[1] in ROOMS else ""


def import_faults(module: str, tree: ast.Module, extras: set[str]) -> Iterator[str]:
    """Yield what a module of the package imports but may not."""
    room = room_of(module)
    # types.py names array types and checks.py knows numpy's flags, so that numpy stands beside the rooms as well.
    allowed = ROOMS[room] if room else Room((), ("numpy",) if module in ("kinfold.types", "kinfold.checks") else ())
    for one in imports(tree):
        where = f"{module}:{one.line}"
        package = one.target.split(".")[0]
        if one.target.startswith("."):
            yield f"{where}: relative import {one.target}"
        elif package == "kinfold":
            inside = one.target.removeprefix("kinfold.")
            target_room = room_of(one.target)
            free = inside.split(".")[0] in ("errors", "types", "checks") or target_room == room != ""
            named = any(inside == name or inside.startswith(name + ".") for name in allowed.rooms)
            if not (free or named or module in DOORS):
                yield f"{where}: {room or 'the root'} may not import {inside}"
        elif package in FORBIDDEN_MODULES:
            yield f"{where}: {package} can run code from a file"
        elif package not in sys.stdlib_module_names and package not in allowed.packages:
            yield f"{where}: {room or 'the root'} may not import {package}"
        elif package in WEB and module not in WEB_MODULES:
            yield f"{where}: only serve.app and serve.pages know the web framework"
        late = one.target.startswith(LATE)
        if late and not (one.lazy or one.typing_only):
            yield f"{where}: import of {one.target} at every start"
        if one.lazy and not (late or module in DOORS or DISTRIBUTIONS.get(package, package).lower() in extras):
            yield f"{where}: import of {one.target} inside a function"


def own_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring: to explain parameters is no fault."""
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return length
    return length - ((first.end_lineno or first.lineno) - first.lineno + 1)


def code_faults(module: str, tree: ast.Module) -> Iterator[str]:
    """Yield forbidden calls, prints outside the command line, and functions that are too long."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in FORBIDDEN_CALLS:
                yield f"{module}:{node.lineno}: {node.func.id}() can run code from a file"
            if node.func.id == "print" and room_of(module) != "cli":
                yield f"{module}:{node.lineno}: print() outside the command line"
        name = node.attr if isinstance(node, ast.Attribute) else node.name if isinstance(node, ast.alias) else ""
        if name == "import_module" and module not in DOORS:
            yield f"{module}:{node.lineno}: import_module outside the doors"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = own_lines(node)
            if length > MAX_FUNCTION_LINES:
                yield f"{module}:{node.lineno}: {node.name} has {length} lines"


def public_faults(module: str, tree: ast.Module) -> Iterator[str]:
    """Yield public functions, classes and methods without a docstring or a full signature."""
    if tree.body and ast.get_docstring(tree) is None:
        yield f"{module}: no module docstring"

    def walk(body: list[ast.stmt], in_class: bool) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                if ast.get_docstring(node) is None:
                    yield f"{module}:{node.lineno}: {node.name} has no docstring"
                yield from walk(node.body, True)
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            overload = any("overload" in ast.dump(decorator) for decorator in node.decorator_list)
            if not node.name.startswith("_") and not overload and ast.get_docstring(node) is None:
                yield f"{module}:{node.lineno}: {node.name} has no docstring"
            if not node.name.startswith("_") or node.name == "__init__":
                static = any(getattr(d, "id", "") == "staticmethod" for d in node.decorator_list)
                names = [*node.args.posonlyargs, *node.args.args][1 if in_class and not static else 0 :]
                names += [*node.args.kwonlyargs, *filter(None, (node.args.vararg, node.args.kwarg))]
                missing = [arg.arg for arg in names if arg.annotation is None]
                if missing or node.returns is None:
                    yield f"{module}:{node.lineno}: {node.name} lacks types of {missing or 'its result'}"

    yield from walk(tree.body, False)


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return one cycle of a graph of modules, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def module_graph(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Return module -> modules it imports as it is imported itself."""
    graph: dict[str, set[str]] = {}
    for module, tree in trees.items():
        graph[module] = set()
        for one in imports(tree):
            if not one.lazy and not one.typing_only:
                near = one.target if one.target in trees else one.target.rpartition(".")[0]
                graph[module] |= {near} & trees.keys() - {module}
    return graph


def length_faults(name: str, text: str) -> list[str]:
    """Return what is too long, for one file of the project by its path from the root."""
    most = MAX_RECIPE_LINES if name.startswith("recipes/") else MAX_FILE_LINES
    lines = text.count("\n")
    return [f"{name}: {lines} lines, at most {most}"] if lines > most else []


def undeclared(packages: set[str], declared: set[str]) -> set[str]:
    """Return the third-party packages that pyproject.toml does not name."""
    third_party = {name for name in packages if name not in sys.stdlib_module_names and name != "kinfold"}
    return {name for name in third_party if DISTRIBUTIONS.get(name, name).lower() not in declared}


def read_trees() -> dict[str, ast.Module]:
    trees = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(path.read_text("utf-8"), str(path))
    return trees


def requirements() -> tuple[set[str], dict[str, set[str]]]:
    """Return the declared names: of the core, and of every extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in lines}

    extras = {extra: names(lines) for extra, lines in project["optional-dependencies"].items()}
    return names(project["dependencies"]), extras


TREES = read_trees()
CORE, EXTRAS = requirements()
OPTIONAL = set().union(*(EXTRAS[name] for name in EXTRAS if name not in ("dev", "bench")))


@pytest.mark.parametrize("module", TREES)
def test_a_module_keeps_the_rules(module):
    tree = TREES[module]
    faults = [*import_faults(module, tree, OPTIONAL), *code_faults(module, tree), *public_faults(module, tree)]
    assert not faults, "\n".join(faults)


def test_no_cycle_of_modules():
    assert not cycle(module_graph(TREES))


def test_the_table_itself_points_one_way():
    order = list(ROOMS)
    for name, room in ROOMS.items():
        for other in room.rooms:
            assert order.index(other.split(".")[0]) < order.index(name), f"{name} would import upward: {other}"
    with_torch = {name for name, room in ROOMS.items() if "torch" in room.packages}
    assert with_torch == {"nn", "training", "estimators"}
    assert not any("cli" in room.rooms for room in ROOMS.values())


def test_every_package_has_a_row_in_the_table():
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert folders <= set(ROOMS)


def test_everything_imported_is_declared():
    declared = CORE | OPTIONAL
    imported = {one.target.split(".")[0] for tree in TREES.values() for one in imports(tree)}
    assert undeclared(imported, declared) == set()
    # What is not part of the core may be missing, so that no module may need it to be imported.
    needed = {one.target.split(".")[0] for tree in TREES.values() for one in imports(tree) if not one.lazy}
    assert undeclared(needed, CORE) <= {"torch"} | WEB


@pytest.mark.parametrize("folder", ["src", "tests", "recipes", "benchmarks"])
def test_no_file_is_too_long(folder):
    faults = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        faults += length_faults(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("folder", ["recipes", "benchmarks"])
def test_programs_say_what_they_are(folder):
    paths = sorted((ROOT / folder).glob("*.py"))
    assert not [p.name for p in paths if ast.get_docstring(ast.parse(p.read_text("utf-8"))) is None]


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("kinfold.data.x", "from kinfold.text import tokens", "may not import text"),
        ("kinfold.data.x", "import torch", "may not import torch"),
        ("kinfold.text.x", "from kinfold.data.records import Example", "may not import data"),
        ("kinfold.text.x", "import kinfold.data.records", "may not import data"),
        ("kinfold.evaluation.x", "from kinfold.data.records import Example", "may not import data.records"),
        ("kinfold.evaluation.x", "import torch.nn", "may not import torch"),
        ("kinfold.kernels.x", "from kinfold import errors, text", "may not import text"),
        ("kinfold.estimators.x", "from kinfold.cli import main", "may not import cli"),
        ("kinfold.estimators.x", "from kinfold.evaluation import evaluate", "may not import evaluation.evaluate"),
        ("kinfold.artifacts.x", "from kinfold.estimators.linear import x", "may not import estimators.linear"),
        ("kinfold.errors", "from kinfold.data import records", "the root may not import data"),
        ("kinfold.errors", "import numpy", "the root may not import numpy"),
        ("kinfold.data.x", "from . import records", "relative import"),
        ("kinfold.data.x", "def f():\n    import json", "inside a function"),
        ("kinfold.evaluation.x", "from scipy import sparse, stats", "scipy.stats at every start"),
        ("kinfold.data.x", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", "torch"),
        ("kinfold.data.x", "try:\n    import pandas\nexcept ImportError:\n    pass", "may not import pandas"),
        ("kinfold.serve.x", "import fastapi", "only serve.app"),
        ("kinfold.data.x", "import pickle", "can run code"),
        ("kinfold.cli.x", "import joblib", "can run code"),
    ],
)
def test_a_forbidden_import_is_found(module, source, fault):
    assert any(fault in found for found in import_faults(module, ast.parse(source), {"torch", "fastapi"}))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("kinfold.data.x", "import json, numpy\nfrom kinfold.kernels import scan\nfrom kinfold.data import y"),
        ("kinfold.evaluation.x", "from kinfold.data.splits import fold_indices\nfrom kinfold import errors"),
        ("kinfold.estimators.x", "from kinfold.evaluation.metrics import accuracy"),
        ("kinfold.estimators.x", "def f():\n    import torch\n    from sklearn.base import ClassifierMixin"),
        ("kinfold", "def __getattr__(name):\n    from kinfold.data import splits"),
        ("kinfold.cli.main", "def f():\n    from kinfold.cli import fetch"),
        ("kinfold.serve.app", "import fastapi"),
    ],
)
def test_an_allowed_import_passes(module, source):
    assert not list(import_faults(module, ast.parse(source), {"torch"}))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("print('x')", "print()"),
        ("eval('1')", "can run code"),
        ("import importlib\nimportlib.import_module('x')", "import_module"),
        ("from importlib import import_module", "import_module"),
        ("def f():\n" + "    x = 1\n" * 60, "61 lines"),
        ("class A:\n    async def f(self):\n" + "        x = 1\n" * 60, "61 lines"),
    ],
)
def test_a_forbidden_call_or_a_long_function_is_found(source, fault):
    assert any(fault in found for found in code_faults("kinfold.data.x", ast.parse(source)))
    documented = 'def f():\n    """D.\n\n    More.\n    """\n'
    assert not list(code_faults("kinfold.data.x", ast.parse(documented + "    x = 1\n" * 59)))
    assert list(code_faults("kinfold.data.x", ast.parse(documented + "    x = 1\n" * 60)))
    assert not list(code_faults("kinfold.cli.x", ast.parse("print('x')")))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import json", "no module docstring"),
        ('"""D."""\ndef f() -> int:\n    return 1', "f has no docstring"),
        ('"""D."""\nclass A:\n    pass', "A has no docstring"),
        ('"""D."""\nclass A:\n    """D."""\n    def f(self) -> int:\n        return 1', "f has no docstring"),
        ('"""D."""\ndef f(x) -> int:\n    """D."""', "f lacks types of ['x']"),
        ('"""D."""\ndef f(*, x: int, **y) -> int:\n    """D."""', "f lacks types of ['y']"),
        ('"""D."""\ndef f(x: int):\n    """D."""', "f lacks types of its result"),
        ('"""D."""\nclass A:\n    """D."""\n    def __init__(self, x) -> None:\n        pass', "['x']"),
    ],
)
def test_a_bare_public_name_is_found(source, fault):
    assert any(fault in found for found in public_faults("kinfold.data.x", ast.parse(source)))
    assert not list(public_faults("kinfold.data.x", ast.parse('"""D."""\ndef _f(x):\n    pass')))


def test_a_cycle_a_long_file_and_an_undeclared_package_are_found():
    trees = {"kinfold.a": ast.parse("import kinfold.b"), "kinfold.b": ast.parse("from kinfold.a import f")}
    assert set(cycle(module_graph(trees))) == {"kinfold.a", "kinfold.b"}
    trees["kinfold.b"] = ast.parse("def g():\n    from kinfold.a import f")
    assert not cycle(module_graph(trees))
    assert length_faults("src/kinfold/x.py", "\n" * 401) and not length_faults("src/kinfold/x.py", "\n" * 400)
    assert length_faults("recipes/x.py", "\n" * 131) and not length_faults("recipes/x.py", "\n" * 130)
    assert undeclared({"os", "sklearn", "pandas", "kinfold"}, {"scikit-learn"}) == {"pandas"}
