"""Nothing in the package can turn data into code: no such call and no such import is in its source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import kinfold

ROOT = Path(kinfold.__file__).parent
MODULES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "jsonpickle"}
MODULES |= {"yaml", "ruamel", "runpy", "code", "codeop", "imp", "pty"}
BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint"}
CALLS = {"torch.load", "torch.hub.load", "torch.jit.load", "torch.package.PackageImporter"}
CALLS |= {"pandas.read_pickle", "pd.read_pickle", "os.system", "os.popen"}
CALLS |= {"importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader"}
KEYWORDS = {"allow_pickle", "trust_remote_code"}
IMPORTERS = {"import_module", "__import__"}
#: The doors at which names of our own modules, written in our own source, are imported when first used.
LAZY_DOORS = {"__init__.py", "cli/main.py", "estimators/registry.py"}


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def offences(source: str, path: str) -> list[str]:
    """Return what in `source` could run data as code, as ``path:line what``."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            if (node.module or "").split(".")[0] in MODULES:
                found.append((node.lineno, node.module or ""))
            found += [(node.lineno, name) for name in names if name in CALLS or name == "importlib.util"]
            if path not in LAZY_DOORS:
                found += [(node.lineno, name) for name in names if name.endswith(".import_module")]
        elif isinstance(node, ast.Name) and node.id in BUILTINS:
            found.append((node.lineno, node.id))
        elif isinstance(node, ast.Attribute):
            name = _dotted(node)
            if name in CALLS or (node.attr in IMPORTERS and path not in LAZY_DOORS):
                found.append((node.lineno, name or node.attr))
        elif isinstance(node, ast.keyword) and node.arg in KEYWORDS and ast.unparse(node.value) != "False":
            found.append((node.value.lineno, str(node.arg)))
    return [f"{path}:{line} {what}" for line, what in sorted(found)]


def test_the_package_has_no_way_to_run_data():
    sources = sorted(ROOT.rglob("*.py"))
    assert len(sources) > 10
    found = [
        offence
        for path in sources
        for offence in offences(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import joblib.externals as j",
        "from marshal import loads",
        "from yaml import load",
        "eval('1')",
        "run = exec",
        "compile('1', '', 'eval')",
        "__import__('os')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import numpy as np\nnp.load('x', allow_pickle=flag)",
        "import torch\ntorch.load('x')",
        "from torch import load",
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module",
        "AutoModel.from_pretrained('x', trust_remote_code=True)",
        "import os\nos.system('x')",
    ],
)
def test_each_kind_would_be_found(source):
    assert offences(source, "data/table.py")


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('x')",
        "model.eval()",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "import json\njson.load(file)",
        "'pickle'",
    ],
)
def test_innocent_code_is_not_found(source):
    assert offences(source, "data/table.py") == []


def test_lazy_doors_may_import_by_name():
    assert offences("from importlib import import_module\nimport_module(name)", "estimators/registry.py") == []
