"""Splits and folds: disjoint, exhaustive, seeded, stratified; what belongs together is on one side."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinfold.data.records import Examples, Pairs
from kinfold.data.splits import (
    component_groups,
    fold_indices,
    folds,
    split,
    split_indices,
    text_groups,
    text_key,
)
from kinfold.errors import DataError, InvalidParameterError, KinfoldError

FRACTIONS = st.sampled_from([(0.8, 0.1, 0.1), (0.6, 0.4), (0.5, 0.25, 0.25), (0.25, 0.75), (0.7, 0.1, 0.1, 0.1)])
SEEDS = st.integers(0, 2**32)


def examples(n: int, labels: str = "ab", **columns: list[str]) -> Examples:
    return Examples([f"text {i}" for i in range(n)], [labels[i % len(labels)] for i in range(n)], **columns)


def random_labels(n: int, seed: int, n_classes: int) -> list[str]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(n_classes))
    return [f"c{k}" for k in rng.choice(n_classes, n, p=shares)]


def assert_partition(parts: list[np.ndarray] | tuple[np.ndarray, ...], n: int) -> None:
    together = np.concatenate(parts)
    assert len(together) == n
    assert np.array_equal(np.sort(together), np.arange(n))
    assert all(np.all(np.diff(part) > 0) for part in parts)


@given(st.integers(40, 400), st.integers(1, 6), FRACTIONS, SEEDS)
@settings(max_examples=60, deadline=None)
def test_single_rows_keep_sizes_and_class_shares(n, n_classes, fractions, seed):
    labels = random_labels(n, seed, n_classes)
    parts = split_indices(labels, None, fractions, seed)
    assert_partition(parts, n)
    counts = Counter(labels)
    alone = sum(count == 1 for count in counts.values())
    for part, fraction in zip(parts, fractions, strict=True):
        assert abs(len(part) - fraction * n) <= 2 + alone
        got = Counter(labels[i] for i in part)
        for label, count in counts.items():
            if count > 1:
                assert abs(got[label] - fraction * count) < 2 + 1e-9, (label, count, fraction)
    for label, count in counts.items():
        if count == 1:
            assert labels.index(label) in parts[0]
    assert all(label in {labels[i] for i in parts[0]} for label in counts)


@given(st.integers(60, 300), st.integers(1, 5), st.integers(2, 12), FRACTIONS, SEEDS)
@settings(max_examples=60, deadline=None)
def test_groups_stay_whole_and_sizes_near(n, n_classes, group_size, fractions, seed):
    rng = np.random.default_rng(seed)
    labels = random_labels(n, seed, n_classes)
    groups = rng.integers(0, max(n // group_size, 12), n)
    parts = split_indices(labels, groups, fractions, seed)
    assert_partition(parts, n)
    sides = np.empty(n, int)
    for side, part in enumerate(parts):
        sides[part] = side
    for group in np.unique(groups):
        assert len(np.unique(sides[groups == group])) == 1
    largest = np.bincount(groups).max()
    for part, fraction in zip(parts, fractions, strict=True):
        assert len(part) >= 1
        assert abs(len(part) - fraction * n) <= largest + 2 + n_classes


@given(st.integers(30, 200), st.integers(2, 10), st.integers(1, 4), SEEDS)
@settings(max_examples=40, deadline=None)
def test_folds_test_every_row_once(n, n_folds, n_classes, seed):
    labels = random_labels(n, seed, n_classes)
    result = fold_indices(labels, None, n_folds, seed)
    assert len(result) == n_folds
    assert_partition([test for _, test in result], n)
    counts = Counter(labels)
    for train, test in result:
        assert_partition([np.sort(np.concatenate([train, test]))], n)
        assert abs(len(test) - n / n_folds) <= 2
        for label, count in counts.items():
            assert abs(sum(labels[i] == label for i in test) - count / n_folds) < 2


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_components_equal_a_plain_union_find(edges):
    parent = {node: node for edge in edges for node in edge}

    def root(node: int) -> int:
        while parent[node] != node:
            node = parent[node]
        return node

    for left, right in edges:
        parent[root(left)] = root(right)
    expected = [root(left) for left, _ in edges]
    got = component_groups([f"t{a}" for a, _ in edges], [f"t{b}" for _, b in edges]).tolist()
    assert len(set(zip(expected, got, strict=True))) == len(set(expected)) == len(set(got))


def test_same_seed_same_split_other_seed_other_split():
    data = examples(200, "aab")
    assert split(data, seed=3) == split(data, seed=3)
    assert split(data, seed=3)[2] != split(data, seed=4)[2]
    groups = [f"g{i // 5}" for i in range(200)]
    grouped = examples(200, "aab", groups=groups)
    assert split(grouped, seed=3, by="group") == split(grouped, seed=3, by="group")
    assert split(grouped, seed=3, by="group")[2] != split(grouped, seed=4, by="group")[2]


def test_groups_of_all_sizes_move_with_the_seed():
    groups = [g for g in range(30) for _ in range(g + 2)]
    tests = {tuple(np.unique(np.array(groups)[fold_indices(None, groups, 5, seed)[0][1]])) for seed in range(8)}
    assert len(tests) > 4


def test_parts_are_records_in_their_old_order():
    train, valid, test = split(examples(100, "ab", ids=[str(i) for i in range(100)]))
    assert [len(part) for part in (train, valid, test)] == [80, 10, 10]
    assert [Counter(part.labels)["a"] for part in (train, valid, test)] == [40, 5, 5]
    assert [int(i) for i in test.ids] == sorted(int(i) for i in test.ids)
    assert all(text == f"text {i}" for text, i in zip(test.texts, test.ids, strict=True))


def test_equal_texts_stay_together_whatever_case_spacing_and_composition():
    variants = ["Caf\u00e9 noir", "cafe\u0301  NOIR", " CAF\u00c9 noir\t"]
    assert len({text_key(text) for text in variants}) == 1
    assert text_groups(["a", "b", "A ", "c"]).tolist() == [0, 1, 0, 2]
    texts = [f"{variants[i % 3]} {i // 3}" for i in range(300)]
    for seed in range(5):
        parts = split(Examples(texts, ["x", "y", "z"] * 100), (0.5, 0.5), seed=seed)
        keys = [set(map(text_key, part.texts)) for part in parts]
        assert not keys[0] & keys[1]
        assert abs(len(parts[0]) - 150) <= 3


def test_pairs_in_either_order_stay_together_and_components_share_no_text():
    rng = np.random.default_rng(5)
    lefts = [f"q{k}" for k in rng.integers(0, 900, 600)]
    rights = [f"q{k}" for k in rng.integers(0, 900, 600)]
    pairs = Pairs([*lefts, *rights], [*rights, *lefts], ["same", "other"] * 600)
    for part_a, part_b in (split(pairs, (0.5, 0.5), seed=1), split(pairs, (0.7, 0.3), seed=2)):
        a, b = ({frozenset(p) for p in zip(x.lefts, x.rights, strict=True)} for x in (part_a, part_b))
        assert not a & b
    sparse = Pairs([f"l{i // 3}" for i in range(600)], [f"r{i // 2}" for i in range(600)], ["s", "d"] * 300)
    parts = split(sparse, by="component", seed=0)
    texts = [set(part.lefts) | set(part.rights) for part in parts]
    assert not texts[0] & texts[1] and not texts[0] & texts[2] and not texts[1] & texts[2]
    assert abs(len(parts[0]) - 480) <= 6
    for train, test in folds(sparse, 5, by="component"):
        a, b = sparse.take(train), sparse.take(test)
        assert not (set(a.lefts) | set(a.rights)) & (set(b.lefts) | set(b.rights))


def test_empty_texts_link_nothing():
    assert len(set(component_groups(["a", "", "b", ""], ["x", "y", "", "z"]).tolist())) == 4


def test_groups_keep_class_shares_too():
    rng = np.random.default_rng(0)
    groups = [f"g{k}" for k in rng.integers(0, 300, 3000)]
    labels = ["rare" if rng.random() < 0.1 else "common" for _ in range(3000)]
    parts = split(Examples([str(i) for i in range(3000)], labels, groups=groups), by="group")
    whole = labels.count("rare") / 3000
    for part, want in zip(parts, (2400, 300, 300), strict=True):
        assert not set(part.groups) & set(g for other in parts if other is not part for g in other.groups)
        assert abs(len(part) - want) <= 15
        assert abs(part.labels.count("rare") / len(part) - whole) < 0.02


def test_rows_without_a_group_stand_alone():
    groups = ["" for _ in range(90)] + ["g"] * 10
    parts = split(examples(100, groups=groups), by="group")
    assert [len(part) for part in parts] == [80, 10, 10]
    assert sum("g" in part.groups for part in parts) == 1


def test_large_groups_are_spread_by_share():
    groups = [g for g in range(100) for _ in range(10)]
    parts = split_indices(None, groups, (0.8, 0.1, 0.1), 0)
    assert [len(part) for part in parts] == [800, 100, 100]


def test_stratify_off_ignores_labels():
    data = examples(1000, "aaaaaaaaab")
    shares = {split(data, seed=seed, stratify=False)[2].labels.count("b") for seed in range(10)}
    assert len(shares) > 1
    assert {split(data, seed=seed)[2].labels.count("b") for seed in range(10)} == {10}


def test_rows_without_labels_are_split_at_random():
    train, test = split(Examples([str(i) for i in range(50)]), (0.8, 0.2))
    assert (len(train), len(test)) == (40, 10)
    assert train.labels is None


def test_rare_labels_stay_in_training():
    labels = ["a"] * 60 + ["b"] * 37 + ["only once", "also once", "once more"]
    for seed in range(20):
        train, valid, test = split_indices(labels, None, (0.5, 0.25, 0.25), seed)
        assert {97, 98, 99} <= set(train.tolist())
        assert abs(len(valid) - 25) <= 2 and abs(len(test) - 25) <= 2
    twins = [*labels[:-1], "x"]
    groups = [*range(98), 98, 98]
    assert {98, 99} <= set(split_indices(twins, groups, (0.5, 0.5), 1)[0].tolist())


def test_multi_label_rows_keep_the_share_of_every_label():
    rng = np.random.default_rng(2)
    labels = [
        tuple(t for t, p in zip("abcde", (0.5, 0.3, 0.1, 0.05, 0.02), strict=True) if rng.random() < p)
        for _ in range(2000)
    ]
    parts = split_indices(labels, None, (0.8, 0.1, 0.1), 0)
    assert_partition(parts, 2000)
    for tag in "abcde":
        total = sum(tag in row for row in labels)
        for part, fraction in zip(parts, (0.8, 0.1, 0.1), strict=True):
            assert abs(sum(tag in labels[i] for i in part) - fraction * total) <= max(3, 0.06 * fraction * total)
    assert abs(len(parts[1]) - 200) <= 12


def test_time_puts_the_latest_last_and_keeps_ties_together():
    times = [f"2024-0{1 + i % 9}-15" for i in range(90)]
    train, valid, test = split(examples(90, times=times), (0.7, 0.2, 0.1), by="time")
    assert max(train.times) < min(valid.times) and max(valid.times) < min(test.times)
    assert [len(part) for part in (train, valid, test)] == [60, 20, 10]
    for before, after in folds(examples(90, times=times), 4, by="time"):
        assert max(times[i] for i in before) < min(times[i] for i in after)


def test_time_orders_numbers_as_numbers_and_zones_as_moments():
    numbers = [str(i) for i in range(5, 25)]
    assert set(split(examples(20, times=numbers), (0.5, 0.5), by="time")[1].times) == {str(i) for i in range(15, 25)}
    zoned = ["2024-01-01T12:00:00+02:00", "2024-01-01T11:00:00+00:00"]
    assert split(examples(2, times=zoned), (0.5, 0.5), by="time")[1].times == [zoned[1]]


@pytest.mark.parametrize(
    ("times", "row"),
    [
        (["2024-01-01", "soon", "2024-01-03"], "row 2"),
        (["1", "2", "nan"], "row 1"),
        (["2024-01-01", "2024-01-02T00:00:00+00:00", "2024-01-03"], "row 2"),
        (["2024-01-01", "", "2024-01-03"], "row 2"),
    ],
)
def test_times_that_have_no_order_are_named(times, row):
    with pytest.raises(DataError, match=row) as caught:
        split(examples(3, times=times), (0.5, 0.5), by="time")
    assert_three_parts(caught.value)


def assert_three_parts(error: KinfoldError) -> None:
    assert error.what and error.seen and error.fix and error.code


@pytest.mark.parametrize(
    "fractions", [(0.8, 0.1), (1.0,), (0.5, 0.6), (1.2, -0.2), (0.9, 0.1, 0.0), (), (float("nan"), 1.0)]
)
def test_wrong_fractions_are_refused_in_three_parts(fractions):
    with pytest.raises(InvalidParameterError, match="sum to 1") as caught:
        split(examples(50), fractions)
    assert_three_parts(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: split(examples(50), by="month"),
        lambda: split(examples(50), by="group"),
        lambda: split(examples(50), by="time"),
        lambda: split(examples(50), by="component"),
        lambda: split(examples(50), seed=-1),
        lambda: folds(examples(50), 1),
        lambda: folds(examples(50, times=["1"] * 50), 0, by="time"),
        lambda: split_indices(None),
        lambda: split_indices(["a", "b"], [1]),
    ],
)
def test_wrong_parameters_are_refused_in_three_parts(call):
    with pytest.raises(InvalidParameterError) as caught:
        call()
    assert_three_parts(caught.value)


def test_too_few_rows_name_the_minimum():
    with pytest.raises(DataError, match="at least 10 rows") as caught:
        split(examples(9))
    assert_three_parts(caught.value)
    assert [len(part) for part in split(examples(10))] == [8, 1, 1]
    with pytest.raises(DataError, match="at least 10 rows"):
        folds(examples(9), 10)
    with pytest.raises(DataError, match="at least 10 rows"):
        split(Examples([], []))
    with pytest.raises(DataError, match="too few"):
        split(Examples(["same text"] * 40, ["a", "b"] * 20))
    with pytest.raises(DataError, match="too few different times"):
        split(examples(40, times=["2024"] * 40), by="time")


def test_a_giant_component_is_an_error_that_states_the_sizes():
    pairs = Pairs(["hub"] * 90 + [f"l{i}" for i in range(10)], [f"r{i}" for i in range(100)], ["a", "b"] * 50)
    with pytest.raises(DataError, match="larger than any part") as caught:
        split(pairs, by="component")
    assert_three_parts(caught.value)
    assert "90 of 100 rows" in caught.value.seen and "80 rows" in caught.value.seen
    assert [len(part) for part in split(pairs, (0.9, 0.05, 0.05), by="component")] == [90, 5, 5]
    with pytest.raises(DataError, match="larger than any part"):
        folds(Pairs(["hub"] * 99 + ["a", "b", "c"], [f"r{i}" for i in range(102)]), 3, by="component")


def test_labels_that_are_ids_are_an_error():
    with pytest.raises(DataError, match="empty") as caught:
        split(Examples([str(i) for i in range(100)], [f"id {i}" for i in range(100)]))
    assert_three_parts(caught.value)


def test_every_side_gets_a_group_while_there_are_enough():
    assert all(len(part) for part in split_indices(None, [0] * 10 + [1] * 10 + [2] * 10, (0.8, 0.1, 0.1), 0))


def test_many_rows_take_about_a_second():
    n = 400_000
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b", "c"], n, p=[0.6, 0.35, 0.05])
    started = time.process_time()
    parts = split_indices(labels, None, (0.8, 0.1, 0.1), 0)
    # Generous, for a loaded machine: it is 0.1 s on an idle one.
    assert time.process_time() - started < 2
    assert [len(part) for part in parts] == [320_000, 40_000, 40_000]
