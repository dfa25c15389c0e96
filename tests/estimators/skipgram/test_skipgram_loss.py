"""The held-out loss against two loops over pairs, and against what it must be where nothing was learned."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinfold.estimators.skipgram import loss as module
from kinfold.estimators.skipgram.loss import held_out_loss
from kinfold.kernels.lanes import Rule

WORDS, DIM = 9, 5
RULES = [Rule(3, True, 5.0, False), Rule(2, False, 3.0, False), Rule(3, True, 5.0, True), Rule(2, False, 3.0, True)]


def some_tables(seed=0):
    random = np.random.default_rng(seed)
    inputs, outputs = (random.normal(size=(WORDS, DIM)).astype(np.float32) for _ in range(2))
    keep, noise = random.uniform(0.1, 1, WORDS), random.dirichlet(np.ones(WORDS))
    return inputs, outputs, keep, noise


def some_tokens(n_sentences=6, seed=0):
    random = np.random.default_rng(seed)
    sentences = [[*random.integers(0, WORDS, random.integers(0, 7)), -1] for _ in range(n_sentences)]
    return np.concatenate(sentences).astype(np.int32)


def softplus(x):
    return math.log1p(math.exp(x))


def by_loops(tokens, inputs, outputs, keep, noise, rule, cost=softplus):
    """Every pair, as often as it is met; against every word but its own, as often as it is drawn."""
    total = weight = 0.0

    def reach(distance):
        return (rule.window - distance + 1) / rule.window if rule.shrinks else 1.0

    def against_all(x, own):
        return rule.negatives * sum(noise[v] * cost(float(x @ outputs[v])) for v in range(WORDS) if v != own)

    for i, word in enumerate(tokens):
        around = [
            (tokens[j], reach(abs(i - j)))
            for j in range(max(0, i - rule.window), min(len(tokens), i + rule.window + 1))
            if j != i and word >= 0 and (tokens[min(i, j) : max(i, j) + 1] >= 0).all()
        ]
        if rule.cbow and around:
            shares = [keep[other] * share for other, share in around]
            x = sum(s * inputs[other].astype(np.float64) for s, (other, _) in zip(shares, around, strict=True))
            x = x / sum(shares)
            total += keep[word] * (cost(-float(x @ outputs[word])) + against_all(x, word))
            weight += keep[word]
        elif not rule.cbow:
            for other, share in around:
                chance = keep[word] * keep[other] * share
                loss = cost(-float(inputs[word] @ outputs[other])) + against_all(inputs[word], word)
                total += chance * loss
                weight += chance
    return total / weight


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_by_loops(rule, seed):
    tables, tokens = some_tables(seed), some_tokens(seed=seed)
    assert held_out_loss(tokens, *tables, rule) == pytest.approx(by_loops(tokens, *tables, rule), rel=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_where_nothing_was_learned_it_is_chance(rule):
    inputs, outputs, keep, _ = some_tables()
    found = held_out_loss(some_tokens(50), inputs, 0 * outputs, keep, np.full(WORDS, 1 / WORDS), rule)
    assert found == pytest.approx((1 + rule.negatives * (WORDS - 1) / WORDS) * math.log(2))


@pytest.mark.parametrize("rule", RULES)
def test_a_sample_is_near_the_whole(rule, monkeypatch):
    """Of long texts only some inputs meet all words: the lots are of many sizes, and each stands for its own."""
    tables, tokens = some_tables(), some_tokens(900)
    sampled = held_out_loss(tokens, *tables, rule)
    monkeypatch.setattr(module, "_OF_A_LOT", 1 << 20)
    monkeypatch.setattr(module, "_INPUTS", 1 << 20)
    whole = held_out_loss(tokens, *tables, rule)
    assert sampled == pytest.approx(whole, rel=0.05) and sampled != whole
    monkeypatch.setattr(module, "_WORDS", 2)
    assert held_out_loss(tokens, *tables, rule) == pytest.approx(whole, rel=1e-6)
    monkeypatch.setattr(module, "_BLOCK", 500)  # what is cut where blocks meet is little
    assert held_out_loss(tokens, *tables, rule) == pytest.approx(whole, rel=0.02)


def test_lots_count_by_their_size(monkeypatch):
    """A short last block of other words has as many sampled inputs as a long one, and must not count as much."""
    inputs, outputs, _, noise = some_tables()
    inputs[8] *= 20
    tokens = np.array([*[1, 2, 3, -1] * 1000, *[8, 8, 8, -1] * 20], np.int32)
    rule, keep = Rule(2, False, 5.0, False), np.ones(WORDS)
    monkeypatch.setattr(module, "_BLOCK", 4000)
    sampled = held_out_loss(tokens, inputs, outputs, keep, noise, rule)
    monkeypatch.setattr(module, "_OF_A_LOT", 1 << 20)
    monkeypatch.setattr(module, "_INPUTS", 1 << 20)
    assert sampled == pytest.approx(held_out_loss(tokens, inputs, outputs, keep, noise, rule), rel=0.03)


def test_scores_beyond_all_bounds_cost_what_they_should():
    inputs, outputs, keep, noise = some_tables()
    tokens, rule = some_tokens(), RULES[0]
    huge = held_out_loss(tokens, 1e4 * inputs, outputs, keep, noise, rule)
    linear = by_loops(tokens, 1e4 * inputs, outputs, keep, noise, rule, cost=lambda score: max(score, 0.0))
    assert huge == pytest.approx(linear, rel=1e-3)


@pytest.mark.parametrize("tokens", [[], [-1], [1, -1, 2, -1], [-1, -1, 3, -1]])
@pytest.mark.parametrize("rule", RULES)
def test_without_a_pair_there_is_no_loss(tokens, rule):
    assert math.isnan(held_out_loss(np.array(tokens, np.int32), *some_tables(), rule))


@pytest.mark.parametrize("rule", RULES)
def test_no_more_than_the_first_are_looked_at(rule, monkeypatch):
    monkeypatch.setattr(module, "_TOKENS", 200)
    monkeypatch.setattr(module, "_BLOCK", 100)
    tables, tokens = some_tables(), some_tokens(200)
    assert held_out_loss(tokens, *tables, rule) == held_out_loss(tokens[:200], *tables, rule)
