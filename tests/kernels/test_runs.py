"""Runs of characters and their hashes against a loop in Python, and against published values of FNV-1a."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kinfold.kernels.runs import hash_runs

LARGE = 2**31 - 1


def hashed(words, shortest, longest, n_buckets):
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    rows, starts = hash_runs(np.frombuffer(b"".join(encoded), np.uint8), ends, shortest, longest, n_buckets)
    assert rows.dtype == np.int32 and starts.dtype == np.int64 and starts[0] == 0 and starts[-1] == len(rows)
    return [rows[a:b].tolist() for a, b in pairwise(starts)]


def fnv(text):
    """FNV-1a with bytes taken as signed numbers, as fastText has it."""
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) % 2**32
    return value


def by_hand(word, shortest, longest, n_buckets):
    runs = [word[i : i + n] for i in range(len(word)) for n in range(shortest, longest + 1) if i + n <= len(word)]
    return [fnv(run) % n_buckets for run in runs if run != word]


def test_published_hashes():
    for text, value in {"a": 0xE40C292C, "b": 0xE70C2DE5, "foobar": 0xBF9CF968}.items():
        assert hashed([text + "!"], len(text), len(text), LARGE)[0][0] == value % LARGE


def test_every_run_but_the_whole_word():
    assert [len(runs) for runs in hashed(["<ab>", "<a>", "<abcdef>"], 3, 6, 100)] == [2, 0, 6 + 5 + 4 + 3]
    assert hashed(["<a>"], 1, 20, 7) == [by_hand("<a>", 1, 20, 7)] and hashed([], 3, 6, 7) == []


def test_characters_are_not_cut():
    words = ["<größe>", "<日本語>", "<😀a\u0301>"]
    assert hashed(words, 2, 3, LARGE) == [by_hand(word, 2, 3, LARGE) for word in words]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=5),
    st.integers(1, 4),
    st.integers(0, 4),
    st.sampled_from([1, 10, 1 << 18, LARGE]),
)
def test_any_words(words, shortest, more, n_buckets):
    marked = [f"<{word}>" for word in words]
    expected = [by_hand(word, shortest, shortest + more, n_buckets) for word in marked]
    assert hashed(marked, shortest, shortest + more, n_buckets) == expected
