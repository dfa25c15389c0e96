"""How far stacked, dilated windows see."""

from __future__ import annotations

import pytest

from kinfold.nn.encoders.word_cnn import WordCNN
from kinfold.nn.inputs import Inputs
from kinfold.nn.receptive import receptive_field


@pytest.mark.parametrize(
    ("widths", "dilation", "expected"),
    [((3,), (1,), (1, 1)), ((2, 5), (1,), (2, 2)), ((3,), (1, 2, 4), (7, 7)), ((2,), (1, 2, 4), (0, 7))],
)
def test_dilation_widens_what_is_seen(widths, dilation, expected):
    spec = WordCNN(filters=8, widths=widths, layers=len(dilation), dilation=dilation)
    module = spec.build(Inputs(dim=3)).eval()
    assert receptive_field(module.states, 3, most=16) == expected


def test_what_sees_everything_sees_as_far_as_was_looked():
    assert receptive_field(lambda rows, lengths: rows.cumsum(1), 2, most=9) == (9, 0)
