from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from kinfold.kernels.counting import distinct_rows, gather_rows, look_up, rehash
from kinfold.text.lexicon import empty_slots
from kinfold.text.table import NGramTable


def some_keys(seed, n_texts=30, kind="random"):
    """Keys of texts with repeats; adversarial ones share their low bits, so that all want the same slot."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(1, 60, 400).astype(np.uint64)
    keys = {
        "random": numbers * np.uint64(0x9E3779B97F4A7C15),
        "same low bits": numbers << np.uint64(40),
        "neighbours": numbers,
        "last slots": ~numbers,
    }[kind]
    keys[::37] = 0
    indptr = np.sort(np.concatenate([[0, 0, 400], rng.integers(0, 400, n_texts - 2)])).astype(np.int64)
    return indptr, keys


KINDS = ["random", "same low bits", "neighbours", "last slots"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("repeats", [True, False])
def test_counts_as_by_hand(kind, repeats):
    table = NGramTable()
    seen, first, in_texts = {}, {}, Counter()
    for part in range(3):  # the table grows between parts
        indptr, keys = some_keys(part, kind=kind)
        starts = np.arange(len(keys), dtype=np.int64) + 1000 * part
        lengths = np.full(len(keys), part + 1, np.int32)
        out_indptr, out = table.count(indptr, keys, starts, lengths, 100 * part, repeats)
        for t, (a, b) in enumerate(pairwise(indptr)):
            entries = []
            for k in range(a, b):
                key = int(keys[k])
                first.setdefault(key, (int(starts[k]), part + 1))
                entry = seen.setdefault(key, len(seen))
                if repeats or entry not in entries:
                    entries.append(entry)
            in_texts.update(set(keys[a:b].tolist()))
            assert out[out_indptr[t] : out_indptr[t + 1]].tolist() == entries
    table.trimmed()
    assert table.keys.tolist() == list(seen)
    assert table.frequency.tolist() == [in_texts[key] for key in seen]
    assert list(zip(table.starts.tolist(), table.lengths.tolist(), strict=True)) == [first[key] for key in seen]


@pytest.mark.parametrize("kind", KINDS)
def test_merging_is_counting_together(kind):
    parts = [some_keys(seed, kind=kind) for seed in (1, 2)]
    tables = []
    for indptr, keys in parts:
        table = NGramTable()
        table.count(indptr, keys, np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int32), 0, False)
        tables.append(table)
    both, other = tables
    before = dict(zip(both.keys[: len(both)].tolist(), both.frequency[: len(both)].tolist(), strict=True))
    added = dict(zip(other.keys[: len(other)].tolist(), other.frequency[: len(other)].tolist(), strict=True))
    went = both.add(other)
    both.trimmed()
    assert both.keys[went].tolist() == list(added)
    wanted = {key: before.get(key, 0) + added.get(key, 0) for key in {**before, **added}}
    assert dict(zip(both.keys.tolist(), both.frequency.tolist(), strict=True)) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_look_up(kind):
    keys = np.unique(some_keys(0, kind=kind)[1])
    slots = empty_slots(len(keys))
    rehash(keys, len(keys), slots)
    asked = np.concatenate([keys[::-1], keys + np.uint64(7), np.arange(5, dtype=np.uint64)])
    out = np.empty(len(asked), np.int32)
    look_up(asked, slots, out)
    place = {key: i for i, key in enumerate(keys.tolist())}
    assert out.tolist() == [place.get(key, -1) for key in asked.tolist()]


def test_slots_stay_half_empty():
    for n in (0, 1, 7, 8, 9, 1000):
        slots = empty_slots(n)
        assert len(slots) >= 2 * n and len(slots) & (len(slots) - 1) == 0 and len(slots) > 0


@pytest.mark.parametrize("mapped", [True, False])
def test_rows_as_by_hand(mapped):
    rng = np.random.default_rng(0)
    indptr = np.array([0, 0, 9, 10, 40])
    entries = rng.integers(0 if mapped else -1, 12, 40).astype(np.int32)
    columns = rng.permutation(12).astype(np.int32) - 3 if mapped else np.empty(0, np.int32)
    out_indptr, out, counts = np.zeros(5, np.int64), np.empty(40, np.int32), np.empty(40, np.float32)
    n = gather_rows(indptr, entries, columns, True, out_indptr, out, counts)
    assert out_indptr[-1] == n
    for t in range(4):
        named = [int(columns[e]) if mapped else int(e) for e in entries[indptr[t] : indptr[t + 1]]]
        wanted = sorted(Counter(column for column in named if column >= 0).items())
        row = slice(out_indptr[t], out_indptr[t + 1])
        assert list(zip(out[row].tolist(), counts[row].tolist(), strict=True)) == wanted
    once_indptr, once = np.zeros(5, np.int64), np.empty(40, np.int32)
    m = gather_rows(indptr, entries, columns, False, once_indptr, once, np.empty(0, np.float32))
    assert m == n and (once[:m] == out[:n]).all() and (once_indptr == out_indptr).all()


def test_distinct_rows_keep_the_order():
    indptr = np.array([0, 5, 5, 9])
    columns = np.array([4, -1, 2, 4, 0, 2, 2, 7, -1], np.int32)
    out_indptr, out = np.zeros(4, np.int64), np.empty(9, np.int32)
    n = distinct_rows(indptr, columns, out_indptr, out)
    assert out[:n].tolist() == [4, 2, 0, 2, 7] and out_indptr.tolist() == [0, 3, 3, 5]
