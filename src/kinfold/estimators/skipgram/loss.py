"""The loss of negative sampling on sentences that were held out, without drawing anything.

What training draws is replaced by its expectation: a pair counts as often as its words are kept and its window reaches,
and the negatives' part is the mean over all words, weighted by how likely each is to be drawn. As in training, no word
is a negative of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from kinfold.kernels.lanes import Rule
from kinfold.text.corpus import END
from kinfold.types import Array, Floats1d, Ids1d, Singles2d

#: Held-out tokens looked at, and tokens at a time.
_TOKENS, _BLOCK = 1 << 18, 1 << 14
#: Inputs whose negatives are all looked at: of each lot of pairs, and in all; and words at a time.
_OF_A_LOT, _INPUTS, _WORDS = 64, 1 << 11, 1 << 10
#: Inputs (N, D), the words (N,) that are no negatives of theirs, the words to foretell (N,), and how often each is met.
_Lot: TypeAlias = tuple[Singles2d, Ids1d, Ids1d, Floats1d]


def held_out_loss(
    tokens: Ids1d, inputs: Singles2d, outputs: Singles2d, keep: Floats1d, noise: Floats1d, rule: Rule
) -> float:
    """Return the mean loss of a pair, in nats; NaN if there is none.

    Parameters
    ----------
    tokens
        (T,) int32, each sentence followed by `END`; the first quarter of a million are used.
    inputs, outputs
        (V, D): each word's input vector and output vector.
    keep, noise
        (V,): the chance that a word is learned from, and that it is drawn as a negative.
    """
    total = weight = 0.0
    hidden: list[tuple[Array, Ids1d, Array]] = []
    for first in range(0, min(_TOKENS, len(tokens)), _BLOCK):
        block = np.asarray(tokens[first : first + _BLOCK])
        for x, own, y, chance in (_contexts if rule.cbow else _pairs)(block, inputs, keep, rule):
            loss = np.logaddexp(0.0, -np.einsum("nd,nd->n", x, outputs[y], dtype=np.float64))
            total += float(chance @ loss)
            weight += float(chance.sum())
            step = max(1, len(x) // _OF_A_LOT)
            # Copies, for views would keep all of it; each stands for `step` of them.
            hidden.append((x[::step].copy(), own[::step].copy(), chance[::step] * step))
    if weight == 0:
        return float("nan")
    return total / weight + rule.negatives * _against_all(hidden, outputs, noise)


def _pairs(block: Ids1d, inputs: Singles2d, keep: Floats1d, rule: Rule) -> Iterator[_Lot]:
    """Yield input vectors, their words, their context words and how often such a pair is met, for each distance."""
    for distance in range(1, rule.window + 1):
        left, right = _neighbours(block, distance)
        chance = keep[left] * keep[right] * _reach(distance, rule)
        yield inputs[left], left, right, chance
        yield inputs[right], right, left, chance


def _contexts(block: Ids1d, inputs: Singles2d, keep: Floats1d, rule: Rule) -> Iterator[_Lot]:
    """Yield the mean of each token's context, the token twice, and how often it is learned from."""
    sums = np.zeros((len(block), inputs.shape[1]), np.float32)
    weights = np.zeros(len(block))
    sentence = np.cumsum(block == END)
    for distance in range(1, rule.window + 1):
        together = (block[:-distance] >= 0) & (block[distance:] >= 0) & (sentence[:-distance] == sentence[distance:])
        at = np.flatnonzero(together)
        for token, other in ((at, at + distance), (at + distance, at)):
            share = keep[block[other]] * _reach(distance, rule)
            sums[token] += share[:, None].astype(np.float32) * inputs[block[other]]
            weights[token] += share
    met = np.flatnonzero(weights > 0)
    means = sums[met] / weights[met, None]
    yield means.astype(np.float32), block[met], block[met], keep[block[met]]


def _neighbours(block: Ids1d, distance: int) -> tuple[Ids1d, Ids1d]:
    sentence = np.cumsum(block == END)
    left, right = block[:-distance], block[distance:]
    together = (left >= 0) & (right >= 0) & (sentence[:-distance] == sentence[distance:])
    return left[together], right[together]


def _reach(distance: int, rule: Rule) -> float:
    return (rule.window - distance + 1) / rule.window if rule.shrinks else 1.0


def _against_all(hidden: list[tuple[Array, Ids1d, Array]], outputs: Singles2d, noise: Floats1d) -> float:
    """Return the mean of log(1 + exp(x y)) over inputs x and words y but x's own, as often as each is met and drawn."""
    rows, own, chance = (np.concatenate(parts) for parts in zip(*hidden, strict=True))
    step = max(1, len(rows) // _INPUTS)
    rows, own, chance = rows[::step], own[::step], chance[::step]
    losses = -noise[own] * np.logaddexp(0.0, np.einsum("nd,nd->n", rows, outputs[own], dtype=np.float64))
    for first in range(0, len(outputs), _WORDS):
        scores = rows @ outputs[first : first + _WORDS].T  # (N, words)
        softplus = np.maximum(scores, 0) + np.log(1 + np.exp(-np.abs(scores)))
        losses += softplus @ noise[first : first + _WORDS]
    return float(chance @ losses / chance.sum())
