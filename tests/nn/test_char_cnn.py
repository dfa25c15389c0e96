"""The source's net over characters, whole and cut to what is there."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from kinfold.errors import InvalidParameterError
from kinfold.nn.encoders.char_cnn import CharCNN
from kinfold.nn.inputs import Inputs


def size(module):
    return sum(one.numel() for one in module.parameters())


def test_presets_have_the_shapes_of_the_source():
    n_tokens = 72
    inner = 2 * (8 * 500 * 500 + 500)
    dense = 62 * 500 * 1024 + 1024
    module = CharCNN.preset("source").build(Inputs(n_tokens=n_tokens))
    assert module.output_dim == 1024 and module.longest == 250
    assert size(module) == 8 * n_tokens * 500 + 500 + inner + dense
    embedded = CharCNN.preset("source-embedding", hidden=(8,))
    assert embedded.longest == 250 and embedded.dim == 16
    assert size(embedded.build(Inputs(n_tokens=n_tokens))) == n_tokens * 16 + 8 * 16 * 500 + 500 + inner + 62 * 4000 + 8
    with pytest.raises(InvalidParameterError, match="preset"):
        CharCNN.preset("best")


def small(**params):
    return CharCNN.preset("source", **{"filters": (6, 7, 8), "length": 50, "hidden": (9,), **params})


def test_it_is_the_net_written_plainly():
    module = small().build(Inputs(n_tokens=20))
    for one in module.parameters():
        one.data.normal_(0, 0.2)
    ids = torch.randint(1, 20, (4, 50))
    states = functional.one_hot(ids, 20).float().transpose(1, 2)  # (B, V, T)
    for layer, pool in zip(module.layers, (2, 2, 1), strict=True):
        padded = functional.pad(states, (3, 4))
        states = functional.conv1d(padded, layer[0].weight.permute(2, 0, 1), layer[0].bias).relu()
        states = functional.max_pool1d(states, pool) if pool > 1 else states
    flat = states.transpose(1, 2).flatten(1)
    right = (flat @ module.hidden[0].weight + module.hidden[0].bias).relu()
    torch.testing.assert_close(module(ids, torch.full((4,), 50)), right, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("params", [{}, {"dim": 5}, {"hidden": ()}, {"pools": (3, 2, 2)}, {"pooling": "mean"}])
def test_a_batch_cut_to_its_longest_text_gives_what_the_full_length_gives(params):
    module = small(**params).build(Inputs(n_tokens=20))
    for one in module.parameters():
        one.data.normal_(0, 0.2)
    lengths = torch.tensor([23, 5, 1, 0])
    ids = torch.randint(1, 20, (4, 50))
    torch.testing.assert_close(module(ids[:, :23], lengths), module(ids, lengths), rtol=1e-5, atol=1e-5)


def test_what_stands_beyond_the_length_is_not_read():
    module = CharCNN(length=10).build(Inputs(n_tokens=20))
    ids = torch.randint(1, 20, (2, 30))
    torch.testing.assert_close(module(ids, torch.tensor([30, 12])), module(ids[:, :10], torch.tensor([10, 10])))


def test_parameters_that_do_not_go_together_are_refused():
    for params, match in (
        ({"pooling": "flatten"}, "fixed length"),
        ({"filters": (3, 4)}, "one entry for each layer"),
        ({"pools": (1, 2, 3)}, "one entry for each layer"),
        ({"widths": (3, (4, 0))}, "`widths` of CharCNN"),
    ):
        with pytest.raises(InvalidParameterError, match=match):
            CharCNN(**params).build(Inputs(n_tokens=20))
