"""What a lane draws: which tokens stay, how far windows reach, and the negatives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from kinfold.kernels.lanes import BLOCK, CHUNK, Draws, Rule, draw_chunk, draw_noise, make_lane

ALL = Draws(np.ones(9, np.float32), np.repeat(np.arange(9, dtype=np.int32), np.arange(1, 10)))
RULE = Rule(5, True, 5.0, False)


def read_only(ids):
    ids = np.asarray(ids, np.int32)
    ids.flags.writeable = False
    return ids


def some_tokens(n_chunks, n_words=9, seed=0):
    tokens = np.random.default_rng(seed).integers(0, n_words, n_chunks * CHUNK)
    tokens[::11] = -1
    return read_only(tokens)


def drawn(tokens, chunk, seed, draws=ALL, rule=RULE):
    lane = make_lane(16, rule.window, 64, rule.cbow)
    draw_chunk(tokens, chunk, seed, draws, rule, lane)
    return lane


def test_a_chunk_is_its_part_of_the_tokens():
    tokens = some_tokens(3)[:-1000]
    for chunk, part in enumerate(np.split(tokens, [CHUNK, 2 * CHUNK])):
        lane = drawn(tokens, chunk, 0)
        n = lane.counts[0]
        assert n == (part >= 0).sum() and lane.words[:n].tolist() == part[part >= 0].tolist()
        sentences = np.cumsum(part < 0)[part >= 0]
        assert lane.sentence[:n].tolist() == sentences.tolist()


def test_draws_hang_on_the_seed_and_the_place_alone():
    tokens = some_tokens(3)
    used = drawn(tokens, 0, 3)
    draw_chunk(tokens, 2, 7, ALL, RULE, used)  # a lane that was used before
    fresh = drawn(tokens, 2, 7)
    n = fresh.counts[0]
    assert (used.reach[:n] == fresh.reach[:n]).all() and (used.noise == fresh.noise).all()
    for other in (drawn(tokens, 2, 8), drawn(tokens, 1, 7)):
        assert np.mean(other.reach[:n] == fresh.reach[:n]) < 0.3 and np.mean(other.noise == fresh.noise) < 0.4


def test_words_stay_as_often_as_they_should():
    keep = np.array([1, 0.9, 0.5, 0.25, 0.1, 0.03, 0.01, 1e-3, 0], np.float32)
    tokens = some_tokens(64)
    kept = np.zeros(9)
    for chunk in range(64):
        lane = drawn(tokens, chunk, 1, Draws(keep, ALL.noise))
        kept += np.bincount(lane.words[: lane.counts[0]], minlength=9)
    all_of_them = np.bincount(tokens[tokens >= 0], minlength=9)
    assert kept[0] == all_of_them[0] and kept[8] == 0
    for word in range(1, 8):
        expected = all_of_them[word] * keep[word]
        found = [kept[word], all_of_them[word] - kept[word]]
        assert chisquare(found, [expected, all_of_them[word] - expected]).pvalue > 1e-3, word


@pytest.mark.parametrize("window", [1, 2, 5, 7, 64])
def test_windows_shrink_evenly(window):
    tokens = some_tokens(20)
    reach = []
    for chunk in range(20):
        lane = drawn(tokens, chunk, 2, rule=Rule(window, True, 5.0, False))
        reach.append(lane.reach[: lane.counts[0]])
        fixed = drawn(tokens, chunk, 2, rule=Rule(window, False, 5.0, False))
        assert (fixed.reach[: fixed.counts[0]] == window).all()
    found = np.bincount(np.concatenate(reach), minlength=window + 1)
    assert found[0] == 0 and len(found) == window + 1
    if window > 1:
        assert chisquare(found[1:]).pvalue > 1e-3


def test_how_far_a_window_reaches_tells_nothing_of_what_stays():
    """Both come from one number; a word that is kept seldom must not be one with narrow windows."""
    tokens = some_tokens(60)
    keep = np.full(9, 0.05, np.float32)
    lanes = [drawn(tokens, chunk, 4, Draws(keep, ALL.noise)) for chunk in range(60)]
    found = np.bincount(np.concatenate([lane.reach[: lane.counts[0]] for lane in lanes]))[1:]
    assert found.sum() > 9000 and chisquare(found).pvalue > 1e-3


def test_negatives_come_as_often_as_they_stand_in_the_table():
    lane = drawn(some_tokens(1), 0, 5)
    found = np.zeros(9)
    blocks = []
    for _ in range(1000):
        found += np.bincount(lane.noise, minlength=9)
        blocks.append(lane.noise.copy())
        draw_noise(ALL, lane)
    assert chisquare(found, 64_000 * np.arange(1, 10) / 45).pvalue > 1e-3
    assert len({block.tobytes() for block in blocks}) == 1000


def test_room_for_a_block_and_its_windows():
    for window, cbow in ((1, False), (5, True), (33, True)):
        lane = make_lane(48, window, 24, cbow)
        assert lane.inputs.shape[1] == 48 and lane.inputs.shape[0] % 8 == 0
        assert len(lane.ids) == len(lane.inputs) == len(lane.outputs) >= BLOCK + 2 * window
        assert lane.means.shape == ((BLOCK, 48) if cbow else (0, 48)) and lane.negatives.shape == (24, 48)
