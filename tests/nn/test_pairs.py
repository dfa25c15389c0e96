"""Similarities, losses of pairs and nets of two towers, against what is written out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck

from kinfold.nn.encoders.bag import BagOfEmbeddings
from kinfold.nn.encoders.residual import ResidualBag
from kinfold.nn.inputs import Inputs
from kinfold.nn.pair_losses import contrastive, cross_entropy, hinge_embedding, in_batch_softmax, triplet
from kinfold.nn.pair_net import PairNet
from kinfold.nn.similarity import LAYERED, PLAIN, Cosine, Scaled, similarity

LEFTS = torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
RIGHTS = torch.tensor([[3.0, 4.0, 0.0], [0.0, 1.0, 0.0]])


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_nearness_by_hand():
    expected = {"cosine": [0.6, 1.0], "dot": [3.0, 2.0], "euclidean": [-math.sqrt(20), -1.0]}
    for name, values in expected.items():
        near = PLAIN[name]()(LEFTS, RIGHTS)
        torch.testing.assert_close(near, torch.tensor(values), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(PLAIN["cosine"]().distance(torch.tensor([0.6])), torch.tensor([0.4]))
    torch.testing.assert_close(PLAIN["euclidean"]().distance(torch.tensor([-2.0])), torch.tensor([2.0]))


@pytest.mark.parametrize("name", PLAIN)
def test_a_matrix_holds_every_left_with_every_right(name):
    measure, lefts, rights = Scaled(PLAIN[name]()), drawn(4, 3), drawn(5, 3)
    one_by_one = [[measure(lefts[i : i + 1], rights[j : j + 1]).item() for j in range(5)] for i in range(4)]
    torch.testing.assert_close(measure.matrix(lefts, rights), torch.tensor(one_by_one).double(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [*PLAIN, *LAYERED])
def test_sides_change_places_without_a_trace_unless_directed(name):
    torch.manual_seed(0)
    lefts, rights = drawn(6, 4).float(), drawn(6, 4).float().flip(0)
    even = similarity(name, 4, (5,), 0.0, directed=False)
    assert (even(lefts, rights) == even(rights, lefts)).all()
    if name in LAYERED:
        odd = similarity(name, 4, (5,), 0.0, directed=True)
        assert (odd(lefts, rights) != odd(rights, lefts)).all()


def test_losses_by_hand():
    distances, matches = torch.tensor([0.5, 0.5, 1.5]), torch.tensor([1.0, 0.0, 0.0])
    torch.testing.assert_close(contrastive(distances, matches), torch.tensor([0.25, 0.25, 0.0]))
    torch.testing.assert_close(contrastive(distances, matches, margin=2.0), torch.tensor([0.25, 2.25, 0.25]))
    torch.testing.assert_close(hinge_embedding(distances, matches, margin=2.0), torch.tensor([0.5, 1.5, 0.5]))
    scores = torch.tensor([2.0, 2.0])
    expected = torch.tensor([math.log1p(math.exp(-2)), math.log1p(math.exp(2))])
    torch.testing.assert_close(cross_entropy(scores, torch.tensor([1.0, 0.0])), expected)
    smooth = cross_entropy(scores, torch.tensor([1.0, 0.0]), label_smoothing=0.2)
    torch.testing.assert_close(smooth, 0.9 * expected + 0.1 * expected.flip(0))


def test_losses_of_a_batch_by_hand():
    near = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 1.0]])
    nothing = torch.zeros(3, 3, dtype=torch.bool)
    rows = [-math.log(math.exp(near[i, i]) / near[i].exp().sum()) for i in range(3)]
    columns = [-math.log(math.exp(near[i, i]) / near[:, i].exp().sum()) for i in range(3)]
    found = in_batch_softmax(near, nothing, temperature=1.0, both_ways=False)
    torch.testing.assert_close(found, torch.tensor(rows))
    both = in_batch_softmax(near, nothing, temperature=1.0, both_ways=True)
    torch.testing.assert_close(both, (torch.tensor(rows) + torch.tensor(columns)) / 2)
    cold = in_batch_softmax(near, nothing, temperature=0.5, both_ways=False)
    torch.testing.assert_close(cold, in_batch_softmax(2 * near, nothing, temperature=1.0, both_ways=False))
    # The third right is known to match the first left: it is no negative of it.
    same = nothing.clone()
    same[0, 2] = same[1, 1] = True
    found = in_batch_softmax(near, same, temperature=1.0, both_ways=False)
    torch.testing.assert_close(found[0], -near[0, 0] + near[0, :2].logsumexp(0))
    torch.testing.assert_close(found[1:], torch.tensor(rows)[1:])
    distances = torch.tensor([[0.2, 0.5, 0.1], [0.9, 0.3, 2.0], [0.4, 0.8, 0.6]])
    torch.testing.assert_close(triplet(distances, nothing, margin=0.5), torch.tensor([0.6, 0.0, 0.7]))
    torch.testing.assert_close(triplet(distances, same, margin=0.5), torch.tensor([0.2, 0.0, 0.7]))
    alone = triplet(distances[:1, :1], nothing[:1, :1], margin=0.5)
    assert alone.tolist() == [0.0]


def test_gradients():
    distances = (drawn(5).abs() + 0.1).requires_grad_()
    matches = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0]).double()
    assert gradcheck(lambda d: contrastive(d, matches, margin=0.7), distances)
    assert gradcheck(lambda d: hinge_embedding(d, matches, margin=0.7), distances)
    near, same = drawn(4, 4).requires_grad_(), torch.zeros(4, 4, dtype=torch.bool)
    assert gradcheck(lambda n: in_batch_softmax(n, same, temperature=0.3, both_ways=True), near)
    assert gradcheck(lambda n: triplet(n, same, margin=0.4), near)
    for name in PLAIN:
        measure = PLAIN[name]()
        assert gradcheck(measure, (drawn(3, 4).requires_grad_(), drawn(4, 3).T.contiguous().requires_grad_()[:3]))


def test_the_distance_of_equal_vectors_has_a_slope():
    lefts = torch.ones(2, 3, requires_grad=True)
    PLAIN["euclidean"]()(lefts, torch.ones(2, 3)).sum().backward()
    assert lefts.grad.isfinite().all()


def test_towers():
    torch.manual_seed(0)
    one, other = (BagOfEmbeddings(dim=4).build(Inputs(n_tokens=9)) for _ in range(2))
    inputs, lengths = torch.tensor([[[3, 4], [5, 0]], [[5, 6], [3, 4]]]), torch.tensor([[2, 1], [2, 2]])
    shared, separate = PairNet(one, one, Cosine()), PairNet(one, other, Cosine())
    lefts, rights = shared.sides(inputs, lengths)
    torch.testing.assert_close(lefts[0], rights[1])
    torch.testing.assert_close(shared(inputs, lengths), Cosine()(lefts, rights))
    assert not torch.allclose(separate.sides(inputs, lengths)[1], rights)
    assert sum(p.numel() for p in separate.parameters()) == 2 * sum(p.numel() for p in shared.parameters())
    roles = torch.nn.Linear(4, 3, bias=False), torch.nn.Linear(4, 3, bias=False)
    turned = PairNet(one, one, Cosine(), roles)
    assert turned.width == 3 and shared.width == 4
    torch.testing.assert_close(turned.sides(inputs, lengths)[1], roles[1](rights))
    torch.testing.assert_close(turned.encode(inputs[:, 1], lengths[:, 1], 1), roles[1](rights))


@pytest.mark.parametrize(("concat", "width"), [(True, 24), (False, 8)])
def test_a_residual_bag_by_hand(concat, width):
    torch.manual_seed(0)
    module = ResidualBag(dim=5, units=8, layers=3, norm=None, concat=concat).build(Inputs(n_tokens=9)).eval()
    ids, lengths = torch.tensor([[3, 4, 5], [6, 0, 0]]), torch.tensor([3, 1])
    states = torch.stack([module.embedding.weight[[3, 4, 5]].mean(0), module.embedding.weight[6]])
    answers = []
    for i, layer in enumerate(module.layers):
        new = layer(states).relu()
        states = new if i == 0 else states + new
        answers.append(states)
    # Nothing was learned: the last norm divides by a spread of 1.
    expected = torch.cat(answers, 1) / (1 + 1e-5) ** 0.5 if concat else states
    found = module(ids, lengths)
    assert found.shape == (2, width)
    torch.testing.assert_close(found, expected)


def test_a_batch_of_one_row_is_learned_from():
    module = ResidualBag(dim=5, units=8).build(Inputs(n_tokens=9)).train()
    module(torch.tensor([[3, 4]]), torch.tensor([2])).sum().backward()
    assert module.layers[0].weight.grad.isfinite().all()
