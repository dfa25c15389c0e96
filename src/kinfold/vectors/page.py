"""A page that a person explores: its parts in, one HTML file out that holds all it needs and may load nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from html import escape
from importlib.resources import files

from kinfold.types import Json


def asset(name: str) -> str:
    """Return a style or script of this package."""
    return (files("kinfold.vectors") / "pages" / name).read_text("utf-8")


def document(title: str, body: str, *, styles: tuple[str, ...], script: str = "", data: Json = None) -> str:
    """Return a whole page.

    Its policy lets nothing be loaded, and only this style and this script count, by their hashes: markup that got in
    through a word could neither run nor fetch anything.

    Parameters
    ----------
    title
        Text.
    body
        Markup.
    styles
        Assets, in order; every page begins with ``page.css``.
    script
        An asset that runs at the end, or nothing.
    data
        What the script reads from the element ``data``, as JSON.
    """
    style = "".join(asset(name) for name in ("page.css", *styles))
    code = asset(script) if script else ""
    rules = [f"style-src {_hash(style)}", f"script-src {_hash(code)}" if code else "script-src 'none'"]
    policy = f"default-src 'none'; {'; '.join(rules)}; base-uri 'none'; form-action 'none'"
    held = f'<script type="application/json" id="data">{json_text(data)}</script>\n' if code else ""
    end = f"{held}<script>{code}</script>\n" if code else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{visible(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n{end}</body>\n</html>\n"
    )


def json_text(data: Json) -> str:
    """Return JSON that stays data wherever it stands in a page: nothing in it can end an element or begin one."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def visible(text: str) -> str:
    r"""Return text as safe HTML, with what is unseen or turns the line around written out: ``\u202e``."""
    return escape(seen(text), quote=True)


def seen(text: str) -> str:
    """Return text with control and format characters written out, but for the joiners that shape letters and emoji."""
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in ("Cc", "Cs", "Cn", "Cf") and c not in "\u200c\u200d" else c
        for c in text
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
