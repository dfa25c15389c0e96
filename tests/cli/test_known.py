from __future__ import annotations

import numpy as np
import pytest

from kinfold.cli.known import BITS, MOST, Known


@pytest.mark.parametrize("n", [1, 300, 20_000])
def test_what_was_there_is_known_and_of_the_rest_few(n):
    known = Known.of(f"Text  {i}" for i in range(n))
    assert all(f"text {i}" in known for i in range(0, n, 1 + n // 200)) and known.n_texts == n
    taken = np.mean([f"new {i}" in known for i in range(3000)])
    assert abs(taken - known.error) < 0.006 and known.error < 0.02
    again = Known.from_dict(known.to_dict())
    assert again is not None and (again.bits == known.bits).all() and again.error == known.error


def test_nothing_is_kept_of_no_text_and_of_too_many(monkeypatch):
    assert Known.of(["", " "]) is None
    monkeypatch.setattr("kinfold.cli.known.MOST", 8 * 8)
    few = Known.of(map(str, range(12)))
    assert few is not None and 8 * len(few.bits) == 64 and few.n_hashes < 8
    assert Known.of(map(str, range(13))) is None
    assert 12 * 300_000 < MOST < BITS * 400_000  # a manifest may hold about a megabyte


@pytest.mark.parametrize(
    "value", [None, 3, {}, {"bits": "", "hashes": 1, "texts": 1}, {"bits": 1, "hashes": 1, "texts": 1}]
)
def test_anything_else_is_no_filter(value):
    assert Known.from_dict(value) is None
