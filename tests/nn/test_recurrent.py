"""Recurrent layers against torch's and against loops written by hand."""

from __future__ import annotations

import pytest
import torch

from kinfold.estimators.neural.encoders import encoder
from kinfold.nn.gathered_convolution import OverTokens, gathered
from kinfold.nn.init import GAIN, start_recurrent_
from kinfold.nn.inputs import Inputs
from kinfold.nn.pooling import POOLINGS, Pooling, largest
from kinfold.nn.recurrent import STEEPNESS, RecurrentLayer, mirrored, rearranged
from kinfold.nn.scan import parallel_scan, scan, scan_tokens

LENGTHS = torch.tensor([7, 1, 4])
KINDS = ("rnn", "gru", "lstm")


def by_hand(kind, weights, rows, steepness=1.0):
    """Return the states (B, T, H) of rows (B, T, D), one position after the other."""
    w_ih, w_hh, b_ih, b_hh = weights
    n_units = w_hh.shape[1]
    h = c = rows.new_zeros(len(rows), n_units)
    states = []
    for t in range(rows.shape[1]):
        x, u = (rows[:, t] @ w_ih.t() + b_ih).split(n_units, 1), (h @ w_hh.t() + b_hh).split(n_units, 1)
        gate = [torch.sigmoid(steepness * (a + b)) for a, b in zip(x, u, strict=True)]
        if kind == "rnn":
            h = (x[0] + u[0]).tanh()
        elif kind == "gru":
            new = (x[2] + gate[0] * u[2]).tanh()
            h = (1 - gate[1]) * new + gate[1] * h
        else:
            c = gate[1] * c + gate[0] * (x[2] + u[2]).tanh()
            h = gate[3] * c.tanh()
        states.append(h)
    return torch.stack(states, 1)


