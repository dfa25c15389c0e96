"""The kernels of skip-gram and CBOW against a loop over pairs in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinfold.kernels.hardware import STRIDE
from kinfold.kernels.lanes import BLOCK, CHUNK, Draws, Rule, Tables, draw_chunk, draw_noise, make_lane
from kinfold.kernels.skipgram import LANES, train_freely, train_in_step
from kinfold.kernels.threads import in_threads

DIM, WORDS, NOISE = 16, 30, 16
#: Word 0 is drawn as a negative as often as all the others together.
DRAWS = Draws(np.ones(WORDS, np.float32), np.array([*range(WORDS), *[0] * (WORDS - 2)], np.int32))
NO_PARTS = (np.zeros(0, np.int32), np.zeros(1, np.int64))


def read_only(ids):
    ids = np.asarray(ids, np.int32)
    ids.flags.writeable = False
    return ids


def text(n, n_words=WORDS, seed=0, longest=12):
    """Return tokens of sentences of 1 to `longest` words."""
    random = np.random.default_rng(seed)
    tokens = random.integers(0, n_words, n)
    tokens[np.cumsum(random.integers(2, longest + 2, n))[: n // longest]] = -1
    tokens[-1] = -1
    return read_only(tokens)


def some_parts(seed=0):
    """Return two to four rows for each word: its own, and runs that words share; one has the same run twice."""
    random = np.random.default_rng(seed)
    rows = [[w, *(WORDS + random.integers(0, 12, 1 + w % 3)).tolist()] for w in range(WORDS)]
    rows[3] = [3, WORDS, WORDS]
    starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return np.concatenate(rows).astype(np.int32), starts


def some_tables(parts=False, shared=False, seed=0, scale=0.4):
    random = np.random.default_rng(seed)
    inputs = random.normal(0, scale, (WORDS + 12 * parts, DIM)).astype(np.float32)
    outputs = inputs if shared else random.normal(0, scale, (WORDS, DIM)).astype(np.float32)
    return Tables(inputs, outputs, *(some_parts() if parts else NO_PARTS))


def copied(tables):
    inputs = tables.inputs.copy()
    outputs = inputs if tables.outputs is tables.inputs else tables.outputs.copy()
    return Tables(inputs, outputs, tables.parts, tables.starts)


def learned(tokens, tables, rule, rate, seed=0, chunks=(0,), draws=DRAWS):
    """Return the tables after `train_freely`, and the lane it used."""
    made, lane = copied(tables), make_lane(DIM, rule.window, NOISE, rule.cbow)
    rates = np.full(len(chunks), rate, np.float32)
    train_freely(tokens, np.array(chunks, np.int64), seed, rates, made, draws, rule, lane)
    return made, lane


class Reference:
    """The same, by the book: float64, one pair at a time."""

    def __init__(self, tables, rule):
        self.inputs = tables.inputs.astype(np.float64)
        self.outputs = self.inputs if tables.outputs is tables.inputs else tables.outputs.astype(np.float64)
        self.parts, self.starts, self.rule = tables.parts, tables.starts, rule

    def rows_of(self, word):
        if not len(self.parts):
            return [word]
        return self.parts[self.starts[word] : self.starts[word + 1]].tolist()

    def context(self, lane, i):
        """Return the places around token `i`: of its sentence, and no farther than its window reaches."""
        n, reach, sentence = lane.counts[0], lane.reach[i], lane.sentence
        return [c for c in range(n) if c != i and abs(c - i) <= reach and sentence[c] == sentence[i]]

    def gradients(self, lane, first, rate):
        """Return what a block changes: by input word, by output word, and by negative."""
        words, noise, rule = lane.words.tolist(), lane.noise.tolist(), self.rule
        share = rule.negatives / len(noise)
        x = {w: self.inputs[self.rows_of(w)].mean(axis=0) for w in range(WORDS)}
        y = self.outputs
        dx, dy, dn = np.zeros((WORDS, DIM)), np.zeros((WORDS, DIM)), np.zeros((len(noise), DIM))

        def sigmoid(score):
            return 1 / (1 + math.exp(-score))

        for i in range(first, min(first + BLOCK, lane.counts[0])):
            around = self.context(lane, i)
            # Pairs of an input vector, the words it belongs to, and the word that it is to foretell.
            if not rule.cbow:
                pairs = [(x[words[i]], [words[i]], words[c]) for c in around]
            else:
                mean = np.mean([x[words[c]] for c in around], axis=0) if around else None
                pairs = [(mean, [words[c] for c in around], words[i])] if around else []
            for hidden, givers, target in pairs:
                pull = rate * (1 - sigmoid(hidden @ y[target]))
                step = pull * y[target]
                dy[target] += pull * hidden
                for k, word in enumerate(noise):
                    if word != words[i]:
                        push = rate * share * sigmoid(hidden @ y[word])
                        step = step - push * y[word]
                        dn[k] -= push * hidden
                for word in givers:
                    dx[word] += step
        return dx, dy, dn

    def add(self, lane, changes):
        def bounded(change):
            return change / max(1.0, float(np.linalg.norm(change)))

        dx, dy, dn = changes
        for word in range(WORDS):
            for row in self.rows_of(word):
                self.inputs[row] += bounded(dx[word])
        for word in range(WORDS):
            self.outputs[word] += bounded(dy[word])
        for k, word in enumerate(lane.noise):
            self.outputs[word] += bounded(dn[k])

    def learn(self, tokens, chunks, seed, rate, draws=DRAWS):
        lane = make_lane(DIM, self.rule.window, NOISE, self.rule.cbow)
        for chunk in chunks:
            draw_chunk(tokens, chunk, seed, draws, self.rule, lane)
            for first in range(0, lane.counts[0], BLOCK):
                self.add(lane, self.gradients(lane, first, rate))
                draw_noise(draws, lane)
        return self


def assert_near(found, reference, before):
    """Compare what was added to the tables."""
    for name in ("inputs", "outputs"):
        start = getattr(before, name).astype(np.float64)
        expected, got = getattr(reference, name) - start, getattr(found, name) - start
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(got, expected, rtol=2e-4, atol=3e-5 * np.abs(expected).max())


KINDS = {
    "skip-gram": (Rule(5, True, 5.0, False), {}),
    "skip-gram, fixed window": (Rule(3, False, 2.0, False), {}),
    "skip-gram, parts": (Rule(4, True, 5.0, False), {"parts": True}),
    "skip-gram, one table": (Rule(4, True, 5.0, False), {"shared": True}),
    "cbow": (Rule(5, True, 5.0, True), {}),
    "cbow, fixed window": (Rule(2, False, 7.0, True), {}),
    "cbow, parts": (Rule(4, True, 5.0, True), {"parts": True}),
    "cbow, one table": (Rule(4, True, 5.0, True), {"shared": True}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [9, 64, 75, 200])
def test_a_block_is_the_sum_over_its_pairs(kind, n):
    """Fewer tokens than a block, one block, and several, whose windows reach into each other."""
    rule, options = KINDS[kind]
    tables, tokens = some_tables(**options), text(n)
    found, _ = learned(tokens, tables, rule, 0.01, seed=n)
    assert_near(found, Reference(tables, rule).learn(tokens, [0], n, 0.01), tables)


@pytest.mark.parametrize("kind", ["skip-gram", "cbow", "skip-gram, parts"])
def test_what_is_left_out_is_no_context(kind):
    rule, options = KINDS[kind]
    draws = Draws(np.linspace(0.2, 1, WORDS).astype(np.float32), DRAWS.noise)
    tables, tokens = some_tables(**options), text(250, seed=5)
    found, lane = learned(tokens, tables, rule, 0.05, draws=draws)
    assert 64 < lane.counts[0] < 180
    assert_near(found, Reference(tables, rule).learn(tokens, [0], 0, 0.05, draws), tables)


@pytest.mark.parametrize("kind", ["skip-gram", "cbow", "skip-gram, parts", "cbow, one table"])
def test_large_steps_are_bounded_as_the_reference_bounds_them(kind):
    rule, options = KINDS[kind]
    tables, tokens = some_tables(**options), text(60, n_words=4)
    found, _ = learned(tokens, tables, rule, 0.8)
    assert_near(found, Reference(tables, rule).learn(tokens, [0], 0, 0.8), tables)


def test_no_row_goes_far_in_one_block():
    rule = KINDS["skip-gram"][0]
    tables, tokens = some_tables(), text(60, n_words=5)
    found, _ = learned(tokens, tables, rule, 1e6)
    assert np.linalg.norm(found.inputs - tables.inputs, axis=1).max() <= 1 + 1e-5
    again = make_lane(DIM, rule.window, NOISE, False)
    draw_chunk(tokens, 0, 0, DRAWS, rule, again)
    times = 1 + np.bincount(again.noise, minlength=WORDS)  # as context, and each time that it was drawn
    assert (np.linalg.norm(found.outputs - tables.outputs, axis=1) <= times + 1e-4).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_that_repeats_ten_thousand_times_stays_finite(kind):
    rule, options = KINDS[kind]
    tables = some_tables(**options)
    tokens = read_only([*[7] * 10_000, -1, 1, 2, -1])
    for rate in (0.05, 10.0):
        found, _ = learned(tokens, tables, rule, rate, chunks=[0, 1, 2] * 5)
        assert np.isfinite(found.inputs).all() and np.isfinite(found.outputs).all()
        assert np.abs(found.inputs - tables.inputs).max() < 1000


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_a_negative_that_is_the_word_itself_is_passed_over(kind):
    """All negatives are word 2, and the text is that word alone: nothing pushes."""
    rule = KINDS[kind][0]
    only = Draws(DRAWS.keep, np.full(7, 2, np.int32))
    tables, tokens = some_tables(), read_only([2, 2, 2, 2, -1])
    pushed = learned(tokens, tables, rule, 0.1, draws=only)[0]
    pulled = learned(tokens, tables, rule._replace(negatives=0.0), 0.1, draws=only)[0]
    assert (pushed.inputs == pulled.inputs).all() and (pushed.outputs == pulled.outputs).all()
    other = learned(read_only([2, 3, 2, 3, -1]), tables, rule, 0.1, draws=only)[0]
    without = learned(read_only([2, 3, 2, 3, -1]), tables, rule._replace(negatives=0.0), 0.1, draws=only)[0]
    assert np.abs(other.outputs[2] - without.outputs[2]).max() > 1e-3


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_shared_negatives_are_right_on_average(kind):
    """The mean change over many draws of negatives is the exact expectation, within what chance allows."""
    rule = KINDS[kind][0]._replace(shrinks=False)
    tables, tokens, rate, n_draws = some_tables(), text(40, n_words=8), 0.005, 4000
    changes = np.zeros((2, n_draws, WORDS, DIM), np.float32)
    chunks, rates = np.zeros(1, np.int64), np.full(1, rate, np.float32)
    lane = make_lane(DIM, rule.window, NOISE, rule.cbow)
    for seed in range(n_draws):
        made = copied(tables)
        train_freely(tokens, chunks, seed, rates, made, DRAWS, rule, lane)
        changes[:, seed] = made.inputs - tables.inputs, made.outputs - tables.outputs
    # The expectation: every word once, weighted by its chance. `noise` holds all there is to draw from.
    exact = make_lane(DIM, rule.window, len(DRAWS.noise), rule.cbow)
    draw_chunk(tokens, 0, 0, DRAWS, rule, exact)
    exact.noise[:] = DRAWS.noise
    dx, dy, dn = Reference(tables, rule).gradients(exact, 0, rate)
    assert np.linalg.norm(dx, axis=1).max() < 0.9 and np.linalg.norm(dy, axis=1).max() < 0.9  # nothing is bounded
    np.add.at(dy, DRAWS.noise, dn)
    for expected, found in zip((dx, dy), changes.astype(np.float64), strict=True):
        drawn = found.std(axis=0) > 1e-7
        z = (found.mean(axis=0) - expected)[drawn] / (found.std(axis=0)[drawn] / math.sqrt(n_draws))
        # All words meet the same negatives, so that the z are far from independent.
        assert drawn.sum() > 100 and np.abs(z).max() < 5 and 0.2 < np.mean(z**2) < 2.5
        np.testing.assert_allclose(found.mean(axis=0)[~drawn], expected[~drawn], atol=1e-6)


def pair_counts(tokens, rule, chunks, n_words):
    """Return how often each word met each other (input, output), read off what the kernel does.

    Inputs are one-hot, outputs zero, there are no negatives and steps are tiny: each pair adds half a step.
    """
    tables = Tables(np.eye(n_words, 32, dtype=np.float32), np.zeros((n_words, 32), np.float32), *NO_PARTS)
    lane = make_lane(32, rule.window, NOISE, rule.cbow)
    keep = Draws(np.ones(n_words, np.float32), np.zeros(1, np.int32))
    rates = np.full(len(chunks), 2.0**-30, np.float32)
    train_freely(tokens, np.array(chunks, np.int64), 0, rates, tables, keep, rule, lane)
    return np.rint(tables.outputs[:, :n_words].T * 2.0**31).astype(int)


def test_windows_do_not_cross_sentences():
    rule = Rule(9, False, 0.0, False)
    random = np.random.default_rng(0)
    sentences = [random.integers(8 * (i % 3), 8 * (i % 3) + 8, random.integers(1, 7)) for i in range(1000)]
    tokens = read_only(np.concatenate([[*sentence, -1] for sentence in sentences])[: CHUNK - 1])
    counts = pair_counts(tokens, rule, [0], 24)
    topic = np.arange(24) // 8
    assert counts[topic[:, None] != topic].sum() == 0
    assert (counts[topic[:, None] == topic] > 0).all() and (counts == counts.T).all()


@pytest.mark.parametrize("window", [1, 4, 70])
def test_every_pair_of_a_window_is_met_once(window):
    """Also where a window is wider than a block, where blocks meet, and not where chunks do."""
    tokens = text(CHUNK + 700, n_words=24, seed=3, longest=200)
    expected = np.zeros((24, 24), int)
    for part in (tokens[:CHUNK], tokens[CHUNK:]):
        sentence = np.cumsum(part < 0)
        for distance in range(1, window + 1):
            left, right = part[:-distance], part[distance:]
            met = (left >= 0) & (right >= 0) & (sentence[:-distance] == sentence[distance:])
            np.add.at(expected, (left[met], right[met]), 1)
            np.add.at(expected, (right[met], left[met]), 1)
    found = pair_counts(tokens, Rule(window, False, 0.0, False), [0, 1], 24)
    assert (found == expected).all()


def in_step(tokens, tables, rule, rate, n_threads, n_chunks, draws=DRAWS, seed=9):
    made = copied(tables)
    lanes = tuple(make_lane(DIM, rule.window, NOISE, rule.cbow) for _ in range(LANES))
    chunks, rates = np.arange(n_chunks), np.full(n_chunks, rate, np.float32)
    progress = np.zeros((n_threads, STRIDE), np.int64)

    def work(thread):
        train_in_step(tokens, chunks, seed, rates, made, draws, rule, lanes, thread, progress)

    in_threads(work, range(n_threads), n_threads)
    return made, lanes


@pytest.mark.parametrize("kind", ["skip-gram", "skip-gram, parts", "skip-gram, one table", "cbow"])
def test_in_step_the_number_of_threads_changes_no_bit(kind):
    rule, options = KINDS[kind]
    tables, tokens = some_tables(**options), text(11 * CHUNK - 100, seed=1)
    draws = Draws(np.linspace(0.02, 0.3, WORDS).astype(np.float32), DRAWS.noise)  # lanes of several lengths
    alone, lanes = in_step(tokens, tables, rule, 0.05, 1, 11, draws)
    assert np.abs(alone.inputs - tables.inputs).max() > 0.1
    for n_threads in (2, 3, 5, LANES):
        made, others = in_step(tokens, tables, rule, 0.05, n_threads, 11, draws)
        assert (made.inputs == alone.inputs).all() and (made.outputs == alone.outputs).all()
        assert [lane.loss.tolist() for lane in others] == [lane.loss.tolist() for lane in lanes]


def test_in_step_chunks_without_a_word_are_passed():
    """Rounds of lanes that are all empty: the threads must meet as often as in any other."""
    rule = KINDS["skip-gram"][0]
    tables, tokens = some_tables(), np.full(100 * CHUNK, -1, np.int32)
    words = text(CHUNK // 8, seed=8)
    for chunk in (3, 47, 48, 99):
        tokens[chunk * CHUNK : chunk * CHUNK + len(words)] = words
    alone, _ = in_step(read_only(tokens), tables, rule, 0.05, 1, 100)
    together, _ = in_step(read_only(tokens), tables, rule, 0.05, 3, 100)
    assert (alone.inputs == together.inputs).all() and (alone.inputs != tables.inputs).any()


def test_one_lane_in_step_is_what_one_thread_does_freely():
    rule = KINDS["skip-gram"][0]
    tables, tokens = some_tables(), text(CHUNK, seed=2)
    stepped, _ = in_step(tokens, tables, rule, 0.05, 2, 1)
    free, _ = learned(tokens, tables, rule, 0.05, seed=9)
    assert (stepped.inputs == free.inputs).all() and (stepped.outputs == free.outputs).all()


def test_lanes_in_step_are_computed_from_the_same_tables():
    """Ten chunks: eight lanes, then two; each round's blocks see what the rounds before have added, not each other."""
    rule = KINDS["skip-gram"][0]
    draws = Draws(np.full(WORDS, 0.03, np.float32), DRAWS.noise)
    tables, tokens = some_tables(), text(10 * CHUNK, seed=4)
    found, _ = in_step(tokens, tables, rule, 0.05, 2, 10, draws)
    reference = Reference(tables, rule)
    lanes = [make_lane(DIM, rule.window, NOISE, False) for _ in range(LANES)]
    for begin in (0, LANES):
        used = lanes[: 10 - begin]
        for at, lane in enumerate(used):
            draw_chunk(tokens, begin + at, 9, draws, rule, lane)
        for first in range(0, max(lane.counts[0] for lane in used), BLOCK):
            busy = [lane for lane in used if first < lane.counts[0]]
            said = [reference.gradients(lane, first, 0.05) for lane in busy]
            for lane, changes in zip(busy, said, strict=True):
                reference.add(lane, changes)
            for lane in used:
                draw_noise(draws, lane)
    assert_near(found, reference, tables)


