"""What each Unicode character is to the tokenizer, as a table of one byte a code point."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np

from kinfold.kernels.scan import EXTEND, FLAG, JOIN, MID, SINGLE, SPACE, WORD
from kinfold.types import Bytes1d

# Scripts written without spaces between words: each character is a token, and n-grams of tokens find the words.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # CJK radicals
    (0x3005, 0x3007),
    (0x3021, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_CLASS_OF_CATEGORY = {
    "L": WORD,
    "N": WORD,
    "M": EXTEND,
    "Z": SPACE,
    "C": SPACE,
    "P": SINGLE,
    "S": SINGLE,
}
# Zero-width joiner and non-joiner, soft hyphen; the five skin tones; variation selectors are marks already.
_JOINERS = (0x200D,)
_EXTENDERS = (0x200C, 0x00AD, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))
_APOSTROPHES = (0x27, 0x2019, 0x02BC, 0xFF07)
_FLAGS = range(0x1F1E6, 0x1F200)
# What Python's Unicode does not know here yet is an emoji to come; a model must not depend on Python's age.
_PICTOGRAPHS = slice(0x1F000, 0x1FB00)


@cache
def character_classes() -> Bytes1d:
    """Return the table of `kinfold.kernels.scan` classes, one a code point, shape (0x110000,) uint8.

    Letters, numbers and the underscore make words; combining marks extend what stands before them; an apostrophe
    between two word characters is part of the word; white space, control and invisible characters separate; any other
    character, and each one of a script written without spaces, is a token of its own.
    """
    category = unicodedata.category
    kinds = [_CLASS_OF_CATEGORY[category(chr(code))[0]] for code in range(0x20000)]
    table = np.full(sys.maxunicode + 1, SINGLE, np.uint8)
    table[: len(kinds)] = kinds
    for low, high in _UNSPACED:
        stretch = table[low : high + 1]
        stretch[stretch == WORD] = SINGLE
    table[_PICTOGRAPHS] = np.where(table[_PICTOGRAPHS] == SPACE, SINGLE, table[_PICTOGRAPHS])
    table[0xE0000:] = SPACE
    table[0xE0100:0xE01F0] = EXTEND
    table[0x5F] = WORD
    for codes, kind in ((_JOINERS, JOIN), (_EXTENDERS, EXTEND), (_APOSTROPHES, MID), (_FLAGS, FLAG)):
        table[list(codes)] = kind
    table.flags.writeable = False
    return table