@pytest.mark.parametrize("steep", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_states_and_gradients_are_those_of_the_loop(kind, steep):
    layer = RecurrentLayer(kind, 5, 6, start="orthogonal", steep=steep and kind != "rnn")
    for name, weight in layer.fused.named_parameters():
        if "bias" in name:
            weight.data.normal_(0, 0.5)
    weights = [getattr(layer.fused, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    rows = torch.randn(3, 7, 5, requires_grad=True)
    change = torch.randn(3, 7, 6)
    found = layer(rows)
    right = by_hand(kind, weights, rows, STEEPNESS if steep else 1.0)
    torch.testing.assert_close(found, right, rtol=1e-5, atol=1e-5)
    leaves = [rows, *weights]
    pairs = zip(torch.autograd.grad(found, leaves, change), torch.autograd.grad(right, leaves, change), strict=True)
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_the_gradient_of_a_steep_gate_is_that_of_finite_differences():
    layer = RecurrentLayer("gru", 3, 4, start="orthogonal", steep=True).double()
    rows, change = torch.randn(2, 5, 3).double(), torch.randn(2, 5, 4).double()
    (layer(rows) * change).sum().backward()
    weight = layer.fused.weight_hh_l0
    for place in [(0, 0), (5, 2), (11, 3)]:
        ends = []
        for sign in (1, -1):
            weight.data[place] += sign * 1e-6
            ends.append(float((layer(rows) * change).sum().detach()))
            weight.data[place] -= sign * 1e-6
        assert float(weight.grad[place]) == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_is_torchs_packed_answer(kind):
    module = encoder(kind, units=6, layers=2, bidirectional=True, pooling="mean").build(Inputs(dim=5)).eval()
    theirs = module.ahead[0].fused.__class__(5, 6, num_layers=2, bidirectional=True, batch_first=True)
    for i in range(2):
        for layers, suffix in ((module.ahead, ""), (module.back, "_reverse")):
            for name, weight in layers[i].fused.named_parameters():
                getattr(theirs, name.replace("_l0", f"_l{i}{suffix}")).data.copy_(weight)
    rows = torch.randn(3, 7, 5)
    packed = torch.nn.utils.rnn.pack_padded_sequence(rows, LENGTHS, batch_first=True, enforce_sorted=False)
    states, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    right = states.sum(1) / LENGTHS.unsqueeze(1)
    torch.testing.assert_close(module(rows, LENGTHS), right, rtol=1e-5, atol=1e-5)


def test_an_order_that_undoes_itself():
    rows = torch.arange(21.0).view(3, 7, 1).requires_grad_()
    order = mirrored(LENGTHS, 7)
    turned = rearranged(rows, order)
    assert turned[0, :, 0].tolist() == [6, 5, 4, 3, 2, 1, 0]
    assert turned[2, :, 0].tolist() == [17, 16, 15, 14, 18, 19, 20]
    torch.testing.assert_close(rearranged(turned, order), rows)
    change = torch.randn(3, 7, 1)
    (gradient,) = torch.autograd.grad(turned, rows, change)
    torch.testing.assert_close(gradient, rearranged(change, order))


def test_recurrent_matrices_start_as_asked():
    weight = torch.empty(12, 4)
    start_recurrent_(weight, "orthogonal")
    for gate in weight.split(4):
        torch.testing.assert_close(gate @ gate.t(), GAIN**2 * torch.eye(4), rtol=1e-5, atol=1e-5)
    start_recurrent_(weight, "identity")
    assert (weight.view(3, 4, 4) == torch.eye(4)).all()
    start_recurrent_(weight, "uniform")
    assert weight.abs().max() <= 0.5 and weight.std() > 0.2


@pytest.mark.parametrize("steep", [False, True])
def test_a_forget_gate_starts_open(steep):
    layer = RecurrentLayer("lstm", 3, 4, start="orthogonal", steep=steep)
    open_at = layer.fused.bias_ih_l0 * (STEEPNESS if steep else 1.0)
    assert open_at.tolist() == pytest.approx([0] * 4 + [1] * 4 + [0] * 8)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_parallel_scan_is_the_kernel_forward_and_back(reverse):
    gates = torch.randn(3, 7, 40, requires_grad=True)
    change = torch.randn(3, 7, 20)
    found, right = (one(gates, LENGTHS, reverse=reverse) for one in (scan, parallel_scan))
    torch.testing.assert_close(found, right, rtol=1e-5, atol=1e-5)
    both = (torch.autograd.grad(one, gates, change)[0] for one in (found, right))
    torch.testing.assert_close(*both, rtol=1e-5, atol=1e-5)


def test_a_scan_on_several_threads_is_the_same():
    gates = torch.randn(9, 120, 64, requires_grad=True)
    lengths = torch.tensor([120, 1, 90, 7, 120, 33, 2, 64, 100])
    results = []
    for n_threads in (1, 3):
        torch.set_num_threads(n_threads)
        states = scan(gates, lengths)
        results.append((states, *torch.autograd.grad(states.sum(), gates)))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("how", POOLINGS)
def test_poolings_by_hand(how):
    states = torch.randn(3, 7, 6)
    module = Pooling(how, 6, two_ways=True)
    if how == "attention":
        module.query.data.normal_()
    found = module(states, LENGTHS)
    for row, n, got in zip(states, LENGTHS.tolist(), found, strict=True):
        real = row[:n]
        if how == "last":
            right = torch.cat([real[-1, :3], real[0, 3:]])
        elif how == "attention":
            right = (real.tanh() @ module.query).softmax(0) @ real
        else:
            parts = {"mean": [real.mean(0)], "max": [real.amax(0)], "mean-max": [real.mean(0), real.amax(0)]}
            right = torch.cat(parts[how])
        torch.testing.assert_close(got, right)


def test_the_largest_sends_its_gradient_to_where_it_stands():
    states = torch.randn(3, 7, 6, requires_grad=True)
    change = torch.randn(3, 6)
    (found,) = torch.autograd.grad(largest(states, LENGTHS), states, change)
    wide = states.detach().double().requires_grad_()
    (right,) = torch.autograd.grad(largest(wide, LENGTHS), wide, change.double())
    torch.testing.assert_close(found.double(), right, rtol=1e-6, atol=1e-6)


def over_tokens(ways, seed=0):
    """Return convolutions over seven tokens, one for each direction, and the places of three rows."""
    torch.manual_seed(seed)
    gates = [
        OverTokens(torch.randn(7, 3, 2 * 21).requires_grad_(), torch.randn(2 * 21).requires_grad_(), left)
        for left in (2, 0)[:ways]
    ]
    return gates, torch.randint(0, 7, (len(LENGTHS), int(LENGTHS.max())), dtype=torch.int32)


@pytest.mark.parametrize("ways", [1, 2])
def test_a_scan_over_tokens_is_the_scan_of_their_gates_forward_and_back(ways):
    gates, places = over_tokens(ways)
    parts = [
        scan(gathered(one.rows, one.bias, places, LENGTHS, one.left), LENGTHS, reverse=way == 1)
        for way, one in enumerate(gates)
    ]
    found, right = scan_tokens(gates, places, LENGTHS), torch.cat(parts, 2)
    assert torch.equal(found, right)
    change = torch.randn_like(found)
    leaves = [leaf for one in gates for leaf in (one.rows, one.bias)]
    for a, b in zip(*(torch.autograd.grad((it * change).sum(), leaves) for it in (found, right)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_a_scan_over_tokens_without_the_kernel_is_the_same():
    gates, places = over_tokens(2)
    wide = [OverTokens(one.rows.double(), one.bias.double(), one.left) for one in gates]
    found, right = scan_tokens(gates, places, LENGTHS), scan_tokens(wide, places, LENGTHS).float()
    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-5)


def test_a_scan_over_tokens_on_several_threads_is_the_same():
    torch.manual_seed(1)
    rows, bias = torch.randn(50, 2, 2 * 64).requires_grad_(), torch.randn(2 * 64).requires_grad_()
    places, lengths = torch.randint(0, 50, (20, 90), dtype=torch.int32), torch.arange(71, 91)
    results = []
    for n_threads in (1, 3):
        torch.set_num_threads(n_threads)
        states = scan_tokens([OverTokens(rows, bias, 1)], places, lengths)
        results.append((states, *torch.autograd.grad(states.sum(), (rows, bias))))
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
