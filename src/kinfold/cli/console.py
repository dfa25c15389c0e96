"""What a command says: progress, tables and warnings on standard error, results on standard output."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from kinfold.cli.faults import visible
from kinfold.types import Json

#: Called as report(what is being done, share of it that is done or None where that can't be known).
Report = Callable[[str, float | None], None]
#: Without a terminal, seconds between two lines about the same thing.
SPARSE = 10.0


class Console:
    """Standard error for people and standard output for results; all that is written is made visible first.

    Parameters
    ----------
    quiet
        Say nothing to people but warnings: a program reads the JSON on standard output.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._rich = RichConsole(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

    @property
    def is_terminal(self) -> bool:
        """Whether a person sees what is said as it is said."""
        return self._rich.is_terminal

    def say(self, text: str = "", *, style: str = "") -> None:
        """Say something to a person."""
        if not self.quiet:
            self._rich.print(Text(visible(text), style=style))

    def warn(self, text: str) -> None:
        """Say what may be wrong: to programs too, since it is no part of the result."""
        self._rich.print(Text.assemble(("warning", "bold yellow"), f" {visible(text)}"))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show columns, those of numbers to the right; a header of empty names is left out."""
        if self.quiet or not rows:
            return
        lines = aligned([header, *rows] if any(header) else rows)
        for i, line in enumerate(lines):
            self._rich.print(Text(line, style="bold" if i == 0 and any(header) else ""))

    def coloured(self, pieces: Sequence[tuple[str, str]]) -> None:
        """Say something made of pieces with a style each."""
        if not self.quiet:
            self._rich.print(Text.assemble(*((visible(text), style) for text, style in pieces)))

    def out(self, text: str) -> None:
        """Write a line of the result, unless it is asked for as JSON."""
        if not self.quiet:
            sys.stdout.write(visible(text) + "\n")
            # In its place among what is said, also where both go to one file.
            sys.stdout.flush()

    def json(self, value: Json) -> None:
        """Write the result as one JSON object."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """Show how far something is: a live bar on a terminal, a few plain lines elsewhere."""
        if self.quiet:
            yield _unsaid
        elif self._rich.is_terminal and not self._rich.is_dumb_terminal:
            with _bar(self._rich) as report:
                yield report
        else:
            yield _Lines(self.say)


def marked(ngram: str) -> str:
    """Return an n-gram, in quotes where a blank at its end would not be seen."""
    return ngram if ngram == ngram.strip() else f'"{ngram}"'


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines of equally wide columns; columns that hold numbers but for the header go right."""
    shown = [[visible(cell).replace("\n", "\\n") for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    right = [_numeric([row[i] for row in shown[1:]]) for i in range(len(widths))]
    lines = []
    for row in shown:
        cells = [
            " " * (width - cell_len(cell)) + cell if to_right else cell + " " * (width - cell_len(cell))
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def _numeric(cells: Sequence[str]) -> bool:
    held = [cell for cell in cells if cell]
    return bool(held) and all(cell.strip(" +-−%.,0123456789e") == "" for cell in held)


def _unsaid(stage: str, share: float | None) -> None:
    """Report progress to nobody."""


@contextmanager
def _bar(console: RichConsole) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def report(stage: str, share: float | None) -> None:
            total = None if share is None else 1.0
            progress.update(task, description=visible(stage), completed=share or 0.0, total=total)

        yield report


class _Lines:
    """Progress where no bar can be drawn: a line a stage, and another now and then.

    What follows a comma or colon changes within a stage, such as the speed.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._stage = say, ""
        self._begun = self._last = time.monotonic()

    def __call__(self, stage: str, share: float | None) -> None:
        now = time.monotonic()
        same = re.split("[,:]", stage)[0] == re.split("[,:]", self._stage)[0]
        if same and now - self._last < SPARSE:
            return
        left = ""
        if share and same:
            left = f": {100 * share:.0f} %, about {(now - self._begun) * (1 - share) / share:.0f} s left"
        if stage != "done":
            self._say(f"{stage}{left}")
        self._stage, self._last = stage, now
