"""Dropout: so many numbers are zero, each by itself, and the mean stays."""

import pytest
import torch

from kinfold.nn.dropout import dropout


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(200_001,), (101, 3, 701)])
def test_so_many_are_zero_and_the_mean_stays(share, shape):
    torch.manual_seed(0)
    found = dropout(torch.ones(shape), share)
    assert found.shape == shape
    n = found.numel()
    # Five standard deviations of a share of n.
    assert abs(float((found == 0).float().mean()) - share) < 5 * (share * (1 - share) / n) ** 0.5
    kept = found[found > 0]
    assert kept.unique().tolist() == pytest.approx([1 / (1 - share)], rel=1e-3)


def test_choices_do_not_hang_on_one_another_nor_on_the_place():
    torch.manual_seed(1)
    zero = (dropout(torch.ones(400_000), 0.5) == 0).float().view(-1, 4)
    assert zero.mean(0).tolist() == pytest.approx([0.5] * 4, abs=0.01)
    assert torch.corrcoef(zero.T).fill_diagonal_(0).abs().max() < 0.02
    assert abs(float(torch.corrcoef(torch.stack([zero[:-1].flatten(), zero[1:].flatten()]))[0, 1])) < 0.02


def test_gradients_are_dropped_with_the_numbers():
    torch.manual_seed(2)
    x = torch.ones(1000, requires_grad=True)
    found = dropout(x, 0.25)
    found.sum().backward()
    assert torch.equal(x.grad, found.detach())


def test_same_seed_same_choice():
    torch.manual_seed(3)
    first = dropout(torch.ones(99), 0.5)
    torch.manual_seed(3)
    assert torch.equal(dropout(torch.ones(99), 0.5), first)


@pytest.mark.parametrize(("share", "training"), [(0.0, True), (0.5, False), (1e-9, True)])
def test_nothing_is_dropped(share, training):
    x = torch.rand(50)
    assert torch.equal(dropout(x, share, training), x)


def test_the_largest_share_still_leaves_something():
    torch.manual_seed(4)
    assert int((dropout(torch.ones(1 << 20), 1 - 1e-9) > 0).sum()) > 0
    assert dropout(torch.ones(0, 3), 0.5).shape == (0, 3)
    assert dropout(torch.ones(8, dtype=torch.bfloat16), 0.5).dtype == torch.bfloat16
