"""UTF-8 text as bytes -> tokens and n-gram keys.

Many texts lie in one byte buffer, each followed by one separator byte: text `i` is
``buf[offsets[i]:offsets[i + 1] - 1]``.
What a character is to the tokenizer stands in a table of one class a code point, made by `kinfold.text.characters`.
A key is a 64-bit hash of an n-gram. Two of `n` different n-grams share one with probability below n**2 / 2**65:
one in a million for five million n-grams.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinfold.types import Array, Bytes1d, Ints1d, Keys1d

#: Classes of characters: what the tokenizer does with one.
SPACE, WORD, SINGLE, EXTEND, MID, FLAG, JOIN = range(7)
#: In a length: the n-gram has a word's border to its left or right (characters only).
LEFT_BORDER, RIGHT_BORDER = 1 << 30, 1 << 29
LENGTH_MASK = RIGHT_BORDER - 1

_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_BLANK = np.uint64(0x20)


@njit(cache=True, nogil=True, inline="always")
def _mix(x: np.uint64) -> np.uint64:
    """Spread the bits of `x` (the finaliser of splitmix64)."""
    x ^= x >> _S30
    x *= _MIX_1
    x ^= x >> _S27
    x *= _MIX_2
    return x ^ (x >> _S31)


@njit(cache=True, nogil=True, inline="always")
def _width(byte: int) -> int:
    """Return how many bytes the UTF-8 character that starts with `byte` has."""
    if byte < 0x80:
        return 1
    if byte < 0xE0:
        return 2
    return 3 if byte < 0xF0 else 4


@njit(cache=True, nogil=True, inline="always")
def _class_at(buf: Bytes1d, i: int, classes: Bytes1d) -> int:
    """Return the class of the character that starts at byte `i` of well-formed UTF-8."""
    a = np.int64(buf[i])
    if a < 0x80:
        return classes[a]
    if a < 0xE0:
        return classes[((a & 0x1F) << 6) | (buf[i + 1] & 0x3F)]
    if a < 0xF0:
        return classes[((a & 0x0F) << 12) | ((buf[i + 1] & 0x3F) << 6) | (buf[i + 2] & 0x3F)]
    high = ((a & 0x07) << 18) | ((np.int64(buf[i + 1]) & 0x3F) << 12)
    return classes[high | ((buf[i + 2] & 0x3F) << 6) | (buf[i + 3] & 0x3F)]


@njit(cache=True, nogil=True)
def _word_end(buf: Bytes1d, i: int, end: int, classes: Bytes1d) -> int:
    """Return where the word that starts at `i` ends; an apostrophe between two word characters is part of it."""
    while i < end:
        kind = _class_at(buf, i, classes)
        if kind == MID:
            after = i + _width(buf[i])
            if after >= end or _class_at(buf, after, classes) != WORD:
                return i
        elif kind != WORD and kind != EXTEND and kind != JOIN:
            return i
        i += _width(buf[i])
    return i


@njit(cache=True, nogil=True)
def _symbol_end(buf: Bytes1d, i: int, end: int, classes: Bytes1d) -> int:
    """Return where the symbol at `i` ends: its marks, the emoji joined to it, the second half of a flag."""
    kind = _class_at(buf, i, classes)
    i += _width(buf[i])
    if kind == FLAG and i < end and _class_at(buf, i, classes) == FLAG:
        i += _width(buf[i])
    joined = kind == JOIN
    while i < end:
        kind = _class_at(buf, i, classes)
        if kind == JOIN:
            joined = True
        elif kind == SINGLE and joined:
            joined = False
        elif kind != EXTEND:
            return i
        i += _width(buf[i])
    return i


@njit(cache=True, nogil=True)
def _space_end(buf: Bytes1d, i: int, end: int, classes: Bytes1d) -> int:
    while i < end and _class_at(buf, i, classes) == SPACE:
        i += _width(buf[i])
    return i


@njit(cache=True, nogil=True)
def tokenize(buf: Bytes1d, start: int, end: int, classes: Bytes1d, symbols: bool, spaces: bool, spans: Array) -> int:
    """Write the tokens of ``buf[start:end]`` into `spans` (n, 3) as (start, end, class); return how many.

    `symbols` keeps the tokens that are no words, `spaces` those white-space runs that joining words with one blank
    would not bring back. `spans` needs room for ``end - start`` rows.
    """
    n = 0
    i = start
    before = SINGLE
    while i < end:
        kind = _class_at(buf, i, classes)
        if kind == SPACE:
            after = _space_end(buf, i, end, classes)
            implied = before == WORD and after - i == 1 and buf[i] == 0x20
            implied = implied and after < end and _class_at(buf, after, classes) == WORD
            kept = spaces and not implied
        elif kind == WORD:
            after = _word_end(buf, i, end, classes)
            kept = True
        else:
            after = _symbol_end(buf, i, end, classes)
            kind = SINGLE
            kept = symbols
        if kept:
            spans[n, 0], spans[n, 1], spans[n, 2] = i, after, kind
            n += 1
        before = kind
        i = after
    return n


@njit(cache=True, nogil=True, inline="always")
def _hash(buf: Bytes1d, start: int, end: int) -> np.uint64:
    """Hash bytes (FNV-1a, then mixed)."""
    h = _FNV_OFFSET
    for i in range(start, end):
        h = (h ^ np.uint64(buf[i])) * _FNV_PRIME
    return _mix(h)


@njit(cache=True, nogil=True)
def _longer(array: Array, n: int, room: int) -> Array:
    """Return an array (room,) that begins with the first `n` numbers of `array`."""
    longer = np.empty(room, array.dtype)
    for k in range(n):  # one by one: numba takes five seconds to compile what to say if slices do not fit each other
        longer[k] = array[k]
    return longer


@njit(cache=True, nogil=True)
def tokenize_all(
    buf: Bytes1d, offsets: Ints1d, classes: Bytes1d, symbols: bool, spaces: bool
) -> tuple[Ints1d, Array, Keys1d]:
    """Return the tokens of all texts: ``indptr`` (N + 1,), spans (T, 3) and the hash of each token (T,)."""
    n_texts = offsets.shape[0] - 1
    indptr = np.zeros(n_texts + 1, np.int64)
    longest = 0
    for t in range(n_texts):
        longest = max(longest, offsets[t + 1] - offsets[t])
    scratch = np.empty((longest + 1, 3), np.int64)
    room = (offsets[n_texts] - offsets[0]) // 4 + 16
    spans, hashes = np.empty((room, 3), np.int64), np.empty(room, np.uint64)
    n = 0
    for t in range(n_texts):
        more = tokenize(buf, offsets[t], offsets[t + 1] - 1, classes, symbols, spaces, scratch)
        if n + more > room:
            room = 2 * (n + more)
            spans, hashes = _longer(spans.reshape(-1), 3 * n, 3 * room).reshape(-1, 3), _longer(hashes, n, room)
        for k in range(more):
            start, stop, kind = scratch[k]
            spans[n + k, 0], spans[n + k, 1], spans[n + k, 2] = start, stop, kind
            hashes[n + k] = _hash(buf, start, stop)
        n += more
        indptr[t + 1] = n
    return indptr, spans[:n].copy(), hashes[:n].copy()


@njit(cache=True, nogil=True)
def split_characters(buf: Bytes1d, offsets: Ints1d) -> tuple[Ints1d, Array, Keys1d]:
    """Return the code points of all texts as `tokenize_all` returns tokens, each of class `SINGLE`."""
    n_texts = offsets.shape[0] - 1
    total = 0
    for byte in buf[offsets[0] : offsets[n_texts]]:
        total += (byte & 0xC0) != 0x80
    total -= n_texts
    indptr, spans, hashes = np.zeros(n_texts + 1, np.int64), np.empty((total, 3), np.int64), np.empty(total, np.uint64)
    n = 0
    for t in range(n_texts):
        i, end = offsets[t], offsets[t + 1] - 1
        while i < end:
            after = i + _width(buf[i])
            spans[n, 0], spans[n, 1], spans[n, 2] = i, after, SINGLE
            hashes[n] = _hash(buf, i, after)
            n += 1
            i = after
        indptr[t + 1] = n
    return indptr, spans, hashes


@njit(cache=True, nogil=True)
def word_keys(
    buf: Bytes1d, offsets: Ints1d, classes: Bytes1d, symbols: bool, low: int, high: int
) -> tuple[Ints1d, Keys1d, Ints1d, Array]:
    """Return the keys of all runs of `low` to `high` tokens, text by text, with repeats.

    Returns
    -------
    indptr : (N + 1,) int64
    keys : (K,) uint64
    starts : (K,) int64
        Where in `buf` the run starts.
    lengths : (K,) int32
        Its bytes, what lies between the tokens included.
    """
    token_ptr, spans, hashes = tokenize_all(buf, offsets, classes, symbols, False)
    n_texts = offsets.shape[0] - 1
    room = spans.shape[0] * (high - low + 1)
    keys, starts = np.empty(room, np.uint64), np.empty(room, np.int64)
    lengths = np.empty(room, np.int32)
    indptr = np.zeros(n_texts + 1, np.int64)
    n = 0
    for t in range(n_texts):
        stop = token_ptr[t + 1]
        for i in range(token_ptr[t], stop):
            key = hashes[i]
            for order in range(1, min(high, stop - i) + 1):
                if order > 1:
                    key = _mix(key * _GOLDEN + hashes[i + order - 1])
                if order >= low:
                    keys[n], starts[n] = key, spans[i, 0]
                    lengths[n] = spans[i + order - 1, 1] - spans[i, 0]
                    n += 1
        indptr[t + 1] = n
    return indptr, keys[:n], starts[:n], lengths[:n]


@njit(cache=True, nogil=True)
def _window_keys(
    buf: Bytes1d,
    marks: Ints1d,
    n_marks: int,
    low: int,
    high: int,
    n: int,
    keys: Keys1d,
    starts: Ints1d,
    lengths: Array,
) -> int:
    """Write the keys of one word's n-grams from row `n` on; return the next free row.

    `marks` holds where the word's characters start and, last, where the word ends. The word is read with one
    blank on either side: characters 0 and `n_marks` of ``n_marks + 1``.
    """
    padded = n_marks + 1
    for first in range(padded):
        h = _FNV_OFFSET
        for width in range(1, min(high, padded - first) + 1):
            last = first + width - 1
            if last == 0 or last == padded - 1:
                h = (h ^ _BLANK) * _FNV_PRIME
            else:
                for i in range(marks[last - 1], marks[last]):
                    h = (h ^ np.uint64(buf[i])) * _FNV_PRIME
            # A word shorter than `low` counts once, as a whole.
            if width >= low or (first == 0 and width == padded):
                begin = marks[0] if first == 0 else marks[min(first, padded - 1) - 1]
                stop = marks[n_marks - 1] if last == padded - 1 else marks[last] if last > 0 else marks[0]
                keys[n], starts[n] = _mix(h), begin
                lengths[n] = (stop - begin) | (LEFT_BORDER if first == 0 else 0)
                if last == padded - 1:
                    lengths[n] |= RIGHT_BORDER
                n += 1
    return n


@njit(cache=True, nogil=True)
def character_keys(
    buf: Bytes1d, offsets: Ints1d, classes: Bytes1d, across: bool, low: int, high: int
) -> tuple[Ints1d, Keys1d, Ints1d, Array]:
    """Return the keys of all runs of `low` to `high` characters; see `word_keys` for the arrays.

    Runs are within words, or where `across` is set within the text. A word is what stands between white space. Each
    word, or the text, is read with one blank added on either side; the added blanks are flagged in `lengths` by
    `LEFT_BORDER` and `RIGHT_BORDER` and not counted in it.
    """
    n_texts = offsets.shape[0] - 1
    room = (offsets[n_texts] - offsets[0]) * (high - low + 1) + 16
    keys, starts = np.empty(room, np.uint64), np.empty(room, np.int64)
    lengths = np.empty(room, np.int32)
    indptr = np.zeros(n_texts + 1, np.int64)
    marks = np.empty(256, np.int64)
    n = 0
    for t in range(n_texts):
        i, end = offsets[t], offsets[t + 1] - 1
        while i < end:
            if not across:
                i = _space_end(buf, i, end, classes)
            m = 0
            while i < end and (across or _class_at(buf, i, classes) != SPACE):
                if m + 1 >= marks.shape[0]:
                    marks = _longer(marks, m, 2 * m + 2)
                marks[m] = i
                m += 1
                i += _width(buf[i])
            if m == 0:
                continue
            marks[m] = i
            # At most one n-gram a width and first character, blanks included.
            need = n + (m + 2) * (high - low + 1) + 1
            if need > room:
                room = 2 * need
                keys, starts, lengths = _longer(keys, n, room), _longer(starts, n, room), _longer(lengths, n, room)
            n = _window_keys(buf, marks, m + 1, low, high, n, keys, starts, lengths)
        indptr[t + 1] = n
    return indptr, keys[:n], starts[:n], lengths[:n]


@njit(cache=True, nogil=True)
def join_words(buf: Bytes1d, starts: Ints1d, lengths: Array, classes: Bytes1d, symbols: bool) -> tuple[Bytes1d, Ints1d]:
    """Return each run of tokens with one blank between tokens, as a buffer of texts and its offsets."""
    out = np.empty(2 * lengths.sum() + starts.shape[0] + 1, np.uint8)
    offsets = np.zeros(starts.shape[0] + 1, np.int64)
    spans = np.empty((lengths.max() + 1 if lengths.shape[0] else 1, 3), np.int64)
    n = 0
    for k in range(starts.shape[0]):
        n_tokens = tokenize(buf, starts[k], starts[k] + lengths[k], classes, symbols, False, spans)
        for j in range(n_tokens):
            for i in range(spans[j, 0], spans[j, 1]):
                out[n] = buf[i]
                n += 1
            out[n] = 0x20 if j + 1 < n_tokens else 0x0A
            n += 1
        offsets[k + 1] = n
    return out[:n].copy(), offsets


@njit(cache=True, nogil=True)
def pad_characters(buf: Bytes1d, starts: Ints1d, lengths: Array) -> tuple[Bytes1d, Ints1d]:
    """Return each run of characters with the blanks its flags tell of, as a buffer of texts and its offsets."""
    out = np.empty((lengths & LENGTH_MASK).sum() + 3 * starts.shape[0], np.uint8)
    offsets = np.zeros(starts.shape[0] + 1, np.int64)
    n = 0
    for k in range(starts.shape[0]):
        if lengths[k] & LEFT_BORDER:
            out[n] = 0x20
            n += 1
        for i in range(starts[k], starts[k] + (lengths[k] & LENGTH_MASK)):
            out[n] = buf[i]
            n += 1
        if lengths[k] & RIGHT_BORDER:
            out[n] = 0x20
            n += 1
        out[n] = 0x0A
        n += 1
        offsets[k + 1] = n
    return out[:n].copy(), offsets


@njit(cache=True, nogil=True)
def line_keys(buf: Bytes1d, offsets: Ints1d, words: bool) -> Keys1d:
    """Return the key of each text taken as one n-gram: tokens with a blank between them, or plain characters."""
    keys = np.empty(offsets.shape[0] - 1, np.uint64)
    for t in range(keys.shape[0]):
        start, end = offsets[t], offsets[t + 1] - 1
        if not words:
            keys[t] = _hash(buf, start, end)
            continue
        first = True
        key = np.uint64(0)
        while start <= end:
            stop = start
            while stop < end and buf[stop] != 0x20:
                stop += 1
            h = _hash(buf, start, stop)
            key = h if first else _mix(key * _GOLDEN + h)
            first = False
            start = stop + 1
        keys[t] = key
    return keys
