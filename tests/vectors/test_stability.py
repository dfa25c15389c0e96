from __future__ import annotations

import numpy as np
import pytest

from kinfold.errors import DataError
from kinfold.vectors.stability import neighbour_overlap, overlap
from kinfold.vectors.words import WordVectors

WORDS = [f"w{i}" for i in range(40)]


def trained_alike(n_replicas, noise):
    """Return word vectors with replicas: the same but for a rotation, which changes no cosine, and noise."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 5))
    made = []
    for _ in range(n_replicas + 1):
        rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
        made.append(WordVectors(WORDS, rows @ rotation + rng.normal(0, 1, rows.shape) * noise))
    made[0].replicas = made[1:]
    return made[0]


def test_overlap_is_the_share_that_holds_each():
    assert overlap([3, 1, 7], [[1, 3, 9], [3, 8, 2], [3, 1, 0], [5, 6, 4]]).tolist() == [0.75, 0.5, 0]
    assert overlap([], [[1]]).tolist() == [] and overlap([2], [[]]).tolist() == [0]
    with pytest.raises(DataError, match="no replicas"):
        overlap([1], [])


def test_a_rotation_is_stable():
    vectors = trained_alike(3, 0)
    assert vectors.most_similar("w3", k=4).stability == (1, 1, 1, 1)
    assert vectors.most_similar(["w3", "w5"], unlike="w9", k=4, among=WORDS[:20]).stability == (1, 1, 1, 1)
    assert vectors.analogy("w1", "w2", "w3", 2).stability == (1, 1)
    assert vectors.analogy("w1", "w2", ["w3"], 2, method="mul").stability == (1, 1)
    assert (neighbour_overlap(vectors) == 1).all() and neighbour_overlap(vectors).shape == (40,)


def test_noise_is_not():
    vectors = trained_alike(4, 0.5)
    found = vectors.most_similar("w3", k=6)
    holds = [[word in one.most_similar("w3", k=6).words for word in found.words] for one in vectors.replicas]
    assert found.stability == tuple(np.mean(holds, axis=0))
    assert 0 < np.mean(found.stability) < 1
    shares = neighbour_overlap(vectors, ["w7", "w3"], k=6)
    assert shares[1] == pytest.approx(np.mean(found.stability)) and shares.shape == (2,)
    assert " %" in str(found) and "stable" in found._repr_html_()
    assert found.to_dict()["neighbours"][0]["stability"] == found.stability[0]


def test_without_replicas_nothing_is_said():
    vectors = trained_alike(0, 0)
    assert vectors.replicas == () and vectors.most_similar("w3").stability is None
    assert vectors.analogy("w1", "w2", "w3").stability is None
    # A vector means nothing in another space.
    assert trained_alike(2, 0).most_similar(np.ones(5)).stability is None
    with pytest.raises(DataError, match="no replicas"):
        neighbour_overlap(vectors)


def test_replicas_have_the_same_words():
    vectors = trained_alike(0, 0)
    with pytest.raises(DataError, match="the same words"):
        vectors.replicas = [WordVectors(WORDS[::-1], np.eye(40, 5) + 1)]
    assert vectors.replicas == ()
