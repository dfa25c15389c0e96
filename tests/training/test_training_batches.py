import tracemalloc

import numpy as np
import pytest
import torch

from kinfold.training.batching import Batch, order, padding_share, plain

LENGTHS = np.random.default_rng(0).geometric(0.02, 5003)


@pytest.mark.parametrize("bucket", [True, False])
def test_the_order_is_complete_and_hangs_on_seed_and_epoch_alone(bucket):
    first = order(LENGTHS, 16, 3, 0, bucket=bucket)
    np.random.seed(1)  # noqa: NPY002
    again = order(LENGTHS.copy(), 16, 3, 0, bucket=bucket)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert np.array_equal(np.sort(np.concatenate(first)), np.arange(5003))
    assert sorted(map(len, first))[:2] == [5003 % 16, 16] and first[0].dtype == np.int64
    for other in (order(LENGTHS, 16, 4, 0, bucket=bucket), order(LENGTHS, 16, 3, 1, bucket=bucket)):
        assert not np.array_equal(np.concatenate(first), np.concatenate(other))


def test_buckets_hold_rows_of_like_length_and_stay_shuffled():
    shuffled, bucketed = order(LENGTHS, 16, 0, 0, bucket=False), order(LENGTHS, 16, 0, 0)
    assert padding_share(LENGTHS, bucketed) < 0.1 < 0.5 < padding_share(LENGTHS, shuffled)
    means = np.array([LENGTHS[rows].mean() for rows in bucketed])
    assert abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 0.2  # batches in no order
    # Rows meet others than in the epoch before.
    together = {frozenset(rows.tolist()) for rows in bucketed}
    assert not together & {frozenset(rows.tolist()) for rows in order(LENGTHS, 16, 0, 1)}


def test_plain_batches_are_sorted():
    batches = plain(LENGTHS, 100)
    assert (np.diff(LENGTHS[np.concatenate(batches)]) >= 0).all() and len(batches) == 51
    assert padding_share(LENGTHS, batches) <= padding_share(LENGTHS, order(LENGTHS, 100, 0, 0))


def test_the_share_of_padding():
    assert padding_share(np.array([1, 3, 2, 2]), [np.array([0, 1]), np.array([2, 3])]) == pytest.approx(0.2)
    assert padding_share(np.array([0]), [np.array([0])]) == 0.0 and order(np.array([], int), 4, 0, 0) == []


def test_an_order_takes_the_memory_of_two_arrays():
    lengths = np.ones(400_000, np.int64)
    order(lengths[:1000], 64, 0, 0)
    tracemalloc.start()
    order(lengths, 64, 0, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * lengths.nbytes


def test_a_batch_moves_as_a_whole():
    batch = Batch(torch.zeros(2, 3), torch.tensor([3, 1]), torch.ones(2)).to("meta")
    assert {it.device.type for it in (batch.inputs, batch.lengths, batch.targets)} == {"meta"} and len(batch) == 2
    assert Batch(torch.zeros(2, 3), torch.tensor([3, 1])).to("cpu").targets is None
