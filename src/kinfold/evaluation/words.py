"""Word vectors and what people say of words in; how far they agree, and how sure that is, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from kinfold.errors import DataError, InvalidParameterError
from kinfold.evaluation.intervals import LEVEL, N_DRAWS, Interval, interval, resampled_interval, weight_blocks
from kinfold.evaluation.metrics import spearman
from kinfold.evaluation.page import plain_table
from kinfold.evaluation.weighted import ratio
from kinfold.types import Floats1d, Floats2d, Ids1d, Ids2d, Ints1d, Json, Singles2d

#: Answers to analogies are looked for among so many of the most frequent words, as is the custom.
RESTRICT = 30_000
#: Sections of the questions that came with word2vec are about grammar if they are called so, else about meaning.
_GRAMMAR = "gram"


class Space(Protocol):
    """What evaluation needs of word vectors: `kinfold.vectors.words.WordVectors` has it."""

    @property
    def unit(self) -> Singles2d:
        """Vectors of length 1, (V, D)."""

    def ids(self, words: Sequence[str]) -> Ids1d:
        """Return the row of each word, -1 where it is unknown."""


class Solver(Space, Protocol):
    """Word vectors that answer analogies."""

    def solve_analogies(
        self, a_ids: Ids1d, b_ids: Ids1d, c_ids: Ids1d, *, restrict: int | None, method: Literal["add", "mul"]
    ) -> Ids1d:
        """Return the row of the word that is to c as b is to a, for each of N questions; -1 where there is none."""


@dataclass(frozen=True, slots=True)
class SimilarityResult:
    """How far cosines agree with people on pairs of words.

    Attributes
    ----------
    spearman
        The rank correlation over the pairs whose two words are known; its interval is of the pairs drawn again.
    pairs, used
        Pairs given, and pairs whose two words are known.
    unknown
        The words that are not known, each once.
    """

    spearman: Interval
    pairs: int
    used: int
    unknown: tuple[str, ...]

    def to_dict(self) -> dict[str, Json]:
        """Return the result as JSON can hold it."""
        return {
            "metrics": {"spearman": self.spearman.to_dict()},
            "rows": {"in": self.pairs, "used": self.used, "unknown": self.pairs - self.used},
            "unknown_words": list(self.unknown),
        }

    def __str__(self) -> str:
        """Return one sentence."""
        return f"Spearman {self.spearman} on {self.used:,} of {self.pairs:,} pairs; the others have an unknown word"

    def _repr_html_(self) -> str:
        row = [str(self.spearman), f"{self.pairs:,}", f"{self.used:,}", f"{len(self.unknown):,}"]
        return plain_table(["Spearman", "Pairs", "Used", "Unknown words"], [row])


@dataclass(frozen=True, slots=True)
class SectionResult:
    """How many questions of one kind were answered right.

    Attributes
    ----------
    accuracy
        Of the questions whose four words are known.
    accuracy_all
        Of all questions: those with an unknown word count as wrong.
    questions, used
        Questions given, and questions whose four words are known.
    """

    accuracy: Interval
    accuracy_all: Interval
    questions: int
    used: int

    def to_dict(self) -> dict[str, Json]:
        """Return the result as JSON can hold it."""
        return {
            "metrics": {"accuracy": self.accuracy.to_dict(), "accuracy_all": self.accuracy_all.to_dict()},
            "rows": {"in": self.questions, "used": self.used, "unknown": self.questions - self.used},
        }


@dataclass(frozen=True, slots=True)
class AnalogyResult:
    """How many analogies were answered right: in all, by section, and by what they are about.

    Questions that begin with the same pair of words are right or wrong together, so that the intervals are of whole
    such groups drawn again.

    Attributes
    ----------
    total
        All questions.
    kinds
        ``semantic`` and ``syntactic``, where some sections are about meaning and some about grammar.
    sections
        By name, in the order given.
    unknown
        The words that are not known, or not among the first `restrict`; each once.
    method, restrict
        How they were answered.
    """

    total: SectionResult
    kinds: dict[str, SectionResult]
    sections: dict[str, SectionResult]
    unknown: tuple[str, ...]
    method: str
    restrict: int | None

    def to_dict(self) -> dict[str, Json]:
        """Return the result as JSON can hold it."""
        return {
            **self.total.to_dict(),
            "kinds": {name: result.to_dict() for name, result in self.kinds.items()},
            "sections": {name: result.to_dict() for name, result in self.sections.items()},
            "unknown_words": list(self.unknown),
            "method": self.method,
            "restrict": self.restrict,
        }

    def rows(self) -> list[tuple[str, ...]]:
        """Return a table for people: the sections, what they are about, and all together."""
        named = {**self.sections, **self.kinds, "all": self.total}
        return [
            (name, f"{result.used:,} of {result.questions:,}", str(result.accuracy), str(result.accuracy_all))
            for name, result in named.items()
        ]

    def __str__(self) -> str:
        """Return the table, aligned."""
        lines = [_HEAD, *self.rows()]
        widths = [max(len(row[i]) for row in lines) for i in range(len(_HEAD))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines
        )

    def _repr_html_(self) -> str:
        return plain_table(_HEAD, self.rows())


_HEAD = ("section", "known", "accuracy", "with the unknown as wrong")


def similarity(
    vectors: Space,
    pairs: Sequence[tuple[str, str, float]],
    *,
    n_draws: int = N_DRAWS,
    seed: int = 0,
    level: float = LEVEL,
) -> SimilarityResult:
    """Compare cosines with how alike people say that words are.

    Parameters
    ----------
    vectors
        The word vectors.
    pairs
        (left, right, score), as `kinfold.data.gold.read_similarity` reads them. A word that is not known as it is
        written is looked up in lower case.
    n_draws, seed
        Draws of the bootstrap over pairs, and what starts them.
    level
        The share of intervals that hold the true value.

    Raises
    ------
    DataError
        E-001: there are no pairs.
    """
    if not pairs:
        raise DataError("there are no pairs to score", fix="give words with a score each", code="E-001")
    words = [[left, right] for left, right, _ in pairs]
    ids = _rows(vectors, words)  # (N, 2)
    known = np.flatnonzero((ids >= 0).all(axis=1))
    people = np.array([score for *_, score in pairs], np.float64)[known]
    left, right = (vectors.unit[ids[known, side]].astype(np.float64) for side in (0, 1))  # (n, D) each
    cosines = np.einsum("nd,nd->n", left, right)  # (n,)

    def of(rows: Ints1d) -> float:
        return spearman(people[rows].tolist(), cosines[rows].tolist())

    if len(known) < 2 or np.isnan(of(np.arange(len(known)))):
        agreement = Interval(None, None, None, f"{len(known):,} pairs of known words leave nothing to rank")
    else:
        agreement = resampled_interval(of, len(known), n_draws=n_draws, seed=seed, level=level)
    return SimilarityResult(agreement, len(pairs), len(known), _unknown(words, ids < 0))


def analogies(
    vectors: Solver,
    sections: Mapping[str, Sequence[tuple[str, str, str, str]]],
    *,
    restrict: int | None = RESTRICT,
    method: Literal["add", "mul"] = "add",
    n_draws: int = N_DRAWS,
    seed: int = 0,
    level: float = LEVEL,
) -> AnalogyResult:
    """Count how many analogies are answered right: a is to b as c is to d.

    Parameters
    ----------
    vectors
        The word vectors, the most frequent words first.
    sections
        Name -> questions (a, b, c, d), as `kinfold.data.gold.read_analogies` reads them. A word that is not known as
        it is written is looked up in lower case.
    restrict
        Ask with, and answer with, the first so many words only; the words beyond count as unknown. None for all.
    method
        ``"add"`` (3CosAdd) or ``"mul"`` (3CosMul).
    n_draws, seed
        Draws of the bootstrap over groups of questions that begin with the same pair, and what starts them.
    level
        The share of intervals that hold the true value.

    Raises
    ------
    DataError
        E-001: there are no questions.
    InvalidParameterError
        P-023: restrict is below 1.
    """
    if restrict is not None and restrict < 1:
        raise InvalidParameterError("`restrict` must be 1 or more, or None.", seen=repr(restrict), code="P-023")
    questions = [question for asked in sections.values() for question in asked]
    if not questions:
        raise DataError("there are no questions to ask", fix="give four words a question", code="E-001")
    ids = _rows(vectors, questions)  # (N, 4)
    unknown = (ids < 0) if restrict is None else (ids < 0) | (ids >= restrict)
    known: NDArray[np.bool_] = np.logical_not(unknown.any(axis=1))  # (N,)
    found = vectors.solve_analogies(*ids[known, :3].T, restrict=restrict, method=method)
    right = np.zeros(len(questions), np.bool_)
    right[known] = found == ids[known, 3]
    of_section = np.repeat(np.arange(len(sections)), [len(asked) for asked in sections.values()])  # (N,)
    parts = _parts(list(sections), of_section)
    pairs = [(section, a, b) for section, (a, b, *_) in zip(of_section.tolist(), questions, strict=True)]
    results = _measured(parts, right, known, pairs, n_draws, seed, level)
    named = dict(zip(sections, results, strict=False))
    kinds = dict(zip(("semantic", "syntactic"), results[len(named) : -1], strict=False))
    return AnalogyResult(results[-1], kinds, named, _unknown(questions, unknown), method, restrict)


def _parts(names: list[str], of_section: Ints1d) -> Floats2d:
    """Return which questions (N,) are in each section, each kind where there are two, and all: (K, N) of 0 and 1."""
    parts = [of_section == number for number in range(len(names))]
    grammar = np.array([name.startswith(_GRAMMAR) for name in names])[of_section]
    if grammar.any() and not grammar.all():
        parts += [~grammar, grammar]
    return np.array([*parts, np.ones(len(of_section))], np.float64)


def _measured(
    parts: Floats2d,
    right: NDArray[np.bool_],
    known: NDArray[np.bool_],
    pairs: Sequence[tuple[int, str, str]],
    n_draws: int,
    seed: int,
    level: float,
) -> list[SectionResult]:
    """Return the result of each part (K, N), all from the same draws of whole groups of questions."""
    numbers = {pair: i for i, pair in enumerate(dict.fromkeys(pairs))}
    group = np.array([numbers[pair] for pair in pairs])  # (N,)
    sums = np.zeros((3, len(parts), len(numbers)))  # right, known, all: each (K, G)
    for total, rows in zip(sums, (right, known, np.ones(len(group))), strict=True):
        for part, weights in zip(total, parts, strict=True):
            part += np.bincount(group, weights * rows, len(numbers))
    drawn: list[list[Floats2d]] = [[], []]
    for weights in weight_blocks(len(numbers), n_draws, seed=seed):  # (G, d)
        n_right, n_known, n_all = sums @ weights  # (K, d) each
        drawn[0].append(ratio(n_right, n_known))
        drawn[1].append(ratio(n_right, n_all))
    draws = [np.hstack(blocks) for blocks in drawn]  # (K, n_draws) each
    results = []
    for k in range(len(parts)):
        n_right, n_known, n_all = sums[:, k].sum(axis=1)
        known_share = _interval(n_right, n_known, draws[0][k], int((sums[1, k] > 0).sum()), level)
        all_share = _interval(n_right, n_all, draws[1][k], int((sums[2, k] > 0).sum()), level)
        results.append(SectionResult(known_share, all_share, int(n_all), int(n_known)))
    return results


def _interval(above: float, below: float, draws: Floats1d, n_groups: int, level: float) -> Interval:
    """Return a share with its interval: of groups, since questions of one group are no news of one another."""
    if not below:
        return Interval(None, None, None, "no question has known words only")
    if n_groups < 2:
        return Interval(above / below, None, None, "all questions begin with the same pair")
    return interval(above / below, draws, level=level, rows=n_groups)


def _rows(vectors: Space, words: Sequence[Sequence[str]]) -> Ids2d:
    """Return the row of each word (N, W), -1 where neither the word nor its lower case is known."""
    width = len(words[0])
    flat = [word for line in words for word in line]
    ids = np.array(vectors.ids(flat), np.int32)
    missing = np.flatnonzero(ids < 0)
    ids[missing] = vectors.ids([flat[i].lower() for i in missing])
    return ids.reshape(-1, width)


def _unknown(words: Sequence[Sequence[str]], unknown: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the words marked (N, W), each once, in the order they come in."""
    return tuple(dict.fromkeys(words[i][j] for i, j in np.argwhere(unknown).tolist()))
