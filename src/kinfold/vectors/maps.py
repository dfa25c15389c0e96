"""Words in, a plane on which near ones are alike out; to be looked at as a page, a picture or a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from kinfold.errors import DataError, InvalidParameterError
from kinfold.kernels.blocks import unit_rows
from kinfold.types import Floats2d, Ids1d, Ids2d, Json, Singles2d
from kinfold.vectors.map_page import METHODS, map_page
from kinfold.vectors.map_picture import map_png, map_svg
from kinfold.vectors.neighbours import listed
from kinfold.vectors.pictures import Picture
from kinfold.vectors.polarity import Polarity
from kinfold.vectors.projection import neighbours_of, principal_plane, trustworthiness, tsne_plane
from kinfold.vectors.spelling import unknown
from kinfold.vectors.tables import shown

if TYPE_CHECKING:
    from kinfold.vectors.words import WordVectors

Plane: TypeAlias = Literal["tsne", "pca"]
#: A class for each word: by word, or one a word in the order of the words; None for a word without one.
Classes: TypeAlias = Mapping[str, str] | Sequence[str | None]
#: Neighbours shown of each word; also how many the quality is measured with, fewer on a small map.
N_NEIGHBOURS = 8
#: On a larger map the quality is measured at so many words drawn at random.
_MEASURED = 2000


@dataclass(frozen=True, slots=True, eq=False)
class WordMap(Picture):
    """Words on a plane.

    Parameters
    ----------
    words
        In the order of importance, by custom that of frequency: a label gives way to those before it.
    points
        (N, 2) float64.
    classes
        One a word, None for a word without one; None if there are no classes.
    method
        ``"tsne"`` or ``"pca"``.
    quality
        The trustworthiness: 1 if all neighbours on the plane are neighbours in the space, about 0.5 for chance; None
        for fewer words than can be measured.
    neighbours
        (N, K) the nearest words of each word in the space, among those on the map; -1 for none.
    missing
        Words asked for that have no vector.
    polarity
        What each word speaks for, where the map is coloured by that: its classes are then the steps of the scale.
    """

    words: tuple[str, ...]
    points: Floats2d
    classes: tuple[str | None, ...] | None
    method: Plane
    quality: float | None
    neighbours: Ids2d
    missing: tuple[str, ...] = ()
    polarity: Polarity | None = None

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[tuple[str, tuple[float, float]]]:
        """Yield each word with its place."""
        return ((word, (x, y)) for word, (x, y) in zip(self.words, self.points.tolist(), strict=True))

    def __str__(self) -> str:
        """Return what the map is, how far it can be trusted, and what is missing from it."""
        quality = "" if self.quality is None else f", trustworthiness {self.quality:.3f}"
        lines = [f"{len(self):,} words by {METHODS[self.method]}{quality}"]
        if self.polarity is not None:
            lines.append(str(self.polarity))
        if self.missing:
            lines.append(f"no vector: {', '.join(map(shown, self.missing))}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Json]:
        """Return words, places, classes and quality as JSON holds them."""
        rows: list[dict[str, Json]] = [{"word": word, "x": x, "y": y} for word, (x, y) in self]
        for row, name in zip(rows, self.classes or (), strict=False):
            row["class"] = name
        parts: dict[str, Json] = {"method": self.method, "trustworthiness": self.quality}
        if self.polarity is not None:
            for row, value in zip(rows, self.polarity.values.tolist(), strict=True):
                row["polarity"] = value
            sides = {"toward": self.polarity.toward, "against": self.polarity.against}
            parts["purity"] = {"in_space": self.polarity.in_space, "on_plane": self.polarity.on_plane, **sides}
        return {**parts, "words": rows, "missing": list(self.missing)}

    def html(self, title: str = "") -> str:
        """Return one page to explore the map in; it holds all it needs. `title` is its heading."""
        return map_page(self, title)

    def svg(self) -> str:
        """Return a still picture with the labels that there is room for."""
        return map_svg(self)

    def csv(self) -> str:
        """Return a table: word, x, y, and class and polarity if there are any."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        columns = [list(self.words), *([f"{v:.6g}" for v in column.tolist()] for column in self.points.T)]
        head = ["word", "x", "y"]
        if self.classes is not None:
            head.append("class")
            columns.append([name or "" for name in self.classes])
        if self.polarity is not None:
            head.append("polarity")
            columns.append([f"{v:.6g}" for v in self.polarity.values.tolist()])
        writer.writerow(head)
        writer.writerows(zip(*columns, strict=True))
        return out.getvalue()

    def _png(self, dpi: int) -> bytes:
        return map_png(self, dpi)

    def _repr_html_(self) -> str:
        return self.svg()


