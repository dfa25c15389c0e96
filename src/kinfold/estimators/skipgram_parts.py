"""Words whose input vectors are means of several rows: which rows, for the distinct words of each step, on a device.

A word's vector is made once a step, however often it is met. Letters: U distinct words, P parts of all of them.
"""

from __future__ import annotations

from typing import NamedTuple

from kinfold.estimators.skipgram_drawn import Tensor


class StepParts(NamedTuple):
    """The parts of one step's words.

    `rows` (P,) of the input table, the parts of a word together; `owner` (P,) the word each belongs to, by its place
    among the step's; `starts` (U,) where each word's begin; `scale` (P, 1) what a change of each is scaled by.
    """

    rows: Tensor
    owner: Tensor
    starts: Tensor
    scale: Tensor


class LaidParts(NamedTuple):
    """The parts of the words of several steps, one step after another.

    `place` (N, L): where each left row's word is among all; `step` (P,) which step a part is in; `words`, `parts`:
    where the steps begin and end among words and parts.
    """

    place: Tensor
    rows: Tensor
    owner: Tensor
    starts: Tensor
    step: Tensor
    words: list[int]
    parts: list[int]

    def places(self, blocks: int) -> list[Tensor]:
        """Return for each step where its left rows' words are among its own, (blocks, L)."""
        split = self.place.split(blocks)
        return [place - first for place, first in zip(split, self.words, strict=False)]

    def steps(self, scale: Tensor) -> list[StepParts]:
        """Return each step's share; `scale` (P,)."""
        found = []
        for i in range(len(self.words) - 1):
            own, word = slice(*self.parts[i : i + 2]), slice(*self.words[i : i + 2])
            owner, starts = self.owner[own] - word.start, self.starts[word] - own.start
            found.append(StepParts(self.rows[own], owner, starts, scale[own, None]))
        return found


class Parts:
    """The rows of each of V words: ``rows[starts[w]:starts[w + 1]]`` are those of word `w`."""

    def __init__(self, rows: Tensor, starts: Tensor) -> None:
        self._rows, self._starts, self._lengths = rows.long(), starts[:-1], starts.diff()

    def lay(self, left: Tensor, step: Tensor, n_steps: int) -> LaidParts:
        """Return the parts of the words `left` (N, L) of blocks that are in the steps `step` (N, 1)."""
        import torch

        n_words = len(self._lengths)
        keys, place = (left + step * n_words).unique(return_inverse=True)  # (U,), (N, L)
        words = keys % n_words
        lengths = self._lengths[words]
        ends = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))  # (U + 1,)
        borders = torch.searchsorted(keys, torch.arange(n_steps + 1, device=keys.device) * n_words)
        word_borders, part_borders = torch.stack([borders, ends[borders]]).tolist()
        owner = torch.arange(len(keys), device=keys.device).repeat_interleave(lengths, output_size=part_borders[-1])
        within = torch.arange(len(owner), device=keys.device) - ends[owner]
        rows = self._rows[self._starts[words[owner]] + within]
        return LaidParts(place, rows, owner, ends[:-1], keys[owner] // n_words, word_borders, part_borders)
