"""Records of a word, a blank and float32 numbers as bytes: the binary form of word vectors, split without a copy."""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Array, Bytes1d, Ids2d, Ints1d

#: Places in the tally that `split_records` returns.
ROWS, CONSUMED, FAULT, TALLY = 0, 1, 2, 3
#: Kinds of fault: no blank within `LONGEST_WORD` bytes; a line feed or a zero byte inside the word.
NO_BLANK, ODD_BYTE = 1, 2
#: Most bytes of a word: longer ones are numbers taken for a word.
LONGEST_WORD = 1 << 14

_LF, _SPACE = 10, 32


@njit(cache=True, nogil=True)
def split_records(data: Bytes1d, most: int, out: Array, words: Ids2d) -> Ints1d:
    """Split bytes into records; one that goes on beyond their end is left for the next call.

    Line feeds before a word are passed over: some writers end a record with one, some don't.

    Parameters
    ----------
    data
        The bytes, beginning at a record's start.
    most
        Stop after so many records.
    out
        (R, 4 * D) uint8, filled with the bytes of the numbers.
    words
        (R, 2) int32, filled with the first byte of each word and the byte after its last.

    Returns
    -------
    (TALLY,) int64
        Records and bytes consumed, and the kind of fault of the next record or 0.
    """
    tally = np.zeros(TALLY, np.int64)
    width = out.shape[1]
    pos = 0
    while tally[ROWS] < min(most, out.shape[0]):
        while pos < data.size and data[pos] == _LF:
            pos += 1
        stop = pos
        while stop < data.size and stop - pos <= LONGEST_WORD and data[stop] != _SPACE:
            if data[stop] == _LF or data[stop] == 0:
                tally[FAULT] = ODD_BYTE
                return tally
            stop += 1
        if stop - pos > LONGEST_WORD:
            tally[FAULT] = NO_BLANK
            return tally
        if stop + 1 + width > data.size:
            break
        row = tally[ROWS]
        words[row, 0], words[row, 1] = pos, stop
        for i in range(width):
            out[row, i] = data[stop + 1 + i]
        pos = stop + 1 + width
        tally[CONSUMED] = pos
        tally[ROWS] += 1
    return tally