def map_words(
    vectors: WordVectors,
    words: Sequence[str] | None = None,
    *,
    classes: Classes | None = None,
    method: Plane = "tsne",
    n_words: int = 1000,
    perplexity: float = 30.0,
    random_state: int | None = None,
    n_threads: int | None = None,
) -> WordMap:
    """Put words on a plane so that those alike are near.

    Parameters
    ----------
    vectors
        The words and their vectors.
    words
        The words to draw; each counts once. Default: those that `classes` names, else the most frequent.
    classes
        A class for each word, to colour by.
    method
        ``"tsne"``, which keeps neighbours together, or ``"pca"``, which is the plane of most variation.
    n_words
        How many words where neither `words` nor `classes` names them.
    perplexity
        For t-SNE: about how many neighbours a word is to keep; at most a third of the words.
    random_state
        Seed of t-SNE; None for another picture each time.
    n_threads
        None for one a processor.

    Returns
    -------
    WordMap

    Raises
    ------
    DataError
        D-060: no word is known. D-064: there are fewer words than the method needs, or classes that don't fit them.
    InvalidParameterError
        P-023: `method`, `n_words` or `perplexity` is none.
    MissingExtraError
        U-011: t-SNE needs openTSNE.
    """
    _check_numbers(method, n_words, perplexity)
    asked, named = _asked(vectors, words, classes, n_words)
    known = [word for word in asked if word in vectors or vectors.subwords is not None]
    if not known:
        raise unknown(asked[0], vectors.words)
    units = unit_rows(vectors[known])
    alive: NDArray[np.bool_] = np.asarray(units.any(axis=1))
    drawn = [word for word, there in zip(known, alive.tolist(), strict=True) if there]
    units = np.ascontiguousarray(units[alive])
    least = 5 if method == "tsne" else 1
    if len(drawn) < least:
        raise DataError(
            f"A map by {METHODS[method]} needs {least} words or more.",
            seen=f"{len(drawn)} with a vector that is not zero",
            fix="name more words, or use method='pca'" if method == "tsne" else "name more words",
            code="D-064",
        )
    if method == "pca":
        points = principal_plane(units)
    else:
        points = tsne_plane(units, min(perplexity, (len(drawn) - 1) / 3), random_state, n_threads)
    near = neighbours_of(units, min(N_NEIGHBOURS, len(drawn)), n_threads)[0]
    kept = set(drawn)
    return WordMap(
        words=tuple(drawn),
        points=points,
        classes=None if named is None else tuple(named.get(word) for word in drawn),
        method=method,
        quality=_quality(units, points),
        neighbours=near,
        missing=tuple(word for word in asked if word not in kept),
    )


def _asked(
    vectors: WordVectors, words: Sequence[str] | None, classes: Classes | None, n_words: int
) -> tuple[list[str], dict[str, str | None] | None]:
    """Return the words to draw, each once, and the class of each word."""
    by_word: dict[str, str | None] | None = dict(classes) if isinstance(classes, Mapping) else None
    if words is None and by_word is None:
        asked = _frequent(vectors, n_words)
    else:
        asked = list(by_word or ()) if words is None else listed(words)
    if not asked:
        raise DataError("There are no words to draw.", fix="name some, or leave `words` out", code="D-064")
    if classes is None:
        return list(dict.fromkeys(asked)), None
    if not isinstance(classes, Mapping):
        if len(classes) != len(asked):
            raise DataError(
                "There must be one class for each word.", seen=f"{len(classes):,} for {len(asked):,}", code="D-064"
            )
        by_word = dict(zip(asked, classes, strict=True))
    return list(dict.fromkeys(asked)), by_word


def _frequent(vectors: WordVectors, n_words: int) -> list[str]:
    """Return the most frequent words; without counts, the first ones."""
    if vectors.counts is None:
        return vectors.words[:n_words]
    return [vectors.words[i] for i in np.argsort(-vectors.counts, kind="stable")[:n_words].tolist()]


def _quality(units: Singles2d, points: Floats2d) -> float | None:
    n = len(units)
    k = min(N_NEIGHBOURS, (n - 1) // 2)
    if k < 1:
        return None
    chosen: Ids1d | None = None
    if n > 2 * _MEASURED:
        chosen = np.random.default_rng(0).choice(n, _MEASURED, replace=False).astype(np.int32)
    return trustworthiness(units, points, k, chosen)


def _check_numbers(method: str, n_words: int, perplexity: float) -> None:
    if method not in get_args(Plane):
        raise InvalidParameterError("`method` must be 'tsne' or 'pca'.", seen=repr(method), code="P-023")
    if isinstance(n_words, bool) or not isinstance(n_words, int | np.integer) or n_words < 1:
        raise InvalidParameterError("`n_words` must be a whole number, 1 or more.", seen=repr(n_words), code="P-023")
    if isinstance(perplexity, bool) or not isinstance(perplexity, int | float) or not 1 <= perplexity < np.inf:
        raise InvalidParameterError("`perplexity` must be a number of at least 1.", seen=repr(perplexity), code="P-023")
