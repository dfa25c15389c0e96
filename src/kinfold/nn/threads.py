"""A batch in parts, one for each of torch's threads: what a kernel is given."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from kinfold.kernels.threads import in_threads
from kinfold.types import Ints1d

#: Numbers that a part has at least: less is not worth a thread.
_LEAST = 1 << 15


def over_rows(function: Callable[[tuple[int, int]], None], lengths: Ints1d, width: int) -> None:
    """Call `function` with (first, last) for parts of the rows that have about as many positions each."""
    n = int(min(torch.get_num_threads(), max(1, int(lengths.sum()) * width // _LEAST), len(lengths)))
    ends = np.cumsum(lengths)
    cuts = [0, *(int(np.searchsorted(ends, ends[-1] * i / n)) + 1 for i in range(1, n)), len(lengths)]
    in_threads(function, [(a, b) for a, b in pairwise(cuts) if a < b], n)


def over_features(function: Callable[[tuple[int, int]], None], n_features: int, work: int) -> None:
    """Call `function` with (first, last) for parts of the features; `work` numbers are touched in all."""
    n = int(min(torch.get_num_threads(), max(1, work // _LEAST), max(1, n_features // 16)))
    cuts = [n_features * i // n // 16 * 16 for i in range(n)] + [n_features]
    in_threads(function, list(pairwise(cuts)), n)
