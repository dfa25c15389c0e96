"""Chunks of a text -> the tokens that stay, who is whose context, what is drawn against them: tensors on a device.

Everything random is a function of the seed and of a token's place in the text, mixed by SplitMix64's last steps
(Steele, Lea and Flood, 2014, "Fast splittable pseudorandom number generators"): a processor and a GPU draw the same,
and it does not matter how much is drawn at a time.

Letters: N blocks of `BLOCK` tokens, L rows of the input table that a block reads, R rows of the output table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kinfold.kernels.lanes import BLOCK, CHUNK, Rule
from kinfold.types import Ids1d, Ints1d, Singles1d

#: One of torch's; torch is an extra, and may be missing.
Tensor: TypeAlias = Any

_GOLDEN, _MIX_1, _MIX_2 = (n - (1 << 64) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
#: Makes another seed of one, for the negatives.
_OTHER = 0x2545F4914F6CDD1D


class Sources(NamedTuple):
    """What is drawn from, on the device: `keep` (V,) float32, `noise` (M,) int32; K negatives a block."""

    keep: Tensor
    noise: Tensor
    n_noise: int


class Drawn(NamedTuple):
    """What stays of some chunks, in blocks; the last one is filled up with tokens that nothing is learned from.

    `words`, `sentence` (window + N BLOCK + window,) int64: with room at both ends, so that every block has neighbours.
    `reach` (N, BLOCK) int64, `rates` (N, BLOCK) float32, `noise` (N, K) int64.
    """

    words: Tensor
    sentence: Tensor
    reach: Tensor
    rates: Tensor
    noise: Tensor


@dataclass(frozen=True)
class Pairs:
    """Which rows of the tables some blocks draw together or push apart, and how hard.

    Attributes
    ----------
    left : (N, L) int64
        Words whose input vectors are read.
    means : (N, BLOCK, L) float32 or None
        CBOW: each token's hidden vector is this mean of the left rows; else it is the left row itself, and L is BLOCK.
    context : (N, L, BLOCK) float32 or None
        CBOW: 1 where a left row is in a token's context.
    right : (N, R) int64
        Words whose output vectors are read: contexts (for CBOW, the tokens themselves), then negatives.
    weights : (N, BLOCK, R) float32
        The learning rate of each hidden vector with each right row, times how often the pair counts; 0 where it does
        not.
    rates : (N, BLOCK) float32
        The tokens' learning rates.
    """

    left: Tensor
    means: Tensor | None
    context: Tensor | None
    right: Tensor
    weights: Tensor
    rates: Tensor

    @property
    def left_weights(self) -> Tensor:
        """The learning rates that each left row is changed with, all together, (N, L)."""
        weights = self.weights.sum(2)  # (N, BLOCK)
        return weights if self.context is None else (self.context @ weights[:, :, None])[:, :, 0]

    @property
    def right_weights(self) -> Tensor:
        """The learning rates that each right row is changed with, all together, (N, R)."""
        return self.weights.sum(1)


def mixed(numbers: Tensor, seed: int) -> Tensor:
    """Return 64 random bits for each of `numbers`, int64."""
    x = numbers * _GOLDEN + seed
    x = (x ^ _shifted(x, 30)) * _MIX_1
    x = (x ^ _shifted(x, 27)) * _MIX_2
    return x ^ _shifted(x, 31)


def _shifted(x: Tensor, n: int) -> Tensor:
    """Return the bits of `x` moved down by `n`, zeros above."""
    return (x >> n) & ((1 << (64 - n)) - 1)


def read_chunks(tokens: Ids1d, chunks: Ints1d) -> Ids1d:
    """Return the tokens of each chunk, (C, CHUNK) int32; what the last chunk of the text lacks is -1."""
    read = np.full((len(chunks), CHUNK), -1, np.int32)
    for row, chunk in zip(read, chunks.tolist(), strict=True):
        there = tokens[chunk * CHUNK : (chunk + 1) * CHUNK]
        row[: len(there)] = there
    return read


def draw(tokens: Ids1d, chunks: Ints1d, seed: int, rates: Singles1d, sources: Sources, rule: Rule) -> Drawn:
    """Draw which tokens of `chunks` stay, how far their windows reach, and each block's negatives."""
    import torch

    device = sources.keep.device
    read = torch.from_numpy(read_chunks(tokens, chunks)).to(device).long()  # (C, CHUNK)
    starts = torch.from_numpy(chunks * CHUNK).to(device)
    places = (starts[:, None] + torch.arange(CHUNK, device=device)).view(-1)  # (C, CHUNK) -> (C CHUNK,)
    borders = read < 0
    borders[:, 0] = True  # windows end with the chunk
    sentence, words = borders.view(-1).cumsum(0), read.view(-1)
    random = mixed(places, seed)
    chance = _shifted(random, 40).float() * 2.0**-24
    kept = ((words >= 0) & (chance < sources.keep[words.clamp(min=0)])).nonzero().view(-1)
    reach = torch.full_like(kept, rule.window)
    if rule.shrinks:
        reach = 1 + (_shifted(random[kept], 8) & 0xFFFFFFFF) % rule.window
    of_token = torch.from_numpy(rates).to(device)[kept // CHUNK]
    lack, room = -len(kept) % BLOCK, rule.window
    pad = torch.nn.functional.pad
    places = pad(places[kept], (0, lack)).view(-1, BLOCK)
    noise = mixed(places[:, :1] * sources.n_noise + torch.arange(sources.n_noise, device=device), seed ^ _OTHER)
    return Drawn(
        pad(words[kept], (room, lack + room)),
        pad(sentence[kept], (room, lack + room), value=-1),
        pad(reach, (0, lack)).view(-1, BLOCK),
        pad(of_token, (0, lack)).view(-1, BLOCK),
        sources.noise[_shifted(noise, 20) % len(sources.noise)].long(),
    )


def pair(drawn: Drawn, first: int, last: int, rule: Rule) -> Pairs:
    """Return the pairs of blocks `first` to `last`."""
    import torch

    n, wide = last - first, BLOCK + 2 * rule.window
    reach, rates, noise = drawn.reach[first:last], drawn.rates[first:last], drawn.noise[first:last]
    around, sentence = (ids[first * BLOCK :].as_strided((n, wide), (BLOCK, 1)) for ids in (drawn.words, drawn.sentence))
    inside = slice(rule.window, rule.window + BLOCK)
    own = around[:, inside]  # (N, BLOCK)
    at = torch.arange(wide, device=own.device)
    distance = (at - at[inside, None]).abs()  # (BLOCK, wide)
    near = (distance > 0) & (distance <= reach[:, :, None])  # (N, BLOCK, wide)
    near &= sentence[:, inside, None] == sentence[:, None, :]
    others = noise[:, None, :] != own[:, :, None]  # (N, BLOCK, K)
    share = rule.negatives / noise.shape[1]
    size = near.sum(2)  # (N, BLOCK)
    if not rule.cbow:
        weights = torch.cat([near * rates[:, :, None], others * (rates * size * share)[:, :, None]], 2)
        return Pairs(own, None, None, torch.cat([around, noise], 1), weights, rates)
    rates = rates * (size > 0)
    weights = torch.cat([torch.diag_embed(rates), others * (rates * share)[:, :, None]], 2)
    context = near.float()
    means = context / size.clamp(min=1)[:, :, None]
    return Pairs(around, means, context.transpose(1, 2), torch.cat([own, noise], 1), weights, rates)


def labels(rule: Rule, n_noise: int, device: Any) -> Tensor:
    """Return what a pair's score is drawn to, (R,) or for CBOW (BLOCK, R): 1 for contexts, 0 for negatives."""
    import torch

    true = torch.eye(BLOCK, device=device) if rule.cbow else torch.ones(BLOCK + 2 * rule.window, device=device)
    return torch.nn.functional.pad(true, (0, n_noise))
