"""Skip-gram and CBOW with negative sampling, a block of tokens at a time.

A block is up to `BLOCK` neighbouring tokens. All of them are set against the same few negatives, so that most of the
work is products of small matrices. With ``n`` shared negatives in place of ``K`` of its own, each pair counts each of
them ``K / n``: the expected gradient is that of Mikolov et al. (2013), "Distributed representations of words and
phrases and their compositionality"; sharing negatives is from Ji et al. (2016), "Parallelizing word2vec in shared and
distributed memory". A negative that is the word itself is passed over. What a block does to one row of a table is
summed and its length is bounded, or a word that stands a hundred times in a block (lists have such) would be thrown
far off.

Threads either write to the tables as they please (Recht et al., 2011, "Hogwild"), or in step: the blocks of `LANES`
places of the text are computed from the same tables, then each thread adds what they say, in the order of the lanes,
to the rows it owns. Then the result does not depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from kinfold.kernels.hardware import meet, prefetch
from kinfold.kernels.lanes import BLOCK, Draws, Lane, Rule, Tables, draw_chunk, draw_noise
from kinfold.kernels.tiles import FAST, TILE, add_to_others, add_to_rows, products, scale_row, sigmoid, sigmoids
from kinfold.types import Array, Ids1d, Ints1d

#: Places of the text that are worked on in step where the result must not depend on the threads.
LANES = 8
#: One block in so many has its loss measured.
_MEASURED = 256
#: What a block may change a row by, at most (length).
_CLIP = np.float32(1.0)


@njit(**FAST)
def _place(lane: Lane, first: int, last: int, begin: int, end: int, slots: Ids1d) -> None:
    """Number the distinct words of tokens `first` to `last`, then those of the windows from `begin` to `end`."""
    n = 0
    for turn in range(2):
        for i in range(first if turn == 0 else begin, last if turn == 0 else end):
            word = lane.words[i]
            if slots[word] < 0:
                slots[word] = n
                lane.ids[n] = word
                n += 1
            lane.place[i] = slots[word]
        lane.counts[1 + turn] = n
    for u in range(n):
        slots[lane.ids[u]] = -1


@njit(inline="always", **FAST)
def _copy_row(table: Array, row: int, out: Array, changes: Array, u: int) -> None:
    """Copy a row of a table to ``out[u]``, and set what is to be added to it to nothing."""
    source, target, change = table[row], out[u], changes[u]
    for j in range(target.shape[0]):
        target[j], change[j] = source[j], np.float32(0)


@njit(**FAST)
def _compose(table: Array, parts: Ids1d, begin: int, end: int, out: Array, changes: Array, u: int) -> None:
    """Write the mean of the rows ``parts[begin:end]`` of a table to ``out[u]``."""
    target, change = out[u], changes[u]
    share = np.float32(1) / np.float32(end - begin)
    for j in range(target.shape[0]):
        target[j], change[j] = np.float32(0), np.float32(0)
    for k in range(begin, end):
        source = table[parts[k]]
        for j in range(target.shape[0]):
            target[j] += share * source[j]


@njit(**FAST)
def _gather(tables: Tables, rule: Rule, lane: Lane) -> None:
    """Copy the block's rows from the tables."""
    n_in, n_out = (lane.counts[2], lane.counts[1]) if rule.cbow else (lane.counts[1], lane.counts[2])
    if tables.parts.shape[0]:
        for u in range(n_in):
            begin, end = tables.starts[lane.ids[u]], tables.starts[lane.ids[u] + 1]
            _compose(tables.inputs, tables.parts, begin, end, lane.inputs, lane.d_inputs, u)
    else:
        for u in range(n_in):
            _copy_row(tables.inputs, lane.ids[u], lane.inputs, lane.d_inputs, u)
    for u in range(n_out):
        _copy_row(tables.outputs, lane.ids[u], lane.outputs, lane.d_outputs, u)
    for k in range(lane.noise.shape[0]):
        _copy_row(tables.outputs, lane.noise[k], lane.negatives, lane.d_negatives, k)


