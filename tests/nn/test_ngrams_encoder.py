"""The n-grams of rows by their hashes, and what is learned from them."""

from __future__ import annotations

import pytest
import torch

from kinfold.errors import InvalidParameterError
from kinfold.nn.encoders.ngrams import NGrams, hashed
from kinfold.nn.inputs import Inputs

BUCKETS = 1 << 20


def rows_of(ids, sizes=(1, 2, 3), length=None):
    ids = torch.tensor([ids])
    return hashed(ids, torch.tensor([length or ids.shape[1]]), sizes, BUCKETS)[0]


def test_an_ngram_has_one_bucket_wherever_it_stands_and_no_other_has_it():
    ids = torch.randint(3, 12, (300,), generator=torch.Generator().manual_seed(0)).tolist()
    rows = rows_of(ids)
    of = {}
    for size in (1, 2, 3):
        for begin in range(len(ids) - size + 1):
            of.setdefault(tuple(ids[begin : begin + size]), set()).add(int(rows[begin, size - 1]))
    assert all(len(buckets) == 1 for buckets in of.values())
    assert len(set.union(*of.values())) == len(of)
    assert all(0 < bucket <= BUCKETS for bucket in set.union(*of.values()))


def test_none_reaches_beyond_the_end_of_its_row():
    rows = rows_of([5, 6, 7, 8, 9], length=3)
    assert (rows > 0).tolist() == [[True] * 3, [True, True, False], [True, False, False], [False] * 3, [False] * 3]
    assert (rows[:3] == rows_of([5, 6, 7])).all()
    assert (rows_of([5], sizes=(2, 3)) == 0).all()


def test_the_order_of_tokens_counts():
    assert rows_of([5, 6, 7], (3,))[0] != rows_of([6, 5, 7], (3,))[0]
    assert rows_of([5, 5], (2,))[0] != rows_of([5], (1,))[0]


def test_buckets_are_used_evenly():
    ids = torch.arange(3, 70).repeat_interleave(67)
    pairs = torch.stack([ids, torch.arange(3, 70).repeat(67)], 1)
    used = hashed(pairs, torch.full((len(pairs),), 2), (2,), 1000)[:, 0, 0]
    counts = torch.bincount(used, minlength=1001)[1:].double()
    expected = len(pairs) / 1000
    # The chi-square of a thousand buckets, five standard deviations either way.
    assert abs(((counts - expected) ** 2 / expected).sum() - 999) < 5 * (2 * 999) ** 0.5


def test_what_a_position_holds_is_the_sum_of_what_begins_there():
    torch.manual_seed(0)
    module = NGrams(dim=4, sizes=(1, 2), buckets=100, pooling="mean").build(Inputs(n_tokens=20))
    rows = hashed(torch.tensor([[5, 6]]), torch.tensor([2]), (1, 2), 100)[0]
    expected = torch.stack([module.table[rows[0]].sum(0), module.table[rows[1, 0]]]).relu().mean(0)
    torch.testing.assert_close(module(torch.tensor([[5, 6]]), torch.tensor([2]))[0], expected)


@pytest.mark.parametrize("params", [{"sizes": (3, 2)}, {"sizes": 3}, {"sizes": (2, 99)}, {"buckets": 0}, {"dim": 0}])
def test_wrong_parameters_are_refused(params):
    with pytest.raises(InvalidParameterError):
        NGrams(**params).build(Inputs(n_tokens=20))


def test_vectors_of_tokens_are_refused():
    with pytest.raises(InvalidParameterError, match="vectors of n-grams"):
        NGrams().build(Inputs(n_tokens=20, vectors=torch.zeros(20, 4)))
