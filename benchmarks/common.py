"""What every benchmark needs: the data folder, timing in turns, peak memory, the result as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the three options of every benchmark."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--data", metavar="DIR", help="the data folder (default: $KINFOLD_DATA or ../shared/data)")
    made.add_argument("--json", metavar="FILE", help="also write the result here")
    made.add_argument("--quick", action="store_true", help="a few seconds on little data, to see that it runs")
    return made


def data_dir(arg: str | None = None) -> Path | None:
    """Return the data folder: `arg`, else $KINFOLD_DATA, else ../shared/data; None where there is none."""
    named = arg or os.environ.get("KINFOLD_DATA")
    if named:
        if not Path(named).is_dir():
            raise SystemExit(f"no data folder at {named}")
        return Path(named)
    default = Path("../shared/data")
    return default if default.is_dir() else None


def data_for(args: argparse.Namespace) -> Path | None:
    """Return the data folder, None for the short form; without either there is nothing to measure: SystemExit."""
    folder = None if args.quick else data_dir(args.data)
    if folder is None and not args.quick:
        raise SystemExit("this benchmark needs the data folder; name it with --data, or use --quick")
    return folder


def in_turns(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Call every function once a round, the order turned each round; return the seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            start = time.perf_counter()
            runs[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def medians(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the median seconds of each name."""
    return {name: round(median(values), 4) for name, values in seconds.items()}


def peak_rss_mb() -> float:
    """Return the most memory this process has held so far, in MB (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def rss_mb() -> float:
    """Return the memory this process holds now, in MB; its peak where the system does not tell."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return peak_rss_mb()
    return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6


def machine() -> dict[str, Any]:
    """Return what a reader needs to judge the figures."""
    return {"python": platform.python_version(), "system": platform.system(), "cores": os.cpu_count()}


def write(result: Mapping[str, Any], path: str | None = None) -> None:
    """Print the result as JSON, and write it to `path` where one is given."""
    text = json.dumps({**result, "machine": machine()}, indent=2, ensure_ascii=False)
    print(text)
    if path:
        Path(path).write_text(text + "\n", encoding="utf-8")
