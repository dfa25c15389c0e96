"""What a person looks at, kept: saved as what its path ends in, or drawn as PNG by matplotlib."""

from __future__ import annotations

import io
import json
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from kinfold.errors import InvalidParameterError, MissingExtraError
from kinfold.types import Json
from kinfold.vectors.formats_file import machine_fault
from kinfold.vectors.formats_write import whole_file
from kinfold.vectors.projection import EXTRA
from kinfold.vectors.tables import shown

#: What a picture can be saved as.
ENDINGS = (".html", ".png", ".svg", ".csv", ".json")


class Picture(ABC):
    """A map: what it shows in every form, and how each is kept."""

    __slots__ = ()

    @abstractmethod
    def html(self, title: str = "") -> str:
        """Return one page to explore the map in; it holds all it needs. `title` is its heading."""

    @abstractmethod
    def svg(self) -> str:
        """Return a still picture that stands for itself."""

    @abstractmethod
    def csv(self) -> str:
        """Return a table."""

    @abstractmethod
    def to_dict(self) -> dict[str, Json]:
        """Return what is shown as JSON holds it."""

    def png(self, path: str | os.PathLike[str], *, dpi: int = 144) -> None:
        """Write the still picture as a PNG; a failure leaves what was there before.

        Raises
        ------
        MissingExtraError
            U-011: matplotlib is not installed.
        MachineError
            D-005: the file can't be written.
        """
        write_whole(path, self._png(dpi))

    def save(self, path: str | os.PathLike[str], *, title: str = "") -> None:
        """Write the map as what the path ends in: .html, .png, .svg, .csv or .json; `title` is the page's heading.

        A failure leaves what was there before.

        Raises
        ------
        InvalidParameterError
            P-025: the path ends in none of these.
        MissingExtraError
            U-011: it ends in .png, and matplotlib is not installed.
        MachineError
            D-005: the file can't be written.
        """
        kind = kind_of(path, ENDINGS)
        if kind == ".png":
            self.png(path)
        elif kind == ".html":
            write_whole(path, self.html(title).encode("utf-8"))
        elif kind == ".svg":
            write_whole(path, self.svg().encode("utf-8"))
        elif kind == ".csv":
            write_whole(path, self.csv().encode("utf-8"))
        else:
            write_whole(path, (json.dumps(self.to_dict(), ensure_ascii=False) + "\n").encode("utf-8"))

    @abstractmethod
    def _png(self, dpi: int) -> bytes:
        """Return the still picture as PNG."""


def kind_of(path: str | os.PathLike[str], kinds: Sequence[str]) -> str:
    """Return which of the kinds a path ends in.

    Raises
    ------
    InvalidParameterError
        P-025: none of them.
    """
    kind = os.path.splitext(os.fspath(path))[1].lower()
    if kind not in kinds:
        raise InvalidParameterError(
            "The file's name does not say what to write.",
            seen=shown(os.path.basename(os.fspath(path)) or os.fspath(path)),
            fix=f"end it in {', '.join(kinds[:-1])} or {kinds[-1]}",
            code="P-025",
        )
    return kind


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that gets its name once it is whole; a failure leaves what was there before.

    Raises
    ------
    MachineError
        D-005: the file can't be written.
    """
    try:
        with whole_file(os.fspath(path)) as file:
            file.write(content)
    except OSError as error:
        raise machine_fault(shown(os.fspath(path), 200), "written", error) from error


def empty_axes(width: float, height: float, dpi: int) -> Any:
    """Return matplotlib's axes over a whole white picture, in points, y downwards.

    Raises
    ------
    MissingExtraError
        U-011: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("a PNG needs the package matplotlib", fix=EXTRA, code="U-011") from error
    figure = Figure(figsize=(width / 72, height / 72), dpi=dpi, facecolor="#ffffff")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return axes


def png_of(axes: Any) -> bytes:
    """Return the picture of some axes as PNG; it depends on nothing but what is drawn."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box says so as well
        axes.figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
