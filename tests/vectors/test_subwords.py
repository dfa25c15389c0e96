"""Vectors out of runs of characters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from kinfold.vectors.subwords import Subwords, runs
from kinfold.vectors.words import WordVectors


def some_subwords(n_buckets=50, dim=6, shortest=3, longest=5):
    buckets = np.random.default_rng(0).normal(size=(n_buckets, dim)).astype(np.float32)
    return Subwords(buckets, shortest, longest)


def test_runs_of_a_word_with_its_marks():
    rows, starts = runs(["ab", "", "größe"], 3, 3, 1 << 20)
    assert starts.tolist() == [0, 2, 2, 7]  # <ab ab>; none; <gr grö röß öße ße>
    assert rows[:2].tolist() != rows[2:4].tolist()
    assert runs([], 3, 6, 10)[1].tolist() == [0]


def test_a_run_is_the_same_wherever_it_stands():
    rows, starts = runs(["xyzabc", "abcxyz"], 3, 3, 1 << 20)
    first, second = (rows[a:b].tolist() for a, b in pairwise(starts))
    assert set(first) & set(second) == {first[1], first[4]} == {second[1], second[4]}  # xyz and abc; not <xy, <ab, ...


def test_the_mean_of_its_runs():
    subwords = some_subwords()
    rows, _ = runs(["unseen"], 3, 5, 50)
    expected = subwords.buckets[rows].astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(subwords.vector("unseen"), expected, rtol=1e-5, atol=1e-6)
    assert subwords.vector("unseen").dtype == np.float32
    assert subwords.vector("unseen").tolist() != subwords.vector("Unseen").tolist()


@pytest.mark.parametrize("word", ["", "a"])
def test_a_word_shorter_than_any_run_is_zeros(word):
    assert some_subwords().vector(word).tolist() == [0.0] * 6


@pytest.mark.parametrize("word", ["\ud800", "a\udfffb", "a\0b", "a\nb", "😀😀", "x" * 10_000])
def test_any_string_has_a_vector(word):
    found = some_subwords(shortest=1).vector(word)
    assert np.isfinite(found).all() and found.any()


def test_buckets_that_can_not_be_written():
    subwords = some_subwords()
    subwords.buckets.flags.writeable = False
    assert subwords.vector("mapped").any()


def test_word_vectors_compose_what_they_do_not_know():
    subwords = some_subwords()
    vectors = WordVectors(["known"], np.ones((1, 6)), subwords=subwords)
    assert "unseen" not in vectors and vectors["known"].tolist() == [1.0] * 6
    assert vectors["unseen"].tolist() == subwords.vector("unseen").tolist()
    both = vectors[["known", "unseen"]]
    assert both.shape == (2, 6) and both[1].tolist() == subwords.vector("unseen").tolist()
