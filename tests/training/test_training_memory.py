"""What is freed within a training is there for the next step, and goes back in the end."""

from __future__ import annotations

import platform
import resource
from pathlib import Path

import pytest
import torch

from kinfold.training.memory import keep_memory

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
N = 12_000_000  # numbers of 4 bytes


def faults(n=10):
    """Return how many pages were asked of the system while tensors were made and freed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(n):
        torch.ones(N)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def held():
    """Return the bytes that the process holds now."""
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) * 1024


def test_freed_memory_is_kept_within_and_given_back_after():
    pages = 4 * N // resource.getpagesize()
    before = held()
    with keep_memory():
        with keep_memory():
            faults(12)  # until the heap has room between what stays
        assert faults() < 3 * pages  # of ten times as many
        assert held() - before > 3 * N
    assert held() - before < N
    assert faults() > 5 * pages
