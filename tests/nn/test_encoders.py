"""What every encoder of the registry promises."""

from __future__ import annotations

import json

import pytest
import torch
from sklearn.base import clone

from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.estimators.neural.encoders import encoder, from_json, to_json
from kinfold.estimators.registry import encoder_class
from kinfold.nn.encoders.base import Encoder
from kinfold.nn.encoders.registry import ENCODERS
from kinfold.nn.heads import Head
from kinfold.nn.inputs import Inputs
from kinfold.nn.model import TextNet

LENGTHS = torch.tensor([17, 0, 1, 6, 12])
#: Encoder -> parameters that make it small, and among them the richest it has.
SMALL = {
    "bag": {"dim": 8},
    "residual": {"dim": 8, "units": 6, "token_dropout": 0.1},
    "char-cnn": {"dim": None, "filters": 6, "widths": ((2, 3), 4), "pools": (2, 3), "length": 15, "pooling": "flatten"},
    "ngrams": {"dim": 8, "sizes": (1, 4), "buckets": 50, "pooling": "mean-max"},
    "word-cnn": {"dim": 8, "filters": 5, "layers": 2, "dilation": (1, 2), "pooling": "mean-max"},
    "rnn": {"dim": 8, "units": 6, "pooling": "attention", "bidirectional": True, "layers": 2},
    "gru": {"dim": 8, "units": 6, "steep_gates": True, "bidirectional": True, "layers": 2},
    "lstm": {"dim": 8, "units": 6, "pooling": "mean-max", "bidirectional": True},
    "min-gru": {"dim": 8, "units": 6, "bidirectional": True, "layers": 2, "window": 3},
    "image-cnn": {"filters": (4, 5), "units": 6, "channels": 2},
}
#: Encoder -> other values of each parameter.
OTHERS = {
    "bag": {"dim": 9, "pooling": "sum", "dropout": 0.5, "token_dropout": 0.5},
    "residual": {
        "dim": 9,
        "pooling": "sum",
        "units": 7,
        "layers": 2,
        "norm": "after",
        "residual": False,
        "concat": False,
        "dropout": 0.5,
        "token_dropout": 0.5,
    },
    "char-cnn": {
        "dim": 9,
        "filters": 7,
        "widths": (3,),
        "pools": 2,
        "pooling": "mean",
        "hidden": (5,),
        "length": 4,
        "dropout": 0.5,
        "token_dropout": 0.5,
    },
    "ngrams": {"dim": 9, "sizes": (2, 3), "buckets": 50, "pooling": "mean", "dropout": 0.5, "token_dropout": 0.5},
    "word-cnn": {
        "dim": 9,
        "filters": 7,
        "widths": (2,),
        "layers": 2,
        "dilation": 2,
        "pooling": "mean",
        "dropout": 0.5,
        "token_dropout": 0.5,
    },
}
OTHERS["image-cnn"] = {
    "filters": (7,),
    "width": 3,
    "grid": 2,
    "units": 9,
    "channels": 3,
    "norm": False,
    "dropout": 0.5,
    "shift": 3,
}
_RECURRENT = {
    "dim": 9,
    "units": 7,
    "layers": 2,
    "bidirectional": True,
    "pooling": "mean",
    "dropout": 0.5,
    "token_dropout": 0.5,
}
OTHERS["min-gru"] = {**_RECURRENT, "window": 3}
OTHERS["rnn"] = {**_RECURRENT, "init": "identity", "nonlinearity": "relu"}
OTHERS["gru"] = OTHERS["lstm"] = {**_RECURRENT, "init": "uniform", "steep_gates": True}


def rows_of(name):
    """Return rows that the encoder reads: ids (5, 17), or pictures (5, 17, 6)."""
    drawn = torch.Generator().manual_seed(1)
    if encoder_class(name).takes_ids:
        return torch.randint(1, 30, (5, 17), generator=drawn)
    return torch.rand(5, 17, 6, generator=drawn)


def built(name, **params):
    torch.manual_seed(0)
    of_texts = encoder_class(name).takes_ids
    return encoder(name, **params).build(Inputs(n_tokens=30) if of_texts else Inputs(dim=6, n_steps=17))


@pytest.mark.parametrize("params", [{}, SMALL], ids=["defaults", "small"])
@pytest.mark.parametrize("name", ENCODERS)
def test_a_row_does_not_depend_on_those_beside_it_nor_on_what_stands_behind_it(name, params):
    module = built(name, **(params and params[name])).eval()
    inputs = rows_of(name)
    with torch.no_grad():
        together = module(inputs, LENGTHS)
        alone = [module(inputs[i : i + 1, : max(1, n)], LENGTHS[i : i + 1])[0] for i, n in enumerate(LENGTHS.tolist())]
        wider = module(torch.nn.functional.pad(inputs, (0, 0) * (inputs.ndim - 2) + (0, 3), value=7), LENGTHS)
    assert together.shape == (5, module.output_dim)
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(together, wider, rtol=1e-5, atol=1e-5)
    assert (together[1] == 0).all()
    assert together[[0, 2, 3, 4]].abs().sum(1).min() > 0


