"""A gated recurrence without products of matrices, forward and backward, one row after the other.

What the gates add up to is known for all steps before the recurrence begins, so that a step is a few operations on each
unit. `gates` (B, T, 2H) holds for each position the update gate before its sigmoid, then the candidate before its tanh:
``z = sigmoid(gates[:H]); h = (1 - z) h + z tanh(gates[H:])``, from h = 0. Rows are read from the front, or in reverse
from their last position; what stands behind a row's length is nothing: zeros.

Feng et al. (2024), "Were RNNs all we needed?" (minGRU); Bradbury et al. (2017), "Quasi-recurrent neural networks",
whose f-pooling this is. The activations are recomputed on the way back: that is cheaper than to write and read them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.kernels.tiles import FAST, sigmoid
from kinfold.types import Array, Ints1d


@njit(**FAST)
def scan(gates: Array, lengths: Ints1d, first: int, last: int, reverse: bool, hidden: Array) -> None:
    """Write the states of rows `first` to `last` to `hidden` (B, T, H)."""
    n_steps, n_units = hidden.shape[1], hidden.shape[2]
    one, two = np.float32(1), np.float32(2)
    for b in range(first, last):
        length = lengths[b]
        state = np.zeros(n_units, np.float32)
        for i in range(length):
            t = length - 1 - i if reverse else i
            update, candidate, out = gates[b, t, :n_units], gates[b, t, n_units:], hidden[b, t]
            for j in range(n_units):
                z = sigmoid(update[j])
                new = two * sigmoid(two * candidate[j]) - one
                h = state[j] + z * (new - state[j])
                state[j] = h
                out[j] = h
        hidden[b, length:n_steps] = np.float32(0)


@njit(**FAST)
def scan_back(
    gates: Array, hidden: Array, d_hidden: Array, lengths: Ints1d, first: int, last: int, reverse: bool, d_gates: Array
) -> None:
    """Write what a change of the states (B, T, H) changes in the gates of rows `first` to `last` to `d_gates`."""
    n_steps, n_units = hidden.shape[1], hidden.shape[2]
    one, two = np.float32(1), np.float32(2)
    start = np.zeros(n_units, np.float32)
    for b in range(first, last):
        length = lengths[b]
        carry = np.zeros(n_units, np.float32)
        for i in range(length - 1, -1, -1):
            t = length - 1 - i if reverse else i
            earlier = t + 1 if reverse else t - 1
            before = hidden[b, earlier] if i > 0 else start
            update, candidate, change = gates[b, t, :n_units], gates[b, t, n_units:], d_hidden[b, t]
            d_update, d_candidate = d_gates[b, t, :n_units], d_gates[b, t, n_units:]
            for j in range(n_units):
                z = sigmoid(update[j])
                new = two * sigmoid(two * candidate[j]) - one
                d = carry[j] + change[j]
                d_update[j] = d * (new - before[j]) * z * (one - z)
                d_candidate[j] = d * z * (one - new * new)
                carry[j] = d * (one - z)
        d_gates[b, length:n_steps] = np.float32(0)
