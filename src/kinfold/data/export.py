"""Texts on their way out to programs that would run them."""

from __future__ import annotations

_STARTERS = ("=", "+", "-", "@", "\t", "\r")


def excel_safe(text: str) -> str:
    """Return `text` with an apostrophe before it where a spreadsheet would take it for a formula (D-063).

    >>> excel_safe("=cmd|' /C calc'!A0"), excel_safe("a joy")
    ("'=cmd|' /C calc'!A0", 'a joy')
    """
    return f"'{text}" if text.startswith(_STARTERS) else text
