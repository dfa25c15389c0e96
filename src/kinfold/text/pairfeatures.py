"""Pairs of texts -> numbers that say how far the two agree: overlap, order, alignment, numbers, negation, names.

None of them knows how often a text stands in the pairs, with whom, or where in the file: only what the two texts say.
Weights of words come from the texts fitted, each counted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinfold.kernels import aligning, overlap
from kinfold.text.lexicon import Lexicon
from kinfold.text.pairtexts import CHARACTER_BITS, WORD_BITS, PairTexts
from kinfold.text.weighting import idf
from kinfold.types import Array, Floats1d, Ids1d, Ints1d, Singles2d

#: What a side's two columns are called: {} is replaced.
_SIDES = {False: ("lower", "higher"), True: ("left", "right")}
_SETS = ("words", "word pairs", "character runs")
_OVERLAPS = (
    "{s}: shared of all",
    "{s}: shared of a side, {a}",
    "{s}: shared of a side, {b}",
    "{s}: shared of all, by idf",
    "{s}: shared of a side by idf, {a}",
    "{s}: shared of a side by idf, {b}",
    "{s}: tf-idf cosine",
    "{s}: rarest shared",
    "{s}: rarest not shared, {a}",
    "{s}: rarest not shared, {b}",
    "{s}: idf not shared, {a}",
    "{s}: idf not shared, {b}",
)
_SHARES = ("{s}: shared", "{s}: of one side only, {a}", "{s}: of one side only, {b}", "{s}: difference")
_SEQUENCES = (
    "words: common beginning",
    "words: common end",
    "words: common beginning of the shorter",
    "words: common end of the shorter",
    "first word equal",
    "first two words equal",
    "last word equal",
    "words: in the same order, {a}",
    "words: in the same order, {b}",
    "words: edits",
    "words: number, {a}",
    "words: number, {b}",
    "words: ratio of numbers",
)
_EDITS = (
    "characters: edits",
    "characters: longest common run",
    "characters: common beginning",
    "characters: number, {a}",
    "characters: number, {b}",
    "characters: ratio of numbers",
)
_ALIGNED = (
    "best match {s}: mean, {a}",
    "best match {s}: mean, {b}",
    "best match {s}: worst, {a}",
    "best match {s}: worst, {b}",
    "best match {s}: largest loss, {a}",
    "best match {s}: largest loss, {b}",
)


@dataclass(frozen=True)
class WordSpace:
    """Vectors of words, as far as features use them.

    Attributes
    ----------
    lexicon
        The words.
    unit
        (W, D) float32, of length one.
    """

    lexicon: Lexicon
    unit: Singles2d


@dataclass(frozen=True)
class PairFeatures:
    """What features of pairs have learned, and the features.

    Attributes
    ----------
    lexicon, frequency
        Words that are in enough of the texts fitted, and in how many (V,) int32.
    run_frequency, character_frequency
        In how many texts each hashed run of two words, and of characters, is; int32.
    n_texts
        How many texts were fitted.
    directed
        Whether the sides of a pair are told apart. If not, a pair and the same turned round have equal features up to
        rounding; give both in one order to have the very same.
    space
        Vectors of words; None: there are none.
    """

    lexicon: Lexicon
    frequency: Ids1d
    run_frequency: Ids1d
    character_frequency: Ids1d
    n_texts: int
    directed: bool = False
    space: WordSpace | None = None

    @classmethod
    def fit(
        cls, cut: PairTexts, *, min_df: int = 2, directed: bool = False, space: WordSpace | None = None
    ) -> PairFeatures:
        """Learn the weights of words and runs from texts, each once.

        Parameters
        ----------
        min_df
            Words in fewer texts weigh as much as one in a single text.
        """
        found = np.bincount(cut.sets.indices, minlength=len(cut.words))
        order = np.flatnonzero(found >= min_df)
        named = np.array([cut.words[entry] for entry in order.tolist()], object)
        order = order[np.lexsort((np.argsort(np.argsort(named)), -found[order]))] if len(order) else order
        return cls(
            lexicon=lexicon_of([cut.words[entry] for entry in order.tolist()]),
            frequency=found[order].astype(np.int32),
            run_frequency=np.bincount(cut.runs.indices, minlength=1 << WORD_BITS).astype(np.int32),
            character_frequency=np.bincount(cut.characters.indices, minlength=1 << CHARACTER_BITS).astype(np.int32),
            n_texts=len(cut),
            directed=directed,
            space=space,
        )

    @property
    def names(self) -> list[str]:
        """What each feature says, (F,)."""
        a, b = _SIDES[self.directed]
        named = [line.format(s=one, a=a, b=b) for one in _SETS for line in _OVERLAPS]
        named += [line.format(a=a, b=b) for line in (*_SEQUENCES, *_EDITS)]
        named += [line.format(s=one, a=a, b=b) for one in ("numbers", "negations", "capitals") for line in _SHARES]
        ways = ("by spelling",) if self.space is None else ("by spelling", "by meaning")
        named += [line.format(s=way, a=a, b=b) for way in ways for line in _ALIGNED]
        return named if self.space is None else [*named, "cosine of mean word vectors"]

    def weights(self, cut: PairTexts) -> Floats1d:
        """Return the idf (V,) of the words of some texts; one that was seen too rarely weighs as if seen once."""
        known = self.lexicon.look_up(cut.keys)
        frequency = np.ones(len(known), np.int64)
        frequency[known >= 0] = self.frequency[known[known >= 0]]
        return idf(frequency, self.n_texts)

    def matrix(self, cut: PairTexts, pairs: Ints1d) -> Array:
        """Return the features (n, F) float32 of pairs, places (n, 2) among the texts cut; NaN: it can't be told."""
        out = np.empty((len(pairs), len(self.names)), np.float32)
        pairs = np.ascontiguousarray(pairs, np.int64)
        directed, weights, first = self.directed, self.weights(cut), 0
        of_runs, of_characters = self._run_weights, self._character_weights
        for rows, weighed in ((cut.sets, weights), (cut.runs, of_runs), (cut.characters, of_characters)):
            overlap.overlaps(pairs, rows.indptr, rows.indices, weighed, directed, out, first)
            first += overlap.N_OVERLAPS
        overlap.sequences(pairs, cut.ordered.indptr, cut.ordered.indices, directed, out, first)
        first += overlap.N_SEQUENCES
        overlap.edits(pairs, cut.buf, cut.offsets, directed, out, first)
        first += overlap.N_EDITS
        for rows in (cut.numbers, cut.negations, cut.capitals):
            overlap.shares(pairs, rows.indptr, rows.indices, directed, out, first)
            first += overlap.N_SHARES
        words = (pairs, cut.sets.indptr, cut.sets.indices, weights)
        inside = (cut.inside.indptr, cut.inside.indices)
        none, nobody = np.empty((0, 0), np.float32), np.empty(0, np.uint8)
        aligning.aligned(*words, *inside, none, nobody, directed, out, first)
        first += aligning.N_ALIGNED
        if self.space is not None:
            unit, known = self._vectors(self.space, cut)
            aligning.aligned(*words, *inside, unit, known, directed, out, first)
            aligning.mean_cosines(*words, unit, known, out, first + aligning.N_ALIGNED)
        return out

    @cached_property
    def _run_weights(self) -> Floats1d:
        return idf(self.run_frequency, self.n_texts)

    @cached_property
    def _character_weights(self) -> Floats1d:
        return idf(self.character_frequency, self.n_texts)

    def _vectors(self, space: WordSpace, cut: PairTexts) -> tuple[Singles2d, Array]:
        """Return the vector of each word of some texts (V, D), and whether it has one (V,)."""
        places = space.lexicon.look_up(cut.keys)
        known = places >= 0
        unit = np.zeros((len(places), space.unit.shape[1]), np.float32)
        unit[known] = space.unit[places[known]]
        return unit, known.astype(np.uint8)


def lexicon_of(words: Sequence[str]) -> Lexicon:
    """Return words as a lexicon finds them by their hashes."""
    return Lexicon.from_text("".join(f"{word}\n" for word in words).encode(), "character")
