"""Attention between the tokens of two texts, against what is written out by hand."""

from __future__ import annotations

import pytest
import torch

from kinfold.errors import InvalidParameterError
from kinfold.nn.attention import Attention, AttentionNet
from kinfold.nn.encoders.bag import BagOfEmbeddings
from kinfold.nn.encoders.gru import GRU
from kinfold.nn.encoders.ngrams import NGrams
from kinfold.nn.inputs import Inputs


def net(encoder=None, *, directed=False, towers=1):
    torch.manual_seed(0)
    spec = encoder or BagOfEmbeddings(dim=6)
    left = spec.build(Inputs(n_tokens=20))
    right = left if towers == 1 else spec.build(Inputs(n_tokens=20))
    return AttentionNet(left, right, Attention(left.state_dim, 5, (4,), 0.0, directed=directed)).eval()


def pairs(n=6, n_steps=7):
    rows = torch.randint(3, 20, (n, 2, n_steps), generator=torch.Generator().manual_seed(1))
    return rows, torch.tensor([[7, 3], [1, 1], [0, 4], [4, 0], [0, 0], [2, 7]])


def test_what_a_token_meets_by_hand():
    torch.manual_seed(0)
    attention = Attention(3, 4, (), 0.0, directed=True).eval()
    lefts, rights = torch.randn(1, 2, 3), torch.randn(1, 3, 3)
    found = attention(lefts, torch.tensor([2]), rights, torch.tensor([3]))
    scores = attention.attend(lefts)[0] @ attention.attend(rights)[0].T  # (2, 3)
    sides = []
    for own, others, weights in ((lefts[0], rights[0], scores), (rights[0], lefts[0], scores.T)):
        met = weights.softmax(1) @ others
        told = attention.compare(torch.cat([own, met, own - met, own * met], 1)).relu()
        sides += [told.mean(0), told.max(0).values]
    torch.testing.assert_close(found, attention.head(torch.cat(sides)[None])[0])


@pytest.mark.parametrize("towers", [1, 2])
@pytest.mark.parametrize("encoder", [None, GRU(dim=6, units=4, bidirectional=True)], ids=["bag", "gru"])
def test_a_pair_does_not_depend_on_those_beside_it_nor_on_padding(encoder, towers):
    module, (rows, lengths) = net(encoder, directed=True, towers=towers), pairs()
    with torch.no_grad():
        together = module(rows, lengths)
        alone = torch.cat(
            [
                module(rows[i : i + 1, :, : max(1, int(ends.max()))], ends[None])
                for i, ends in enumerate(lengths.unbind())
            ]
        )
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)
    assert together.isfinite().all()


def test_sides_change_places_unless_directed():
    rows, lengths = pairs()
    for directed in (False, True):
        module = net(directed=directed)
        there, back = module(rows, lengths), module(rows.flip(1), lengths.flip(1))
        assert torch.allclose(there, back, atol=1e-6) == (not directed)


def test_every_weight_learns_and_an_empty_side_has_a_slope():
    module, (rows, lengths) = net(directed=True).train(), pairs()
    (module(rows, lengths) * torch.randn(6)).sum().backward()
    for name, weight in module.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all() and weight.grad.abs().sum() > 0, name


def test_only_some_encoders_have_states():
    assert NGrams(dim=6).build(Inputs(n_tokens=20)).state_dim is None
    with pytest.raises(InvalidParameterError, match="one vector for a text"):
        NGrams(dim=6).build(Inputs(n_tokens=20)).states(torch.ones(1, 2, dtype=torch.int64), torch.tensor([2]))
    assert GRU(units=4, bidirectional=True).build(Inputs(n_tokens=20)).state_dim == 8
