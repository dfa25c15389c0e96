"""Parameters of a function or class, read from its source: their defaults and what they mean, nothing imported."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
_SEE = re.compile(r"(?:^|; )[Ss]ee `(\w+)`$")
#: Classes that others refer to for what their parameters mean.
_HOMES = {"TextClassifier": "estimators.neural.classifier", "LinearTextClassifier": "estimators.linear.classifier"}
_NAME_LINE = re.compile(r"[A-Za-z_]\w*(?:, [A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Parameters
    ----------
    name, default
        As in the signature.
    kinds
        The parts of its type: ``int | None`` has "int" and "None"; of ``tuple[int, int]`` it is "tuple", and of
        ``Sequence[str]`` "words".
    about
        The first sentence of its description.
    """

    name: str
    default: Any
    kinds: tuple[str, ...]
    about: str


@cache
def parameters(module: str, name: str) -> dict[str, Parameter]:
    """Return the keyword parameters of ``kinfold.MODULE.NAME``, a function or a class, in their order."""
    path = _PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    tree = ast.parse(path.read_text("utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name)
    about = _followed(_descriptions(ast.get_docstring(found) or ""))
    signature = found.args if isinstance(found, ast.FunctionDef) else _constructor(found).args
    made = {}
    for argument, default in zip(signature.kwonlyargs, signature.kw_defaults, strict=True):
        kinds = _kinds(argument.annotation)
        value = None if default is None else _value(default, tree)
        made[argument.arg] = Parameter(argument.arg, value, kinds, about.get(argument.arg, ""))
    return made


def _value(node: ast.expr, tree: ast.Module) -> Any:
    """Return a default: a number, a name in quotes, None, tuples of such, ``1 << 18``, or a constant of a module."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple):
        held = [_value(one.value if isinstance(one, ast.Starred) else one, tree) for one in node.elts]
        parts = [
            value if isinstance(one, ast.Starred) else (value,) for one, value in zip(node.elts, held, strict=True)
        ]
        return tuple(value for part in parts for value in part)
    if isinstance(node, ast.Name):
        return _constant(node.id, tree)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, tree)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift):
        return _value(node.left, tree) << _value(node.right, tree)
    raise TypeError(f"a default that is no literal: {ast.unparse(node)}")


def _constant(name: str, tree: ast.Module) -> Any:
    """Return what a module calls by a name, or imports from another of the package."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and name in [ast.unparse(target) for target in node.targets]:
            return _value(node.value, tree)
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            path = _PACKAGE.joinpath(*(node.module or "").split(".")[1:]).with_suffix(".py")
            return _constant(name, ast.parse(path.read_text("utf-8")))
    raise TypeError(f"a default that is no literal: {name}")


def _constructor(node: ast.ClassDef) -> ast.FunctionDef:
    return next(item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__")


def _kinds(annotation: ast.expr | None) -> tuple[str, ...]:
    if isinstance(annotation, ast.BinOp):
        return _kinds(annotation.left) + _kinds(annotation.right)
    if isinstance(annotation, ast.Subscript):
        return ("words",) if ast.unparse(annotation) == "Sequence[str]" else _kinds(annotation.value)
    return () if annotation is None else (ast.unparse(annotation),)


def _descriptions(docstring: str) -> dict[str, str]:
    """Return name -> first sentence, from a numpydoc section of parameters."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?:\n\n\S+\n-+\n|\Z)", docstring, re.DOTALL | re.MULTILINE)
    made: dict[str, str] = {}
    names: list[str] = []
    lines: list[str] = []
    for line in [*(section[1] if section else "").split("\n"), "end"]:
        if line.startswith(" ") or not line.strip():
            lines.append(line.strip())
        elif _NAME_LINE.fullmatch(line.strip()):
            made.update(_shared(names, " ".join(lines)))
            names, lines = line.strip().split(", "), []
    return made


def _followed(about: dict[str, str]) -> dict[str, str]:
    """Return descriptions in which "see `CLASS`", and "The same" after it, are what that class says of them."""
    made, named = {}, ""
    for name, text in about.items():
        see = _SEE.search(text)
        named = see[1] if see else named
        made[name] = text
        if named in _HOMES and (see or text == "The same"):
            there = parameters(_HOMES[named], named).get(name)
            made[name] = there.about if there is not None and there.about else text
    return made


def _shared(names: list[str], text: str) -> dict[str, str]:
    sentence = re.split(r"\.(?=\s|$)", text.strip(), maxsplit=1)[0].replace("``", "")
    parts = [part.strip() for part in sentence.split(";")]
    if len(parts) == len(names) > 1:
        return {name: part[:1].upper() + part[1:] for name, part in zip(names, parts, strict=True)}
    return dict.fromkeys(names, sentence)
