"""What every recipe needs: its options, the data folder, progress, published beside measured, the result as JSON."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Recipe:
    """One run of a recipe: what was asked for, and what has been measured so far.

    Parameters
    ----------
    name, systems
        The program's name and the systems it rebuilds.
    data
        The data folder, or None: the packaged sample is used instead.
    """

    name: str
    systems: Sequence[str]
    data: Path | None
    seed: int
    json: str | None
    started: float = field(default_factory=time.monotonic)

    @property
    def quick(self) -> bool:
        """Whether to run on the packaged sample."""
        return self.data is None

    def progress(self, stage: str, share: float) -> None:
        """Show what is being done; estimators call it as they learn."""
        sys.stderr.write(f"\r\033[K{self.name}: {stage}, {share:.0%}" if sys.stderr.isatty() else "")

    def took(self, what: str, since: float) -> float:
        """Say how long something took that began at `since` by `time.monotonic`; return the seconds."""
        spent = time.monotonic() - since
        sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
        print(f"{what}: {spent:,.0f} s", flush=True)
        return round(spent, 1)

    def finish(
        self, published: Mapping[str, float], measured: Mapping[str, Any], rows: Mapping[str, int], settings: Mapping
    ) -> None:
        """Print published beside measured, and write the result where --json says."""
        seconds = time.monotonic() - self.started
        shown = {name: value if isinstance(value, dict) else value.to_dict() for name, value in measured.items()}
        sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
        print(f"{'measure':<56}{'published':>10}{'measured':>10}   95 % interval")
        for name in dict.fromkeys([*measured, *published]):
            # The sample is no match for the published figure.
            said = f"{published[name]:.4f}" if name in published and not self.quick else "-"
            now = shown.get(name)
            found = "-" if now is None else f"{now['value']:.4f}"
            print(f"{name:<56}{said:>10}{found:>10}" + (f"   {now['low']:.4f} to {now['high']:.4f}" if now else ""))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"{sum(rows.values()):,} rows, {seconds:.0f} s, {peak:,.0f} MB at most, seed {self.seed}")
        result = {
            "recipe": self.name,
            "systems": list(self.systems),
            "published": dict(published),
            "measured": shown,
            "rows": dict(rows),
            "settings": dict(settings),
            "seconds": round(seconds, 1),
            "peak_rss_mb": round(peak),
            "seed": self.seed,
        }
        if self.json:
            Path(self.json).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def start(name: str, systems: Sequence[str], description: str) -> Recipe:
    """Read the options that every recipe has."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: $KINFOLD_DATA or ../shared/data)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few seconds on the packaged sample")
    parser.add_argument("--json", metavar="FILE", help="also write the result here")
    args = parser.parse_args()
    folder = Path(args.data or os.environ.get("KINFOLD_DATA") or "../shared/data")
    if not args.quick and not folder.is_dir():
        parser.error(f"there is no data folder at {folder}; name one with --data, or use --quick")
    return Recipe(name, systems, None if args.quick else folder, args.seed, args.json)
