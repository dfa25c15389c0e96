"""Convolutions over tokens and vectors, against torch's."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from kinfold.nn.dense import Dense
from kinfold.nn.embedding import TokenEmbedding
from kinfold.nn.fast_convolution import fast_convolution, plans, worth
from kinfold.nn.gathered_convolution import Convolution, gathered
from kinfold.nn.pooling import real

LENGTHS = torch.tensor([11, 1, 6])


def plainly(rows, weight, bias, left, dilation=1):
    """Return torch's convolution (B, T, F) of rows (B, T, D) that are zero behind their lengths."""
    before = left * dilation
    padded = functional.pad(rows.transpose(1, 2), (before, (weight.shape[1] - 1) * dilation - before))
    out = functional.conv1d(padded, weight.permute(2, 0, 1), bias, dilation=dilation).transpose(1, 2)
    return out * real(out, LENGTHS).unsqueeze(2)


def one_way_and_the_other(function, *leaves):
    """Return what `function` gives and the gradients of `leaves` for one drawn change of it."""
    found = function()
    change = torch.randn(found.shape, generator=torch.Generator().manual_seed(3))
    return [found, *torch.autograd.grad(found, leaves, change)]


@pytest.mark.parametrize(("width", "dilation"), [(8, 1), (3, 2), (1, 1)])
def test_gathered_rows_are_the_one_hot_convolution(width, dilation):
    layer = Convolution(20, 33, width, dilation=dilation)
    layer.bias.data.normal_()
    ids = torch.randint(0, 20, (3, 11)) * real(torch.empty(3, 11), LENGTHS)
    one_hot = functional.one_hot(ids, 20).float() * real(ids, LENGTHS).unsqueeze(2)
    leaves = layer.weight, layer.bias
    found = one_way_and_the_other(lambda: layer.one_hot(ids, LENGTHS), *leaves)
    right = one_way_and_the_other(lambda: plainly(one_hot, *leaves, (width - 1) // 2, dilation), *leaves)
    for one, other in zip(found, right, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_gathered_rows_where_there_is_no_kernel():
    layer = Convolution(20, 6, 4, dilation=2)
    ids = torch.randint(0, 20, (3, 11))
    found = gathered(layer.weight, layer.bias, ids, LENGTHS, 1, 2)
    wide = gathered(layer.weight.double(), layer.bias.double(), ids, LENGTHS, 1, 2)
    torch.testing.assert_close(found.double(), wide, rtol=1e-5, atol=1e-5)


def test_the_gradient_of_gathered_rows_is_that_of_finite_differences():
    table, bias = torch.randn(6, 3, 4), torch.randn(4)
    places = torch.randint(0, 6, (3, 11))
    change = torch.randn(3, 11, 4)
    table.requires_grad_()
    (gathered(table, bias, places, LENGTHS, 1) * change).sum().backward()
    for place in [(0, 0, 0), (3, 1, 2), (5, 2, 3)]:
        ends = []
        for sign in (1, -1):
            moved = table.detach().clone()
            moved[place] += sign * 0.5
            ends.append(float((gathered(moved, bias, places, LENGTHS, 1) * change).sum(dtype=torch.float64)))
        assert float(table.grad[place]) == pytest.approx(ends[0] - ends[1], abs=1e-4)


def test_embedded_tokens_are_convolved_as_their_vectors_are():
    embedding, layer = TokenEmbedding(2000, 5), Convolution(5, 7, 4, left=3)
    ids = torch.randint(1, 2000, (3, 11))
    leaves = embedding.weight, layer.weight, layer.bias
    found = one_way_and_the_other(lambda: layer.of_tokens(*embedding.distinct(ids), LENGTHS), *leaves)
    right = one_way_and_the_other(lambda: layer(embedding(ids), LENGTHS), *leaves)
    for one, other in zip(found, right, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("width", [3, 4, 5, 8, 11])
def test_fewer_products_give_the_same_convolution(width):
    layer = Convolution(65, 70, width)
    assert worth(layer.weight, 1) and not worth(layer.weight, 2)
    rows = torch.randn(3, 11, 65, requires_grad=True)
    masked = lambda: rows * real(rows, LENGTHS).unsqueeze(2)  # noqa: E731
    leaves = rows, layer.weight, layer.bias
    found = one_way_and_the_other(lambda: layer(rows, LENGTHS), *leaves)
    right = one_way_and_the_other(lambda: plainly(masked(), *leaves[1:], (width - 1) // 2), *leaves)
    for one, other in zip(found, right, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    only = fast_convolution(rows.detach(), layer.weight, 1)
    (weight,) = torch.autograd.grad(only.sum(), layer.weight)
    assert weight.shape == layer.weight.shape


def test_eight_outputs_take_27_products():
    inputs, weights, outputs = plans(8)
    assert (inputs.shape, weights.shape, outputs.shape) == ((27, 15), (27, 8), (8, 27))
    x, w = torch.randn(15), torch.randn(8)
    torch.testing.assert_close(outputs @ ((inputs @ x) * (weights @ w)), x.unfold(0, 8, 1) @ w)


def test_a_dense_layer_reaches_as_far_as_its_input():
    layer = Dense(12, 5)
    short = torch.randn(3, 7, requires_grad=True)
    leaves = short, layer.weight, layer.bias
    found = one_way_and_the_other(lambda: layer(short), *leaves)
    right = one_way_and_the_other(lambda: functional.pad(short, (0, 5)) @ layer.weight + layer.bias, *leaves)
    for one, other in zip(found, right, strict=True):
        torch.testing.assert_close(one, other)
