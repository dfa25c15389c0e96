"""Text clean-up before tokenizing: Unicode composition, HTML, case; and many texts as one byte buffer."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from kinfold.errors import DataError
from kinfold.types import Bytes1d, Ints1d, Json

# A tag starts with a letter, "/" or "!", so that "<3" and "a < b" stay. It may not hold another "<": linear time.
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_SURROGATE = re.compile("[\ud800-\udfff]")
# No code point; and Python refuses to read a decimal number of more than 4300 digits.
_HUGE_NUMBER = re.compile(r"&#[0-9]{1000,};?")
_BREAK = "<br />"
# They choose between two looks of the character before them; the same emoji is typed with and without.
_SELECTORS = re.compile("[\ufe0e\ufe0f]")


@dataclass(frozen=True)
class Normalizer:
    """What is done to a text before it is cut into tokens; saved with every model, so that serving does the same.

    Parameters
    ----------
    compose
        Bring text to Unicode form NFC, so that an accent typed as its own character makes no other word.
    strip_html
        Replace HTML tags by a blank and entities (``&amp;``) by what they stand for.
    lowercase
        Fold case with `str.lower`.
    collapse_spaces
        Make every run of white space one blank, and none at either end.
    """

    compose: bool = True
    strip_html: bool = True
    lowercase: bool = True
    collapse_spaces: bool = False

    def __call__(self, text: str) -> str:
        """Return the normalised text.

        Lone surrogates become U+FFFD, NUL a blank, and emoji lose their variation selectors.
        """
        if self.strip_html:
            if "<" in text:
                text = _TAG.sub(" ", text.replace(_BREAK, " "))
            if "&" in text:
                text = html.unescape(_HUGE_NUMBER.sub("\ufffd", text))
        if not text.isascii():
            text = _SELECTORS.sub("", _SURROGATE.sub("\ufffd", text))
            if self.compose:
                text = unicodedata.normalize("NFC", text)
        if self.lowercase:
            text = text.lower()
        text = text.replace("\0", " ")
        return " ".join(text.split()) if self.collapse_spaces else text

    def to_dict(self) -> dict[str, Json]:
        """Return the parameters as JSON holds them."""
        return asdict(self)


def check_texts(texts: Sequence[str]) -> list[str]:
    """Return texts as a list.

    Raises
    ------
    DataError
        If `texts` is a single string, no sequence, or holds something that is no string.
    """
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        kind = "one string" if isinstance(texts, str) else type(texts).__name__
        raise DataError(
            "texts must be a sequence of strings.", seen=f"{kind}: {str(texts)[:40]!r}", fix="Put it in a list: [text]."
        )
    listed = list(texts)
    for row, text in enumerate(listed):
        if not isinstance(text, str):
            raise DataError(
                f"Text {row} is no string.",
                seen=f"{type(text).__name__}: {str(text)[:40]!r}",
                fix="Turn it into a string, or leave the row out.",
            )
    return listed


def to_buffer(texts: Sequence[str], normalizer: Normalizer) -> tuple[Bytes1d, Ints1d]:
    """Normalise texts and lay them back to back as UTF-8.

    Returns
    -------
    buf : (bytes,) uint8
    offsets : (N + 1,) int64
        Text `i` is ``buf[offsets[i]:offsets[i + 1] - 1]``; each is followed by one NUL.

    Raises
    ------
    DataError
        As `check_texts` does.
    """
    normalized = [normalizer(text) for text in check_texts(texts)]
    data = "\0".join([*normalized, ""]).encode()
    buf = np.frombuffer(data, np.uint8)
    offsets = np.zeros(len(normalized) + 1, np.int64)
    offsets[1:] = np.flatnonzero(buf == 0) + 1
    return buf, offsets
