"""Text and data as a page may hold them: whatever stands in them, they stay text and data."""

from __future__ import annotations

import json
import unicodedata
from html import escape

from kinfold.types import Json

#: Categories of characters that are unseen or turn the line around: controls, halves of pairs, none, formats.
_UNSEEN = ("Cc", "Cs", "Cn", "Cf")
#: Formats that shape letters, as in Persian, and emoji.
_JOINERS = "\u200c\u200d"


def visible(text: str, *, lines: bool = False) -> str:
    """Return text as safe HTML, written out as `seen` does."""
    return escape(seen(text, lines=lines), quote=True)


def seen(text: str, *, lines: bool = False) -> str:
    r"""Return text with what is unseen or turns the line around written out: ``\u202e``.

    Parameters
    ----------
    text
        Any; also what UTF-8 can't encode.
    lines
        Whether line feeds and tabs stay as they are.
    """
    kept = _JOINERS + "\n\t" if lines else _JOINERS
    return "".join(c if " " <= c <= "~" or c in kept else _written(c) for c in text)


def json_text(data: Json) -> str:
    """Return JSON that stays data wherever it stands in a page: nothing in it can end an element or begin one."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _written(char: str) -> str:
    if unicodedata.category(char) not in _UNSEEN:
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
