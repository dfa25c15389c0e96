"""Decimal numbers as text in, float32 out, and back; rows of a word and its numbers, split and put together.

A number is read as Python's `float` and then numpy's float32 would round it. Up to 19 digits and a power of ten make a
double that is at most a few units of its last place off; if float32 rounds both ends of that range to the same number,
that is the number. One in millions is too near the middle between two float32s to tell: it is handed back as a doubt,
for the caller to put to `float` itself.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Bytes1d, Ids1d, Ids2d, Ints1d, Singles2d

#: Places in the tally that `parse_rows` returns.
ROWS, CONSUMED, LINES, DOUBTS, BLANK, FAULT, FIRST, LAST, TALLY = 0, 1, 2, 3, 4, 5, 6, 7, 8
#: Kinds of fault: fewer numbers than there should be, more of them, a field that is no finite number.
SHORT, LONG, NUMBER = 1, 2, 3
#: Most bytes `format_rows` writes for a number and the blank before it.
NUMBER_BYTES = 20

_READ, _DOUBTFUL, _NO_NUMBER = 0, 1, 2
_LF, _CR, _SPACE, _TAB = 10, 13, 32, 9
_PLUS, _MINUS, _POINT, _ZERO, _E, _SMALL_E = 43, 45, 46, 48, 69, 101
_MOST_DIGITS = 19
#: So many digits tell every float32 from every other.
_SINGLE_DIGITS = 9
#: Numbers from 10 ** -5 to below 10 ** 9 are written without an exponent.
_LOW_POWER, _HIGH_POWER = -5, 8
#: Each the double nearest to its power of ten; the first 23 are exact.
_POWERS = np.array([float(f"1e{power}") for power in range(61)])
_EXACT_POWER, _EXACT_INTEGER = 22, np.uint64(1 << 53)
#: More than the doubles below can be off, and far less than a step between float32s.
_SLACK = 2.0**-50


@njit(cache=True, nogil=True)
def parse_rows(
    data: Bytes1d, final: bool, most: int, out: Singles2d, words: Ids2d, lines: Ids1d, doubts: Ids2d
) -> Ints1d:
    """Parse lines that each hold a word and D numbers, parted by spaces or tabs.

    The last D fields are the numbers, and all before them is the word, blanks inside included. A line of nothing but
    blanks is passed over.

    Parameters
    ----------
    data
        The bytes, beginning at a line's start.
    final
        Whether they end the file, so that the last line needs no line feed.
    most
        Stop after so many rows.
    out
        (R, D) float32, filled row by row.
    words
        (R, 2) int32, filled with the first byte of each row's word and the byte after its last.
    lines
        (R,) int32, filled with the number of lines before each row.
    doubts
        (Q, 3) int32 with Q at least D, filled with the place in `out`, counted through, and the bytes from and to of
        each number that must be read by other means.

    Returns
    -------
    (TALLY,) int64
        Rows, bytes and lines consumed, doubts, blank lines; then the kind of fault that ended the parsing or 0, and
        its place: from and to of the wrong field, or for `SHORT` the fields found and 0. The line at fault is the next
        after the lines consumed.
    """
    tally = np.zeros(TALLY, np.int64)
    width = out.shape[1]
    pos = 0
    while pos < data.size and tally[ROWS] < min(most, out.shape[0]) and tally[DOUBTS] + width <= doubts.shape[0]:
        stop = pos
        while stop < data.size and data[stop] != _LF:
            stop += 1
        if stop == data.size and not final:
            break
        first, last = _trimmed(data, pos, stop)
        if first == last:
            tally[BLANK] += 1
        else:
            row = tally[ROWS]
            end = _numbers(data, pos, first, last, row, out, doubts, tally)
            if tally[FAULT]:
                break
            words[row, 0], words[row, 1], lines[row] = first, end, tally[LINES]
            tally[ROWS] += 1
        pos = min(stop + 1, data.size)
        tally[CONSUMED] = pos
        tally[LINES] += 1
    return tally


@njit(cache=True, nogil=True)
def _trimmed(data: Bytes1d, first: int, last: int) -> tuple[int, int]:
    """Return where a line begins and ends without its last carriage return and the blanks around it."""
    while last > first and (data[last - 1] == _SPACE or data[last - 1] == _TAB or data[last - 1] == _CR):
        last -= 1
    while first < last and (data[first] == _SPACE or data[first] == _TAB):
        first += 1
    return first, last


@njit(cache=True, nogil=True)
def _field(data: Bytes1d, first: int, last: int) -> int:
    """Return where the field begins that ends at `last`."""
    while last > first and data[last - 1] != _SPACE and data[last - 1] != _TAB:
        last -= 1
    return last


@njit(cache=True, nogil=True)
def _numbers(
    data: Bytes1d, begin: int, first: int, last: int, row: int, out: Singles2d, doubts: Ids2d, tally: Ints1d
) -> int:
    """Parse the last D fields of a line; return where the word before them ends."""
    width = out.shape[1]
    n_doubts = tally[DOUBTS]
    for column in range(width - 1, -1, -1):
        if last == first:
            tally[FAULT], tally[FIRST] = SHORT, width - 1 - column
            return last
        start = _field(data, first, last)
        kind, value = parse_number(data, start, last)
        if kind == _NO_NUMBER:
            tally[FAULT], tally[FIRST], tally[LAST] = NUMBER, start, last
            return last
        out[row, column] = value
        if kind == _DOUBTFUL:
            doubts[n_doubts, 0], doubts[n_doubts, 1], doubts[n_doubts, 2] = row * width + column, start, last
            n_doubts += 1
        last = start
        while last > first and (data[last - 1] == _SPACE or data[last - 1] == _TAB):
            last -= 1
    start = _field(data, first, last)
    if last == first and first == begin:  # D fields are one too few; after a blank they are a row without a word
        tally[FAULT], tally[FIRST] = SHORT, width - 1
    elif start > first and parse_number(data, start, last)[0] != _NO_NUMBER:
        tally[FAULT], tally[FIRST], tally[LAST] = LONG, start, last
    tally[DOUBTS] = n_doubts
    return last


@njit(cache=True, nogil=True)
def parse_number(data: Bytes1d, first: int, last: int) -> tuple[int, np.float32]:
    """Parse ``[+-]digits[.digits][e[+-]digits]``; return what came of it and the number."""
    pos, negative = first, False
    if pos < last and (data[pos] == _PLUS or data[pos] == _MINUS):
        negative = data[pos] == _MINUS
        pos += 1
    mantissa, n_digits, power, seen, after_point = np.uint64(0), 0, 0, 0, 0
    while pos < last:
        c = data[pos]
        digit = c - _ZERO
        if 0 <= digit <= 9:
            seen += 1
            if n_digits < _MOST_DIGITS:
                mantissa = mantissa * np.uint64(10) + np.uint64(digit)
                n_digits += mantissa != 0
                power -= after_point
            else:
                power += 1 - after_point
        elif c == _POINT and not after_point:
            after_point = 1
        else:
            break
        pos += 1
    if not seen:
        return _NO_NUMBER, np.float32(0)
    if pos < last:
        good, exponent = _exponent(data, pos, last)
        if not good:
            return _NO_NUMBER, np.float32(0)
        power += exponent
    return _rounded(mantissa, power, negative)


@njit(cache=True, nogil=True)
def _exponent(data: Bytes1d, pos: int, last: int) -> tuple[bool, int]:
    """Parse ``e[+-]digits``; return whether it is that, and its value, cut at a million."""
    if data[pos] != _E and data[pos] != _SMALL_E:
        return False, 0
    pos += 1
    negative = False
    if pos < last and (data[pos] == _PLUS or data[pos] == _MINUS):
        negative = data[pos] == _MINUS
        pos += 1
    if pos == last:
        return False, 0
    value = 0
    while pos < last:
        digit = data[pos] - _ZERO
        if not 0 <= digit <= 9:
            return False, 0
        value = min(value * 10 + digit, 1_000_000)
        pos += 1
    return True, -value if negative else value


@njit(cache=True, nogil=True)
def _rounded(mantissa: np.uint64, power: int, negative: bool) -> tuple[int, np.float32]:
    """Return ``mantissa * 10 ** power`` as float32, and whether it is sure or too large."""
    sign = -1.0 if negative else 1.0
    if mantissa == 0:
        return _READ, np.float32(sign * 0.0)
    if not -_POWERS.size < power < _POWERS.size:
        return _DOUBTFUL, np.float32(0)
    value = np.float64(mantissa)
    value = value * _POWERS[power] if power >= 0 else value / _POWERS[-power]
    single = np.float32(value)
    exact = mantissa <= _EXACT_INTEGER and -_EXACT_POWER <= power <= _EXACT_POWER
    if not exact and np.float32(value * (1 - _SLACK)) != np.float32(value * (1 + _SLACK)):
        return _DOUBTFUL, np.float32(0)
    if np.isinf(single):
        return _NO_NUMBER, np.float32(0)
    return _READ, np.float32(sign) * single


@njit(cache=True, nogil=True)
def format_rows(table: Singles2d, names: Bytes1d, bounds: Ints1d, out: Bytes1d) -> int:
    """Write rows as lines of a word and its numbers, each with as few digits as tell it from every other float32.

    Parameters
    ----------
    table
        (R, D) float32, finite.
    names, bounds
        The bytes of all words, and (R + 1,) where each begins and the last ends.
    out
        Filled; it has room for the words, a line feed each and `NUMBER_BYTES` a number.

    Returns
    -------
    int
        The bytes written.
    """
    pos = 0
    digits = np.empty(_SINGLE_DIGITS, np.uint8)
    for row in range(table.shape[0]):
        for i in range(bounds[row], bounds[row + 1]):
            out[pos] = names[i]
            pos += 1
        for column in range(table.shape[1]):
            out[pos] = _SPACE
            pos = _format_number(table[row, column], digits, out, pos + 1)
        out[pos] = _LF
        pos += 1
    return pos


@njit(cache=True, nogil=True)
def _format_number(number: np.float32, digits: Bytes1d, out: Bytes1d, pos: int) -> int:
    """Write one number at `pos`; return the place after it."""
    if np.signbit(number):
        out[pos] = _MINUS
        pos += 1
    n_digits, power = _shortest(abs(np.float64(number)), digits)
    if _LOW_POWER <= power <= _HIGH_POWER:
        for place in range(max(power, 0), min(power - n_digits + 1, -1) - 1, -1):  # the power of ten of each digit
            i = power - place
            out[pos] = digits[i] if 0 <= i < n_digits else _ZERO
            pos += 1
            if place == 0:
                out[pos] = _POINT
                pos += 1
        return pos
    for i in range(n_digits):
        out[pos] = digits[i]
        pos += 1
        if i == 0 and n_digits > 1:
            out[pos] = _POINT
            pos += 1
    out[pos] = _SMALL_E
    pos += 1
    if power < 0:
        out[pos] = _MINUS
        pos += 1
    out[pos], out[pos + 1] = _ZERO + abs(power) // 10, _ZERO + abs(power) % 10
    return pos + 2


@njit(cache=True, nogil=True)
def _shortest(value: float, digits: Bytes1d) -> tuple[int, int]:
    """Find the fewest digits that are read as this float32, and of those the nearest.

    Returns how many they are, and the power of ten of the first one.
    """
    if value == 0:
        digits[0] = _ZERO
        return 1, 0
    power = int(np.floor(np.log10(value)))
    single = np.float32(value)
    for n_digits in range(1, _SINGLE_DIGITS + 1):
        scale = n_digits - 1 - power
        scaled = value * _POWERS[scale] if scale >= 0 else value / _POWERS[-scale]
        mantissa = np.uint64(np.floor(scaled + 0.5))
        kind, read = _rounded(mantissa, -scale, False)
        # Nine digits are always enough; a doubt there is only about which of two would be nearer.
        if n_digits == _SINGLE_DIGITS or (kind == _READ and read == single):
            break
    count = 0
    rest = mantissa
    while rest:
        rest //= np.uint64(10)
        count += 1
    power += count - n_digits  # the logarithm was rounded, or the digits were: 9.99 -> 10.0
    while count > 1 and mantissa % np.uint64(10) == 0:
        mantissa //= np.uint64(10)
        count -= 1
    for i in range(count - 1, -1, -1):
        digits[i] = _ZERO + mantissa % np.uint64(10)
        mantissa //= np.uint64(10)
    return count, power