@njit(**FAST)
def _window(reach: int, sentence: Ids1d, i: int, begin: int, end: int) -> tuple[int, int]:
    """Return the first token of the window around token `i`, and the one after its last."""
    low, high = i, i + 1
    while low > begin and i - low < reach and sentence[low - 1] == sentence[i]:
        low -= 1
    while high < end and high - i <= reach and sentence[high] == sentence[i]:
        high += 1
    return low, high


@njit(inline="always", **FAST)
def _inner(lefts: Array, u: int, rights: Array, v: int) -> float:
    """Return the inner product of ``lefts[u]`` and ``rights[v]``."""
    left, right = lefts[u], rights[v]
    total = np.float32(0)
    for j in range(left.shape[0]):
        total += left[j] * right[j]
    return total


@njit(inline="always", **FAST)
def _add(table: Array, row: int, factor: float, changes: Array, u: int) -> None:
    """Add ``factor * changes[u]`` to a row of a table."""
    target, change = table[row], changes[u]
    for j in range(target.shape[0]):
        target[j] += factor * change[j]


@njit(**FAST)
def _add_both(rate: float, xs: Array, d_xs: Array, u: int, ys: Array, d_ys: Array, v: int) -> None:
    """Add a pair's gradient, times `rate`, to what changes ``xs[u]`` and ``ys[v]``."""
    x, dx, y, dy = xs[u], d_xs[u], ys[v], d_ys[v]
    for j in range(x.shape[0]):
        dx[j] += rate * y[j]
        dy[j] += rate * x[j]


@njit(**FAST)
def _pair_skipgram(lane: Lane, first: int, last: int, begin: int, end: int, rate: float, measure: bool) -> None:
    """Draw each token's input vector and its context's output vectors together."""
    place, sentence, scores, weights, loss = lane.place, lane.sentence, lane.scores, lane.weights, lane.loss
    xs, d_xs, ys, d_ys = lane.inputs, lane.d_inputs, lane.outputs, lane.d_outputs
    weights[:] = 0
    for i in range(first, last):
        low, high = _window(lane.reach[i], sentence, i, begin, end)
        weights[place[i]] += high - low - 1
        x, dx = xs[place[i]], d_xs[place[i]]
        for c in range(low, high):
            y, total = ys[place[c]], np.float32(0)
            for j in range(x.shape[0]):
                total += x[j] * y[j]
            scores[c - low] = total
        for c in range(high - low):
            scores[c] = sigmoid(scores[c])
        for c in range(low, high):
            if c != i:
                pull, y, dy = rate * (np.float32(1) - scores[c - low]), ys[place[c]], d_ys[place[c]]
                for j in range(x.shape[0]):
                    dx[j] += pull * y[j]
                    dy[j] += pull * x[j]
                if measure:
                    loss[0] -= math.log(max(scores[c - low], 1e-7))
                    loss[1] += 1


@njit(**FAST)
def _pair_cbow(lane: Lane, first: int, last: int, begin: int, end: int, rate: float, measure: bool) -> None:
    """Draw the mean of each token's context and its own output vector together."""
    place, sentence, weights, loss = lane.place, lane.sentence, lane.weights, lane.loss
    means, d_means, ys, d_ys = lane.means, lane.d_means, lane.outputs, lane.d_outputs
    weights[:] = 0
    means[:] = 0
    d_means[:] = 0
    for i in range(first, last):
        low, high = _window(lane.reach[i], sentence, i, begin, end)
        if high - low == 1:
            continue
        t = i - first
        weights[t] = 1
        for c in range(low, high):
            if c != i:
                _add(means, t, np.float32(1) / np.float32(high - low - 1), lane.inputs, place[c])
        chance = sigmoid(_inner(means, t, ys, place[i]))
        _add_both(rate * (np.float32(1) - chance), means, d_means, t, ys, d_ys, place[i])
        if measure:
            loss[0] -= math.log(max(chance, 1e-7))
            loss[1] += 1


