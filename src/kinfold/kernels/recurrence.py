"""A gated recurrence without products of matrices, forward and backward, one row after the other.

What the gates add up to is known for all steps before the recurrence begins, so that a step is a few operations on each
unit. `gates` (B, T, 2H) holds for each position the update gate before its sigmoid, then the candidate before its tanh:
``z = sigmoid(gates[:H]); h = (1 - z) h + z tanh(gates[H:])``, from h = 0. Rows are read from the front, or in reverse
from their last position; what stands behind a row's length is nothing: zeros.

Over tokens the gates are sums of table rows, as in `kinfold.kernels.gathering`, and are not kept: a row's are added up
before it is read, both ways. A batch's gates are tens of megabytes to write and to read, a row's stay near.

Feng et al. (2024), "Were RNNs all we needed?" (minGRU); Bradbury et al. (2017), "Quasi-recurrent neural networks",
whose f-pooling this is. The activations are recomputed on the way back: that is cheaper than to write and read them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.kernels.gathering import gather_row
from kinfold.kernels.tiles import FAST, sigmoid
from kinfold.types import Array, Ints1d


@njit(**FAST)
def _scan_row(gates: Array, length: int, reverse: bool, hidden: Array, column: int) -> None:
    """Write the states of one row to the H columns of `hidden` (T, ...) from `column` on; gates (T, 2H)."""
    n_units = gates.shape[1] // 2
    one, two = np.float32(1), np.float32(2)
    state = np.zeros(n_units, np.float32)
    for i in range(length):
        t = length - 1 - i if reverse else i
        update, candidate, out = gates[t, :n_units], gates[t, n_units:], hidden[t, column : column + n_units]
        for j in range(n_units):
            z = sigmoid(update[j])
            new = two * sigmoid(two * candidate[j]) - one
            h = state[j] + z * (new - state[j])
            state[j] = h
            out[j] = h
    hidden[length:, column : column + n_units] = np.float32(0)


@njit(**FAST)
def _scan_row_back(
    gates: Array, hidden: Array, d_hidden: Array, length: int, reverse: bool, column: int, d_gates: Array
) -> None:
    """Write what a change of one row's states changes in its gates (T, 2H) to `d_gates`, of the same shape."""
    n_units = gates.shape[1] // 2
    one, two = np.float32(1), np.float32(2)
    start, carry = np.zeros(n_units, np.float32), np.zeros(n_units, np.float32)
    for i in range(length - 1, -1, -1):
        t = length - 1 - i if reverse else i
        earlier = t + 1 if reverse else t - 1
        before = hidden[earlier, column : column + n_units] if i > 0 else start
        update, candidate, change = gates[t, :n_units], gates[t, n_units:], d_hidden[t, column : column + n_units]
        d_update, d_candidate = d_gates[t, :n_units], d_gates[t, n_units:]
        for j in range(n_units):
            z = sigmoid(update[j])
            new = two * sigmoid(two * candidate[j]) - one
            d = carry[j] + change[j]
            d_update[j] = d * (new - before[j]) * z * (one - z)
            d_candidate[j] = d * z * (one - new * new)
            carry[j] = d * (one - z)
    d_gates[length:] = np.float32(0)


@njit(**FAST)
def scan(gates: Array, lengths: Ints1d, first: int, last: int, reverse: bool, hidden: Array) -> None:
    """Write the states of rows `first` to `last` to `hidden` (B, T, H)."""
    for b in range(first, last):
        _scan_row(gates[b], lengths[b], reverse, hidden[b], 0)


@njit(**FAST)
def scan_back(
    gates: Array, hidden: Array, d_hidden: Array, lengths: Ints1d, first: int, last: int, reverse: bool, d_gates: Array
) -> None:
    """Write what a change of the states (B, T, H) changes in the gates of rows `first` to `last` to `d_gates`."""
    for b in range(first, last):
        _scan_row_back(gates[b], hidden[b], d_hidden[b], lengths[b], reverse, 0, d_gates[b])


@njit(**FAST)
def scan_tokens(
    table: Array,
    bias: Array,
    places: Array,
    lengths: Ints1d,
    left: int,
    reverse: bool,
    first: int,
    last: int,
    hidden: Array,
    column: int,
) -> None:
    """Write the states of rows `first` to `last` to the H columns of `hidden` (B, T, ...) from `column` on.

    `table` (U, K, 2H), `bias` (2H,), `places` (B, T) int32 and `left` are those of `kinfold.kernels.gathering.gather`,
    by which gates are made.
    """
    gates = np.empty((places.shape[1], table.shape[2]), np.float32)
    for b in range(first, last):
        gather_row(table, bias, places[b], lengths[b], left, 1, gates)
        _scan_row(gates, lengths[b], reverse, hidden[b], column)


@njit(**FAST)
def scan_tokens_back(
    table: Array,
    bias: Array,
    places: Array,
    lengths: Ints1d,
    left: int,
    reverse: bool,
    first: int,
    last: int,
    hidden: Array,
    column: int,
    d_hidden: Array,
    d_gates: Array,
) -> None:
    """Write what a change of these states changes in the gates of rows `first` to `last` to `d_gates` (B, T, 2H)."""
    gates = np.empty((places.shape[1], table.shape[2]), np.float32)
    for b in range(first, last):
        gather_row(table, bias, places[b], lengths[b], left, 1, gates)
        _scan_row_back(gates, hidden[b], d_hidden[b], lengths[b], reverse, column, d_gates[b])
