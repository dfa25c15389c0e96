"""Handwritten digits: MNIST's official split, or the small digits that come with scikit-learn."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from common import Recipe

Digits = tuple[np.ndarray, np.ndarray]


def digits(recipe: Recipe) -> tuple[Digits, Digits]:
    """Return images (N, T, T) from 0 to 1 and which digit each is, to learn from and to test on.

    Without data a third of the small digits, drawn at random, is what is tested on.
    """
    if recipe.quick:
        images, labels = _small()
        order = np.random.default_rng(recipe.seed).permutation(len(images))
        train, test = order[600:], order[:600]
        return (images[train], labels[train]), (images[test], labels[test])
    folder, read = recipe.data / "mnist", []
    for part in ("train", "t10k"):
        images, labels = (_read_idx(folder / f"{part}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
        read.append((images.astype(np.float32) / 255, labels))
    return read[0], read[1]


def _read_idx(path: Path) -> np.ndarray:
    """Return what an IDX file of bytes holds: two zeros, the type, the rank; a size for each axis; the bytes."""
    with gzip.open(path, "rb") as file:
        data = file.read()
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4).tolist()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def _small() -> Digits:
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.images.astype(np.float32) / 16, found.target