@njit(**FAST)
def _spread_cbow(lane: Lane, first: int, last: int, begin: int, end: int) -> None:
    """Hand what is to be added to each context's mean on to the words in it."""
    place, sentence = lane.place, lane.sentence
    for i in range(first, last):
        low, high = _window(lane.reach[i], sentence, i, begin, end)
        for c in range(low, high):
            if c != i:
                _add(lane.d_inputs, place[c], np.float32(1), lane.d_means, i - first)


@njit(**FAST)
def _meet_negatives(
    rows: Array, d_rows: Array, own: Ids1d, lane: Lane, rate: float, share: float, measure: bool
) -> None:
    """Push rows and the negatives apart: each row as often as it has pairs, `share` negatives of each.

    `own` (n,): the word that each of the first `n` rows stands for, which is no negative of its own.
    """
    n = own.shape[0]
    noise, loss, tile, weights = lane.noise, lane.loss, lane.tile, lane.weights
    for i in range(n, n + (-n % TILE)):
        for j in range(rows.shape[1]):
            rows[i, j] = 0
    for first in range(0, n, TILE):
        products(rows, first, lane.negatives, tile)
        sigmoids(tile)
        for h in range(min(TILE, n - first)):
            weight = share * weights[first + h]
            if measure:
                for k in range(noise.shape[0]):
                    loss[0] -= weight * math.log(max(np.float32(1) - tile[h, k], 1e-7))
            scale_row(tile, h, -rate * weight)
            for k in range(noise.shape[0]):
                if noise[k] == own[first + h]:
                    tile[h, k] = 0
        add_to_rows(tile, lane.negatives, d_rows, first)
        add_to_others(tile, rows, first, lane.d_negatives)


@njit(**FAST)
def _block(tables: Tables, draws: Draws, rule: Rule, lane: Lane, first: int, rate: float, slots: Ids1d) -> None:
    """Compute what the block that begins at token `first` of the chunk says; the tables are only read."""
    n = lane.counts[0]
    last, begin, end = min(n, first + BLOCK), max(0, first - rule.window), min(n, first + BLOCK + rule.window)
    _place(lane, first, last, begin, end, slots)
    _gather(tables, rule, lane)
    for i in range(last, min(n, last + BLOCK)):
        prefetch(tables.inputs, lane.words[i])
        prefetch(tables.outputs, lane.words[i])
    measure = lane.random[0] % np.uint64(_MEASURED) == 0
    share = np.float32(rule.negatives / lane.noise.shape[0])
    if rule.cbow:
        _pair_cbow(lane, first, last, begin, end, rate, measure)
        _meet_negatives(lane.means, lane.d_means, lane.words[first:last], lane, rate, share, measure)
        _spread_cbow(lane, first, last, begin, end)
    else:
        _pair_skipgram(lane, first, last, begin, end, rate, measure)
        _meet_negatives(lane.inputs, lane.d_inputs, lane.ids[: lane.counts[1]], lane, rate, share, measure)


@njit(inline="always", **FAST)
def _bound(changes: Array, u: int) -> float:
    """Return what to multiply ``changes[u]`` with, so that it is no longer than allowed."""
    square = _inner(changes, u, changes, u)
    return np.float32(1) if square <= _CLIP * _CLIP else _CLIP / np.float32(math.sqrt(square))


