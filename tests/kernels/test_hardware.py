"""Threads that wait for one another: none runs ahead, and what was written before a meeting is read after it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from numba import njit

from kinfold.kernels.hardware import STRIDE, meet, prefetch
from kinfold.kernels.threads import in_threads


@njit(nogil=True)
def exchange(progress, thread, notes, n_steps):
    """Write a line of notes, meet, read everybody's; return how many numbers were not of this step."""
    wrong = 0
    for step in range(1, n_steps + 1):
        for j in range(notes.shape[1]):
            notes[thread, j] = step * 1000 + j
        meet(progress, thread, 2 * step - 1)
        for other in range(notes.shape[0]):
            for j in range(notes.shape[1]):
                wrong += notes[other, j] != step * 1000 + j
        meet(progress, thread, 2 * step)
    return wrong


@pytest.mark.parametrize(("n_threads", "n_steps"), [(1, 50), (2, 3000), (3, 300), (7, 100)])
def test_what_was_written_before_a_meeting_is_there_after_it(n_threads, n_steps):
    """Seven threads are more than there are processors: those that wait must let the others run."""
    progress, notes = np.zeros((n_threads, STRIDE), np.int64), np.zeros((n_threads, 24), np.int64)
    wrong = in_threads(lambda thread: exchange(progress, thread, notes, n_steps), range(n_threads), n_threads)
    assert wrong == [0] * n_threads
    assert progress[:, 0].tolist() == [2 * n_steps] * n_threads and not progress[:, 1:].any()


def test_the_first_waits_for_the_last():
    progress = np.zeros((2, STRIDE), np.int64)
    meet(np.zeros((1, STRIDE), np.int64), 0, 1)  # alone, and compiled from now on
    left: list[float] = []
    early = threading.Thread(target=lambda: left.append((meet(progress, 0, 5), time.monotonic())[1]))
    early.start()
    time.sleep(0.1)
    assert not left
    meet(progress, 1, 4)  # passes, for the first has come to 5; but 4 is not enough for the first
    time.sleep(0.05)
    assert not left
    came = time.monotonic()
    meet(progress, 1, 5)
    early.join(20)
    assert left and left[0] >= came


@pytest.mark.parametrize("dim", [1, 16, 40])
def test_asking_ahead_changes_nothing(dim):
    table = np.random.default_rng(0).normal(size=(5, dim)).astype(np.float32)
    before = table.copy()
    for row in range(5):
        prefetch(table, row)
    assert (table == before).all()
