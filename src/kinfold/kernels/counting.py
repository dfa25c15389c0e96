"""Keys -> columns: a hash table from 64-bit keys to entries, and rows of sorted columns made from it.

The table is an open-addressing array ``slots`` (2**b, 2) of uint64: the key, and ``entry + 1`` in the high half with
the last text that was counted in the low half. Entry 0 is the first key seen.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Array, Ids1d, Ints1d, Keys1d

_S32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_ONE = np.uint64(1)
_AHEAD = 64
_SPREAD = 40503


@njit(cache=True, nogil=True)
def rehash(keys: Keys1d, n: int, slots: Array) -> None:
    """Enter the first `n` keys as entries 0 to n - 1 into empty `slots`, which has more than `n` rows."""
    mask = np.uint64(slots.shape[0] - 1)
    for entry in range(n):
        s = keys[entry] & mask
        while slots[s, 1] != 0:
            s = (s + _ONE) & mask
        slots[s, 0] = keys[entry]
        slots[s, 1] = (np.uint64(entry + 1) << _S32) | _LOW


@njit(cache=True, nogil=True)
def count(
    indptr: Ints1d,
    keys: Keys1d,
    starts: Ints1d,
    lengths: Array,
    first_text: int,
    repeats: bool,
    slots: Array,
    entry_keys: Keys1d,
    frequency: Ids1d,
    entry_starts: Ints1d,
    entry_lengths: Array,
    n_entries: int,
    out_indptr: Ints1d,
    out: Ids1d,
) -> int:
    """Enter all keys, count in how many texts each occurs, and write each text's entries to `out`.

    `repeats` keeps a key's second and later occurrence in one text. Where a key was first seen stands in
    `entry_starts` and `entry_lengths`. `slots` and the entry arrays must have room for every key being new.
    Texts are numbered from `first_text` (below 2**32 - 1). Returns the number of entries now.
    """
    mask = np.uint64(slots.shape[0] - 1)
    n = 0
    warm = 0
    touched = np.uint64(0)
    for t in range(indptr.shape[0] - 1):
        text = np.uint64(first_text + t)
        for k in range(indptr[t], indptr[t + 1]):
            if k >= warm:
                # Independent loads overlap in the memory system, the loop below would wait for each.
                stop = min(warm + _AHEAD, keys.shape[0])
                for ahead in range(warm, stop):
                    touched ^= slots[keys[ahead] & mask, 1]
                warm = stop
            key = keys[k]
            s = key & mask
            while slots[s, 1] != 0 and slots[s, 0] != key:
                s = (s + _ONE) & mask
            state = slots[s, 1]
            if state == 0:
                entry = n_entries
                entry_keys[entry], frequency[entry] = key, 1
                entry_starts[entry], entry_lengths[entry] = starts[k], lengths[k]
                n_entries += 1
                slots[s, 0] = key
                slots[s, 1] = (np.uint64(entry + 1) << _S32) | text
            else:
                entry = np.int64(state >> _S32) - 1
                if (state & _LOW) != text:
                    frequency[entry] += 1
                    slots[s, 1] = (state & ~_LOW) | text
                elif not repeats:
                    continue
            out[n] = entry
            n += 1
        out_indptr[t + 1] = n
    if n_entries < 0:  # never: keeps the loads above from being optimised away
        return np.int64(touched)
    return n_entries


@njit(cache=True, nogil=True)
def look_up(keys: Keys1d, slots: Array, out: Ids1d) -> None:
    """Write the entry of each key to `out`, -1 where it has none."""
    mask = np.uint64(slots.shape[0] - 1)
    for k in range(keys.shape[0]):
        s = keys[k] & mask
        while slots[s, 1] != 0 and slots[s, 0] != keys[k]:
            s = (s + _ONE) & mask
        out[k] = np.int64(slots[s, 1] >> _S32) - 1


@njit(cache=True, nogil=True)
def gather_rows(
    indptr: Ints1d,
    entries: Ids1d,
    columns: Ids1d,
    repeats: bool,
    out_indptr: Ints1d,
    out: Ids1d,
    counts: Array,
) -> int:
    """Turn each text's entries into its sorted distinct columns; return how many were written.

    Parameters
    ----------
    columns
        Column of an entry, -1 for an entry that was dropped. Empty: entries are columns already, negative ones dropped.
    counts
        (as long as `out`) float32, how often each column occurs; not written unless `repeats`.
    """
    n = 0
    direct = columns.shape[0] == 0
    for t in range(indptr.shape[0] - 1):
        m = n
        for k in range(indptr[t], indptr[t + 1]):
            column = entries[k] if direct else columns[entries[k]]
            if column >= 0:
                out[m] = column
                m += 1
        out[n:m].sort()
        w = n
        for k in range(n, m):
            if w > n and out[w - 1] == out[k]:
                if repeats:
                    counts[w - 1] += np.float32(1)
            else:
                out[w] = out[k]
                if repeats:
                    counts[w] = np.float32(1)
                w += 1
        n = w
        out_indptr[t + 1] = n
    return n


@njit(cache=True, nogil=True)
def distinct_rows(indptr: Ints1d, columns: Ids1d, out_indptr: Ints1d, out: Ids1d) -> int:
    """Write each text's distinct columns in the order they first occur, negative ones dropped; return how many."""
    longest = 1
    for t in range(indptr.shape[0] - 1):
        longest = max(longest, indptr[t + 1] - indptr[t])
    size = 4
    while size < 2 * longest:
        size *= 2
    # A hash set that forgets with each text: (column, text number + 1).
    seen = np.zeros((size, 2), np.int32)
    n = 0
    for t in range(indptr.shape[0] - 1):
        for k in range(indptr[t], indptr[t + 1]):
            column = columns[k]
            if column < 0:
                continue
            s = (np.int64(column) * _SPREAD) & (size - 1)
            while seen[s, 1] == t + 1 and seen[s, 0] != column:
                s = (s + 1) & (size - 1)
            if seen[s, 1] != t + 1:
                seen[s, 0], seen[s, 1] = column, t + 1
                out[n] = column
                n += 1
        out_indptr[t + 1] = n
    return n


@njit(cache=True, nogil=True)
def merge(
    keys: Keys1d,
    frequency: Ids1d,
    starts: Ints1d,
    lengths: Array,
    slots: Array,
    all_keys: Keys1d,
    all_frequency: Ids1d,
    all_starts: Ints1d,
    all_lengths: Array,
    n_entries: int,
    out: Ids1d,
) -> int:
    """Add another table's entries to a table, write where each one went to `out`, return the number of entries now."""
    mask = np.uint64(slots.shape[0] - 1)
    for k in range(keys.shape[0]):
        s = keys[k] & mask
        while slots[s, 1] != 0 and slots[s, 0] != keys[k]:
            s = (s + _ONE) & mask
        if slots[s, 1] == 0:
            entry = n_entries
            all_keys[entry], all_frequency[entry] = keys[k], frequency[k]
            all_starts[entry], all_lengths[entry] = starts[k], lengths[k]
            slots[s, 0] = keys[k]
            slots[s, 1] = (np.uint64(entry + 1) << _S32) | _LOW
            n_entries += 1
        else:
            entry = np.int64(slots[s, 1] >> _S32) - 1
            all_frequency[entry] += frequency[k]
        out[k] = entry
    return n_entries
