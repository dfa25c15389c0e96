from __future__ import annotations

import numpy as np
import pytest

from kinfold.text.rows import Rows, concatenate


def some_rows(seed, n=7, n_columns=11, counted=True):
    rng = np.random.default_rng(seed)
    dense = rng.poisson(0.6, (n, n_columns)).astype(np.float64)
    if not counted:
        dense = (dense > 0).astype(np.float64)
    rows, indices = np.nonzero(dense)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    counts = dense[rows, indices].astype(np.float32) if counted else None
    return Rows(indptr, indices.astype(np.int32), counts, n_columns), dense


@pytest.mark.parametrize("counted", [True, False])
def test_take_and_concatenate(counted):
    (one, dense), (other, more) = some_rows(0, counted=counted), some_rows(1, n=4, counted=counted)
    assert (one.to_scipy().toarray() == dense).all() and len(one) == 7
    order = [3, 3, 0, 6]
    assert (one.take(order).to_scipy().toarray() == dense[order]).all()
    assert one.take([]).to_scipy().shape == (0, 11)
    assert (concatenate([one, other, one]).to_scipy().toarray() == np.concatenate([dense, more, dense])).all()
