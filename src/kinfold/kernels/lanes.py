"""What skip-gram's kernels hand to one another: tables, rules, and the room for one place of the text."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from kinfold.kernels.tiles import FAST, TILE
from kinfold.types import Array, Ids1d, Ints1d

#: Tokens that share negatives, and tokens of the text drawn from at a time.
BLOCK, CHUNK = 64, 4096

_S7, _S8, _S13, _S17, _S20, _S40 = (np.uint64(n) for n in (7, 8, 13, 17, 20, 40))
_ONE = np.uint64(1)
_GOLDEN, _MIX_1, _MIX_2 = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_S27, _S30, _S31 = (np.uint64(n) for n in (27, 30, 31))


class Tables(NamedTuple):
    """What is learned, and which rows make a word's input vector.

    `inputs` (V + B, D), `outputs` (V, D) float32. The input vector of word `w` is the mean of the rows
    ``parts[starts[w]:starts[w + 1]]`` of `inputs`; with empty `parts` it is row `w`.
    """

    inputs: Array
    outputs: Array
    parts: Ids1d
    starts: Ints1d


class Draws(NamedTuple):
    """What is random: `keep` (V,) float32, the chance that a token stays; `noise` (M,) int32, words to draw from."""

    keep: Array
    noise: Ids1d


class Rule(NamedTuple):
    """How to learn: `window` in tokens, drawn from 1 to `window` if it `shrinks`; `negatives` a pair; CBOW or not."""

    window: int
    shrinks: bool
    negatives: float
    cbow: bool


class Lane(NamedTuple):
    """Room for one place of the text: a chunk's tokens, and one block's rows and what is to be added to them."""

    words: Ids1d  # (CHUNK,) the tokens kept
    sentence: Ids1d  # (CHUNK,) which sentence each belongs to
    reach: Ids1d  # (CHUNK,) how far its window reaches
    place: Ids1d  # (CHUNK,) its word's row below
    ids: Ids1d  # (H,) the block's distinct words, those of its own tokens first
    inputs: Array  # (H, D)
    d_inputs: Array
    outputs: Array  # (H, D)
    d_outputs: Array
    means: Array  # (BLOCK, D) CBOW only: mean of each token's context
    d_means: Array
    weights: Array  # (H,) pairs of each row that meets the negatives
    noise: Ids1d  # (K,)
    negatives: Array  # (K, D)
    d_negatives: Array
    scores: Array  # (2 window + 1,)
    tile: Array  # (8, K)
    counts: Ints1d  # tokens in the chunk, distinct words of the block: of its tokens, and all
    random: Array  # (1,) uint64
    loss: Array  # (2,) float64: sum over measured pairs, and how many


def make_lane(dim: int, window: int, n_noise: int, cbow: bool) -> Lane:
    """Return the room for one lane; `dim` is the tables' width, a multiple of 16, `n_noise` one of 8."""
    wide = BLOCK + 2 * window
    wide += -wide % TILE

    def rows(n: int) -> Array:
        return np.zeros((n, dim), np.float32)

    def whole(n: int) -> Ids1d:
        return np.zeros(n, np.int32)

    means = BLOCK if cbow else 0
    return Lane(
        *(whole(CHUNK), whole(CHUNK), whole(CHUNK), whole(CHUNK), whole(wide)),
        *(rows(wide), rows(wide), rows(wide), rows(wide), rows(means), rows(means)),
        *(np.zeros(wide, np.float32), whole(n_noise), rows(n_noise), rows(n_noise)),
        *(np.zeros(2 * window + 1, np.float32), np.zeros((TILE, n_noise), np.float32)),
        *(np.zeros(3, np.int64), np.ones(1, np.uint64), np.zeros(2)),
    )


@njit(inline="always", **FAST)
def _next(state: np.uint64) -> np.uint64:
    """Return the next number of Marsaglia's xorshift."""
    state ^= state << _S13
    state ^= state >> _S7
    state ^= state << _S17
    return state


@njit(**FAST)
def _seeded(seed: int, chunk: int) -> np.uint64:
    """Return where a chunk's random numbers begin: a function of the seed and its place alone."""
    x = np.uint64(seed) + np.uint64(chunk + 1) * _GOLDEN
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return (x ^ (x >> _S31)) | _ONE


@njit(**FAST)
def draw_chunk(tokens: Ids1d, chunk: int, seed: int, draws: Draws, rule: Rule, lane: Lane) -> None:
    """Draw which tokens of a chunk stay and how far their windows reach."""
    state = _seeded(seed, chunk)
    n = 0
    sentence = 0
    for i in range(chunk * CHUNK, min(tokens.shape[0], (chunk + 1) * CHUNK)):
        word = tokens[i]
        if word < 0:
            sentence += 1
            continue
        state = _next(state)
        if np.float32(state >> _S40) * np.float32(1.0 / 16777216.0) < draws.keep[word]:
            lane.words[n], lane.sentence[n] = word, sentence
            lane.reach[n] = 1 + (state >> _S8) % np.uint64(rule.window) if rule.shrinks else rule.window
            n += 1
    lane.counts[0] = n
    lane.random[0] = state
    draw_noise(draws, lane)


@njit(**FAST)
def draw_noise(draws: Draws, lane: Lane) -> None:
    """Draw the next block's negatives."""
    state, size = lane.random[0], np.uint64(draws.noise.shape[0])
    for k in range(lane.noise.shape[0]):
        state = _next(state)
        lane.noise[k] = draws.noise[(state >> _S20) % size]
    lane.random[0] = state
