"""Pictures are moved in training, and not else."""

import torch

from kinfold.nn.encoders.image_cnn import ImageCNN, shifted
from kinfold.nn.inputs import Inputs


def test_pictures_are_moved_whole_by_every_step_there_is():
    picture = torch.zeros(2, 7, 9)
    picture[0, 3, 4], picture[1, 3, 5] = 1.0, 2.0
    torch.manual_seed(0)
    moved = shifted(picture.expand(500, 2, 7, 9), 2)
    assert moved.shape == (500, 2, 7, 9)
    assert moved.sum((2, 3)).tolist() == [[1.0, 2.0]] * 500
    first, second = (moved[:, channel].flatten(1).argmax(1) for channel in (0, 1))
    assert (second - first == 1).all()
    steps = {(place // 9 - 3, place % 9 - 4) for place in first.tolist()}
    assert steps == {(down, across) for down in range(-2, 3) for across in range(-2, 3)}
    # What is moved beyond an edge is gone, and zeros come in.
    assert {int(n) for n in shifted(torch.ones(500, 1, 3, 3), 1).sum((1, 2, 3))} == {4, 6, 9}


def test_only_training_moves_them():
    pictures, lengths = torch.rand(8, 12, 10), torch.full((8,), 12)
    torch.manual_seed(0)
    module = ImageCNN(filters=(3,), units=4, norm=False, shift=2).build(Inputs(dim=10, n_steps=12))
    assert not torch.equal(module(pictures, lengths), module(pictures, lengths))
    module.eval()
    assert torch.equal(module(pictures, lengths), module(pictures, lengths))