def test_free_threads_all_learn():
    """Two threads write at once, and may undo a little of each other's work, not more."""
    rule, n_chunks = KINDS["skip-gram"][0], 40
    tables, tokens = some_tables(), text(n_chunks * CHUNK, seed=6)
    made = copied(tables)

    def work(thread):
        chunks, lane = np.arange(thread, n_chunks, 2), make_lane(DIM, rule.window, NOISE, False)
        train_freely(tokens, chunks, 0, np.full(len(chunks), 1e-3, np.float32), made, DRAWS, rule, lane)

    in_threads(work, range(2), 2)
    alone, _ = learned(tokens, tables, rule, 1e-3, chunks=range(n_chunks))
    for both, one, start in zip(made[:2], alone[:2], tables[:2], strict=True):
        moved, expected = (both - start).ravel(), (one - start).ravel()
        assert moved @ expected > 0.9 * np.linalg.norm(moved) * np.linalg.norm(expected)
        assert 0.7 < np.linalg.norm(moved) / np.linalg.norm(expected) < 1.3


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_the_loss_measured_is_that_of_a_pair(kind):
    """Where all scores are zero, a pair and each of its K negatives cost log 2; about one block in 256 is measured."""
    rule = KINDS[kind][0]
    tables = Tables(some_tables().inputs, np.zeros((WORDS, DIM), np.float32), *NO_PARTS)
    n_chunks = 60
    tokens = text(n_chunks * CHUNK, seed=7)
    _, lane = learned(tokens, tables, rule, 0.0, chunks=range(n_chunks))
    assert lane.loss[0] / lane.loss[1] == pytest.approx((1 + rule.negatives) * math.log(2), rel=1e-5)
    n_pairs = len(tokens) * (1 if rule.cbow else 4)
    assert 0.3 < lane.loss[1] * 256 / n_pairs < 3
