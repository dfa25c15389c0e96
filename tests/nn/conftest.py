"""What the tests of nets share."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def one_seed():
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
    torch.set_num_threads(n_threads)
