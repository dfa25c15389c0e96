from __future__ import annotations

import os
import threading

import pytest

from kinfold.kernels.threads import in_threads, thread_count


def test_results_are_in_order():
    for n_threads in (1, 2, 5):
        assert in_threads(lambda x: x * x, range(20), n_threads) == [x * x for x in range(20)]
    assert in_threads(lambda x: x, [], 4) == []


def test_several_threads_run_at_once():
    both = threading.Barrier(2, timeout=20)
    assert in_threads(lambda x: both.wait() >= 0, [1, 2], 2) == [True, True]


def test_one_thread_is_the_caller():
    assert set(in_threads(lambda _: threading.get_ident(), range(3), 1)) == {threading.get_ident()}


def test_errors_come_through():
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda x: 1 / x, [1, 0], 2)


def test_count():
    assert thread_count(3) == 3
    assert 1 <= thread_count(None) <= (os.cpu_count() or 1)