@pytest.mark.parametrize("name", ENCODERS)
def test_every_weight_learns_and_padding_stays_zero(name):
    module = TextNet(module := built(name, **SMALL[name]), Head(module.output_dim, 2))
    inputs = rows_of(name)
    scores = module(inputs, LENGTHS)
    assert scores.shape == (5, 2)
    (scores * torch.randn(5, 2)).sum().backward()
    for label, weight in module.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), label
        assert weight.grad.abs().sum() > 0 or "attention" in label, label
    for label, weight in module.named_parameters():
        if label.endswith("embedding.weight"):
            assert (weight[0] == 0).all() and (weight.grad[0] == 0).all()


@pytest.mark.parametrize("name", ENCODERS)
def test_only_empty_rows_or_no_columns_give_zeros(name):
    module = built(name, **SMALL[name]).eval()
    for n_steps in (0, 4):
        found = module(torch.zeros_like(rows_of(name)[:3, :n_steps]), torch.zeros(3, dtype=torch.int64))
        assert (found == 0).all() and found.shape == (3, module.output_dim)


@pytest.mark.parametrize("name", ENCODERS)
def test_vectors_are_read_or_refused(name):
    spec = encoder(name, **SMALL[name])
    if not spec.takes_vectors:
        with pytest.raises(InvalidParameterError, match="reads token ids, not vectors"):
            spec.build(Inputs(dim=4))
        return
    if not spec.takes_ids:
        with pytest.raises(InvalidParameterError, match="reads pictures, not texts"):
            spec.build(Inputs(n_tokens=30))
        with pytest.raises(InvalidParameterError, match="one height"):
            spec.build(Inputs(dim=4))
        with pytest.raises(InvalidParameterError, match="all channels"):
            spec.build(Inputs(dim=5, n_steps=17))
    module = spec.build(Inputs(dim=4, n_steps=17)).eval()
    rows = torch.randn(5, 17, 4)
    with torch.no_grad():
        together = module(rows, LENGTHS)
        alone = module(rows[3:4, :6], LENGTHS[3:4])
        behind = module(rows.masked_fill((torch.arange(17) >= LENGTHS[:, None])[:, :, None], float("nan")), LENGTHS)
    torch.testing.assert_close(together[3:4], alone, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(together, behind)


@pytest.mark.parametrize(("name", "parameter"), [(name, one) for name in ENCODERS for one in OTHERS[name]])
def test_every_parameter_changes_something(name, parameter):
    found = []
    # What is pooled in parts and then over the row is the same as pooled at once, unless it is a mean.
    base = {"pooling": "mean"} if parameter == "pools" else {}
    for params in (base, {**base, parameter: OTHERS[name][parameter]}):
        module = built(name, **params)
        torch.manual_seed(5)
        found.append(module(rows_of(name), LENGTHS).detach())
    assert set(OTHERS[name]) == set(encoder(name).get_params())
    assert found[0].shape != found[1].shape or not torch.allclose(found[0], found[1], atol=1e-4)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_spec_keeps_the_contract_of_parameters(name):
    spec = encoder(name, **OTHERS[name])
    assert spec.get_params() == OTHERS[name]
    copy = clone(spec)
    assert copy is not spec and copy == spec and spec != encoder(name)
    first = next(iter(OTHERS[name]))
    assert copy.set_params(**{first: 3}) is copy and copy != spec
    assert repr(encoder(name)) == f"{type(spec).__name__}()" and f"{first}=" in repr(spec)
    with pytest.raises(InvalidParameterError, match="no parameter of this name"):
        spec.set_params(colour=1)
    assert spec != 3


@pytest.mark.parametrize("name", ENCODERS)
def test_wrong_values_are_refused_when_the_module_is_built(name):
    for parameter in OTHERS[name]:
        for wrong in (-1, "nothing of the kind", (0,)):
            with pytest.raises(InvalidParameterError, match=f"`{parameter}` of {type(encoder(name)).__name__}"):
                encoder(name, **{parameter: wrong}).build(Inputs(n_tokens=30))


@pytest.mark.parametrize("name", ENCODERS)
def test_json_and_back(name):
    for spec in (encoder(name), encoder(name, **OTHERS[name])):
        assert from_json(json.loads(json.dumps(to_json(spec)))) == spec


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"name": "gru"},
        {"name": "os:system", "params": {}},
        {"name": ["gru"], "params": {}},
        {"name": "gru", "params": {"colour": 1}},
        {"name": "gru", "params": {"units": -1}},
        {"name": "gru", "params": {"layers": 10**9}},
        {"name": "gru", "params": 3},
    ],
)
def test_json_that_is_no_encoder_is_refused(value):
    with pytest.raises(ArtifactError) as caught:
        from_json(value)
    assert caught.value.fix


def test_an_encoder_of_another_place_cannot_be_written_down():
    class Own(encoder_class("bag")):
        """Not in the registry."""

    with pytest.raises(InvalidParameterError, match="registry"):
        to_json(Own())
    with pytest.raises(InvalidParameterError, match="no encoder of this name"):
        encoder("transformer")
    assert issubclass(Own, Encoder)
