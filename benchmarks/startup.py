"""How long it takes to import kinfold and to show its help, against importing numpy and the libraries of the help.

Whole processes are timed, in turns in one run. Also reported: which modules an import brings in, and how much disk
the packages of the core take beside what scikit-learn and sentence-transformers need.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from common import in_turns, medians, parser, write

COMMANDS = {
    "import kinfold": ["-c", "import kinfold"],
    "import numpy": ["-c", "import numpy"],
    "kinfold --help": ["-m", "kinfold", "--help"],
    "import typer, rich": ["-c", "import typer, rich"],
    "python": ["-c", "pass"],
}
# Installed sizes in MB of scikit-learn and of sentence-transformers with the CPU build of torch are measured where
# they are installed; else they are left out.
OTHERS = ("scikit-learn", "sentence-transformers")


def run(arguments: Sequence[str]) -> None:
    """Run Python and wait."""
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def modules_of(statement: str) -> list[str]:
    """Return the packages outside the standard library that a statement imports."""
    code = f"import sys\n{statement}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return [name for name in found if name not in sys.stdlib_module_names and not name.startswith("_")]


def needs(package: str, seen: set[str] | None = None) -> set[str]:
    """Return a package and all it needs, as installed here, without extras."""
    seen = set() if seen is None else seen
    try:
        requirements = importlib.metadata.requires(package) or []
    except importlib.metadata.PackageNotFoundError:
        return seen
    if package.lower() in seen:
        return seen
    seen.add(package.lower())
    for requirement in requirements:
        name, _, marker = requirement.partition(";")
        if "extra" not in marker and "python_version" not in marker and "platform" not in marker:
            needs(re.split(r"[^\w.-]", name.strip())[0], seen)
    return seen


def installed_mb(package: str) -> float | None:
    """Return the disk that a package and all it needs take, in MB; None if it is not installed."""
    total = 0
    for name in needs(package):
        for file in importlib.metadata.files(name) or []:
            path = file.locate()
            total += path.stat().st_size if path.is_file() else 0
    return round(total / 1e6, 1) or None


def main() -> None:
    """Time the commands and print the ratios."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--rounds", type=int, default=15)
    args = options.parse_args()
    seconds = in_turns(
        {name: lambda c=command: run(c) for name, command in COMMANDS.items()}, 2 if args.quick else args.rounds
    )

    def ratio(ours: str, peer: str) -> float:
        return round(median(a / b for a, b in zip(seconds[ours], seconds[peer], strict=True)), 2)

    middle = medians(seconds)
    write(
        {
            "benchmark": "startup",
            "ours": {name: middle[name] for name in ("import kinfold", "kinfold --help")},
            "peers": {name: middle[name] for name in ("import numpy", "import typer, rich", "python")},
            "ratio": {
                "import kinfold / import numpy": ratio("import kinfold", "import numpy"),
                "kinfold --help / import typer, rich": ratio("kinfold --help", "import typer, rich"),
            },
            "modules": {statement: modules_of(statement) for statement in ("import kinfold",)},
            "installed_mb": {name: installed_mb(name) for name in ("kinfold", *OTHERS)},
        },
        args.json,
    )


if __name__ == "__main__":
    main()
