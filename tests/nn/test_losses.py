"""Heads, losses and penalties, against torch's or by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from kinfold.nn import losses, penalties
from kinfold.nn.heads import Head

SCORES = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, -3.0]])
TARGETS = torch.tensor([1, 0])
WEIGHT = torch.tensor([1.0, 3.0, 0.5])


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy(smoothing):
    right = functional.cross_entropy(SCORES, TARGETS, reduction="none", label_smoothing=smoothing)
    found = losses.cross_entropy(SCORES, TARGETS, label_smoothing=smoothing)
    torch.testing.assert_close(found, right)
    weighted = losses.cross_entropy(SCORES, TARGETS, label_smoothing=smoothing, class_weight=WEIGHT)
    torch.testing.assert_close(weighted, right * torch.tensor([3.0, 1.0]))


def test_binary_cross_entropy():
    stands = torch.tensor([[1, 0, 1], [0, 0, 0]])
    found = losses.binary_cross_entropy(SCORES, stands, label_smoothing=0.1, class_weight=WEIGHT)
    shares, p = stands * 0.9 + 0.05, SCORES.sigmoid()
    right = -(WEIGHT * shares * p.log() + (1 - shares) * (1 - p).log()).sum(1)
    torch.testing.assert_close(found, right)


def test_hinge():
    assert losses.hinge(SCORES, TARGETS).tolist() == pytest.approx([4.0, 1.1])
    assert losses.hinge(SCORES, TARGETS, class_weight=WEIGHT).tolist() == pytest.approx([12.0, 1.1])
    assert losses.hinge(SCORES[:, :1], torch.zeros(2, dtype=torch.int64)).tolist() == [0, 0]


def test_losses_of_numbers():
    scores, targets = torch.tensor([[3.0, 1.0], [0.0, 0.5]]), torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    assert losses.squared_error(scores, targets).tolist() == [4.5, 0.125]
    assert losses.absolute_error(scores, targets).tolist() == [3.0, 0.5]
    for delta in (0.25, 1.0, 2.0):
        right = functional.huber_loss(scores, targets, reduction="none", delta=delta).sum(1)
        torch.testing.assert_close(losses.huber(scores, targets, delta=delta), right)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_has_one_number_a_row_and_takes_its_options(name):
    loss = losses.LOSSES[name]
    targets = {"one": TARGETS, "many": torch.ones(2, 3), "number": torch.ones(2, 3)}[loss.tasks[0]]
    values = {"label_smoothing": 0.3, "class_weight": WEIGHT, "delta": 0.1}
    plain = loss.function(SCORES, targets)
    assert plain.shape == (2,) and (plain >= 0).all()
    for option in loss.options:
        changed = loss.function(SCORES, targets, **{option: values[option]})
        assert not torch.allclose(changed, plain)


def test_a_head_has_the_layers_asked_for():
    head = Head(4, 3, hidden=(5, 6), dropout=0.5)
    vectors = torch.randn(2, 4)
    assert head(vectors).shape == (2, 3)
    assert not torch.equal(head(vectors), head(vectors))
    head.eval()
    a, b, c = head.layers
    torch.testing.assert_close(head(vectors), c(b(a(vectors).relu()).relu()))


def test_penalties_count_weights_and_leave_biases():
    head = Head(2, 2)
    head.layers[0].weight.data = torch.tensor([[3.0, -4.0], [0.3, 0.4]])
    head.layers[0].bias.data.fill_(100)
    assert float(penalties.l1(head).detach()) == pytest.approx(7.7)
    assert float(penalties.l2(head).detach()) == pytest.approx(12.625)
    penalties.max_norm_(head, 1.0)
    torch.testing.assert_close(head.layers[0].weight.data, torch.tensor([[0.6, -0.8], [0.3, 0.4]]))
    assert (head.layers[0].bias == 100).all()
