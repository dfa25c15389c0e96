"""Words whose input vectors are means of several rows: which rows, for the distinct words of each step, on a device.

A word's vector is made once a step, however often it is met. Letters: N blocks that read L words each, U distinct words
of all steps together (a word of two steps is two), P parts of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kinfold.estimators.skipgram.drawn import Tensor


class Means(NamedTuple):
    """One step's distinct words.

    The parts of word ``u`` begin at ``starts[u]``, (U,); `owner` (P,) is the word of each; `scale` (P, 1) is what its
    changes are multiplied with.
    """

    owner: Tensor
    starts: Tensor
    scale: Tensor


@dataclass(frozen=True)
class Laid:
    """The words of several steps, and their parts.

    Attributes
    ----------
    place : (N, L)
        Where each word that is read is among the distinct ones.
    rows, owner, step : (P,)
        The row of each part, the word it belongs to, and the step that is in.
    starts : (U,)
        Where the parts of each word begin.
    words, parts
        Where the words and the parts of each step begin, and where those of the last end.
    """

    place: Tensor
    rows: Tensor
    owner: Tensor
    step: Tensor
    starts: Tensor
    words: list[int]
    parts: list[int]

    @property
    def sizes(self) -> list[int]:
        """How many parts each step has."""
        return [end - begin for begin, end in zip(self.parts, self.parts[1:], strict=False)]

    def places(self, blocks: int) -> list[Tensor]:
        """Return where the words that a step of so many blocks reads are among its own, (blocks L,) for each."""
        return [place.reshape(-1) - first for place, first in zip(self.place.split(blocks), self.words, strict=False)]

    def means(self, scale: Tensor) -> list[Means]:
        """Return the words of each step; `scale` (P,) is what changes of their parts are multiplied with."""
        found = []
        for i, (begin, end) in enumerate(zip(self.parts, self.parts[1:], strict=False)):
            first, last = self.words[i : i + 2]
            found.append(Means(self.owner[begin:end] - first, self.starts[first:last] - begin, scale[begin:end, None]))
        return found


class Parts:
    """The rows of each of V words: those of word `w` are ``rows[starts[w]:starts[w + 1]]``."""

    def __init__(self, rows: Tensor, starts: Tensor) -> None:
        self._rows, self._starts, self._lengths = rows.long(), starts[:-1], starts.diff()

    def lay(self, words: Tensor, step: Tensor, n_steps: int) -> Laid:
        """Return the parts of `words` (N, L); `step` (N, 1) says which step a block is in, in order."""
        import torch

        device, n_words = words.device, len(self._lengths)
        keys, place = (words + step * n_words).unique(return_inverse=True)  # (U,), (N, L)
        distinct = keys % n_words
        lengths = self._lengths[distinct]
        ends = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))  # (U + 1,)
        borders = torch.searchsorted(keys, torch.arange(n_steps + 1, device=device) * n_words)
        of_words, of_parts = torch.stack([borders, ends[borders]]).tolist()
        owner = torch.arange(len(keys), device=device).repeat_interleave(lengths, output_size=of_parts[-1])
        within = torch.arange(len(owner), device=device) - ends[owner]
        rows = self._rows[self._starts[distinct[owner]] + within]
        return Laid(place, rows, owner, keys[owner] // n_words, ends[:-1], of_words, of_parts)