@njit(**FAST)
def _apply(tables: Tables, rule: Rule, lane: Lane, owner: int, owners: int) -> None:
    """Add what a block said to those rows of the tables whose number is `owner` modulo `owners`."""
    n_in, n_out = (lane.counts[2], lane.counts[1]) if rule.cbow else (lane.counts[1], lane.counts[2])
    ids, noise, parts, starts = lane.ids, lane.noise, tables.parts, tables.starts
    if parts.shape[0]:
        for u in range(n_in):
            factor = _bound(lane.d_inputs, u)
            for k in range(starts[ids[u]], starts[ids[u] + 1]):
                if parts[k] % owners == owner:
                    _add(tables.inputs, parts[k], factor, lane.d_inputs, u)
    else:
        for u in range(n_in):
            if ids[u] % owners == owner:
                _add(tables.inputs, ids[u], _bound(lane.d_inputs, u), lane.d_inputs, u)
    for u in range(n_out):
        if ids[u] % owners == owner:
            _add(tables.outputs, ids[u], _bound(lane.d_outputs, u), lane.d_outputs, u)
    for k in range(noise.shape[0]):
        if noise[k] % owners == owner:
            _add(tables.outputs, noise[k], _bound(lane.d_negatives, k), lane.d_negatives, k)


@njit(**FAST)
def train_freely(
    tokens: Ids1d, chunks: Ints1d, seed: int, rates: Array, tables: Tables, draws: Draws, rule: Rule, lane: Lane
) -> None:
    """Learn from some chunks of the tokens, writing to the tables as they are while others write too.

    Parameters
    ----------
    tokens
        (T,) int32: the words of sentences, each sentence followed by a negative number.
    chunks
        Which chunks of `CHUNK` tokens, in order.
    seed
        Of this pass over the tokens.
    rates
        (n,) float32: the learning rate for each of `chunks`.
    """
    slots = np.full(tables.outputs.shape[0], -1, np.int32)
    for c in range(chunks.shape[0]):
        draw_chunk(tokens, chunks[c], seed, draws, rule, lane)
        for first in range(0, lane.counts[0], BLOCK):
            _block(tables, draws, rule, lane, first, rates[c], slots)
            _apply(tables, rule, lane, 0, 1)
            draw_noise(draws, lane)
            for k in range(lane.noise.shape[0]):
                prefetch(tables.outputs, lane.noise[k])


@njit(**FAST)
def train_in_step(
    tokens: Ids1d,
    chunks: Ints1d,
    seed: int,
    rates: Array,
    tables: Tables,
    draws: Draws,
    rule: Rule,
    lanes: tuple[Lane, ...],
    thread: int,
    progress: Array,
) -> None:
    """Learn from some chunks of the tokens in step with the other threads, which are all called with the same chunks.

    Parameters as for `train_freely`; `lanes` are `LANES` of them that all threads share, `thread` is the number of the
    one that calls, `progress` (threads, `kinfold.kernels.hardware.STRIDE`) int64 zeros that all threads share.
    """
    n_threads = progress.shape[0]
    slots = np.full(tables.outputs.shape[0], -1, np.int32)
    step = 0
    for c in range(0, chunks.shape[0], LANES):
        for at in range(thread, min(LANES, chunks.shape[0] - c), n_threads):
            draw_chunk(tokens, chunks[c + at], seed, draws, rule, lanes[at])
        for at in range(thread, LANES, n_threads):
            if c + at >= chunks.shape[0]:
                lanes[at].counts[0] = 0
        step += 1
        meet(progress, thread, step)
        longest = 0
        for at in range(LANES):
            longest = max(longest, lanes[at].counts[0])
        for first in range(0, longest, BLOCK):
            for at in range(thread, LANES, n_threads):
                if first < lanes[at].counts[0]:
                    _block(tables, draws, rule, lanes[at], first, rates[c + at], slots)
            step += 1
            meet(progress, thread, step)
            for at in range(LANES):
                if first < lanes[at].counts[0]:
                    _apply(tables, rule, lanes[at], thread, n_threads)
            step += 1
            meet(progress, thread, step)
            for at in range(thread, LANES, n_threads):
                draw_noise(draws, lanes[at])
        # The counts are read by all until here; only then may a lane take its next chunk.
        step += 1
        meet(progress, thread, step)
